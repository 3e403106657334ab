//! The token endpoint.

use http::Method;
use serde_json::Value;

use super::{bearer, credentials, endpoint, scope, token_answer, token_for, token_of, token_post};
use crate::helm::era::{
    ALL, BEFORE_3_7, Break, CONTAINERD, CONTAINERD_SINCE_3_7, Flow, OLD_LISTING, ORAS, Span,
    Versions,
};
use crate::requirement::requirement;
use crate::requirement::source::{HELM_DOCS, containerd, helm, observed};
use crate::session::Session;
use crate::session::challenge;
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::verdict::{CheckResult, Stop};

/// Helm that was seen to send the two scopes of a push apart: up to 3.12.3, and no longer in 3.17.3.
const TWO_SCOPES_APART: Versions = Versions(&[Span::new((3, 0, 0), (3, 13, 0))]);

/// Helm that does not fall back to GET when the token endpoint answers a POST with 400.
const NO_FALLBACK_ON_400: Versions = Versions(&[Span::new((3, 0, 0), (3, 8, 2))]);

requirement! {
    /// The token endpoint takes a GET with `service` and `scope`, with Basic credentials, and answers a token.
    ///
    /// ## Why Helm needs it
    /// It is the way of every Helm.
    ///
    /// ## How it is checked
    /// One GET; the answer must be JSON with `token` or `access_token`.
    GET = "auth/token-by-get" {
        level: Must,
        title: "the token endpoint answers GET with a token",
        covers: ["REG-AUT-06", "REG-AUT-10", "A13", "B36"],
        sources: [observed("4.3", "`GET <realm>?scope=…&service=…` with Basic, in every era")],
        breaks: [
            Break::new(OLD_LISTING, Flow::LISTINGS, "GET \"https://{host}/token?…\": unexpected status code 405"),
            Break::new(ORAS, Flow::CHARTS, "response status code 405: unsupported"),
            Break::when("where the token endpoint takes no POST", CONTAINERD, Flow::CHARTS, "failed to authorize: failed to fetch oauth token: unexpected status…: 405 Method Not Allowed"),
            Break::new(CONTAINERD, &[Flow::Login], "authorization server did not include a token in the response"),
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
    expect::holds(named, "`token` or `access_token`", "neither", &[&answer])
}

requirement! {
    /// A token endpoint that answers 200 answers JSON.
    ///
    /// ## Why Helm needs it
    /// A sign-on page in front of the registry answers 200 with HTML; no Helm gets past it, by POST or by GET.
    ///
    /// ## How it is checked
    /// GET of a token; a 200 must hold JSON.
    TOKEN_JSON = "auth/token-answer-is-json" {
        level: Must,
        title: "a token answer is JSON",
        covers: ["REG-AUT-10", "B36"],
        sources: [observed("4.3", "the answer is decoded as JSON in every era")],
        breaks: [
            Break::new(ALL, Flow::CHARTS, "invalid character '<' looking for beginning of value"),
            Break::new(ALL, &[Flow::Login], "invalid character '<' looking for beginning of value"),
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
    /// Several scopes in one token request are granted together.
    ///
    /// ## Why Helm needs it
    /// A push of Helm 3.0 to 3.17 asks for `pull` and for `pull,push` as two parameters.
    ///
    /// ## How it is checked
    /// A token is asked for with both; it must open an upload.
    TWO_SCOPES = "auth/several-scopes" {
        level: Must,
        title: "a token for two `scope` parameters holds both",
        covers: ["REG-AUT-07", "B33"],
        sources: [observed("7.5", "push of 3.10.1: `GET /token?scope=…:pull&scope=…:pull,push`")],
        breaks: [
            Break::new(TWO_SCOPES_APART, Flow::PUSHES, "server message: insufficient_scope: authorization failed"),
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

/// A token for two scopes in this order opens an upload, as one for the push scope alone does.
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
        "an upload that a token for both scopes opens",
        format!("status {}", reply.status),
        &[&alone, &reply],
    )
}

requirement! {
    /// The order of several scopes does not matter.
    ///
    /// ## Why Helm needs it
    /// Every Helm sends the narrow one first; other clients send them as they come.
    ///
    /// ## How it is checked
    /// A token is asked for with `pull,push` before `pull`; it must open an upload.
    SCOPE_ORDER = "auth/scope-order-free" {
        level: Should,
        title: "two scopes are granted in either order",
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
    /// A token endpoint that takes no POST answers it with 400, 401, 404 or 405.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 try POST first and fall back to GET only then.
    ///
    /// ## How it is checked
    /// A POST with a password grant, as Helm sends it.
    POST = "auth/token-post-answered" {
        level: Must,
        title: "a POST to the token endpoint gives a token or 400, 401, 404 or 405",
        covers: ["REG-AUT-08", "A13"],
        sources: [containerd("v1.6.6", "remotes/docker/authorizer.go", "falls back to GET on 400, 401, 404 and 405")],
        breaks: [
            Break::new(CONTAINERD, Flow::CHARTS, "failed to authorize: failed to fetch oauth token: unexpected status…: 403 Forbidden"),
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
    /// A token endpoint that takes the POST answers it with `access_token`.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 look for that name only.
    ///
    /// ## How it is checked
    /// Only where the POST succeeds: the name is looked for.
    POST_NAME = "auth/token-post-names-access-token" {
        level: Must,
        title: "the answer to a token POST holds `access_token`",
        covers: ["REG-AUT-09", "B36"],
        sources: [containerd("v1.6.6", "remotes/docker/auth/fetch.go", "`authorization server did not include a token in the response`")],
        breaks: [
            Break::new(BEFORE_3_7, &[Flow::ChartPush], "unexpected response: 401 Unauthorized"),
            Break::new(BEFORE_3_7, Flow::PULLS, "unexpected status code [manifests {tag}]: 401 Unauthorized"),
            Break::new(CONTAINERD_SINCE_3_7, Flow::CHARTS, "failed to authorize: failed to fetch oauth token: authorization server did not include a token in the response"),
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
        return Err(Stop::NotApplicable(format!(
            "the token endpoint takes no POST: it answers {}",
            reply.status
        )));
    }
    let value: Value = expect::json(&reply, "with `access_token`")?;
    expect::holds(
        value.get("access_token").is_some_and(Value::is_string),
        "`access_token`",
        "none",
        &[&reply],
    )
}

requirement! {
    /// A token without a scope is granted to a valid user and opens `/v2/`.
    ///
    /// ## Why Helm needs it
    /// `helm registry login` asks for no scope.
    ///
    /// ## How it is checked
    /// GET of the token endpoint with `service` alone, then GET `/v2/` with the token.
    SCOPELESS = "auth/login-token" {
        level: Must,
        title: "a token without scope opens `/v2/`",
        covers: ["REG-AUT-12", "REG-API-02"],
        sources: [
            helm("v3.18.4", "pkg/registry/client.go:284", "login pings `/v2/` with a token for no scope"),
            HELM_DOCS.says(
                "oci-feature-deprecation-and-behavior-changes-with-v380",
                "The `helm registry login` command now follows the same structure as the Docker CLI for storing credentials. The same location for registry configuration can be passed to both Helm and the Docker CLI.",
            ),
        ],
        breaks: [
            Break::new(CONTAINERD, &[Flow::Login], "login attempt to https://{host}/v2/ failed with status: 401 Unauthorized"),
            Break::new(ORAS, &[Flow::Login], "authenticating to \"{host}\": GET \"https://{host}/v2/\": response status code 401: unauthorized"),
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
    // A token endpoint that answers nobody is judged by `auth/token-by-get`.
    token_for(session, &[&scope(session, "pull")]).await?;
    let answer = session
        .token(&realm, service.as_deref(), &[], Some(basic))
        .await?;
    expect::status(&answer, &[200])?;
    let token = challenge::bearer(&token_of(&answer)?)
        .ok_or_else(|| obstacle("use the token in a header", &answer))?;
    let reply = session
        .call(Method::GET, "/v2/")
        .authorization(token)
        .send()
        .await?;
    expect::holds(
        !matches!(reply.status.as_u16(), 401 | 403),
        "200",
        format!("status {}", reply.status),
        &[&reply],
    )
}

requirement! {
    /// A token request without credentials is answered 200 or 401.
    ///
    /// ## Why Helm needs it
    /// Every pull of a public chart asks for a token that way. Helm 3.0 to 3.17 end on 403, before the user
    /// learns that a login would help.
    ///
    /// ## How it is checked
    /// GET of the token endpoint without credentials.
    ANONYMOUS = "auth/anonymous-token-answered" {
        level: Should,
        title: "an anonymous token request is answered 200 or 401",
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
    /// Every `client_id` that Helm sends is accepted.
    ///
    /// ## Why Helm needs it
    /// `containerd-client`, `docker` and `oras-go` are in the field.
    ///
    /// ## How it is checked
    /// One GET of a token with each of them, and one with none.
    CLIENTS = "auth/client-ids" {
        level: Must,
        title: "every `client_id` of Helm is accepted",
        covers: ["REG-AUT-11"],
        sources: [observed("4.2", "`client_id` docker, containerd-client, oras-go")],
        breaks: [
            Break::new(NO_FALLBACK_ON_400, Flow::CHARTS, "failed to fetch oauth token: unexpected status: 400 Bad Request"),
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
