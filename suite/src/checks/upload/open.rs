//! Where an upload goes: the answer to `POST`.

use bytes::Bytes;
use futures_util::future::join_all;
use http::Method;

use super::{content, fresh_location};
use crate::helm::era::{
    BEFORE_3_7, Break, CONTAINERD, CONTAINERD_1_5, CONTAINERD_1_7, Flow, ORAS, Span, Versions,
};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, containerd, observed};
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{CheckResult, Stop};

/// Helm whose upload never ends when it cannot begin: containerd 1.7.0 to 1.7.12.
const HANGS_WITHOUT_LOCATION: Versions = Versions(&[Span::new((3, 11, 3), (3, 16, 3))]);

/// Helm over containerd that gives up when an upload cannot begin.
const FAILS_WITHOUT_LOCATION: Versions = Versions(&[
    Span::new((3, 0, 0), (3, 11, 3)),
    Span::new((3, 16, 3), (3, 18, 0)),
]);

requirement! {
    /// The POST that opens an upload answers 202.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later take nothing else; earlier ones take 200 and 204 as well.
    ///
    /// ## How it is checked
    /// A POST as Helm sends it: no body, no query, no `Content-Type`.
    POST_202 = "upload/post-answers-202" {
        level: Must,
        title: "`POST blobs/uploads/` answers 202",
        covers: ["REG-BLB-05", "B13"],
        sources: [DISTRIBUTION.says(
            "post-then-put",
            "Upon success, the response MUST have a code of `202 Accepted`, and MUST include the following header:",
        )],
        breaks: [
            Break::new(ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: POST \"{url}/blobs/uploads/\": response status code 200: OK"),
        ],
        faults: [UploadPostAnswers200, UploadPostAnswers201, UploadPostAnswers204],
        check: post_202,
    }
}

async fn post_202(session: &Session) -> CheckResult {
    let reply = session.start_upload().await?;
    if !reply.status.is_success() {
        return Err(obstacle("open an upload", &reply));
    }
    expect::status(&reply, &[202])
}

requirement! {
    /// The POST that opens an upload does not answer 201.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 read 201 as "the blob is there already", skip the upload, and the manifest is refused.
    ///
    /// ## How it is checked
    /// The status of a POST without a digest is read.
    POST_NOT_201 = "upload/post-does-not-claim-creation" {
        level: Must,
        title: "`POST blobs/uploads/` without a digest does not answer 201",
        covers: ["REG-BLB-05"],
        sources: [containerd("v1.6.6", "remotes/docker/pusher.go:199", "201 on POST counts as `already exists`")],
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, "failed commit on ref \"manifest-{d}\": unexpected status…: 400 Bad Request"),
        ],
        faults: [UploadPostAnswers201],
        check: post_not_201,
    }
}

async fn post_not_201(session: &Session) -> CheckResult {
    let reply = session.start_upload().await?;
    expect::holds(
        reply.status.as_u16() != 201,
        "any status but 201",
        "status 201 Created",
        &[&reply],
    )
}

requirement! {
    /// The registry takes uploads at all: a caller who may push is not refused.
    ///
    /// ## Why Helm needs it
    /// There is no push without it.
    ///
    /// ## How it is checked
    /// A POST in the check's repository must not be refused for want of permission.
    POST_ALLOWED = "upload/post-allowed" {
        level: Must,
        title: "a caller who may push can open an upload",
        covers: ["REG-BLB-05", "B04", "B44"],
        sources: [DISTRIBUTION.says(
            "post-then-put",
            "Upon success, the response MUST have a code of `202 Accepted`, and MUST include the following header:",
        )],
        breaks: [
            Break::new(BEFORE_3_7, &[Flow::ChartPush], "unexpected response: 403 Forbidden"),
            Break::new(CONTAINERD_1_5, Flow::PUSHES, "unexpected status: 403 Forbidden"),
            Break::new(CONTAINERD_1_7, Flow::PUSHES, "unexpected status from POST request to {url}/blobs/uploads/: 403 Forbidden"),
            Break::new(ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: POST \"{url}/blobs/uploads/\": response status code 403: denied"),
        ],
        faults: [RefusesEveryUpload],
        check: post_allowed,
    }
}

async fn post_allowed(session: &Session) -> CheckResult {
    let reply = session.start_upload().await?;
    if matches!(reply.status.as_u16(), 400 | 404) || reply.status.is_server_error() {
        return Err(obstacle("open an upload under this name", &reply));
    }
    expect::success(&reply)
}

requirement! {
    /// The answer that opens an upload carries `Location`.
    ///
    /// ## Why Helm needs it
    /// There is no other way to find the upload.
    ///
    /// ## How it is checked
    /// The header of the POST's answer is read.
    LOCATION = "upload/location-sent" {
        level: Must,
        title: "the answer to the POST carries `Location`",
        covers: ["REG-BLB-06", "B14"],
        sources: [DISTRIBUTION.says(
            "post-then-put",
            "Upon success, the response MUST have a code of `202 Accepted`, and MUST include the following header:",
        )],
        breaks: [
            Break::new(FAILS_WITHOUT_LOCATION, Flow::PUSHES, "failed to copy: failed to do request: Put …?digest={d}…: http: no Host in request URL"),
            Break::new(HANGS_WITHOUT_LOCATION, Flow::PUSHES, "(Helm does not end)"),
            Break::new(ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: http: no Location header in response"),
        ],
        faults: [DropsUploadLocation],
        check: location,
    }
}

async fn location(session: &Session) -> CheckResult {
    let reply = session.start_upload().await?;
    if !reply.status.is_success() {
        return Err(obstacle("open an upload", &reply));
    }
    expect::header(&reply, "location").map(|_| ())
}

requirement! {
    /// `Location` is an absolute URL or begins with a slash.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 take a string that is neither for a host name.
    ///
    /// ## How it is checked
    /// The form of the header is read.
    ROOTED = "upload/location-rooted" {
        level: Must,
        title: "`Location` is absolute or begins with `/`",
        covers: ["REG-BLB-07", "B15"],
        sources: [
            DISTRIBUTION.says("post-then-put", "Optionally, the location MAY be absolute (containing the protocol and/or hostname), or it MAY be relative (containing just the URL path)."),
            observed("7.6", "`Location` relative without `/`: Helm 3.2.4 to 3.17.4 fail, later ones do not"),
        ],
        specification: Stated,
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, "failed to copy: failed to do request: Put …: dial tcp: lookup {id}…: no such host"),
        ],
        faults: [UploadLocationWithoutSlash],
        check: rooted,
    }
}

async fn rooted(session: &Session) -> CheckResult {
    let (reply, location) = fresh_location(session).await?;
    expect::holds(
        location.starts_with('/') || location.contains("://"),
        "an absolute URL, or a path that begins with `/`",
        format!(
            "`location: {}`",
            location.split('?').next().unwrap_or_default()
        ),
        &[&reply],
    )
}

requirement! {
    /// The query of `Location` survives being parsed and written again.
    ///
    /// ## Why Helm needs it
    /// Every Helm does that to add `digest`: keys come out sorted, values are encoded anew, a space becomes
    /// `+`. A signature over the raw query does not survive it.
    ///
    /// ## How it is checked
    /// Only where `Location` has a query: an upload is completed with the query rewritten; if that fails, a
    /// second one with the query as it was.
    QUERY = "upload/location-query-survives" {
        level: Must,
        title: "the query of `Location` may be sorted and encoded anew",
        covers: ["REG-BLB-10", "B14"],
        sources: [observed("2.2", "the query of `Location` is parsed and written again by both stacks")],
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, "failed commit on ref \"unknown-{d}\": unexpected status…: 403 Forbidden"),
            Break::new(ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: PUT \"{u}\": response status code 403: denied"),
        ],
        faults: [SignsUploadQuery],
        check: query,
    }
}

async fn query(session: &Session) -> CheckResult {
    let blob = content(session, "signed query");
    let digest = digest_of(&blob);
    let location = session.arrange_upload().await?;
    let Some(raw) = location.query() else {
        return Err(Stop::NotApplicable("`Location` has no query".to_owned()));
    };
    let raw = raw.to_owned();
    let rewritten = session
        .complete_upload(&location, &digest, &blob)
        .send()
        .await?;
    if rewritten.status.is_success() {
        return Ok(());
    }
    let again = session.arrange_upload().await?;
    let raw = again.query().map_or(raw, ToOwned::to_owned);
    let uri = session.uri(&format!(
        "{}?{raw}&digest={}",
        again.path(),
        crate::oci::percent::encode(&digest)
    ));
    let verbatim = session
        .call_uri(Method::PUT, uri)
        .body(Some("application/octet-stream"), &blob)
        .send()
        .await?;
    if !verbatim.status.is_success() {
        return Err(obstacle("complete an upload in either form", &verbatim));
    }
    Err(expect::violated(
        "201 for the query sorted and encoded anew, as for the query as it was",
        format!("status {}", rewritten.status),
        &[&rewritten, &verbatim],
    ))
}

requirement! {
    /// A registry that has too much to do never says so to a request that writes.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later send a GET or HEAD again after 429 or 503; what writes is sent once, by every Helm, and a
    /// refusal ends the push.
    ///
    /// ## How it is checked
    /// Six uploads are opened side by side, as two pushes of a signed chart do, and completed.
    NOT_THROTTLED = "upload/not-throttled" {
        level: Should,
        title: "uploads are not answered 429 or 503",
        covers: ["REG-API-14"],
        sources: [observed("3.8", "no era replays an upload body; 429 on a PUT ends the push")],
        breaks: [
            Break::when("where the registry has too much to do", CONTAINERD, Flow::PUSHES, "unexpected status…: 429 Too Many Requests"),
            Break::when("where the registry has too much to do", ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: …: response status code 429"),
        ],
        faults: [LimitsUploadSessions],
        check: not_throttled,
    }
}

async fn not_throttled(session: &Session) -> CheckResult {
    let busy = |reply: &Reply| matches!(reply.status.as_u16(), 429 | 503);
    let expected = "any other answer than 429 and 503";
    let posts = join_all((0..6).map(|_| session.start_upload())).await;
    let mut opened = Vec::with_capacity(posts.len());
    for reply in posts {
        let reply = reply?;
        let actual = format!("status {} for a POST", reply.status);
        expect::holds(!busy(&reply), expected, actual, &[&reply])?;
        if !reply.status.is_success() {
            return Err(obstacle("open an upload", &reply));
        }
        opened.push(session.upload_location(&reply)?);
    }
    let blobs: Vec<Bytes> = (0..opened.len())
        .map(|number| content(session, &format!("side by side {number}")))
        .collect();
    let puts = opened.iter().zip(&blobs).map(|(location, blob)| {
        session
            .complete_upload(location, &digest_of(blob), blob)
            .send()
    });
    for reply in join_all(puts).await {
        let reply = reply?;
        let actual = format!("status {} for a PUT", reply.status);
        expect::holds(!busy(&reply), expected, actual, &[&reply])?;
    }
    Ok(())
}
