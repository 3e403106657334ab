//! Error responses that help the user to find the cause.

use bytes::Bytes;
use http::Method;

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::CONTAINERD;
use crate::oci::ErrorBody;
use crate::requirement::source::{DISTRIBUTION, HTTP, oras_go};
use crate::requirement::{Requirement, requirement};
use crate::session::expect;
use crate::session::steps::ACCEPT_ORAS;
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{CheckResult, Stop};

/// The response to a GET of a tag that does not exist.
async fn absent_tag(session: &Session) -> Result<Reply, Stop> {
    session.arrange_chart("1.0.0").await?;
    let reply = session.get_manifest("9.9.9").await?;
    if reply.status.is_client_error() {
        Ok(reply)
    } else {
        Err(crate::session::steps::obstacle("provoke an error", &reply))
    }
}

requirement! {
    /// The registry returns errors as JSON with a code, in the format of the specification.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later print the code and the message. For any other body they print only the status.
    ///
    /// ## How it is checked
    /// The check sends GET for a tag that does not exist. The body of the error must contain `errors[].code`.
    JSON = "errors/json-body" {
        level: Should,
        title: "errors are JSON with `errors[].code`",
        covers: ["REG-ERR-01", "B41"],
        sources: [
            DISTRIBUTION.states("error-codes", "A `4XX` response code from the registry MAY return a body in any format."),
            oras_go("v2.6.0", "registry/remote/internal/errutil", "shows code and message of a JSON error"),
        ],
        breaks: [],
        faults: [ErrorsAsHtml, ErrorsEmpty],
        check: json,
    }
}

async fn json(session: &Session) -> CheckResult {
    let reply = absent_tag(session).await?;
    let body: ErrorBody = expect::json(&reply, "with `errors`")?;
    expect::holds(
        body.code().is_some(),
        "a JSON body with a code in `errors`",
        "no code in `errors`",
        &[&reply],
    )
}

requirement! {
    /// The body of an error has at most 8 KiB.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later read no more. A longer body is truncated, is no longer valid JSON, and the reason is lost.
    ///
    /// ## How it is checked
    /// The check sends GET for a tag that does not exist. The body of the error must have at most 8192 bytes.
    SHORT = "errors/short-body" {
        level: Should,
        title: "an error body has at most 8 KiB",
        covers: ["REG-ERR-02"],
        sources: [oras_go("v2.6.0", "registry/remote/internal/errutil", "reads at most 8 KiB of an error body")],
        breaks: [],
        faults: [ErrorsOversized],
        check: short,
    }
}

async fn short(session: &Session) -> CheckResult {
    let reply = absent_tag(session).await?;
    expect::holds(
        reply.body.len() <= 8192,
        "an error body of at most 8192 bytes",
        format!("a body of {} bytes", reply.body.len()),
        &[&reply],
    )
}

requirement! {
    /// The registry returns 404 to GET of a manifest in a repository that does not exist.
    ///
    /// ## Why Helm needs it
    /// With 403 a user cannot distinguish a typo, a private chart and a missing chart.
    ///
    /// ## How it is checked
    /// The check sends GET for a tag in a repository to which nothing was ever pushed. The status must be 404.
    UNKNOWN = "errors/unknown-repository-is-404" {
        level: Should,
        title: "GET of a manifest in an unknown repository returns 404",
        covers: ["REG-PUL-05", "B24"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests",
            "An attempt to pull a nonexistent repository MUST return response code `404 Not Found`.",
        )],
        breaks: [],
        faults: [AbsentRepositoriesForbidden],
        consequences: [AbsentManifestIsHtml, AbsentManifestFails],
        check: unknown,
    }
}

async fn unknown(session: &Session) -> CheckResult {
    let reply = if session.adopted().is_some() {
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
        covers: ["REG-ERR-05"],
        sources: [HTTP.states(
            "HEAD",
            "The HEAD method is identical to GET except that the server MUST NOT send content in the response.",
        )],
        breaks: [
            Break::new(CONTAINERD, Flow::FIRST_PUSHES, Symptom::ManifestHead),
        ],
        faults: [HeadAbsentTagForbidden],
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
    /// Helm interprets only 404 as "not found" and retries a 5xx five times.
    ///
    /// ## How it is checked
    /// The check sends GET for a blob that was never uploaded, which must return 404, and GET with a malformed
    /// digest, which must return a 4xx.
    CLASS = "errors/status-class" {
        level: Must,
        title: "absent blobs return 404, malformed digests a 4xx",
        covers: ["REG-ERR-03", "B42"],
        sources: [DISTRIBUTION.states(
            "pulling-blobs",
            "If the blob is not found in the repository, the response code MUST be `404 Not Found`.",
        )],
        breaks: [],
        faults: [AbsentBlobFails],
        consequences: [DigestMismatchFails],
        check: class,
    }
}

async fn class(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let absent = session
        .get_blob(&digest_of(b"a blob that was never uploaded"))
        .await?;
    expect::status(&absent, &[404])?;
    let malformed = session.get_blob("sha256:not-hex").await?;
    expect::refused(&malformed)
}

requirement! {
    /// The registry rejects an upload with a 4xx and a reason.
    ///
    /// ## Why Helm needs it
    /// Helm does not send an upload twice. The user learns nothing but the response: a 5xx or an empty body blames
    /// the registry for an error in the chart.
    ///
    /// ## How it is checked
    /// The check uploads a blob with the digest of other content. The response must be a 4xx with `errors[].code`.
    /// The requirement does not apply if the registry accepts the blob.
    REFUSED = "errors/refused-upload-says-why" {
        level: Should,
        title: "a rejected upload returns a 4xx with a reason",
        covers: ["REG-ERR-04", "B41", "B42"],
        sources: [oras_go("v2.6.0", "registry/remote/internal/errutil", "shows code and message of a JSON error, and nothing of any other body")],
        breaks: [],
        faults: [DigestMismatchFails, ErrorsAsHtml, ErrorsEmpty],
        check: refused_upload,
    }
}

async fn refused_upload(session: &Session) -> CheckResult {
    let sent = Bytes::from_static(b"not what the digest says");
    let location = session.arrange_upload().await?;
    let digest = digest_of(b"what the digest says");
    let reply = session
        .complete_upload(&location, &digest, &sent)
        .send()
        .await?;
    if reply.status.is_success() {
        return Err(Stop::condition_not_met(
            "the registry accepts a blob with a wrong digest",
        ));
    }
    if !reply.status.is_client_error() {
        // The control request shows whether the digest is the cause, or every PUT fails.
        let location = session.arrange_upload().await?;
        let control = session
            .complete_upload(&location, &digest_of(&sent), &sent)
            .send()
            .await?;
        if !control.status.is_success() {
            return Err(crate::session::steps::obstacle(
                "upload a blob with one PUT",
                &control,
            ));
        }
    }
    expect::refused(&reply)?;
    let body: ErrorBody = expect::json(&reply, "with `errors`")?;
    expect::holds(
        body.code().is_some(),
        "a JSON body with a code in `errors`",
        "no code in `errors`",
        &[&reply],
    )
}

/// The requirements of this area, in reading order.
pub(super) static REQUIREMENTS: &[&Requirement] =
    &[&JSON, &SHORT, &UNKNOWN, &HEAD_AGREES, &CLASS, &REFUSED];
