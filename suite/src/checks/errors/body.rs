//! The bodies of error responses.

use bytes::Bytes;
use http::Method;

use crate::oci::ErrorBody;
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, oras_go};
use crate::session::steps::ACCEPT_ORAS;
use crate::session::{Reply, Session, digest_of, expect};
use crate::verdict::{CheckResult, Stop};

/// The response to a GET of a tag that does not exist.
async fn absent_tag(session: &Session) -> Result<Reply, Stop> {
    session.arrange_chart("1.0.0").await?;
    let path = session.manifest_path("9.9.9");
    let get = session.call(Method::GET, &path).accept(ACCEPT_ORAS);
    let reply = get.unfollowed().send().await?;
    if reply.status.is_client_error() {
        Ok(reply)
    } else if reply.status.is_redirection() {
        Err(Stop::condition_not_met(
            "the registry redirects reads of absent tags",
        ))
    } else {
        Err(crate::session::steps::obstacle(
            "get an error for an absent tag",
            &reply,
        ))
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
        fix: "Return errors as `{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"…\"}]}` with `Content-Type: application/json`. Check whether a front end replaces the body with its own page.",
        covers: ["REG-ERR-01", "B41"],
        sources: [
            DISTRIBUTION.states("error-codes", "A `4XX` response code from the registry MAY return a body in any format. If the response body is in JSON format, it MUST have the following format: `{ \"errors\": [ { \"code\": \"<error identifier, see below>\", \"message\": \"<message describing condition>\", \"detail\": \"<unstructured>\" }, ... ] }`"),
            oras_go("v2.6.0", "registry/remote/internal/errutil", "shows code and message of a JSON error"),
        ],
        specification: May,
        breaks: [],
        faults: [ErrorsAsHtml, ErrorsEmpty],
        shares: "chart",
        check: json,
    }
}

async fn json(session: &Session) -> CheckResult {
    let reply = absent_tag(session).await?;
    has_code(&reply)
}

/// The body of the response is JSON with an error code.
fn has_code(reply: &Reply) -> CheckResult {
    let body: ErrorBody = expect::json(reply, "with `errors`")?;
    expect::holds(
        body.code().is_some(),
        "a JSON body with a code in `errors`",
        "no code in `errors`",
        &[reply],
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
        fix: "Limit the JSON of an error to 8192 bytes. Shorten `message`, and leave out `detail` if it is long.",
        covers: ["REG-ERR-02"],
        sources: [oras_go("v2.6.0", "registry/remote/internal/errutil", "reads at most 8 KiB of an error body")],
        breaks: [],
        faults: [ErrorsOversized],
        shares: "chart",
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
    /// The registry rejects an upload with a 4xx and a reason.
    ///
    /// ## Why Helm needs it
    /// Helm does not send an upload twice. The user learns nothing but the response: a 5xx or an empty body blames
    /// the registry for an error in the chart.
    ///
    /// ## How it is checked
    /// The check uploads a blob with the digest of other content. The response must be a 4xx with `errors[].code`.
    /// The requirement does not apply if the registry accepts the blob.
    REJECTED_UPLOAD = "errors/refused-upload-says-why" {
        level: Should,
        title: "a rejected upload returns a 4xx with a reason",
        fix: "Return 400 with the code `DIGEST_INVALID` and a message to a PUT whose body has another digest, not 500 or an empty body.",
        covers: ["REG-ERR-04", "B41", "B42"],
        sources: [oras_go("v2.6.0", "registry/remote/internal/errutil", "shows code and message of a JSON error, and nothing of any other body")],
        breaks: [],
        faults: [DigestMismatchFails, ErrorsAsHtml, ErrorsEmpty],
        check: rejected_upload,
    }
}

async fn rejected_upload(session: &Session) -> CheckResult {
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
    has_code(&reply)
}
