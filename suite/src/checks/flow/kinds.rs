//! The kinds of flows, with the page of each.

/// The page and the coverage that all flows of one kind share.
pub(super) struct Kind {
    pub(super) doc: &'static str,
    pub(super) covers: &'static [&'static str],
    /// The kinds with this word begin with the same requests.
    pub(super) shares: &'static str,
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
};

pub(super) const PULL_PLUS: Kind = Kind {
    doc: " A pull of a version with build metadata succeeds, with every request as Helm sends it and every response judged
 as Helm judges it.

 ## Why Helm needs it
 Helm reads `1.0.0+build.5` under the tag `1.0.0_build.5`. A finding names the response at which Helm aborts.

 ## How it is checked
 The check pushes a chart with such a version, then pulls it step by step.
",
    covers: &["REG-NAM-05"],
    shares: "pull-plus",
};

pub(super) const PULL_DIGEST: Kind = Kind {
    doc: " A pull by digest succeeds, with every request as Helm sends it and every response judged as Helm judges it.

 ## Why Helm needs it
 These are the requests of `helm pull` with `@sha256:…` instead of a version. A finding names the response at which Helm
 aborts.

 ## How it is checked
 The check pushes a chart, then pulls it by its digest step by step.
",
    covers: &["REG-PUL-24"],
    shares: "pull-digest",
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
};

pub(super) const PULL: Kind = Kind {
    doc: " A pull of an exact version succeeds, with every request as Helm sends it and every response judged as
 Helm judges it.

 ## Why Helm needs it
 These are the requests of `helm pull`, or of `helm chart pull` before Helm 3.7. A finding names the response at
 which Helm aborts.

 ## How it is checked
 The check pushes a chart, then pulls it step by step.
",
    covers: &["REG-PUL-24"],
    shares: "pull",
};

pub(super) const PROV: Kind = Kind {
    doc: " A pull with provenance succeeds: the tag is resolved and the chart read a second time for its provenance,
 with every request as Helm sends it.

 ## Why Helm needs it
 These are the requests of `--prov` and `--verify`. A finding names the response at which Helm aborts.

 ## How it is checked
 The check pushes a signed chart, then pulls it step by step, twice: the archive, and the provenance.
",
    covers: &["REG-PUL-24"],
    shares: "prov",
};

pub(super) const SHOW: Kind = Kind {
    doc: " A chart is read to be shown and rendered, with every request as Helm sends it and every response judged as Helm
 judges it.

 ## Why Helm needs it
 These are the requests of `helm show` and `helm template`, and in Helm 4 of a dry run of `helm install`. A finding names
 the response at which Helm aborts.

 ## How it is checked
 The check pushes a chart, then pulls it step by step.
",
    covers: &["REG-PUL-24"],
    shares: "pull",
};

pub(super) const LIST: Kind = Kind {
    doc: " A pull without a version succeeds: the tags are listed, and the highest release is pulled, with every
 request as Helm sends it.

 ## Why Helm needs it
 These are the requests of `helm pull` without `--version`. A finding names the response at which Helm aborts.

 ## How it is checked
 The check pushes releases, a prerelease, a version with build metadata and tags that are no versions, and pulls the
 highest release step by step.
",
    covers: &["REG-TAG-02"],
    shares: "versions",
};

pub(super) const RESOLVE: Kind = Kind {
    doc: " A pull of a version range succeeds: the tags are listed, `_` is read as `+`, and the highest match is
 pulled, with every request as Helm sends it.

 ## Why Helm needs it
 These are the requests of `helm pull` with a range as the version. A finding names the response at which Helm
 aborts.

 ## How it is checked
 The check pushes releases, a prerelease, a version with build metadata and tags that are no versions. Step by step it
 resolves a range of releases, and pulls a range that only the version with build metadata satisfies.
",
    covers: &["REG-TAG-02", "REG-NAM-05"],
    shares: "versions",
};

pub(super) const DEPENDENCY: Kind = Kind {
    doc: " The dependencies of a chart are pulled, with every request as Helm sends it and every response judged as
 Helm judges it.

 ## Why Helm needs it
 These are the requests of `helm dependency update` for an exact version in an `oci://` repository: no tags are
 listed. A finding names the response at which Helm aborts.

 ## How it is checked
 The check pushes a chart, then pulls it step by step.
",
    covers: &["REG-PUL-24"],
    shares: "pull",
};

pub(super) const DEPENDENCY_RANGE: Kind = Kind {
    doc: " The dependencies of a chart are pulled by a range of versions, with every request as Helm sends it and every
 response judged as Helm judges it.

 ## Why Helm needs it
 These are the requests of `helm dependency update` for a range of versions in an `oci://` repository: the tags are
 listed. A finding names the response at which Helm aborts.

 ## How it is checked
 The check pushes releases, a prerelease, a version with build metadata and tags that are no versions. Step by step it
 resolves a range of releases, and pulls a range that only the version with build metadata satisfies.
",
    covers: &["REG-TAG-02", "REG-NAM-05"],
    shares: "versions",
};

pub(super) const LOGIN: Kind = Kind {
    doc: " A login succeeds, with the requests to `/v2/` and to the token endpoint as Helm sends them, and every
 response judged as Helm judges it.

 ## Why Helm needs it
 These are the requests of `helm registry login`: the challenge of `/v2/` determines how Helm authenticates, and a
 200 there ends the login. A finding names the response at which Helm aborts.

 ## How it is checked
 The check logs in with the credentials of the run, step by step. Without a challenge no credentials are needed.
",
    covers: &["REG-AUT-12"],
    shares: "login",
};
