//! What a token allows.

use http::Method;

use super::{challenged, credentials, scope, token_for};
use crate::checks::api::put_with;
use crate::helm::era::{
    BEFORE_3_7, Break, CONTAINERD, CONTAINERD_1_5, CONTAINERD_1_7, Flow, OLD_LISTING, ORAS, Span,
    Versions,
};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, observed};
use crate::session::challenge::{self, Challenge};
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Session, digest_of};
use crate::verdict::{CheckResult, Stop};

/// Helm that sends push scopes only after the POST was challenged.
const PULL_TOKEN_FIRST: Versions = Versions(&[
    Span::new((3, 18, 0), (4, 0, 0)),
    Span::new((4, 0, 0), (4, 2, 4)),
]);
/// Helm that asks for a token to push from its first request on.
const PUSH_TOKEN_FIRST: Versions = Versions(&[Span::since((4, 2, 4))]);

requirement! {
    /// A token for `pull,push` also reads.
    ///
    /// ## Why Helm needs it
    /// A push reads back what it wrote, with the token it has.
    ///
    /// ## How it is checked
    /// A chart is pushed; its manifest is read with a token for `pull,push`.
    PUSH_PULLS = "auth/push-token-pulls" {
        level: Must,
        title: "a token for `pull,push` also reads",
        covers: ["REG-AUT-13"],
        sources: [observed("7.5", "the read-back of a push goes out with the push token")],
        breaks: [
            Break::new(BEFORE_3_7, &[Flow::ChartPush], "unexpected response: 401 Unauthorized"),
            Break::new(CONTAINERD_1_5, Flow::WRITES, "unexpected status: 401 Unauthorized"),
            Break::new(CONTAINERD_1_7, Flow::WRITES, "unexpected status from HEAD request to {url}/blobs/{d}: 401 Unauthorized"),
            Break::new(PULL_TOKEN_FIRST, Flow::WRITES, "failed to perform \"Tag\" on destination: GET \"{url}/manifests/{d}\": response status code 401: unauthorized"),
            Break::new(PUSH_TOKEN_FIRST, Flow::WRITES, "failed to perform \"Exists\" on destination: HEAD \"{url}/manifests/{d}\": response status code 401: Unauthorized"),
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
        "the manifest",
        format!("status {}", reply.status),
        &[&reply],
    )
}

requirement! {
    /// A token for `pull` of a user who may push sees 404 for what is not there.
    ///
    /// ## Why Helm needs it
    /// From 3.18 to 4.2.3 a push begins with HEAD under a pull token. A 401 there ends it: the client does not
    /// come back with a wider token.
    ///
    /// ## How it is checked
    /// HEAD of an absent manifest with a pull token, in a new repository.
    PULL_SEES_404 = "auth/pull-token-sees-404" {
        level: Must,
        title: "a pull token sees 404 for absent content",
        covers: ["REG-AUT-14", "REG-NAM-09", "A01", "A03"],
        sources: [observed("7.5", "push of 3.18.4 to 4.2.3: HEAD of the manifest with a token for `pull`")],
        breaks: [
            Break::new(PULL_TOKEN_FIRST, Flow::PUSHES, "failed to perform \"Exists\" on destination: HEAD \"{url}/manifests/{d}\": response status code 401: Unauthorized"),
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
    // What refuses a push token as well has nothing to do with the token.
    let wide = token_for(session, &[&scope(session, "pull,push")]).await?;
    let other = session
        .call(Method::HEAD, &path)
        .accept(crate::session::steps::ACCEPT_ORAS)
        .authorization(wide)
        .send()
        .await?;
    if matches!(other.status.as_u16(), 401 | 403) {
        return Err(obstacle(
            "look at an absent manifest with any token",
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
    /// A token for `pull` lists tags.
    ///
    /// ## Why Helm needs it
    /// Helm asks for no more. Where the listing wants another right, exact versions work and ranges fail.
    ///
    /// ## How it is checked
    /// A chart is pushed; with a token for `pull` its manifest is read and the tags are listed.
    PULL_LISTS = "auth/pull-token-lists-tags" {
        level: Must,
        title: "a token for `pull` is enough to list tags",
        covers: ["REG-TAG-12", "REG-TAG-13", "REG-PUL-19", "A05"],
        sources: [observed("4.3", "the scope of a tag listing is `repository:R:pull`")],
        breaks: [
            Break::new(OLD_LISTING, Flow::LISTINGS, "GET \"{url}/tags/list\": unexpected status code 401: unauthorized"),
            Break::new(ORAS, Flow::LISTINGS, "GET \"{url}/tags/list\": response status code 401: unauthorized"),
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
        "the tags, as the manifest",
        format!("status {}", reply.status),
        &[&manifest, &reply],
    )
}

requirement! {
    /// A POST that lacks the right to push is answered with 401 and a challenge.
    ///
    /// ## Why Helm needs it
    /// From 3.18 to 4.2.3 the POST of an upload goes out without a token, to learn the scope; those versions get
    /// by. A client that keeps its pull token learns from a 401 what it lacks, and from a 403 nothing.
    ///
    /// ## How it is checked
    /// A POST with a pull token.
    POST_CHALLENGED = "auth/post-challenged" {
        level: Should,
        title: "a POST with a pull token is answered 401",
        covers: ["REG-BLB-18", "REG-AUT-01"],
        sources: [observed("7.5", "push of 3.18.4: POST of the upload without token, 401, token for `pull,push`")],
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
        return Err(Stop::NotApplicable("a pull token opens uploads".to_owned()));
    }
    if !matches!(reply.status.as_u16(), 401 | 403 | 404) {
        return Err(obstacle("tell what a pull token may do", &reply));
    }
    expect::status(&reply, &[401])
}

requirement! {
    /// The PUT that completes an upload takes the `Authorization` of the POST.
    ///
    /// ## Why Helm needs it
    /// Every Helm sends it along; a signed `Location` must not clash with it.
    ///
    /// ## How it is checked
    /// An upload is opened and completed under the credentials of the run.
    PUT_AUTHORISED = "auth/put-takes-authorization" {
        level: Must,
        title: "the PUT of an upload accepts the `Authorization` of its POST",
        covers: ["REG-BLB-19", "B10"],
        sources: [
            DISTRIBUTION.says("post-then-put", "Upon successful completion of the request, the response MUST have code `201 Created` and MUST have the following header:"),
            observed("7.5", "one token for POST and PUT"),
        ],
        specification: Silent,
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, "failed commit on ref \"unknown-{d}\": unexpected status…: 400 Bad Request"),
            Break::new(ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: PUT \"{u}\": response status code 400"),
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
    // Where the query as it was is taken, it is not the header that is to blame.
    let again = session.arrange_upload().await?;
    let raw = put_with(session, &again, &digest_of(&blob), &blob).await?;
    if raw.status.is_success() {
        return Err(obstacle(
            "complete an upload as Helm writes its query",
            &reply,
        ));
    }
    Err(expect::violated(
        "201",
        format!("status {}", reply.status),
        &[&start, &reply],
    ))
}
