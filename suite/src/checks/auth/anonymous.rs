//! The first responses to a client without credentials. No Helm version sends credentials before a 401.

use http::Method;

use super::has_credentials;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, CONTAINERD, OLD_LISTING, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::{HTTP, observed};
use crate::session::challenge::Challenge;
use crate::session::steps::{ACCEPT_CONTAINERD, ACCEPT_ORAS, obstacle};
use crate::session::{Reply, Session, digest_of, expect};
use crate::verdict::{CheckResult, Stop};

/// True for a refusal that says nothing about credentials.
fn is_refusal(reply: &Reply) -> bool {
    matches!(reply.status.as_u16(), 403 | 404)
}

/// The response of `/v2/` to an anonymous client. If it has a challenge, the session responds to it from now on in this
/// repository.
async fn log_in_at_base(session: &Session) -> Result<Reply, Stop> {
    let base = session.call(Method::GET, "/v2/").anonymous().send().await?;
    if base.status.as_u16() == 401 {
        let repository = session.repository();
        let response = session.respond_to_challenge(&base, repository, None);
        if let Some(value) = response.await? {
            session.use_authorization(repository, value);
        }
    }
    Ok(base)
}

requirement! {
    /// A registry that requires credentials for a push returns 401 to the first requests of a push without credentials,
    /// or 404 to HEAD.
    ///
    /// ## Why Helm needs it
    /// Helm sends the credentials of a login only after a 401. After a 403, or a 404 to the POST, the push ends, although
    /// the user is logged in.
    ///
    /// ## How it is checked
    /// The check sends HEAD of an absent manifest and of an absent blob and the POST of an upload without credentials.
    /// HEAD must not return 403, and POST neither 403 nor 404, if the POST succeeds with credentials, or if `/v2/` has no
    /// challenge either.
    PUSH = "auth/push-challenged" {
        level: Must,
        title: "the first requests of a push without credentials return 401, or 404 to HEAD",
        fix: "Return 401 with `WWW-Authenticate` to a POST without credentials, and 401 or 404 to HEAD. Return 403 only to credentials that do not suffice.",
        covers: ["REG-AUT-01", "A12"],
        sources: [
            HTTP.states("status.401", "The 401 (Unauthorized) status code indicates that the request has not been applied because it lacks valid authentication credentials for the target resource."),
            observed("4.3", "every operation starts without credentials; Helm sends them only after a 401 with a challenge"),
        ],
        breaks: [
            Break::new(ALL, Flow::WRITES, Symptom::PushStart),
            Break::new(ALL, Flow::WRITES, Symptom::UploadPost),
        ],
        faults: [AnonymousRequestsNotFound, AnonymousRequestsForbidden, AnonymousContentNotFound, AnonymousContentForbidden, AnonymousReadsForbidden],
        proven_on: Basic,
        check: push,
    }
}

async fn push(session: &Session) -> CheckResult {
    let absent = digest_of(b"nothing");
    let manifest = session.manifest_path(&absent);
    let head = session.call(Method::HEAD, &manifest).accept(ACCEPT_ORAS);
    let head = head.anonymous().send().await?;
    let blob = session.call(Method::HEAD, &session.blob_path(&absent));
    let blob = blob.anonymous().send().await?;
    let path = format!("/v2/{}/blobs/uploads/", session.repository());
    let post = session.call(Method::POST, &path);
    let post = post.anonymous().send().await?;
    if post.status.is_success() {
        return Err(Stop::condition_not_met(
            "the registry requires no credentials",
        ));
    }
    has_credentials(session)?;
    let refused = [&head, &blob]
        .into_iter()
        .find(|head| head.status.as_u16() == 403);
    let Some(refused) = refused.or(Some(&post).filter(|post| is_refusal(post))) else {
        return Ok(());
    };
    let base = log_in_at_base(session).await?;
    if !is_refusal(&base) {
        // Control: if the credentials do not help, their absence is not the cause.
        let control = session.start_upload().await?;
        if !control.status.is_success() {
            return Err(obstacle("start an upload with credentials", &control));
        }
    }
    Err(expect::violated(
        "status 401 without credentials, or 404 to HEAD",
        format!("status {}", refused.status),
        &[refused, &base],
    ))
}

requirement! {
    /// A registry that requires credentials for a pull returns 401 to a read without credentials, and neither 403 nor
    /// 404.
    ///
    /// ## Why Helm needs it
    /// Helm sends the credentials of a login only after a 401. A 404 says that the chart does not exist, and the pull ends,
    /// although the user is logged in.
    ///
    /// ## How it is checked
    /// The check pushes a chart. It sends HEAD and GET of the tag and GET of the tag list without credentials. None may
    /// return 403 or 404 if the same request with credentials succeeds.
    PULL = "auth/pull-challenged" {
        level: Must,
        title: "a read without credentials returns 401 if credentials are required",
        fix: "Return 401 with `WWW-Authenticate` to a read of a private repository without credentials. Hide repositories with 403 or 404 only from clients that sent credentials.",
        covers: ["REG-AUT-01", "REG-PUL-19", "A12"],
        sources: [
            HTTP.states("status.401", "The 401 (Unauthorized) status code indicates that the request has not been applied because it lacks valid authentication credentials for the target resource."),
            observed("4.3", "every operation starts without credentials; Helm sends them only after a 401 with a challenge"),
        ],
        breaks: [
            Break::new(CONTAINERD, Flow::DIRECT_PULLS, Symptom::ManifestGet),
            Break::new(OLD_LISTING, Flow::LISTINGS, Symptom::TagList),
            Break::new(ORAS, Flow::EXACT_PULLS, Symptom::ManifestGet),
            Break::new(ORAS, Flow::LISTINGS, Symptom::TagList),
            Break::new(ORAS, &[Flow::PullDigest], Symptom::PullStart),
        ],
        faults: [AnonymousRequestsNotFound, AnonymousRequestsForbidden, AnonymousContentNotFound, AnonymousContentForbidden, AnonymousReadsNotFound, AnonymousReadsForbidden],
        proven_on: Basic,
        check: pull,
    }
}

async fn pull(session: &Session) -> CheckResult {
    let manifest = session.manifest_path("1.0.0");
    let reads = || {
        let list = format!("/v2/{}/tags/list", session.repository());
        [
            session
                .call(Method::HEAD, &manifest)
                .accept(ACCEPT_CONTAINERD),
            session.call(Method::GET, &manifest).accept(ACCEPT_ORAS),
            session.call(Method::GET, &list),
        ]
    };
    let [head, _, _] = reads();
    let first = head.anonymous().send().await?;
    if first.status.as_u16() == 401 || !is_refusal(&first) {
        return Ok(());
    }
    has_credentials(session)?;
    let base = log_in_at_base(session).await?;
    let refused = |reply: &Reply| {
        expect::violated(
            "status 401 without credentials",
            format!("status {}", reply.status),
            &[reply, &base],
        )
    };
    if let Err(stop) = session.arrange_chart("1.0.0").await {
        // Without a challenge anywhere the registry cannot be used at all.
        return Err(if is_refusal(&base) {
            refused(&first)
        } else {
            stop
        });
    }
    for (anonymous, authorized) in reads().into_iter().zip(reads()) {
        let reply = anonymous.anonymous().send().await?;
        if is_refusal(&reply) && authorized.send().await?.status.is_success() {
            return Err(refused(&reply));
        }
    }
    Ok(())
}

requirement! {
    /// A 401 from `/v2/` has a challenge.
    ///
    /// ## Why Helm needs it
    /// The first request of `helm registry login` goes to `/v2/`. Without a challenge in the 401, Helm has nowhere to send
    /// the password, and every login fails.
    ///
    /// ## How it is checked
    /// The check sends an anonymous `GET /v2/`. A 401 must have a challenge that can be parsed. The requirement does not
    /// apply to other statuses.
    LOGIN = "auth/login-challenged" {
        level: Must,
        title: "a 401 from `/v2/` has a challenge",
        fix: "Send `WWW-Authenticate: Basic realm=\"…\"` or `Bearer realm=\"…\"` with the 401 of `GET /v2/`. Check whether a front end removes the header.",
        covers: ["REG-AUT-01", "REG-API-03", "B26"],
        sources: [HTTP.states(
            "status.401",
            "The server generating a 401 response MUST send a WWW-Authenticate header field (Section 11.6.1) containing at least one challenge applicable to the target resource.",
        )],
        breaks: [
            Break::new(ALL, &[Flow::Login], Symptom::LoginRefused),
        ],
        faults: [ChallengesNowhere],
        proven_on: Basic,
        check: login,
    }
}

async fn login(session: &Session) -> CheckResult {
    let base = session.call(Method::GET, "/v2/").anonymous().send().await?;
    if base.status.as_u16() != 401 {
        return Err(Stop::condition_not_met("`/v2/` requires no credentials"));
    }
    expect::holds(
        !Challenge::all(&base.headers).is_empty(),
        "a `www-authenticate` header with a challenge",
        match base.header("www-authenticate") {
            Some(value) => format!("`www-authenticate: {value}`"),
            None => "no `www-authenticate` header".to_owned(),
        },
        &[&base],
    )
}
