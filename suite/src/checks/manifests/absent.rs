//! Manifests that do not exist.

use http::Method;

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{CONTAINERD, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::DISTRIBUTION;
use crate::session::expect;
use crate::session::steps::ACCEPT_MANIFEST;
use crate::session::{Session, digest_of};
use crate::verdict::CheckResult;

requirement! {
    /// The registry returns 404 to HEAD of a tag that does not exist, or 405, from which Helm recovers.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 send HEAD for a tag before they push it. Any other status, except 200, ends the push.
    ///
    /// ## How it is checked
    /// The check sends HEAD for an absent tag in an existing repository. The response must be 404 or 405.
    /// `pull/absent-tag-is-404` judges a 200.
    ABSENT_TAG = "manifests/absent-tag-is-404" {
        level: Must,
        title: "the registry does not refuse HEAD of an absent tag",
        fix: "Return 404, without a body, to HEAD of a tag that the repository does not have. Do not return 403 to a client that may read the repository.",
        covers: ["REG-MAN-18", "A20"],
        sources: [DISTRIBUTION.states(
            "checking-if-content-exists-in-the-registry",
            "If the blob or manifest is not found in the repository, the response code MUST be `404 Not Found`.",
        )],
        breaks: [
            Break::new(CONTAINERD, Flow::FIRST_PUSHES, Symptom::ManifestHead),
        ],
        faults: [HeadAbsentTagForbidden],
        consequences: [AbsentManifestFails],
        shares: "chart",
        check: absent_tag,
    }
}

async fn absent_tag(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let path = session.manifest_path("9.9.9");
    let reply = session
        .call(Method::HEAD, &path)
        .accept(ACCEPT_MANIFEST)
        .send()
        .await?;
    // `pull/absent-tag-is-404` judges a 200: Helm continues with the push.
    expect::status(&reply, &[404, 405, 200])
}

requirement! {
    /// The registry returns 404 to HEAD of a manifest digest that does not exist.
    ///
    /// ## Why Helm needs it
    /// It is the first request of every push since Helm 3.18.
    ///
    /// ## How it is checked
    /// The check sends HEAD for a random digest in an existing repository. The response must be 404.
    ABSENT_DIGEST = "manifests/absent-digest-is-404" {
        level: Must,
        title: "HEAD of an absent manifest digest returns 404",
        fix: "Return 404, without a body, to HEAD of a manifest digest that the repository does not have. Check that the route accepts HEAD, and digests as well as tags.",
        covers: ["REG-MAN-19", "A01", "A20"],
        sources: [DISTRIBUTION.states(
            "checking-if-content-exists-in-the-registry",
            "If the blob or manifest is not found in the repository, the response code MUST be `404 Not Found`.",
        )],
        breaks: [
            Break::new(ORAS, Flow::PUSHES, Symptom::ManifestHead),
        ],
        faults: [HeadAbsentDigestNotAllowed, HeadManifestNotAllowed, HeadAbsentDigestUnauthorized],
        consequences: [AbsentManifestIsHtml, AbsentManifestFails],
        shares: "chart",
        check: absent_digest,
    }
}

async fn absent_digest(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let path = session.manifest_path(&digest_of(b"no such manifest"));
    let reply = session
        .call(Method::HEAD, &path)
        .accept(crate::session::steps::ACCEPT_ORAS)
        .send()
        .await?;
    expect::status(&reply, &[404])
}
