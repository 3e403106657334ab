//! Requests to the token endpoint.

use http::Method;
use serde_json::Value;

use super::{bearer, credentials, endpoint, scope, token_answer, token_for, token_of, token_post};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{
    ALL, BEFORE_3_7, CONTAINERD, CONTAINERD_SINCE_3_7, OLD_LISTING, ORAS, Span, Versions,
};
use crate::requirement::requirement;
use crate::requirement::source::{HELM_DOCS, containerd, helm, observed};
use crate::session::Session;
use crate::session::challenge;
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::verdict::{CheckResult, Stop};

/// Helm versions that send the two scopes of a push as two parameters: observed up to 3.12.3, no longer in 3.17.3.
const TWO_SCOPES_APART: Versions = Versions(&[Span::new((3, 0, 0), (3, 13, 0))]);

/// Helm versions that do not fall back to GET if the token endpoint returns 400 to a POST.
const NO_FALLBACK_ON_400: Versions = Versions(&[Span::new((3, 0, 0), (3, 8, 2))]);

requirement! {
    /// The token endpoint accepts GET with `service` and `scope` and Basic credentials, and returns a token.
    ///
    /// ## Why Helm needs it
    /// Every Helm version requests tokens this way.
    ///
    /// ## How it is checked
    /// The check sends one GET to the token endpoint. The response must be 200 with JSON that contains `token` or
    /// `access_token`.
    GET = "auth/token-by-get" {
        level: Must,
        title: "the token endpoint returns a token for GET",
        covers: ["REG-AUT-06", "REG-AUT-10", "A13", "B36"],
        sources: [observed("4.3", "`GET <realm>?scope=…&service=…` with Basic, in every era")],
        breaks: [
            Break::new(OLD_LISTING, Flow::LISTINGS, Symptom::TokenGet),
            Break::new(ORAS, Flow::CHARTS, Symptom::TokenGet),
            Break::when("where the token endpoint takes no POST", CONTAINERD, Flow::CHARTS, Symptom::TokenPost),
            Break::new(CONTAINERD, &[Flow::Login], Symptom::TokenMissing),
        ],
        faults: [TokenGetRefused, TokenUnderOtherName],
        consequences: [TokenAnswerIsHtml],
        proven_on: Bearer,
        check: token_get,
    }
}

async fn token_get(session: &Session) -> CheckResult {
    let answer = token_answer(session, &[&scope(session, "pull")]).await?;
    expect::status(&answer, &[200])?;
    let value: Value = expect::json(&answer, "with a token")?;
    let named = ["token", "access_token"]
        .iter()
        .any(|name| value.get(*name).is_some_and(Value::is_string));
    expect::holds(
        named,
        "`token` or `access_token` in the body",
        "neither of them",
        &[&answer],
    )
}

requirement! {
    /// If the token endpoint returns 200, the body is JSON.
    ///
    /// ## Why Helm needs it
    /// A single sign-on page in front of the registry returns 200 with HTML. Every Helm version fails on it, with
    /// POST and with GET.
    ///
    /// ## How it is checked
    /// The check requests a token with GET. The body of a 2xx must be JSON.
    TOKEN_JSON = "auth/token-answer-is-json" {
        level: Must,
        title: "the token response is JSON",
        covers: ["REG-AUT-10", "B36"],
        sources: [observed("4.3", "every era decodes the response as JSON")],
        breaks: [
            Break::new(ALL, Flow::ALL, Symptom::TokenNotJson),
        ],
        faults: [TokenAnswerIsHtml],
        proven_on: Bearer,
        check: token_json,
    }
}

async fn token_json(session: &Session) -> CheckResult {
    let answer = token_answer(session, &[&scope(session, "pull")]).await?;
    if !answer.status.is_success() {
        return Err(obstacle("get a token", &answer));
    }
    expect::json::<Value>(&answer, "with a token").map(|_| ())
}

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

requirement! {
    /// The token endpoint issues a token without scope to a valid user, and the registry accepts it at `/v2/`.
    ///
    /// ## Why Helm needs it
    /// `helm registry login` requests a token without scope.
    ///
    /// ## How it is checked
    /// The check requests a token with `service` alone and sends it with `GET /v2/`. The token endpoint must return
    /// 200, and `/v2/` must not return 401 or 403.
    SCOPELESS = "auth/login-token" {
        level: Must,
        title: "a token without scope is accepted at `/v2/`",
        covers: ["REG-AUT-12", "REG-API-02"],
        sources: [
            helm("v3.18.4", "pkg/registry/client.go:284", "login pings `/v2/` with a token without scope"),
            HELM_DOCS.states(
                "oci-feature-deprecation-and-behavior-changes-with-v380",
                "The `helm registry login` command now follows the same structure as the Docker CLI for storing credentials. The same location for registry configuration can be passed to both Helm and the Docker CLI.",
            ),
        ],
        breaks: [
            Break::new(ALL, &[Flow::Login], Symptom::LoginRefused),
        ],
        faults: [RequiresTokenScope, RefusesScopelessTokensAtBase],
        proven_on: Bearer,
        check: scopeless,
    }
}

async fn scopeless(session: &Session) -> CheckResult {
    let (reply, challenge) = bearer(session).await?;
    let (realm, service) = endpoint(&reply, &challenge)?;
    let basic = challenge::basic(credentials(session)?);
    // `auth/token-by-get` judges a token endpoint that issues no token at all.
    token_for(session, &[&scope(session, "pull")]).await?;
    let answer = session
        .token(&realm, service.as_deref(), &[], Some(basic))
        .await?;
    expect::status(&answer, &[200])?;
    let token = challenge::bearer(&token_of(&answer)?)
        .ok_or_else(|| obstacle("send the token in a header", &answer))?;
    let reply = session
        .call(Method::GET, "/v2/")
        .authorization(token)
        .send()
        .await?;
    expect::holds(
        !matches!(reply.status.as_u16(), 401 | 403),
        "status 200 from `/v2/`, with a token without scope",
        format!("status {}", reply.status),
        &[&reply],
    )
}

requirement! {
    /// The token endpoint returns 200 or 401 to a request without credentials.
    ///
    /// ## Why Helm needs it
    /// Every pull of a public chart requests a token this way. Helm 3.0 to 3.17 abort on 403, before the user learns
    /// that a login would help.
    ///
    /// ## How it is checked
    /// The check sends GET to the token endpoint without credentials. The status must be 200 or 401.
    ANONYMOUS = "auth/anonymous-token-answered" {
        level: Should,
        title: "the token endpoint returns 200 or 401 to anonymous requests",
        covers: ["REG-AUT-15", "B22"],
        sources: [observed("4.3", "public repository: token requested without credentials, then used")],
        breaks: [],
        faults: [AnonymousTokenForbidden],
        consequences: [TokenGetRefused],
        proven_on: Bearer,
        check: anonymous,
    }
}

async fn anonymous(session: &Session) -> CheckResult {
    let (reply, challenge) = bearer(session).await?;
    let (realm, service) = endpoint(&reply, &challenge)?;
    let answer = session
        .token(&realm, service.as_deref(), &[&scope(session, "pull")], None)
        .await?;
    expect::status(&answer, &[200, 401])
}

requirement! {
    /// The token endpoint accepts every `client_id` that Helm versions send.
    ///
    /// ## Why Helm needs it
    /// Helm versions in use send `containerd-client`, `docker` and `oras-go`.
    ///
    /// ## How it is checked
    /// The check requests a token with GET, without a `client_id` and with each of the three. Each response must be a
    /// 2xx.
    CLIENTS = "auth/client-ids" {
        level: Must,
        title: "the token endpoint accepts every `client_id` that Helm sends",
        covers: ["REG-AUT-11"],
        sources: [observed("4.2", "`client_id` docker, containerd-client, oras-go")],
        breaks: [
            Break::new(NO_FALLBACK_ON_400, Flow::CHARTS, Symptom::TokenPost),
        ],
        faults: [RefusesUnknownClients],
        proven_on: Bearer,
        check: clients,
    }
}

async fn clients(session: &Session) -> CheckResult {
    let (reply, challenge) = bearer(session).await?;
    let (realm, service) = endpoint(&reply, &challenge)?;
    let known = credentials(session)?;
    let wanted = scope(session, "pull");
    let plain = session
        .token(
            &realm,
            service.as_deref(),
            &[&wanted],
            Some(challenge::basic(known)),
        )
        .await?;
    token_of(&plain)?;
    let separator = if realm.contains('?') { '&' } else { '?' };
    for client in ["docker", "containerd-client", "oras-go"] {
        let realm = format!("{realm}{separator}client_id={client}");
        let answer = session
            .token(
                &realm,
                service.as_deref(),
                &[&wanted],
                Some(challenge::basic(known)),
            )
            .await?;
        expect::success(&answer)?;
    }
    Ok(())
}
