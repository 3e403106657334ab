//! Challenges and tokens. Registries that ask for nothing are not concerned.

use http::{HeaderValue, Method, Uri};
use serde_json::Value;

use crate::api::{ACCEPT_CONTAINERD, obstacle};
use crate::auth::{self, Challenge};
use crate::checks::api::put_with;
use crate::era::{
    ALL, BEFORE_3_7, BEFORE_CONTAINERD_1_7, Break, CONTAINERD, CONTAINERD_1_5, CONTAINERD_1_7,
    CONTAINERD_SINCE_3_7, Flow, HARDENED, NOT_HARDENED, OLD_LISTING, ORAS, Span, Versions,
};
use crate::exchange::redact_url;
use crate::expect;
use crate::requirement::{Requirement, requirement};
use crate::session::{Reply, Session, digest_of};
use crate::source::{DISTRIBUTION, HELM_DOCS, HTTP, containerd, helm, observed, oras_go};
use crate::target::{Credentials, Login};
use crate::verdict::{CheckResult, Stop};

/// Helm that sends push scopes only after the POST was challenged.
const PULL_TOKEN_FIRST: Versions = Versions(&[
    Span::new((3, 18, 0), (4, 0, 0)),
    Span::new((4, 0, 0), (4, 2, 4)),
]);
/// Helm that asks for a token to push from its first request on.
const PUSH_TOKEN_FIRST: Versions = Versions(&[Span::since((4, 2, 4))]);
/// Helm that was seen to send the two scopes of a push apart: up to 3.12.3, and no longer in 3.17.3.
const TWO_SCOPES_APART: Versions = Versions(&[Span::new((3, 0, 0), (3, 13, 0))]);
/// Helm that does not fall back to GET when the token endpoint answers a POST with 400.
const NO_FALLBACK_ON_400: Versions = Versions(&[Span::new((3, 0, 0), (3, 8, 2))]);

/// An anonymous HEAD of a manifest: how every pull begins.
async fn anonymous_head(session: &Session) -> Result<Reply, Stop> {
    let path = session.manifest_path("1.0.0");
    session
        .call(Method::HEAD, &path)
        .accept(ACCEPT_CONTAINERD)
        .anonymous()
        .send()
        .await
}

/// The first request of an anonymous client; skips registries that do not ask for credentials.
async fn challenged(session: &Session) -> Result<Reply, Stop> {
    let reply = anonymous_head(session).await?;
    if reply.status.as_u16() == 401 {
        Ok(reply)
    } else {
        Err(Stop::NotApplicable(
            "the registry asks for no credentials".to_owned(),
        ))
    }
}

/// The Bearer challenge; skips registries without one.
async fn bearer(session: &Session) -> Result<(Reply, Challenge), Stop> {
    let reply = challenged(session).await?;
    let found = Challenge::all(&reply.headers)
        .into_iter()
        .find(|challenge| challenge.scheme == "bearer");
    found
        .map(|challenge| (reply, challenge))
        .ok_or_else(|| Stop::NotApplicable("the registry has no token endpoint".to_owned()))
}

/// The user name and the password of the run; skips runs without them.
fn credentials(session: &Session) -> Result<&Login, Stop> {
    let credentials = session.target().credentials.as_ref();
    let why = match credentials {
        Some(Credentials::Login(login)) => return Ok(login),
        Some(_) => "the run has a token instead of a user name and password",
        None => "the run has no credentials",
    };
    Err(Stop::NotApplicable(why.to_owned()))
}

/// A usable realm and service from the challenge; one that is not usable is an obstacle here.
fn endpoint(reply: &Reply, challenge: &Challenge) -> Result<(String, Option<String>), Stop> {
    let realm = challenge
        .parameter("realm")
        .filter(|realm| realm.contains("://"));
    let realm = realm.ok_or_else(|| obstacle("find the token endpoint", reply))?;
    Ok((
        realm.to_owned(),
        challenge.parameter("service").map(ToOwned::to_owned),
    ))
}

/// The token of an answer; none is an obstacle.
fn token_of(reply: &Reply) -> Result<String, Stop> {
    auth::TokenAnswer::read(reply).ok_or_else(|| obstacle("get a token", reply))
}

/// A token for these scopes, with the credentials of the run.
async fn token_for(session: &Session, scopes: &[&str]) -> Result<HeaderValue, Stop> {
    let (reply, challenge) = bearer(session).await?;
    let (realm, service) = endpoint(&reply, &challenge)?;
    let basic = auth::basic(credentials(session)?);
    let answer = session
        .token(&realm, service.as_deref(), scopes, Some(basic))
        .await?;
    auth::bearer(&token_of(&answer)?).ok_or_else(|| obstacle("use the token in a header", &answer))
}

fn scope(session: &Session, actions: &str) -> String {
    format!("repository:{}:{actions}", session.repository())
}

requirement! {
    /// A request that lacks authority is answered 401 with `WWW-Authenticate`, on every endpoint and method.
    ///
    /// ## Why Helm needs it
    /// Every operation starts anonymously; credentials are sent only in answer to a challenge. Helm never asks
    /// `/v2/` before it pushes or pulls, so a challenge there alone is of no use.
    ///
    /// ## How it is checked
    /// Anonymous HEAD of a manifest and of a blob, POST of an upload, GET of tags: each that is refused must be
    /// a 401 with a challenge that can be parsed.
    EVERYWHERE = "auth/challenge-everywhere" {
        level: Must,
        title: "every 401 carries a challenge",
        covers: ["REG-AUT-01", "A12"],
        sources: [
            HTTP.says(
                "status.401",
                "The server generating a 401 response MUST send a WWW-Authenticate header field (Section 11.6.1) containing at least one challenge applicable to the target resource.",
            ),
            observed("4.3", "every operation starts anonymous; credentials are used only after a 401 with a challenge"),
        ],
        breaks: [
            Break::new(BEFORE_3_7, &[Flow::ChartPush], "unexpected response: 401 Unauthorized"),
            Break::new(CONTAINERD_1_5, Flow::WRITES, "unexpected status: 401 Unauthorized"),
            Break::new(CONTAINERD_1_7, Flow::WRITES, "unexpected status from HEAD request to {url}/blobs/{d}: 401 Unauthorized"),
            Break::new(BEFORE_CONTAINERD_1_7, Flow::EXACT_PULLS, "status code [manifests {tag}]: 401 Unauthorized"),
            Break::new(CONTAINERD_1_7, Flow::EXACT_PULLS, "unexpected status from HEAD request to {url}/manifests/{tag}: 401 Unauthorized"),
            Break::new(CONTAINERD_1_7, &[Flow::PullDigest], "unexpected status from HEAD request to {url}/manifests/{d}: 401 Unauthorized"),
            Break::new(OLD_LISTING, Flow::LISTINGS, "GET \"{url}/tags/list\": unexpected status code 401: unauthorized"),
            Break::new(ORAS, Flow::WRITES, "failed to perform \"Exists\" on destination: HEAD \"{url}/manifests/{d}\": response status code 401: Unauthorized"),
            Break::new(ORAS, Flow::PULLS, "GET \"{url}/…\": response status code 401: unauthorized"),
        ],
        faults: [ChallengesOnlyAtBase],
        proven_on: Bearer,
        check: everywhere,
    }
}

async fn everywhere(session: &Session) -> CheckResult {
    challenged(session).await?;
    let digest = digest_of(b"nothing");
    let requests = [
        (Method::HEAD, session.manifest_path("1.0.0")),
        (Method::GET, session.manifest_path("1.0.0")),
        (Method::HEAD, session.blob_path(&digest)),
        (
            Method::POST,
            format!("/v2/{}/blobs/uploads/", session.repository()),
        ),
        (
            Method::GET,
            format!("/v2/{}/tags/list", session.repository()),
        ),
    ];
    for (method, path) in requests {
        let reply = session.call(method, &path).anonymous().send().await?;
        if reply.status.as_u16() == 401 {
            expect::holds(
                !Challenge::all(&reply.headers).is_empty(),
                "a `www-authenticate` header with a challenge",
                match reply.header("www-authenticate") {
                    Some(value) => format!("`www-authenticate: {value}`"),
                    None => "no `www-authenticate` header".to_owned(),
                },
                &[&reply],
            )?;
        }
    }
    Ok(())
}

requirement! {
    /// The first `WWW-Authenticate` header is `Basic` or `Bearer`.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later read one header only.
    ///
    /// ## How it is checked
    /// The order of the headers of a 401 is read.
    FIRST = "auth/known-scheme-first" {
        level: Must,
        title: "the first challenge is `Basic` or `Bearer`",
        covers: ["REG-AUT-02", "B35"],
        sources: [oras_go("v2.6.1", "registry/remote/auth/client.go", "reads the first `WWW-Authenticate` header only")],
        breaks: [
            Break::new(OLD_LISTING, Flow::LISTINGS, "GET \"{url}/tags/list\": unexpected status code 401: unauthorized"),
            Break::new(ORAS, Flow::WRITES, "failed to perform \"Exists\" on destination: HEAD \"{url}/manifests/{d}\": response status code 401: Unauthorized"),
            Break::new(ORAS, Flow::PULLS, "GET \"{url}/…\": response status code 401: unauthorized"),
            Break::new(ORAS, &[Flow::Login], "authenticating to \"{host}\": GET \"https://{host}/v2/\": response status code 401: unauthorized"),
        ],
        faults: [OffersNegotiateFirst],
        proven_on: Bearer,
        check: first,
    }
}

async fn first(session: &Session) -> CheckResult {
    let reply = challenged(session).await?;
    let challenges = Challenge::all(&reply.headers);
    let Some(first) = challenges.first() else {
        return Err(obstacle("find a challenge", &reply));
    };
    expect::holds(
        matches!(first.scheme.as_str(), "basic" | "bearer"),
        "`Basic` or `Bearer` first",
        format!("`{}` first", first.scheme),
        &[&reply],
    )
}

requirement! {
    /// A Bearer challenge carries an absolute `realm`.
    ///
    /// ## Why Helm needs it
    /// It is where the token comes from.
    ///
    /// ## How it is checked
    /// The challenge of a HEAD is parsed.
    REALM = "auth/realm-absolute" {
        level: Must,
        title: "the realm of a Bearer challenge is an absolute URL",
        covers: ["REG-AUT-03", "A11"],
        sources: [observed("4.3", "the realm is used as it stands")],
        breaks: [
            Break::new(NOT_HARDENED, Flow::ALL, "unsupported protocol scheme \"\""),
            Break::new(HARDENED, Flow::ALL, "bearer realm \"…\" uses unsupported scheme \"\""),
        ],
        faults: [RealmIsRelative],
        proven_on: Bearer,
        check: realm,
    }
}

async fn realm(session: &Session) -> CheckResult {
    let (reply, challenge) = bearer(session).await?;
    let realm = challenge.parameter("realm").unwrap_or_default().to_owned();
    expect::holds(
        realm.starts_with("https://") || realm.starts_with("http://"),
        "an absolute URL as `realm`",
        format!("`realm=\"{}\"`", redact_url(&realm)),
        &[&reply],
    )
}

/// The realm as a URI; one that is none is an obstacle.
async fn realm_uri(session: &Session) -> Result<(Reply, Uri), Stop> {
    let (reply, challenge) = bearer(session).await?;
    let (realm, _) = endpoint(&reply, &challenge)?;
    let uri = realm
        .parse()
        .map_err(|_| obstacle("parse the realm", &reply))?;
    Ok((reply, uri))
}

requirement! {
    /// The realm of a registry behind TLS is `https`.
    ///
    /// ## Why Helm needs it
    /// Helm 3.21.1 and 4.2.1 refuse a downgrade; earlier ones send the password in the clear.
    ///
    /// ## How it is checked
    /// The scheme of the realm is read. Registries on plain HTTP are not concerned.
    REALM_TLS = "auth/realm-keeps-tls" {
        level: Must,
        title: "the realm does not leave TLS",
        covers: ["REG-AUT-16", "A11"],
        sources: [oras_go("v2.6.1", "registry/remote/auth/client.go:239", "refuses an http realm of an https registry")],
        breaks: [
            Break::new(HARDENED, Flow::ALL, "bearer realm \"…\" uses http but registry was contacted over https"),
        ],
        faults: [RealmDowngraded],
        consequences: [RealmOnPrivateAddress],
        proven_on: Bearer,
        check: realm_tls,
    }
}

async fn realm_tls(session: &Session) -> CheckResult {
    if session.target().origin().scheme_str() != Some("https") {
        return Err(Stop::NotApplicable(
            "the registry is spoken to without TLS".to_owned(),
        ));
    }
    let (reply, uri) = realm_uri(session).await?;
    expect::holds(
        uri.scheme_str() == Some("https"),
        "an `https` realm",
        format!("`{}`", redact_url(&uri.to_string())),
        &[&reply],
    )
}

requirement! {
    /// The realm is not a loopback, private or link-local address, unless the registry has it as well.
    ///
    /// ## Why Helm needs it
    /// Helm 3.21.1 and 4.2.1 refuse it; elsewhere it cannot be reached from outside the cluster.
    ///
    /// ## How it is checked
    /// The host of the realm is read.
    REALM_PUBLIC = "auth/realm-reachable" {
        level: Must,
        title: "the realm is no private address",
        covers: ["REG-AUT-17", "REG-AUT-18", "A11"],
        sources: [oras_go("v2.6.1", "registry/remote/auth/client.go:239", "refuses a private realm of another host")],
        breaks: [
            Break::new(HARDENED, Flow::ALL, "bearer realm \"…\" uses http but registry was contacted over https"),
            Break::when("where the realm has the scheme of the registry", HARDENED, Flow::ALL, "bearer realm host \"…\" is a loopback, link-local, private, or unspecified address"),
        ],
        faults: [RealmOnPrivateAddress],
        proven_on: Bearer,
        check: realm_public,
    }
}

async fn realm_public(session: &Session) -> CheckResult {
    let (reply, uri) = realm_uri(session).await?;
    let host = uri
        .host()
        .unwrap_or_default()
        .trim_matches(['[', ']'])
        .to_owned();
    let private = match host.parse() {
        Ok(std::net::IpAddr::V4(ip)) => {
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified()
        }
        Ok(std::net::IpAddr::V6(ip)) => {
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
        }
        Err(_) => false,
    };
    let own = session.target().origin().host() == uri.host();
    expect::holds(
        !private || own,
        "a host that clients can reach",
        format!("`{}`", redact_url(&uri.to_string())),
        &[&reply],
    )
}

requirement! {
    /// A Bearer challenge carries `scope`.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.2 have no scope of their own.
    ///
    /// ## How it is checked
    /// The challenge of a HEAD is parsed.
    SCOPE = "auth/challenge-carries-scope" {
        level: Should,
        title: "a Bearer challenge carries `scope`",
        covers: ["REG-AUT-04", "B34"],
        sources: [observed("4.3", "a challenge without scope: 3.0 to 3.2 fail")],
        breaks: [
            Break::new(Versions(&[Span::new((3, 0, 0), (3, 3, 0))]), &[Flow::ChartPush, Flow::ChartPull], "no scope specified for token auth challenge"),
        ],
        faults: [ChallengeWithoutScope],
        proven_on: Bearer,
        check: challenge_scope,
    }
}

async fn challenge_scope(session: &Session) -> CheckResult {
    let (reply, challenge) = bearer(session).await?;
    expect::holds(
        challenge.parameter("scope").is_some(),
        "a `scope` parameter",
        "no `scope`",
        &[&reply],
    )
}

requirement! {
    /// A Bearer challenge carries `service`.
    ///
    /// ## Why Helm needs it
    /// It echoes it; a token endpoint that wants it must name it.
    ///
    /// ## How it is checked
    /// The challenge of a HEAD is parsed.
    SERVICE = "auth/challenge-carries-service" {
        level: May,
        title: "a Bearer challenge carries `service`",
        covers: ["REG-AUT-03"],
        sources: [observed("4.3", "a challenge without service works in every Helm")],
        breaks: [],
        faults: [ChallengeWithoutService],
        proven_on: Bearer,
        check: challenge_service,
    }
}

async fn challenge_service(session: &Session) -> CheckResult {
    let (reply, challenge) = bearer(session).await?;
    expect::holds(
        challenge.parameter("service").is_some(),
        "a `service` parameter",
        "no `service`",
        &[&reply],
    )
}

requirement! {
    /// The scope of a challenge names the repository and asks for no more than the request needs.
    ///
    /// ## Why Helm needs it
    /// Helm asks for what the challenge names together with its own scope. A robot that may only pull gets no
    /// token for more.
    ///
    /// ## How it is checked
    /// The challenge of a HEAD must name this repository and not ask for `push`, `delete` or `*`.
    NARROW = "auth/scope-is-narrow" {
        level: Should,
        title: "the scope of a pull is `repository:<name>:pull`",
        covers: ["REG-AUT-05", "REG-PUL-19", "A05", "B34"],
        sources: [observed("4.3", "the union of challenge and own scope is requested")],
        breaks: [],
        faults: [ChallengeDemandsEverything],
        proven_on: Bearer,
        check: narrow,
    }
}

async fn narrow(session: &Session) -> CheckResult {
    let (reply, challenge) = bearer(session).await?;
    let Some(named) = challenge.parameter("scope") else {
        return Err(obstacle("find a scope in the challenge", &reply));
    };
    let wanted = scope(session, "pull");
    expect::holds(
        named == wanted,
        format!("`scope=\"{wanted}\"`"),
        format!("`scope=\"{named}\"`"),
        &[&reply],
    )
}

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
    let (reply, challenge) = bearer(session).await?;
    let (realm, service) = endpoint(&reply, &challenge)?;
    let basic = auth::basic(credentials(session)?);
    let answer = session
        .token(
            &realm,
            service.as_deref(),
            &[&scope(session, "pull")],
            Some(basic),
        )
        .await?;
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
    let (reply, challenge) = bearer(session).await?;
    let (realm, service) = endpoint(&reply, &challenge)?;
    let basic = auth::basic(credentials(session)?);
    let answer = session
        .token(
            &realm,
            service.as_deref(),
            &[&scope(session, "pull")],
            Some(basic),
        )
        .await?;
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
    expect::success(&reply)
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

/// POST to the token endpoint as Helm 3.0 to 3.17 send it.
async fn token_post(session: &Session) -> Result<Reply, Stop> {
    let (reply, challenge) = bearer(session).await?;
    let (realm, service) = endpoint(&reply, &challenge)?;
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
        .map(|(name, value)| format!("{name}={}", auth::encode(value)))
        .collect();
    session.token_post(&realm, body.join("&").into()).await
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
    let basic = auth::basic(credentials(session)?);
    // A token endpoint that answers nobody is judged by `auth/token-by-get`.
    token_for(session, &[&scope(session, "pull")]).await?;
    let answer = session
        .token(&realm, service.as_deref(), &[], Some(basic))
        .await?;
    expect::status(&answer, &[200])?;
    let token = auth::bearer(&token_of(&answer)?)
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
        .accept(crate::api::ACCEPT_ORAS)
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
        .accept(crate::api::ACCEPT_ORAS)
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
        .accept(crate::api::ACCEPT_ORAS)
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
        .accept(crate::api::ACCEPT_ORAS)
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
    /// A token that the registry cannot read is answered 401, with a challenge.
    ///
    /// ## Why Helm needs it
    /// A client negotiates anew after 401 only: a token that expired, or that another registry made, must not
    /// end in 400.
    ///
    /// ## How it is checked
    /// HEAD of a manifest with a token of our own making.
    BAD_TOKEN = "auth/bad-token-is-401" {
        level: Should,
        title: "a token the registry cannot read is answered 401",
        covers: ["REG-AUT-22", "B40", "C23"],
        sources: [HTTP.says(
            "status.401",
            "The server generating a 401 response MUST send a WWW-Authenticate header field (Section 11.6.1) containing at least one challenge applicable to the target resource.",
        )],
        breaks: [],
        faults: [BadTokensAnswer400],
        proven_on: Bearer,
        check: bad_token,
    }
}

async fn bad_token(session: &Session) -> CheckResult {
    bearer(session).await?;
    let path = session.manifest_path("1.0.0");
    let reply = session
        .call(Method::HEAD, &path)
        .accept(ACCEPT_CONTAINERD)
        .authorization(HeaderValue::from_static("Bearer not-a-token"))
        .send()
        .await?;
    expect::status(&reply, &[401])
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
            Some(auth::basic(known)),
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
                Some(auth::basic(known)),
            )
            .await?;
        expect::success(&answer)?;
    }
    Ok(())
}

requirement! {
    /// A wrong password is refused.
    ///
    /// ## Why Helm needs it
    /// `helm registry login` says "Login Succeeded" to whatever the registry accepts; the mistake shows up
    /// hours later, in a job.
    ///
    /// ## How it is checked
    /// The credentials of the run with another password, at `/v2/` and at the token endpoint.
    WRONG_PASSWORD = "auth/wrong-password-refused" {
        level: Must,
        title: "a wrong password is refused",
        covers: ["REG-AUT-20", "REG-API-03", "B26"],
        sources: [helm("v4.2.4", "pkg/registry/client.go:258", "login stores what `/v2/` accepts")],
        breaks: [],
        faults: [AcceptsAnyPassword],
        proven_on: Bearer,
        check: wrong_password,
    }
}

async fn wrong_password(session: &Session) -> CheckResult {
    let reply = challenged(session).await?;
    let known = credentials(session)?;
    let wrong = Login {
        username: known.username.clone(),
        password: format!("{}-wrong", known.password),
    };
    let wrong = auth::basic(&wrong);
    let answer = match Challenge::all(&reply.headers)
        .into_iter()
        .find(|challenge| challenge.scheme == "bearer")
    {
        Some(challenge) => {
            let (realm, service) = endpoint(&reply, &challenge)?;
            session
                .token(
                    &realm,
                    service.as_deref(),
                    &[&scope(session, "pull,push")],
                    Some(wrong),
                )
                .await?
        }
        None => {
            session
                .call(Method::GET, "/v2/")
                .authorization(wrong)
                .send()
                .await?
        }
    };
    let bearer = answer.uri.path() != "/v2/";
    if bearer && answer.status.is_success() {
        token_of(&answer)?;
    }
    expect::holds(
        !answer.status.is_success(),
        "401",
        format!("status {}", answer.status),
        &[&answer],
    )
}

requirement! {
    /// `/v2/` challenges an anonymous caller where the registry has private content.
    ///
    /// ## Why Helm needs it
    /// Login sends the password only after a challenge. Without one, any password "succeeds".
    ///
    /// ## How it is checked
    /// Only where a repository asks for credentials: an anonymous GET `/v2/`.
    BASE = "auth/base-challenges" {
        level: Should,
        title: "`/v2/` answers 401 to anonymous callers of a private registry",
        covers: ["REG-API-03", "B26"],
        sources: [helm("v4.2.4", "pkg/registry/client.go:258", "no challenge at `/v2/`: the password is never sent")],
        breaks: [],
        faults: [BaseOpenToAnonymous],
        proven_on: Basic,
        check: base,
    }
}

async fn base(session: &Session) -> CheckResult {
    challenged(session).await?;
    let reply = session.call(Method::GET, "/v2/").anonymous().send().await?;
    if !matches!(reply.status.as_u16(), 200 | 401) {
        return Err(obstacle("ask for the version of the API", &reply));
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
        auth::basic(known)
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

requirement! {
    /// Every scheme that a registry offers at `/v2/` opens it by itself.
    ///
    /// ## Why Helm needs it
    /// Helm up to 3.17 takes the scheme it likes best, Helm 3.18 and later the one that is named first. No Helm tries
    /// the other one.
    ///
    /// ## How it is checked
    /// The challenges of `/v2/` are read; with `Basic` the credentials, with `Bearer` a token without a scope must open
    /// it.
    EACH_SCHEME = "auth/each-scheme-works" {
        level: Must,
        title: "each scheme that `/v2/` offers opens it",
        covers: ["REG-AUT-24"],
        sources: [observed("4.3", "up to 3.17 by preference, later the first challenge; never a second one")],
        breaks: [
            Break::new(CONTAINERD, &[Flow::Login], "login attempt to https://{host}/v2/ failed with status: 401 Unauthorized"),
            Break::new(ORAS, &[Flow::Login], "authenticating to \"{host}\": GET \"https://{host}/v2/\": response status code 401: unauthorized"),
        ],
        faults: [RefusesScopelessTokensAtBase],
        proven_on: Bearer,
        check: each_scheme,
    }
}

async fn each_scheme(session: &Session) -> CheckResult {
    let base = session.call(Method::GET, "/v2/").anonymous().send().await?;
    if base.status.as_u16() != 401 {
        return Err(Stop::NotApplicable(
            "`/v2/` asks for no credentials".to_owned(),
        ));
    }
    let basic = auth::basic(credentials(session)?);
    for challenge in Challenge::all(&base.headers) {
        let authorization = match challenge.scheme.as_str() {
            "basic" => basic.clone(),
            "bearer" => {
                let (realm, service) = endpoint(&base, &challenge)?;
                let answer = session
                    .token(&realm, service.as_deref(), &[], Some(basic.clone()))
                    .await?;
                auth::bearer(&token_of(&answer)?)
                    .ok_or_else(|| obstacle("use the token in a header", &answer))?
            }
            // No Helm knows another one.
            _ => continue,
        };
        let opened = session
            .call(Method::GET, "/v2/")
            .authorization(authorization)
            .send()
            .await?;
        expect::holds(
            !matches!(opened.status.as_u16(), 401 | 403),
            format!("200 with `{}`, which is offered", challenge.scheme),
            format!("status {}", opened.status),
            &[&base, &opened],
        )?;
    }
    Ok(())
}

/// The requirements of this area, in reading order.
pub(super) static ALL_OF_THEM: &[&Requirement] = &[
    &EVERYWHERE,
    &FIRST,
    &BASE,
    &WRONG_PASSWORD,
    &REALM,
    &REALM_TLS,
    &REALM_PUBLIC,
    &SCOPE,
    &SERVICE,
    &NARROW,
    &GET,
    &TOKEN_JSON,
    &TWO_SCOPES,
    &SCOPE_ORDER,
    &POST,
    &POST_NAME,
    &CLIENTS,
    &SCOPELESS,
    &ANONYMOUS,
    &PUSH_PULLS,
    &PULL_SEES_404,
    &PULL_LISTS,
    &POST_CHALLENGED,
    &BAD_TOKEN,
    &PUT_AUTHORISED,
    &EACH_SCHEME,
];
