//! Tokens for POST, and for several scopes.

use http::Method;
use serde_json::Value;

use super::{credentials, scope, token_endpoint, token_for};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{BEFORE_3_7, CONTAINERD, CONTAINERD_SINCE_3_7, Span, Versions};
use crate::requirement::requirement;
use crate::requirement::source::{containerd, observed};
use crate::session::steps::obstacle;
use crate::session::{Reply, Session, expect};
use crate::verdict::{CheckResult, Stop};

/// Sends a POST to the token endpoint, as Helm 3.0 to 3.17 do.
pub(super) async fn token_post(session: &Session) -> Result<Reply, Stop> {
    let (realm, service) = token_endpoint(session).await?;
    let known = credentials(session)?;
    let form = [
        ("grant_type", "password"),
        ("client_id", "containerd-client"),
        ("service", service.as_deref().unwrap_or_default()),
        ("scope", &scope(session, "pull")),
        ("username", &known.username),
        ("password", &known.password),
    ];
    let body: Vec<String> = form
        .iter()
        .map(|(name, value)| format!("{name}={}", crate::oci::percent::encode(value)))
        .collect();
    session.post_token(&realm, body.join("&").into()).await
}

/// Helm versions that send the two scopes of a push as two parameters: observed up to 3.12.3, no longer in 3.17.3.
const TWO_SCOPES_APART: Versions = Versions(&[Span::new((3, 0, 0), (3, 13, 0))]);

requirement! {
    /// The token endpoint grants several scopes of one request together.
    ///
    /// ## Why Helm needs it
    /// A push of Helm 3.0 to 3.17 requests `pull` and `pull,push` as two `scope` parameters.
    ///
    /// ## How it is checked
    /// The check requests a token for both scopes and opens an upload with it. The upload must open if a token for
    /// `pull,push` alone opens one.
    TWO_SCOPES = "auth/several-scopes" {
        level: Must,
        title: "a token for two `scope` parameters grants both scopes",
        fix: "Read every `scope` parameter of a token request, and grant all of them in one token. Check whether the query parser returns only the first value of a repeated parameter.",
        covers: ["REG-AUT-07", "B33"],
        sources: [observed("7.5", "push of 3.10.1: `GET /token?scope=…:pull&scope=…:pull,push`")],
        breaks: [
            Break::new(TWO_SCOPES_APART, Flow::PUSHES, Symptom::InsufficientScope),
        ],
        faults: [HonoursFirstScopeOnly],
        proven_on: Bearer,
        check: two_scopes,
    }
}

async fn two_scopes(session: &Session) -> CheckResult {
    let (pull, push) = (scope(session, "pull"), scope(session, "pull,push"));
    both_scopes(session, [&pull, &push]).await
}

/// Expects that a token for two scopes in this order opens an upload, as a token for the push scope alone does.
async fn both_scopes(session: &Session, scopes: [&str; 2]) -> CheckResult {
    let path = format!("/v2/{}/blobs/uploads/", session.repository());
    let one = token_for(session, &[&scope(session, "pull,push")]).await?;
    let alone = session
        .call(Method::POST, &path)
        .authorization(one)
        .send()
        .await?;
    if !alone.status.is_success() {
        return Err(obstacle("open an upload with a push token", &alone));
    }
    let both = token_for(session, &scopes).await?;
    let reply = session
        .call(Method::POST, &path)
        .authorization(both)
        .send()
        .await?;
    expect::holds(
        !matches!(reply.status.as_u16(), 401 | 403),
        "an open upload, with a token for both scopes",
        format!("status {}", reply.status),
        &[&alone, &reply],
    )
}

requirement! {
    /// The order of several `scope` parameters makes no difference to the token.
    ///
    /// ## Why Helm needs it
    /// Every Helm version sends the narrow scope first. Other clients send scopes in any order.
    ///
    /// ## How it is checked
    /// The check requests a token with `pull,push` before `pull` and opens an upload with it. The upload must open if
    /// a token for `pull,push` alone opens one.
    SCOPE_ORDER = "auth/scope-order-free" {
        level: Should,
        title: "the token endpoint grants two scopes in either order",
        fix: "Grant all `scope` parameters of a token request, in whatever order they come. Check whether a later parameter replaces an earlier one.",
        covers: ["REG-AUT-07", "B33"],
        sources: [observed("7.5", "push of 3.10.1: `GET /token?scope=…:pull&scope=…:pull,push`")],
        breaks: [],
        faults: [HonoursLastScopeOnly],
        proven_on: Bearer,
        check: scope_order,
    }
}

async fn scope_order(session: &Session) -> CheckResult {
    let (pull, push) = (scope(session, "pull"), scope(session, "pull,push"));
    both_scopes(session, [&push, &pull]).await
}

requirement! {
    /// A token endpoint that does not support POST returns 400, 401, 404 or 405.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 try POST first. They fall back to GET only after one of these statuses.
    ///
    /// ## How it is checked
    /// The check sends a POST with a password grant, as Helm does. The status must be 200, 400, 401, 404 or 405.
    POST = "auth/token-post-answered" {
        level: Must,
        title: "POST to the token endpoint returns a token or 400, 401, 404 or 405",
        fix: "Issue a token for POST as for GET, or return 405 at the token endpoint. Return 401, not 403, to wrong credentials.",
        covers: ["REG-AUT-08", "A13"],
        sources: [containerd("v1.6.6", "remotes/docker/authorizer.go", "falls back to GET on 400, 401, 404 and 405")],
        breaks: [
            Break::new(CONTAINERD, Flow::CHARTS, Symptom::TokenPost),
        ],
        faults: [TokenPostForbidden],
        proven_on: Bearer,
        check: post,
    }
}

async fn post(session: &Session) -> CheckResult {
    expect::status(&token_post(session).await?, &[200, 400, 401, 404, 405])
}

requirement! {
    /// A token endpoint that supports POST returns the token as `access_token`.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 read only this field of the response.
    ///
    /// ## How it is checked
    /// The check sends a POST with a password grant. If the endpoint returns a 2xx, the body must contain
    /// `access_token`.
    POST_NAME = "auth/token-post-names-access-token" {
        level: Must,
        title: "the response to a token POST contains `access_token`",
        fix: "Return the token of a POST in the field `access_token`. Send the same value as `token` for other clients.",
        covers: ["REG-AUT-09", "B36"],
        sources: [containerd("v1.6.6", "remotes/docker/auth/fetch.go", "`authorization server did not include a token in the response`")],
        breaks: [
            Break::new(BEFORE_3_7, &[Flow::ChartPush], Symptom::PushStart),
            Break::new(BEFORE_3_7, Flow::PULLS, Symptom::PullStart),
            Break::new(CONTAINERD_SINCE_3_7, Flow::CHARTS, Symptom::TokenMissing),
        ],
        faults: [TokenPostWithoutAccessToken],
        consequences: [TokenAnswerIsHtml],
        proven_on: Bearer,
        check: post_name,
    }
}

async fn post_name(session: &Session) -> CheckResult {
    let reply = token_post(session).await?;
    if !reply.status.is_success() {
        return Err(Stop::not_offered(
            "the token endpoint does not accept POST",
            reply.status,
        ));
    }
    let value: Value = expect::json(&reply, "with `access_token`")?;
    expect::holds(
        value.get("access_token").is_some_and(Value::is_string),
        "`access_token` in the body",
        "no `access_token`",
        &[&reply],
    )
}
