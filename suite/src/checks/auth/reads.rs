//! The reads that a token allows.

use http::Method;

use super::{scope, token_for};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, CONTAINERD, OLD_LISTING, ORAS, SINCE_3_8, Span, Versions};
use crate::requirement::requirement;
use crate::requirement::source::observed;
use crate::session::steps::obstacle;
use crate::session::{Session, digest_of, expect};
use crate::verdict::CheckResult;

/// Helm versions that request the push scope only after a challenge to the POST.
const PULL_TOKEN_FIRST: Versions = Versions(&[
    Span::new((3, 18, 0), (3, 22, 0)),
    Span::new((4, 0, 0), (4, 2, 4)),
]);

/// Helm versions that request a token for `pull,push` from their first request on.
const PUSH_TOKEN_FIRST: Versions =
    Versions(&[Span::new((3, 22, 0), (4, 0, 0)), Span::since((4, 2, 4))]);

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
        fix: "Accept GET and HEAD with a token for `pull,push`. Check that the code looks for `pull` among the actions and does not compare the whole text.",
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
    /// The registry accepts requests with the tokens of its own token endpoint, however long they are.
    ///
    /// ## Why Helm needs it
    /// A token that names many repositories or groups is longer than the headers that a front end accepts by default. It
    /// returns `400 Request Header Or Cookie Too Large` then, and every command fails.
    ///
    /// ## How it is checked
    /// The check requests a token and reads a manifest with it. The status must not be 400, 413 or 431.
    OWN_TOKEN = "auth/own-token-accepted" {
        level: Must,
        title: "the registry accepts requests with the tokens of its token endpoint",
        fix: "Raise the limit on request headers in the front end above the longest token that the token endpoint issues, or issue shorter tokens, for example without groups.",
        covers: ["REG-AUT-10", "REG-AUT-22"],
        sources: [observed("4.3", "Helm sends the token as it received it")],
        breaks: [
            Break::new(ALL, Flow::WRITES, Symptom::PushStart),
            Break::new(CONTAINERD, Flow::DIRECT_PULLS, Symptom::PullStart),
            Break::new(OLD_LISTING, Flow::LISTINGS, Symptom::TagList),
            Break::new(ORAS, Flow::PULLS, Symptom::PullStart),
            Break::new(ALL, &[Flow::Login], Symptom::LoginRefused),
        ],
        faults: [RefusesLongAuthorization, RefusesLongAuthorizationWith431],
        proven_on: Bearer,
        check: own_token,
    }
}

async fn own_token(session: &Session) -> CheckResult {
    let token = token_for(session, &[&scope(session, "pull")]).await?;
    let path = session.manifest_path("1.0.0");
    let get = || {
        let get = session.call(Method::GET, &path);
        get.accept(crate::session::steps::ACCEPT_ORAS)
    };
    let reply = get().authorization(token.clone()).send().await?;
    if !matches!(reply.status.as_u16(), 400 | 413 | 431) {
        return Ok(());
    }
    // Controls: if the registry refuses the request without the token as well, or another request with it does not fail, the
    // token is not the cause.
    let anonymous = get().anonymous().send().await?;
    let base = session.call(Method::GET, "/v2/").authorization(token);
    let base = base.send().await?;
    if anonymous.status == reply.status || base.status != reply.status {
        return Err(obstacle("read a manifest with or without a token", &reply));
    }
    Err(expect::violated(
        "the response of the registry to a read with its own token",
        format!("status {}", reply.status),
        &[&anonymous, &reply, &base],
    ))
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
        fix: "Return 404 to HEAD of absent content with a token for `pull`, even in a repository that does not exist yet, if the user may push there. Do not require `push` for a read.",
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
        fix: "Allow `GET tags/list` with a token for `pull`, as for a manifest. Do not require another action, such as `metadata_read`.",
        covers: ["REG-TAG-12", "REG-TAG-13", "REG-PUL-19", "A05"],
        sources: [observed("4.3", "the scope of a tag listing is `repository:R:pull`")],
        breaks: [
            Break::new(SINCE_3_8, Flow::LISTINGS, Symptom::TagList),
        ],
        faults: [TagListNeedsMoreThanPull],
        consequences: [TagListUnauthorized, TagListForbidden],
        proven_on: Bearer,
        shares: "chart",
        check: pull_lists,
    }
}

async fn pull_lists(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let token = token_for(session, &[&scope(session, "pull")]).await?;
    let path = session.manifest_path("1.0.0");
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
