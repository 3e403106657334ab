//! The POST that starts an upload.

use bytes::Bytes;
use futures_util::future::join_all;
use http::Method;

use super::{content, fresh_location};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, CONTAINERD, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, containerd, observed};
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{CheckResult, Stop};

requirement! {
    /// The registry returns 202 to the POST that starts an upload.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later accept no other status; earlier versions also accept 200 and 204.
    ///
    /// ## How it is checked
    /// The check sends the POST as Helm does, without body, query and `Content-Type`. A successful response must be
    /// 202.
    POST_202 = "upload/post-answers-202" {
        level: Must,
        title: "the POST that starts an upload returns 202",
        covers: ["REG-BLB-05", "B13"],
        sources: [DISTRIBUTION.states(
            "post-then-put",
            "Upon success, the response MUST have a code of `202 Accepted`, and MUST include the following header:",
        )],
        breaks: [
            Break::new(ORAS, Flow::PUSHES, Symptom::UploadPost),
        ],
        faults: [UploadPostAnswers200, UploadPostAnswers201, UploadPostAnswers204],
        check: post_202,
    }
}

async fn post_202(session: &Session) -> CheckResult {
    let reply = session.start_upload().await?;
    if !reply.status.is_success() {
        return Err(obstacle("start an upload", &reply));
    }
    expect::status(&reply, &[202])
}

requirement! {
    /// The registry does not return 201 to a POST that starts an upload.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 read 201 as "the blob exists already" and skip the upload; the registry then refuses the
    /// manifest.
    ///
    /// ## How it is checked
    /// The check sends the POST without a digest. The response must not be 201.
    POST_NOT_201 = "upload/post-does-not-claim-creation" {
        level: Must,
        title: "the POST that starts an upload does not return 201",
        covers: ["REG-BLB-05"],
        sources: [containerd("v1.6.6", "remotes/docker/pusher.go:199", "reads 201 on POST as `already exists`")],
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, Symptom::ManifestPush),
        ],
        faults: [UploadPostAnswers201],
        check: post_not_201,
    }
}

async fn post_not_201(session: &Session) -> CheckResult {
    let reply = session.start_upload().await?;
    expect::holds(
        reply.status.as_u16() != 201,
        "any status except 201",
        "status 201 Created",
        &[&reply],
    )
}

requirement! {
    /// The registry accepts the POST that starts an upload from a client that may push.
    ///
    /// ## Why Helm needs it
    /// No push is possible without it.
    ///
    /// ## How it is checked
    /// The check sends the POST in its own repository. The response must be a 2xx. 400, 404 and 5xx make the check
    /// inconclusive: they do not refuse permission.
    POST_ALLOWED = "upload/post-allowed" {
        level: Must,
        title: "a client that may push can start an upload",
        covers: ["REG-BLB-05", "B04", "B44"],
        sources: [DISTRIBUTION.states(
            "post-then-put",
            "Upon success, the response MUST have a code of `202 Accepted`, and MUST include the following header:",
        )],
        breaks: [
            Break::new(ALL, Flow::PUSHES, Symptom::UploadPost),
        ],
        faults: [RefusesEveryUpload],
        check: post_allowed,
    }
}

async fn post_allowed(session: &Session) -> CheckResult {
    let reply = session.start_upload().await?;
    if matches!(reply.status.as_u16(), 400 | 404) || reply.status.is_server_error() {
        return Err(obstacle("start an upload under this name", &reply));
    }
    expect::success(&reply)
}

requirement! {
    /// The response to the POST that starts an upload has a `Location` header.
    ///
    /// ## Why Helm needs it
    /// It is the only source of the URL for the PUT.
    ///
    /// ## How it is checked
    /// The check starts an upload. The response must have the header.
    LOCATION = "upload/location-sent" {
        level: Must,
        title: "the POST that starts an upload returns `Location`",
        covers: ["REG-BLB-06", "B14"],
        sources: [DISTRIBUTION.states(
            "post-then-put",
            "Upon success, the response MUST have a code of `202 Accepted`, and MUST include the following header:",
        )],
        breaks: [
            Break::new(ALL, Flow::PUSHES, Symptom::LocationMissing),
        ],
        faults: [DropsUploadLocation],
        check: location,
    }
}

async fn location(session: &Session) -> CheckResult {
    let reply = session.start_upload().await?;
    if !reply.status.is_success() {
        return Err(obstacle("start an upload", &reply));
    }
    expect::header(&reply, "location").map(|_| ())
}

requirement! {
    /// The `Location` of an upload is an absolute URL or a path that begins with a slash.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 take the beginning of any other value as a host name.
    ///
    /// ## How it is checked
    /// The check starts an upload. Its `Location` must have one of the two forms.
    ROOTED = "upload/location-rooted" {
        level: Must,
        title: "`Location` of an upload is absolute or begins with `/`",
        covers: ["REG-BLB-07", "B15"],
        sources: [
            DISTRIBUTION.states("post-then-put", "Optionally, the location MAY be absolute (containing the protocol and/or hostname), or it MAY be relative (containing just the URL path)."),
            observed("7.6", "`Location` relative without `/`: Helm 3.2.4 to 3.17.4 fail, later versions do not"),
        ],
        specification: Stated,
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, Symptom::LocationWithoutSlash),
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
    /// The registry accepts the query of an upload's `Location` after the client has parsed and re-encoded it.
    ///
    /// ## Why Helm needs it
    /// Every Helm version re-encodes the query to add `digest`: keys are sorted, values are percent-encoded again, a
    /// space becomes `+`. A signature over the raw query becomes invalid.
    ///
    /// ## How it is checked
    /// The check completes an upload with the query re-encoded. If the PUT fails, it completes a second upload with
    /// the raw query. The first must succeed if the second does. The requirement does not apply if `Location` has no
    /// query.
    QUERY = "upload/location-query-survives" {
        level: Must,
        title: "the query of `Location` may be sorted and re-encoded",
        covers: ["REG-BLB-10", "B14"],
        sources: [observed("2.2", "both libraries parse and re-encode the query of `Location`")],
        breaks: [
            Break::new(ALL, Flow::PUSHES, Symptom::BlobPut),
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
    let reencoded = session
        .complete_upload(&location, &digest, &blob)
        .send()
        .await?;
    if reencoded.status.is_success() {
        return Ok(());
    }
    let again = session.arrange_upload().await?;
    let raw = again.query().map_or(raw, ToOwned::to_owned);
    let uri = session.uri(&format!(
        "{}?{raw}&digest={}",
        again.path(),
        crate::oci::percent::encode(&digest)
    ));
    let raw_query = session
        .call_uri(Method::PUT, uri)
        .body(Some("application/octet-stream"), &blob)
        .send()
        .await?;
    if !raw_query.status.is_success() {
        return Err(obstacle(
            "complete an upload with either form of the query",
            &raw_query,
        ));
    }
    Err(expect::violated(
        "a 2xx status for the re-encoded query, as for the raw query",
        format!("status {}", reencoded.status),
        &[&reencoded, &raw_query],
    ))
}

requirement! {
    /// The registry does not limit the rate of upload requests with 429 or 503.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later retry GET and HEAD after 429 or 503. No Helm version sends the body of an upload twice: a
    /// PUT that is refused ends the push.
    ///
    /// ## How it is checked
    /// The check starts and completes six uploads concurrently, as many as two pushes of a signed chart need. No POST
    /// or PUT may return 429 or 503.
    NOT_THROTTLED = "upload/not-throttled" {
        level: Should,
        title: "upload requests do not return 429 or 503",
        covers: ["REG-API-14"],
        sources: [observed("3.8", "no era replays an upload body; 429 on a PUT ends the push")],
        breaks: [
            Break::when("where the registry has too much to do", ALL, Flow::PUSHES, Symptom::Throttled),
        ],
        faults: [LimitsUploadSessions],
        check: not_throttled,
    }
}

async fn not_throttled(session: &Session) -> CheckResult {
    let is_throttled = |reply: &Reply| matches!(reply.status.as_u16(), 429 | 503);
    let expected = "any status except 429 and 503";
    let posts = join_all((0..6).map(|_| session.start_upload())).await;
    let mut opened = Vec::with_capacity(posts.len());
    for reply in posts {
        let reply = reply?;
        let actual = format!("status {} for a POST", reply.status);
        expect::holds(!is_throttled(&reply), expected, actual, &[&reply])?;
        if !reply.status.is_success() {
            return Err(obstacle("start an upload", &reply));
        }
        opened.push(session.upload_location(&reply)?);
    }
    let blobs: Vec<Bytes> = (0..opened.len())
        .map(|number| content(session, &format!("concurrent {number}")))
        .collect();
    let puts = opened.iter().zip(&blobs).map(|(location, blob)| {
        session
            .complete_upload(location, &digest_of(blob), blob)
            .send()
    });
    for reply in join_all(puts).await {
        let reply = reply?;
        let actual = format!("status {} for a PUT", reply.status);
        expect::holds(!is_throttled(&reply), expected, actual, &[&reply])?;
    }
    Ok(())
}
