//! The rights that a token grants.

use http::Method;

use super::{challenged, credentials, scope, token_for};
use crate::checks::api::complete_with_digest;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, CONTAINERD, SINCE_3_8, Span, Versions};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, observed};
use crate::session::challenge::{self, Challenge};
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Session, digest_of};
use crate::verdict::{CheckResult, Stop};

/// Helm versions that request the push scope only after a challenge to the POST.
const PULL_TOKEN_FIRST: Versions = Versions(&[
    Span::new((3, 18, 0), (4, 0, 0)),
    Span::new((4, 0, 0), (4, 2, 4)),
]);
/// Helm versions that request a token for `pull,push` from their first request on.
const PUSH_TOKEN_FIRST: Versions = Versions(&[Span::since((4, 2, 4))]);

requirement! {
    /// A token for `pull,push` also allows reads.
    ///
    /// ## Why Helm needs it
    /// During a push Helm reads manifests with the token that it uses for the push.
    ///
    /// ## How it is checked
    /// The check pushes a chart and reads its manifest with a token for `pull,push`. The registry must not return 401
    /// or 403.
    PUSH_PULLS = "auth/push-token-pulls" {
        level: Must,
        title: "a token for `pull,push` also allows reads",
        covers: ["REG-AUT-13"],
        sources: [observed("7.5", "Helm reads the manifest back with the push token")],
        breaks: [
            Break::new(CONTAINERD, Flow::WRITES, Symptom::PushStart),
            Break::new(PULL_TOKEN_FIRST, Flow::WRITES, Symptom::TagRead),
            Break::new(PUSH_TOKEN_FIRST, Flow::WRITES, Symptom::PushStart),
        ],
        faults: [PushTokenCannotPull],
        proven_on: Bearer,
        check: push_pulls,
    }
}

async fn push_pulls(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let token = token_for(session, &[&scope(session, "pull,push")]).await?;
    let path = session.manifest_path(&chart.digest);
    let reply = session
        .call(Method::GET, &path)
        .accept(crate::session::steps::ACCEPT_ORAS)
        .authorization(token)
        .send()
        .await?;
    expect::holds(
        !matches!(reply.status.as_u16(), 401 | 403),
        "the manifest, with a token for `pull,push`",
        format!("status {}", reply.status),
        &[&reply],
    )
}

requirement! {
    /// With a token for `pull`, a user who may push gets 404 for content that does not exist.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 to 4.2.3 begin a push with HEAD and a pull token. A 401 there ends the push: the client does not
    /// return with a wider token.
    ///
    /// ## How it is checked
    /// The check sends HEAD of an absent manifest with a pull token, in a new repository. The registry must not
    /// return 401 or 403, unless it does so for a token for `pull,push` as well.
    PULL_SEES_404 = "auth/pull-token-sees-404" {
        level: Must,
        title: "a pull token gets 404 for absent content",
        covers: ["REG-AUT-14", "REG-NAM-09", "A01", "A03"],
        sources: [observed("7.5", "push of Helm 3.18.4 to 4.2.3: HEAD of the manifest with a token for `pull`")],
        breaks: [
            Break::new(PULL_TOKEN_FIRST, Flow::PUSHES, Symptom::ManifestHead),
        ],
        faults: [PullTokenDeniedOnAbsent],
        proven_on: Bearer,
        check: pull_sees_404,
    }
}

async fn pull_sees_404(session: &Session) -> CheckResult {
    let token = token_for(session, &[&scope(session, "pull")]).await?;
    let path = session.manifest_path(&digest_of(b"no such manifest"));
    let reply = session
        .call(Method::HEAD, &path)
        .accept(crate::session::steps::ACCEPT_ORAS)
        .authorization(token)
        .send()
        .await?;
    if !matches!(reply.status.as_u16(), 401 | 403) {
        return Ok(());
    }
    // If the registry rejects a push token as well, the scope of the token is not the cause.
    let wide = token_for(session, &[&scope(session, "pull,push")]).await?;
    let other = session
        .call(Method::HEAD, &path)
        .accept(crate::session::steps::ACCEPT_ORAS)
        .authorization(wide)
        .send()
        .await?;
    if matches!(other.status.as_u16(), 401 | 403) {
        return Err(obstacle(
            "request an absent manifest with any token",
            &other,
        ));
    }
    Err(expect::violated(
        format!("status {}, as with a token for `pull,push`", other.status),
        format!("status {}", reply.status),
        &[&reply, &other],
    ))
}

requirement! {
    /// A token for `pull` allows the client to list tags.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 and later request no wider scope for it. If the registry requires another right for the list, exact
    /// versions work and ranges fail.
    ///
    /// ## How it is checked
    /// The check pushes a chart. With a token for `pull` it reads the manifest and sends `GET tags/list`. If the
    /// manifest can be read, the list must not return 401 or 403.
    PULL_LISTS = "auth/pull-token-lists-tags" {
        level: Must,
        title: "a token for `pull` allows the tag list",
        covers: ["REG-TAG-12", "REG-TAG-13", "REG-PUL-19", "A05"],
        sources: [observed("4.3", "the scope of a tag listing is `repository:R:pull`")],
        breaks: [
            Break::new(SINCE_3_8, Flow::LISTINGS, Symptom::TagList),
        ],
        faults: [TagListNeedsMoreThanPull],
        proven_on: Bearer,
        check: pull_lists,
    }
}

async fn pull_lists(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let token = token_for(session, &[&scope(session, "pull")]).await?;
    let path = session.manifest_path(&chart.digest);
    let manifest = session
        .call(Method::GET, &path)
        .accept(crate::session::steps::ACCEPT_ORAS)
        .authorization(token.clone())
        .send()
        .await?;
    if !manifest.status.is_success() {
        return Err(obstacle("read the manifest with a pull token", &manifest));
    }
    let path = format!("/v2/{}/tags/list", session.repository());
    let reply = session
        .call(Method::GET, &path)
        .authorization(token)
        .send()
        .await?;
    expect::holds(
        !matches!(reply.status.as_u16(), 401 | 403),
        "the tag list with a token for `pull`, as for the manifest",
        format!("status {}", reply.status),
        &[&manifest, &reply],
    )
}

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
        covers: ["REG-BLB-19", "B10"],
        sources: [
            DISTRIBUTION.states("post-then-put", "Upon successful completion of the request, the response MUST have code `201 Created` and MUST have the following header:"),
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
        challenge::basic(known)
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
