//! The statuses of error responses.

use http::Method;

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::CONTAINERD;
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, HTTP};
use crate::session::steps::ACCEPT_ORAS;
use crate::session::{Session, digest_of, expect};
use crate::verdict::CheckResult;

requirement! {
    /// The registry returns 404 to GET of a manifest in a repository that does not exist.
    ///
    /// ## Why Helm needs it
    /// With 403 a user cannot distinguish a typo, a private chart and a missing chart.
    ///
    /// ## How it is checked
    /// The check sends GET for a tag in a repository to which nothing was ever pushed. The status must be 404.
    UNKNOWN_REPOSITORY = "errors/unknown-repository-is-404" {
        level: Should,
        title: "GET of a manifest in an unknown repository returns 404",
        fix: "Return 404 with the code `NAME_UNKNOWN`, not 403, to GET of a manifest in a repository that does not exist.",
        covers: ["REG-PUL-05", "B24"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests",
            "An attempt to pull a nonexistent repository MUST return response code `404 Not Found`.",
        )],
        breaks: [],
        faults: [AbsentRepositoriesForbidden],
        consequences: [AbsentManifestIsHtml, AbsentManifestFails, RedirectsToSignIn, ServesSignInEverywhere],
        check: unknown_repository,
    }
}

async fn unknown_repository(session: &Session) -> CheckResult {
    let reply = if session.existing_chart().is_some() {
        // The check's own repository exists in this case.
        let path = format!("/v2/{}/manifests/1.0.0", session.sibling("unknown"));
        let call = session.call(http::Method::GET, &path);
        call.accept(crate::session::steps::ACCEPT_ORAS)
            .send()
            .await?
    } else {
        session.get_manifest("1.0.0").await?
    };
    if reply.status.as_u16() == 400 {
        return Err(crate::session::steps::obstacle(
            "request a manifest in a repository of this name",
            &reply,
        ));
    }
    expect::status(&reply, &[404])
}

requirement! {
    /// The registry returns the same status to HEAD as to GET, without a body.
    ///
    /// ## Why Helm needs it
    /// Helm interprets only 404 on HEAD as "not found" and aborts on any other error.
    ///
    /// ## How it is checked
    /// The check sends HEAD and GET for a tag that does not exist. The statuses must be the same. A 405 on HEAD is
    /// not a violation here.
    HEAD_AGREES = "errors/head-agrees-with-get" {
        level: Must,
        title: "HEAD of an absent tag returns the same status as GET",
        fix: "Return 404 to HEAD of an absent tag, as to GET, without a body. Let one handler serve both methods, so that authorization and lookup are the same.",
        covers: ["REG-ERR-05"],
        sources: [HTTP.states(
            "HEAD",
            "The HEAD method is identical to GET except that the server MUST NOT send content in the response.",
        )],
        breaks: [
            Break::new(CONTAINERD, Flow::FIRST_PUSHES, Symptom::ManifestHead),
        ],
        faults: [HeadAbsentTagForbidden],
        shares: "chart",
        check: head_agrees,
    }
}

async fn head_agrees(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let path = session.manifest_path("9.9.9");
    let head = session
        .call(Method::HEAD, &path)
        .accept(ACCEPT_ORAS)
        .send()
        .await?;
    let get = session
        .call(Method::GET, &path)
        .accept(ACCEPT_ORAS)
        .send()
        .await?;
    expect::holds(
        head.status == get.status || head.status.as_u16() == 405,
        format!("status {} for HEAD, as for GET", get.status),
        format!("status {} for HEAD", head.status),
        &[&head, &get],
    )
}

requirement! {
    /// The registry returns 404 for a blob that does not exist, and a 4xx for an error of the client.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later interpret only 404 as "not found" and retry a 5xx five times, before the user learns that a
    /// blob is missing.
    ///
    /// ## How it is checked
    /// The check sends GET for a blob that was never uploaded, which must return 404, and GET with a malformed
    /// digest, which must return a 4xx.
    STATUS_CLASS = "errors/status-class" {
        level: Should,
        title: "absent blobs return 404, malformed digests a 4xx",
        fix: "Return 404 with `BLOB_UNKNOWN` to GET of an absent blob, and 400 with `DIGEST_INVALID` to GET with a malformed digest. Map the error \"not found\" of the storage to 404, not to 500.",
        covers: ["REG-ERR-03", "B42"],
        sources: [DISTRIBUTION.states(
            "pulling-blobs",
            "If the blob is not found in the repository, the response code MUST be `404 Not Found`.",
        )],
        breaks: [],
        faults: [AbsentBlobFails],
        consequences: [DigestMismatchFails],
        shares: "chart",
        check: status_class,
    }
}

async fn status_class(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let absent = session
        .get_blob(&digest_of(b"a blob that was never uploaded"))
        .await?;
    expect::status(&absent, &[404])?;
    let malformed = session.get_blob("sha256:not-hex").await?;
    expect::refused(&malformed)
}
