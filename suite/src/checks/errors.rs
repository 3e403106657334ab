//! Errors a person can act on.

use bytes::Bytes;
use http::Method;

use crate::helm::era::{BEFORE_3_7, Break, CONTAINERD_1_5, CONTAINERD_1_7, Flow};
use crate::oci::ErrorBody;
use crate::requirement::source::{DISTRIBUTION, HTTP, oras_go};
use crate::requirement::{Requirement, requirement};
use crate::session::expect;
use crate::session::steps::ACCEPT_ORAS;
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{CheckResult, Stop};

/// The answer to a GET of a tag that is not there.
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
    /// An error comes as JSON with a code, in the form of the specification.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later show code and message; from anything else the user gets a bare status.
    ///
    /// ## How it is checked
    /// GET of a tag that is not there; its body must hold `errors[].code`.
    JSON = "errors/json-body" {
        level: Should,
        title: "errors are JSON with `errors[].code`",
        covers: ["REG-ERR-01", "B41"],
        sources: [
            DISTRIBUTION.says("error-codes", "A `4XX` response code from the registry MAY return a body in any format."),
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
        "at least one error with a code",
        "no error with a code",
        &[&reply],
    )
}

requirement! {
    /// The body of an error fits into 8 KiB.
    ///
    /// ## Why Helm needs it
    /// Helm reads no more; a longer body is cut, is no JSON any more, and the reason is lost.
    ///
    /// ## How it is checked
    /// The length of the body of a 404 is read.
    SHORT = "errors/short-body" {
        level: Should,
        title: "an error body fits into 8 KiB",
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
        "at most 8192 bytes",
        format!("{} bytes", reply.body.len()),
        &[&reply],
    )
}

requirement! {
    /// A repository that does not exist answers 404 to a GET of a manifest.
    ///
    /// ## Why Helm needs it
    /// With 403 a typo, a private chart and a missing one look the same to the user.
    ///
    /// ## How it is checked
    /// GET of a tag in a repository that was never written to.
    UNKNOWN = "errors/unknown-repository-is-404" {
        level: Should,
        title: "a manifest in an unknown repository is a 404",
        covers: ["REG-PUL-05", "B24"],
        sources: [DISTRIBUTION.says(
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
        // Its own repository is one that is known.
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
            "ask for a manifest under this name",
            &reply,
        ));
    }
    expect::status(&reply, &[404])
}

requirement! {
    /// HEAD answers with the status of GET, and without a body.
    ///
    /// ## Why Helm needs it
    /// Helm reads 404 on HEAD as "not there" and everything else as the end.
    ///
    /// ## How it is checked
    /// HEAD and GET of a tag that is not there are compared. 405 on HEAD does not count.
    HEAD_AGREES = "errors/head-agrees-with-get" {
        level: Must,
        title: "HEAD of an absent tag answers as GET does",
        covers: ["REG-ERR-05"],
        sources: [HTTP.says(
            "HEAD",
            "The HEAD method is identical to GET except that the server MUST NOT send content in the response.",
        )],
        breaks: [
            Break::new(BEFORE_3_7, &[Flow::ChartPush], "unexpected response: 403 Forbidden"),
            Break::new(CONTAINERD_1_5, Flow::FIRST_PUSHES, "unexpected status: 403 Forbidden"),
            Break::new(CONTAINERD_1_7, Flow::FIRST_PUSHES, "unexpected status from HEAD request to {url}/manifests/{tag}: 403 Forbidden"),
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
        format!("status {}", head.status),
        &[&head, &get],
    )
}

requirement! {
    /// A blob that is not there is a 404, a client's mistake is a 4xx.
    ///
    /// ## Why Helm needs it
    /// 404 is the only code read as "not there"; a 5xx is retried five times.
    ///
    /// ## How it is checked
    /// GET of a blob that was never uploaded, and of a digest that is none.
    CLASS = "errors/status-class" {
        level: Must,
        title: "absent blobs are 404, malformed digests 4xx",
        covers: ["REG-ERR-03", "B42"],
        sources: [DISTRIBUTION.says(
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
    /// An upload that is refused is refused with a 4xx and a reason.
    ///
    /// ## Why Helm needs it
    /// Nothing is sent a second time. What the answer says is all that the user learns; a 5xx or an empty body says
    /// that the registry is ill, where the chart is.
    ///
    /// ## How it is checked
    /// A blob is sent under a digest that is not its own. Where that is taken, there is nothing to check.
    REFUSED = "errors/refused-upload-says-why" {
        level: Should,
        title: "a refused upload is a 4xx with a reason",
        covers: ["REG-ERR-04", "B41", "B42"],
        sources: [oras_go("v2.6.0", "registry/remote/internal/errutil", "shows code and message of a JSON error, and nothing of another")],
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
        return Err(Stop::NotApplicable(
            "the registry takes a blob under any digest".to_owned(),
        ));
    }
    if !reply.status.is_client_error() {
        // Is it the digest, or is every PUT answered so?
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
        "at least one error with a code",
        "no error with a code",
        &[&reply],
    )
}

/// The requirements of this area, in reading order.
pub(super) static ALL_OF_THEM: &[&Requirement] =
    &[&JSON, &SHORT, &UNKNOWN, &HEAD_AGREES, &CLASS, &REFUSED];
