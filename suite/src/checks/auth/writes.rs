//! The writes that a token allows.

use http::Method;

use super::{challenged, credentials, scope, token_for};
use crate::checks::api::complete_with_digest;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::ALL;
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, observed};
use crate::session::challenge::Challenge;
use crate::session::steps::obstacle;
use crate::session::{Session, authorization, digest_of, expect};
use crate::verdict::{CheckResult, Stop};

requirement! {
    /// The registry returns 401 with a challenge to a POST without the right to push.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 to 4.2.3 send the POST of an upload without a token to learn the scope, and are not affected. A
    /// client that keeps its pull token learns the missing scope from a 401, and nothing from a 403.
    ///
    /// ## How it is checked
    /// The check sends the POST of an upload with a pull token. The status must be 401. The requirement does not
    /// apply if a pull token opens uploads.
    POST_CHALLENGED = "auth/post-challenged" {
        level: Should,
        title: "POST of an upload with a pull token returns 401",
        fix: "Return 401 with a challenge that requests `pull,push`, not 403, to the POST of an upload whose token does not grant `push`.",
        covers: ["REG-BLB-18", "REG-AUT-01"],
        sources: [observed("7.5", "push of Helm 3.18.4: POST of the upload without token, 401, token for `pull,push`")],
        breaks: [],
        faults: [UploadPostForbiddenWithPullToken],
        proven_on: Bearer,
        check: post_challenged,
    }
}

async fn post_challenged(session: &Session) -> CheckResult {
    let token = token_for(session, &[&scope(session, "pull")]).await?;
    let path = format!("/v2/{}/blobs/uploads/", session.repository());
    let reply = session
        .call(Method::POST, &path)
        .authorization(token)
        .send()
        .await?;
    if reply.status.is_success() {
        return Err(Stop::condition_not_met("a pull token opens uploads"));
    }
    if !matches!(reply.status.as_u16(), 401 | 403 | 404) {
        return Err(obstacle("open an upload with a pull token", &reply));
    }
    expect::status(&reply, &[401])
}

requirement! {
    /// The PUT that completes an upload accepts the `Authorization` header of its POST.
    ///
    /// ## Why Helm needs it
    /// Every Helm version sends the header with both requests. A signed `Location` must not conflict with it.
    ///
    /// ## How it is checked
    /// The check opens an upload and completes it with the credentials of the run. The PUT must not return 400, 401
    /// or 403. If it does, a second PUT with the query as the registry wrote it excludes another cause.
    PUT_AUTHORISED = "auth/put-takes-authorization" {
        level: Must,
        title: "the PUT of an upload accepts the `Authorization` of its POST",
        fix: "Accept the `Authorization` header of the POST in the PUT as well. If `Location` is a signed URL of a store that rejects the header, receive the PUT in the registry.",
        covers: ["REG-BLB-19", "B10"],
        sources: [
            DISTRIBUTION.states("post-then-put", "Upon successful completion of the request, the response MUST have code `201 Created` and MUST have the following header: `Location: <blob-location>`"),
            observed("7.5", "one token for POST and PUT"),
        ],
        specification: Silent,
        breaks: [
            Break::new(ALL, Flow::PUSHES, Symptom::BlobPut),
        ],
        faults: [ChallengesUploadPuts],
        proven_on: Basic,
        check: put_authorised,
    }
}

async fn put_authorised(session: &Session) -> CheckResult {
    let first = challenged(session).await?;
    let known = credentials(session)?;
    let bearer = Challenge::all(&first.headers)
        .iter()
        .any(|challenge| challenge.scheme == "bearer");
    let authority = if bearer {
        token_for(session, &[&scope(session, "pull,push")]).await?
    } else {
        authorization::basic(known)
    };
    let path = format!("/v2/{}/blobs/uploads/", session.repository());
    let start = session
        .call(Method::POST, &path)
        .authorization(authority.clone())
        .send()
        .await?;
    if !start.status.is_success() {
        return Err(obstacle("open an upload", &start));
    }
    let location = session.upload_location(&start)?;
    let blob = bytes::Bytes::from(format!("authorised {}", session.seed()));
    let reply = session
        .complete_upload(&location, &digest_of(&blob), &blob)
        .authorization(authority)
        .send()
        .await?;
    if !matches!(reply.status.as_u16(), 400 | 401 | 403) {
        return Ok(());
    }
    // If the registry accepts its own query unchanged, the header is not the cause.
    let again = session.arrange_upload().await?;
    let raw = complete_with_digest(session, &again, &digest_of(&blob), &blob).await?;
    if raw.status.is_success() {
        return Err(obstacle(
            "complete an upload with the query as Helm writes it",
            &reply,
        ));
    }
    Err(expect::violated(
        "status 201 for the PUT, with the `authorization` of the POST",
        format!("status {}", reply.status),
        &[&start, &reply],
    ))
}
