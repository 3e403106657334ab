//! The POST that starts an upload.

use bytes::Bytes;
use futures_util::future::join_all;
use http::Method;

use super::content;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, CONTAINERD, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, containerd, observed};
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Reply, Session, digest_of};
use crate::verdict::CheckResult;

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
        fix: "Return 202 Accepted with `Location` to the POST that starts an upload, not 200, 201 or 204.",
        covers: ["REG-BLB-05", "B13"],
        sources: [DISTRIBUTION.states(
            "post-then-put",
            "Upon success, the response MUST have a code of `202 Accepted`, and MUST include the following header: `Location: <location>`",
        )],
        breaks: [
            Break::new(ORAS, Flow::PUSHES, Symptom::UploadPost),
        ],
        faults: [UploadPostAnswers200, UploadPostAnswers201, UploadPostAnswers204],
        consequences: [ServesSignInEverywhere],
        shares: "upload",
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
        fix: "Return 202 to a POST without `digest` and `mount`. A 201 means that the blob exists already.",
        covers: ["REG-BLB-05"],
        sources: [containerd("v1.6.6", "remotes/docker/pusher.go:199", "reads 201 on POST as `already exists`")],
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, Symptom::ManifestPush),
        ],
        faults: [UploadPostAnswers201],
        shares: "upload",
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
    /// inconclusive: they do not refuse permission. So does a name without punctuation under which the POST succeeds.
    POST_ALLOWED = "upload/post-allowed" {
        level: Must,
        title: "a client that may push can start an upload",
        fix: "Return 202 to the POST of an upload if the user may push. Check the role of the user, the quota, and whether the repository is a proxy or read-only.",
        covers: ["REG-BLB-05", "B04", "B44"],
        sources: [DISTRIBUTION.states(
            "post-then-put",
            "Upon success, the response MUST have a code of `202 Accepted`, and MUST include the following header: `Location: <location>`",
        )],
        breaks: [
            Break::new(ALL, Flow::PUSHES, Symptom::UploadPost),
        ],
        faults: [RefusesEveryUpload],
        consequences: [RedirectsToSignIn],
        shares: "upload",
        check: post_allowed,
    }
}

async fn post_allowed(session: &Session) -> CheckResult {
    let reply = session.start_upload().await?;
    if matches!(reply.status.as_u16(), 400 | 404) || reply.status.is_server_error() {
        return Err(obstacle("start an upload under this name", &reply));
    }
    if !reply.status.is_success()
        && let Ok(plain) = session.start_upload_in(&plain_name(session)).await
        && plain.status.is_success()
    {
        return Err(obstacle(
            "start an upload under a name with `-`, as under one without",
            &reply,
        ));
    }
    expect::success(&reply)
}

/// The name of the check's repository without punctuation in its segments.
pub(in crate::checks) fn plain_name(session: &Session) -> String {
    session.repository().replace(['-', '_', '.'], "")
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
        title: "the registry does not return 429 or 503 to upload requests",
        fix: "Exempt POST and PUT of uploads from the rate limit, or allow at least six uploads at the same time. Delay a response instead of returning 429 or 503.",
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
    let path = format!("/v2/{}/blobs/uploads/", session.repository());
    let post = |_| session.call(Method::POST, &path).no_retry().send();
    let posts = join_all((0..6).map(post)).await;
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
            .no_retry()
            .send()
    });
    for reply in join_all(puts).await {
        let reply = reply?;
        let actual = format!("status {} for a PUT", reply.status);
        expect::holds(!is_throttled(&reply), expected, actual, &[&reply])?;
    }
    Ok(())
}
