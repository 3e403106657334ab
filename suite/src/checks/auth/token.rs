//! Tokens for GET.

use http::Method;
use serde_json::Value;

use super::{credentials, scope, token_endpoint, token_for, token_of, token_response};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, CONTAINERD, OLD_LISTING, ORAS, Span, Versions};
use crate::requirement::requirement;
use crate::requirement::source::{HELM_DOCS, helm, observed};
use crate::session::steps::obstacle;
use crate::session::{Session, authorization, expect};
use crate::verdict::CheckResult;

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
        fix: "Return 200 with `{\"token\":\"…\"}` to GET of the realm with `service`, `scope` and Basic credentials. The field is named `token` or `access_token`.",
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
    let response = token_response(session, &[&scope(session, "pull")]).await?;
    expect::status(&response, &[200])?;
    let value: Value = expect::json(&response, "with a token")?;
    let named = ["token", "access_token"]
        .iter()
        .any(|name| value.get(*name).is_some_and(Value::is_string));
    expect::holds(
        named,
        "`token` or `access_token` in the body",
        "neither of them",
        &[&response],
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
        fix: "Return JSON with every 200 of the token endpoint. Exempt its path from the sign-in page of the front end, and return 401 if credentials are missing.",
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
    let response = token_response(session, &[&scope(session, "pull")]).await?;
    if !response.status.is_success() {
        return Err(obstacle("get a token", &response));
    }
    expect::json::<Value>(&response, "with a token").map(|_| ())
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
    LOGIN_TOKEN = "auth/login-token" {
        level: Must,
        title: "a token without scope is accepted at `/v2/`",
        fix: "Issue a token for a request with `service` and without `scope`, and accept it at `/v2/`. Require a scope only on endpoints of a repository.",
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
        faults: [RequiresTokenScope, RefusesScopelessTokensAtBase, ScopelessTokensChallengedWithBasic],
        proven_on: Bearer,
        check: login_token,
    }
}

async fn login_token(session: &Session) -> CheckResult {
    let (realm, service) = token_endpoint(session).await?;
    let basic = authorization::basic(credentials(session)?);
    // `auth/token-by-get` judges a token endpoint that issues no token at all.
    token_for(session, &[&scope(session, "pull")]).await?;
    let response = session
        .get_token(&realm, service.as_deref(), &[], Some(basic))
        .await?;
    expect::status(&response, &[200])?;
    let token = authorization::bearer(&token_of(&response)?)
        .ok_or_else(|| obstacle("send the token in a header", &response))?;
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
        fix: "Return 200 with a token, or 401, to a token request without credentials. Do not return 403, even if the repository is private or absent.",
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
    let (realm, service) = token_endpoint(session).await?;
    let response = session
        .get_token(&realm, service.as_deref(), &[&scope(session, "pull")], None)
        .await?;
    expect::status(&response, &[200, 401])
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
    CLIENT_IDS = "auth/client-ids" {
        level: Must,
        title: "the token endpoint accepts every `client_id` that Helm sends",
        fix: "Ignore `client_id` in a token request. If it is verified, accept `containerd-client`, `docker` and `oras-go`, and requests without it.",
        covers: ["REG-AUT-11"],
        sources: [observed("4.2", "`client_id` docker, containerd-client, oras-go")],
        breaks: [
            Break::new(NO_FALLBACK_ON_400, Flow::CHARTS, Symptom::TokenPost),
        ],
        faults: [RefusesUnknownClients],
        proven_on: Bearer,
        check: client_ids,
    }
}

async fn client_ids(session: &Session) -> CheckResult {
    let (realm, service) = token_endpoint(session).await?;
    let known = credentials(session)?;
    let wanted = scope(session, "pull");
    let plain = session
        .get_token(
            &realm,
            service.as_deref(),
            &[&wanted],
            Some(authorization::basic(known)),
        )
        .await?;
    token_of(&plain)?;
    let separator = if realm.contains('?') { '&' } else { '?' };
    for client in ["docker", "containerd-client", "oras-go"] {
        let realm = format!("{realm}{separator}client_id={client}");
        let response = session
            .get_token(
                &realm,
                service.as_deref(),
                &[&wanted],
                Some(authorization::basic(known)),
            )
            .await?;
        expect::success(&response)?;
    }
    Ok(())
}
