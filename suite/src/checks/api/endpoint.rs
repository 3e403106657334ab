//! The endpoint `/v2/` and plain HTTP.

use http::Method;

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, Span, Versions};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, helm};
use crate::session::expect;
use crate::session::{Reply, Session};
use crate::verdict::{CheckResult, Finding, Obstacle, Stop};
use crate::wire::ClientHelloOutcome;

requirement! {
    /// The registry returns 200 to `GET /v2/` on the bare host, or 401 to a client without credentials.
    ///
    /// ## Why Helm needs it
    /// It is the first request of `helm registry login`. Helm cannot reach a registry below a path prefix: a Helm
    /// reference has a host and a repository, and nothing before them.
    ///
    /// ## How it is checked
    /// The check sends `GET /v2/` without credentials and follows redirects. The response must be 200 or 401.
    VERSION_CHECK = "api/version-check" {
        level: Must,
        title: "`GET /v2/` returns 200 or 401",
        fix: "Return 200, or 401 with a challenge, to `GET /v2/` at the root of the host. A registry below a path prefix needs a host name or a port of its own.",
        covers: ["REG-API-01", "REG-API-02", "B28"],
        sources: [
            DISTRIBUTION.states("determining-support", "To check whether or not the registry implements this specification, perform a `GET` request to the following endpoint: `/v2/`"),
            DISTRIBUTION.states("determining-support", "If the response is `200 OK`, then the registry implements this specification."),
            DISTRIBUTION.states("determining-support", "This endpoint MAY be used for authentication/authorization purposes, but this is out of the purview of this specification."),
            helm("v3.18.4", "pkg/registry/client.go:284", "login sends `GET /v2/` before it stores a credential"),
        ],
        breaks: [
            Break::new(ALL, &[Flow::Login], Symptom::LoginNotFound),
        ],
        faults: [VersionCheckMissing, VersionCheckFails],
        consequences: [AnonymousRequestsNotFound, AnonymousRequestsForbidden],
        proven_on: Basic,
        check: version_check,
    }
}

/// The first and the last response to an anonymous `GET /v2/`, whose redirects are followed.
pub(super) async fn base(session: &Session) -> Result<(Reply, Reply), Stop> {
    let first = session.call(Method::GET, "/v2/").anonymous().send().await?;
    let last = followed(session, first.clone()).await?;
    Ok((first, last))
}

/// The last of the responses to which a redirect leads, without credentials.
pub(super) async fn followed(session: &Session, mut reply: Reply) -> Result<Reply, Stop> {
    for _ in 0..REDIRECTS {
        let location = reply.header("location");
        let Some(location) = location.filter(|_| reply.status.is_redirection()) else {
            break;
        };
        let next = session.resolve(&reply.uri, location);
        let next = session.call_uri(Method::GET, next);
        reply = next.anonymous().send().await?;
    }
    Ok(reply)
}

/// The number of redirects that Go's HTTP client follows.
const REDIRECTS: usize = 10;

async fn version_check(session: &Session) -> CheckResult {
    let (_, last) = base(session).await?;
    expect::status(&last, &[200, 401])
}

requirement! {
    /// The registry accepts `GET /v2`, without the trailing slash, like `GET /v2/`.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it: every Helm version sends the slash. Other clients and load balancer probes omit it.
    ///
    /// ## How it is checked
    /// The check sends `GET /v2` without credentials. The response must be 200, 401 or a redirect.
    NO_SLASH = "api/base-without-slash" {
        level: May,
        title: "`GET /v2` works like `GET /v2/`",
        fix: "Route `GET /v2` to the handler of `GET /v2/`, or redirect it there.",
        covers: ["C22"],
        sources: [DISTRIBUTION.states(
            "determining-support",
            "If the response is `200 OK`, then the registry implements this specification.",
        )],
        specification: Silent,
        breaks: [],
        faults: [BaseNeedsItsSlash],
        consequences: [VersionCheckMissing, VersionCheckFails],
        check: no_slash,
    }
}

async fn no_slash(session: &Session) -> CheckResult {
    let reply = session.call(Method::GET, "/v2").anonymous().send().await?;
    expect::status(&reply, &[200, 301, 302, 307, 308, 401])
}

requirement! {
    /// A plain-HTTP port responds to a TLS `ClientHello` with bytes that begin with `HTTP/`.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 to 3.12 (tag listing) and 3.18 to 3.21 (every request) try HTTPS first and fall back to HTTP only if
    /// the response begins with `HTTP/`. If the port stays silent or closes the connection, the command fails.
    ///
    /// ## How it is checked
    /// The check sends a real `ClientHello` to the port. The response must begin with `HTTP/`. The requirement does
    /// not apply to registries that are reached over TLS.
    CLIENT_HELLO = "api/client-hello-answered-in-http" {
        level: Should,
        title: "a plain-HTTP port responds to a TLS ClientHello in HTTP",
        fix: "Send an HTTP response, such as `HTTP/1.1 400 Bad Request`, to a TLS `ClientHello` on a plain-HTTP port, and close the connection only after it.",
        covers: ["REG-API-05", "C20"],
        sources: [helm(
            "v3.21.4",
            "pkg/registry/fallback.go:58",
            "the fallback to HTTP compares the first five bytes of the response with `HTTP/`",
        )],
        breaks: [
            Break::new(Versions(&[Span::new((3, 8, 0), (3, 13, 0))]), Flow::LISTINGS, Symptom::HandshakeTimeout),
            Break::new(Versions(&[Span::new((3, 8, 0), (3, 13, 0))]), Flow::LISTINGS, Symptom::HandshakeReset),
            Break::when("for a dependency with a range", Versions(&[Span::new((3, 8, 0), (3, 13, 0))]), &[Flow::DependencyUpdate], Symptom::HandshakeTimeout),
            Break::when("unless `--plain-http` is given", Versions(&[Span::new((3, 18, 0), (4, 0, 0))]), &[ Flow::Push, Flow::RePush, Flow::PushChanged, Flow::PushPlus, Flow::PushProv, Flow::Pull, Flow::PullProv, Flow::PullPlus, Flow::PullRange, Flow::PullUnversioned, Flow::PullDigest, Flow::DependencyUpdate, Flow::Show, Flow::Login, ], Symptom::HandshakeClosed),
        ],
        faults: [SilentOnClientHello, ClosesOnClientHello],
        proven_on: PlainHttp,
        check: client_hello,
    }
}

async fn client_hello(session: &Session) -> CheckResult {
    if session.target().origin().scheme_str() != Some("http") {
        return Err(Stop::condition_not_met("the registry is reached over TLS"));
    }
    let actual = match session.target().registry.client_hello().await {
        Ok(ClientHelloOutcome::Response(bytes)) if bytes.starts_with(b"HTTP/") => return Ok(()),
        Ok(ClientHelloOutcome::Response(bytes)) => {
            format!("{} bytes that do not begin with `HTTP/`", bytes.len())
        }
        Ok(ClientHelloOutcome::NoResponse) => "no response".to_owned(),
        Ok(ClientHelloOutcome::Closed) => "the connection is closed".to_owned(),
        Err(error) => return Err(Obstacle::from(&error).into()),
    };
    Err(Stop::Violated(Box::new(Finding {
        expected: vec!["a response that begins with `HTTP/`".to_owned()],
        actual,
        exchanges: Vec::new(),
    })))
}
