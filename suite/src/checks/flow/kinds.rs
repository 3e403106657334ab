//! The kinds of flows, with the page of each: the pushes. Those that only read are in `read_kinds`.

/// The page and the coverage that all flows of one kind share.
pub(super) struct Kind {
    pub(super) doc: &'static str,
    pub(super) covers: &'static [&'static str],
    /// The kinds with this word begin with the same requests.
    pub(super) shares: &'static str,
    /// True if the model pushes; what it writes depends on its Helm version.
    pub(super) pushes: bool,
}

pub(super) const PUSH: Kind = Kind {
    doc: " A push into an empty repository succeeds, with every request as Helm sends it and every response judged
 as Helm judges it.

 ## Why Helm needs it
 These are the requests of `helm push`, or of `helm chart push` before Helm 3.7. A finding names the response at
 which Helm aborts.

 ## How it is checked
 The check pushes a chart step by step: with order, headers and `Accept` as recorded, and concurrently where Helm
 sends requests concurrently.
",
    covers: &["REG-API-07", "A19"],
    shares: "push",
    pushes: true,
};

pub(super) const FIRST_PUSH: Kind = Kind {
    doc: " The first push into a repository that does not exist succeeds with the tokens that Helm requests, in
 Helm's order.

 ## Why Helm needs it
 Helm begins without a token and requests one when it is challenged. Up to 3.17 it requests both scopes at once.
 From 3.18 to 3.21 and 4.0 to 4.2.3 it requests `pull` for every read, and `pull,push` after the challenge to an
 upload. Since 3.22 and 4.2.4 it requests `pull,push` from the first request on. A registry that creates repositories
 on the first push must accept each order.

 ## How it is checked
 The check pushes a chart step by step. It responds to each challenge as Helm does: with the same request to the
 token endpoint and the same scopes. Without credentials this is an ordinary push, and is not repeated.
",
    covers: &["REG-AUT-07", "REG-AUT-14", "REG-NAM-09", "A01", "A03"],
    shares: "first-push",
    pushes: true,
};

pub(super) const RE_PUSH: Kind = Kind {
    doc: " A repeated push of the same chart succeeds, with every request as Helm sends it and every response judged
 as Helm judges it.

 ## Why Helm needs it
 These are the requests of a push of an existing chart. A finding names the response at which Helm aborts.

 ## How it is checked
 The check pushes a chart, then pushes it again step by step.
",
    covers: &["REG-MAN-16"],
    shares: "re-push",
    pushes: true,
};

pub(super) const PUSH_CHANGED: Kind = Kind {
    doc: " A push of a changed chart under an existing version succeeds, with every request as Helm sends it and every
 response judged as Helm judges it.

 ## Why Helm needs it
 Helm replaces a tag without asking: its config exists already, its archive and manifest are new. A finding names the
 response at which Helm aborts. A registry may refuse to replace tags; the flow is then skipped.

 ## How it is checked
 The check pushes a chart, then another of the same version step by step, and reads the tag.
",
    covers: &["REG-MAN-16"],
    shares: "push-changed",
    pushes: true,
};

pub(super) const PUSH_PLUS: Kind = Kind {
    doc: " A push of a version with build metadata succeeds, with every request as Helm sends it and every response judged
 as Helm judges it.

 ## Why Helm needs it
 A tag must not contain `+`, so Helm pushes `1.0.0+build.5` under the tag `1.0.0_build.5`. A finding names the response
 at which Helm aborts.

 ## How it is checked
 The check pushes a chart with such a version step by step.
",
    covers: &["REG-NAM-05"],
    shares: "push-plus",
    pushes: true,
};

pub(super) const PUSH_PROV: Kind = Kind {
    doc: " The push of a chart with its provenance succeeds, with every request as Helm sends it and every response
 judged as Helm judges it.

 ## Why Helm needs it
 These are the requests of a push if a `.prov` file is next to the archive. A finding names the response at which
 Helm aborts.

 ## How it is checked
 The check pushes two signed charts step by step: three blobs concurrently, then the manifest. Helm versions that
 sort layers by digest put the provenance first in one of them, and last in the other.
",
    covers: &["REG-MAN-08"],
    shares: "push-prov",
    pushes: true,
};

pub(super) const PUSH_PULL: Kind = Kind {
    doc: " A pull right after a push succeeds, with every request as Helm sends it and every response judged as Helm judges
 it.

 ## Why Helm needs it
 A pipeline publishes a chart and deploys it in the next step. A push asks for content before it sends it, so a
 registry or a cache that remembers a 404 hides the chart that was pushed.

 ## How it is checked
 The check pushes a chart step by step, then pulls it step by step, without any request in between.
",
    covers: &["REG-PUL-24"],
    shares: "push",
    pushes: true,
};
