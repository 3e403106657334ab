//! The kinds of flows that only read, and the login.

use super::kinds::Kind;

pub(super) const PULL_PLUS: Kind = Kind {
    doc: " A pull of a version with build metadata succeeds, with every request as Helm sends it and every response judged
 as Helm judges it.

 ## Why Helm needs it
 Helm reads `1.0.0+build.5` under the tag `1.0.0_build.5`. A finding names the response at which Helm aborts.

 ## How it is checked
 The check pushes a chart with such a version, then pulls it step by step.
",
    covers: &["REG-NAM-05"],
    shares: "reads",
    pushes: false,
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
    shares: "reads",
    pushes: false,
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
    shares: "reads",
    pushes: false,
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
    shares: "reads",
    pushes: false,
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
    shares: "reads",
    pushes: false,
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
    shares: "reads",
    pushes: false,
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
    shares: "reads",
    pushes: false,
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
    shares: "reads",
    pushes: false,
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
    shares: "reads",
    pushes: false,
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
    pushes: false,
};
