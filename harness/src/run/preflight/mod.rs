//! Whether there is a registry at all, and whether the run may write to it: one clear obstacle instead of
//! a hundred.

mod watch;

use std::sync::Arc;
use std::time::Duration;

use helm_oci_suite::session::challenge::Challenge;
use helm_oci_suite::session::target::{Credentials, Target};
use helm_oci_suite::session::{Reply, Session};
use helm_oci_suite::verdict::{Obstacle, ObstacleKind, Stop};
use helm_oci_suite::wire::exchange::Exchange;
use helm_oci_suite::wire::redaction::redact_url;
use helm_oci_suite::wire::{ConnectStep, TlsFailure, TransportError};
use http::{Method, StatusCode};

use self::watch::Watch;
use super::deadline::within;

/// The time limit of the preflight.
const LIMIT: Duration = Duration::from_secs(11);

/// The result of the preflight.
#[derive(Debug, Default)]
pub struct Preflight {
    /// `Server` and `Docker-Distribution-Api-Version`, as the registry sent them.
    pub server: Option<String>,
    /// The obstacle, if the target cannot be examined.
    pub obstacle: Option<Obstacle>,
    /// The exchanges that show it.
    pub exchanges: Vec<Exchange>,
}

/// Examines whether the target can be used, before the checks run.
pub async fn preflight(target: &Target) -> Preflight {
    let watch = Arc::new(Watch::new(Arc::clone(&target.registry)));
    let target = Target {
        registry: Arc::clone(&watch) as _,
        ..target.clone()
    };
    let session = Session::new(target, "preflight");
    let mut server = None;
    let looked = within(LIMIT, &session, look(&session, &mut server)).await;
    let obstacle = match looked {
        Some(Ok(())) => None,
        Some(Err(stop)) => Some(match watch.last() {
            Some(error) => obstacle(ObstacleKind::Transport, advise(&error, &session)),
            None => stop.into(),
        }),
        None => {
            let what = format!(
                "{} is too slow: no answers within {} s",
                host(&session),
                LIMIT.as_secs()
            );
            Some(obstacle(ObstacleKind::Transport, what))
        }
    };
    Preflight {
        server: server.map(|server| session.redact(&server)),
        obstacle: obstacle.map(|obstacle| Obstacle {
            what: session.redact(&obstacle.what),
            ..obstacle
        }),
        exchanges: session.transcript(),
    }
}

async fn look(session: &Session, server: &mut Option<String>) -> Result<(), Stop> {
    let base = session.call(Method::GET, "/v2/").send().await?;
    *server = server_of(session, &base);
    let host = host(session);
    let trouble = match base.status.as_u16() {
        200 => return probe(session, &base).await,
        401 => shut_out(session, &base),
        403 => format!(
            "{host} forbids GET /v2/: {}; use an account that may use the registry",
            told(session, &base)
        ),
        301 | 302 | 303 | 307 | 308 => {
            let location = redact_url(base.header("location").unwrap_or("nowhere"));
            format!(
                "{host} redirects GET /v2/ to {location}; name that host as the target, if it is meant"
            )
        }
        500..=599 => format!(
            "{host} answers GET /v2/ with {}; try again when it is well",
            told(session, &base)
        ),
        _ if says_https(&base) => format!("{host} speaks TLS; write https:// instead of http://"),
        _ => format!(
            "{host} is not a registry: GET /v2/ answers {}, neither 200 nor 401; name the host alone, \
             without the path of a web page",
            told(session, &base)
        ),
    };
    Err(obstacle(ObstacleKind::Arrangement, trouble).into())
}

/// A web server answers anything with its page; a registry answers pages nowhere. Then: may we push?
async fn probe(session: &Session, base: &Reply) -> Result<(), Stop> {
    let host = host(session);
    if is_html(base) {
        let path = format!("/v2/{}/tags/list", session.repository());
        if is_html(&session.call(Method::GET, &path).send().await?) {
            let what = format!(
                "{host} is not a registry: it answers GET /v2/ and GET {path} with web pages; \
                 check host and port"
            );
            return Err(obstacle(ObstacleKind::Arrangement, what).into());
        }
    }
    if session.target().write_mode.is_read_only() {
        return Ok(());
    }
    let begun = session.start_upload().await?;
    let refused = match begun.status {
        // A registry that asks without a challenge was given what we have; the checks tell the rest.
        StatusCode::UNAUTHORIZED => {
            begun.header("www-authenticate").is_some() || session.target().credentials.is_none()
        }
        StatusCode::FORBIDDEN => true,
        StatusCode::NOT_FOUND => begun.body.windows(12).any(|word| word == b"NAME_UNKNOWN"),
        _ => false,
    };
    if refused {
        return Err(obstacle(ObstacleKind::Arrangement, may_not_push(session, &begun)).into());
    }
    Ok(())
}

/// The reason why `/v2/` rejects the credentials, and the next step.
fn shut_out(session: &Session, base: &Reply) -> String {
    let host = host(session);
    let Some(credentials) = &session.target().credentials else {
        return format!("{host} wants credentials; give --username and --password-stdin");
    };
    let step = match credentials {
        Credentials::Login(_) => "check the user name and the password",
        Credentials::IdentityToken(_) => "the identity token may have expired; log in again",
        Credentials::RegistryToken(_) => "the token may have expired, get a new one",
    };
    let Some(answer) = session.refused_token() else {
        let trades = !matches!(credentials, Credentials::RegistryToken(_));
        let wants_token = Challenge::all(&base.headers)
            .iter()
            .any(|challenge| challenge.scheme == "bearer");
        let what = if trades && wants_token {
            return format!(
                "{host} does not accept the token that its own token endpoint gave: {}; compare their clocks and keys",
                told(session, base)
            );
        } else {
            told(session, base)
        };
        return format!("{host} does not accept the credentials: {what}; {step}");
    };
    let said = format!("its token endpoint answers {}", told(session, &answer));
    match answer.status.as_u16() {
        401 => format!("{host} does not accept the credentials: {said}; {step}"),
        403 => format!(
            "{host} gives this account no token: {said}; use an account that may use the registry"
        ),
        _ => format!("{host} gives no token: {said}; check that the token endpoint is well"),
    }
}

/// The reason why a push is rejected, and the next step.
fn may_not_push(session: &Session, begun: &Reply) -> String {
    let said = match session.refused_token() {
        Some(answer) => format!("the token endpoint answers {}", told(session, &answer)),
        None => told(session, begun),
    };
    let step = match (&session.target().credentials, begun.status) {
        (_, StatusCode::NOT_FOUND) => "give a namespace that exists",
        (None, _) => "give --username and --password-stdin",
        (Some(_), StatusCode::UNAUTHORIZED) => {
            "the credentials are good for reading alone; use an account that may push there"
        }
        (Some(_), _) => "use an account that may push there, or a namespace where this one may",
    };
    format!(
        "may not push to {}/{}: {said}; {step}",
        host(session),
        session.repository()
    )
}

/// Host and port of the target.
fn host(session: &Session) -> String {
    session
        .target()
        .origin()
        .authority()
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn server_of(session: &Session, reply: &Reply) -> Option<String> {
    let told: Vec<&str> = ["server", "docker-distribution-api-version"]
        .into_iter()
        .filter_map(|name| reply.header(name))
        .filter(|value| !value.is_empty())
        .collect();
    let told = session.redact(&told.join("; "));
    (!told.is_empty()).then(|| told.chars().take(200).collect())
}

fn is_html(reply: &Reply) -> bool {
    reply
        .media_type()
        .is_some_and(|media_type| media_type.eq_ignore_ascii_case("text/html"))
}

/// True if the response to a plain-HTTP request comes from a TLS server.
fn says_https(reply: &Reply) -> bool {
    let body = String::from_utf8_lossy(&reply.body).to_ascii_lowercase();
    reply.status == StatusCode::BAD_REQUEST && body.contains("https")
}

/// The status, and the first error of the envelope where there is one.
fn told(session: &Session, reply: &Reply) -> String {
    let body: Option<serde_json::Value> = serde_json::from_slice(&reply.body).ok();
    let error = body.as_ref().and_then(|body| body.pointer("/errors/0"));
    let part = |name: &str| {
        error
            .and_then(|error| error.get(name))
            .and_then(serde_json::Value::as_str)
    };
    let words: Vec<&str> = [part("code"), part("message")]
        .into_iter()
        .flatten()
        .collect();
    if words.is_empty() {
        return reply.status.to_string();
    }
    // Redact before cutting: a cut inside a secret would hide it from the redaction.
    let words: String = session
        .redact(&words.join(": "))
        .chars()
        .filter(|c| !c.is_control())
        .take(160)
        .collect();
    format!("{} ({words})", reply.status)
}

/// Describes a transport error and the next step.
fn advise(error: &TransportError, session: &Session) -> String {
    let step = match error {
        TransportError::Connect {
            step: ConnectStep::Lookup,
            ..
        } => "check the host name",
        TransportError::Connect { .. } => {
            "check that the registry runs, and that the port is correct"
        }
        TransportError::Tls { failure, .. } => match failure {
            TlsFailure::NoTls => "the port does not speak TLS; write http:// or give --plain-http",
            TlsFailure::ServerCertificate => {
                "name its root with --ca-file, or give --insecure-skip-tls-verify"
            }
            TlsFailure::NoClientCertificate => {
                "the registry may require a client certificate; give --cert-file and --key-file"
            }
            TlsFailure::ClientCertificate => {
                "it does not know the client certificate, name one that it trusts"
            }
            TlsFailure::Other => "check that the port speaks TLS, or give --plain-http",
        },
        TransportError::Broken { .. } if session.target().origin().scheme_str() == Some("http") => {
            "the port may require TLS; use https://, or check that it is an HTTP port"
        }
        TransportError::Broken { .. } => "check that the port belongs to an HTTP server",
        TransportError::Timeout { .. } | TransportError::Stalled { .. } => {
            "check that the registry is healthy, and that the port is correct"
        }
        TransportError::TooLarge { .. } => "the endpoint is not a registry; check the URL",
        TransportError::Withheld { .. } => "raise --max-requests or --max-bytes",
    };
    format!("{error}; {step}")
}

fn obstacle(kind: ObstacleKind, what: String) -> Obstacle {
    Obstacle::new(kind, what)
}
