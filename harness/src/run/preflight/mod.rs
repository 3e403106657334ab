//! Whether anything responds at all, and whether the run itself is mistaken about the target: a wrong address, wrong
//! credentials, an account that may not push. Everything else is left to the checks, with an advice for the reader.

mod conclusion;
mod connection;
mod evidence;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use helm_oci_suite::session::target::Target;
use helm_oci_suite::session::{Reply, Session};
use helm_oci_suite::verdict::{Obstacle, ObstacleKind, Stop};
use helm_oci_suite::wire::exchange::Exchange;
use helm_oci_suite::wire::{ConnectStep, TlsFailure, TransportError};
use http::Method;

use self::conclusion::{Conclusion, conclude};
use self::connection::ObservedConnection;
use self::evidence::Evidence;
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
    /// What a reader of the report should know of a target that is examined although its first responses are unusual.
    pub advice: Option<String>,
    /// True if requests have to carry the credentials from the start.
    pub preemptive: bool,
}

/// Examines whether the target can be examined, before the checks run.
pub async fn preflight(target: &Target) -> Preflight {
    let connection = Arc::new(ObservedConnection::new(Arc::clone(&target.registry)));
    let target = Target {
        registry: Arc::clone(&connection) as _,
        ..target.clone()
    };
    let session = Session::new(target, "preflight");
    let mut server = None;
    let requests = Box::pin(collect_evidence(&session, &mut server));
    let evidence = within(LIMIT, &session, requests).await;
    let conclusion = match (evidence, connection.last_error()) {
        (_, Some(error)) if !connection.has_response() => {
            Conclusion::obstacle(ObstacleKind::Transport, advise(&error, &session))
        }
        (Some(evidence), _) => conclude(&session, &evidence),
        (None, _) if connection.has_response() => {
            let what = format!(
                "some requests have no response within {} s",
                LIMIT.as_secs()
            );
            Conclusion::examined(format!("{} is slow: {what}", host(&session)))
        }
        (None, _) => {
            let what = format!(
                "{} is too slow: no responses within {} s",
                host(&session),
                LIMIT.as_secs()
            );
            Conclusion::obstacle(ObstacleKind::Transport, what)
        }
    };
    Preflight {
        server,
        obstacle: conclusion.obstacle.map(|obstacle| Obstacle {
            what: session.redact(&obstacle.what),
            ..obstacle
        }),
        exchanges: session.transcript(),
        advice: conclusion.advice.map(|advice| session.redact(&advice)),
        preemptive: conclusion.preemptive,
    }
}

/// Sends the first requests: `GET /v2/`, and the first request of a push, or of a listing in a read-only run. Further ones
/// follow where these two do not suffice.
async fn collect_evidence(session: &Session, server: &mut Option<String>) -> Evidence {
    let base = session.call(Method::GET, "/v2/").keep_refusal();
    let (base, own) = join(base.send(), first_request(session, false)).await;
    *server = base.as_ref().ok().and_then(|base| server_of(session, base));
    let mut evidence = Evidence {
        base,
        own,
        preemptive: None,
        tags: None,
    };
    if evidence.needs_credentials_from_the_start(session) {
        evidence.preemptive = Some(first_request(session, true).await);
    }
    if evidence.replies().next().is_some() && !evidence.shows_a_registry() {
        let path = tags_path(session);
        evidence.tags = Some(session.call(Method::GET, &path).send().await);
    }
    evidence
}

/// The first request to a repository of the run.
async fn first_request(session: &Session, is_preemptive: bool) -> Result<Reply, Stop> {
    let call = if session.target().write_mode.is_read_only() {
        session.call(Method::GET, &tags_path(session))
    } else {
        let path = format!("/v2/{}/blobs/uploads/", session.repository());
        session.call(Method::POST, &path)
    };
    let call = if is_preemptive {
        call.preemptive()
    } else {
        call
    };
    call.keep_refusal().send().await
}

fn tags_path(session: &Session) -> String {
    format!("/v2/{}/tags/list", session.repository())
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
    let values: Vec<&str> = ["server", "docker-distribution-api-version"]
        .into_iter()
        .filter_map(|name| reply.header(name))
        .filter(|value| !value.is_empty())
        .collect();
    let values = session.redact(&values.join("; "));
    (!values.is_empty()).then(|| values.chars().take(200).collect())
}

/// The status, and the first error of the envelope where there is one.
fn status_and_error(session: &Session, reply: &Reply) -> String {
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

#[cfg(test)]
mod tests {
    use helm_oci_fixtures::fault::Fault;
    use helm_oci_suite::proof;
    use helm_oci_suite::requirement::Setup;
    use helm_oci_suite::session::target::Credentials;

    use super::*;

    /// The result of the preflight in words.
    async fn found(target: Target) -> String {
        let found = preflight(&target).await;
        match (found.obstacle, found.advice, found.preemptive) {
            (Some(obstacle), ..) => format!("obstacle: {}", obstacle.what),
            (None, Some(advice), is_preemptive) => format!("advice ({is_preemptive}): {advice}"),
            (None, None, _) => "nothing".to_owned(),
        }
    }

    #[tokio::test]
    async fn a_defect_of_the_registry_is_examined() {
        for (setup, fault, expected) in [
            (Setup::Open, None, "nothing"),
            (Setup::Basic, None, "nothing"),
            (Setup::Bearer, None, "nothing"),
            (
                Setup::Open,
                Some(Fault::VersionCheckMissing),
                "advice (false): GET /v2/ returns 404",
            ),
            (
                Setup::Open,
                Some(Fault::ClosesOnFirstWrite),
                "advice (false): POST of an upload failed",
            ),
            (
                Setup::Open,
                Some(Fault::RefusesEveryUpload),
                "advice (false): POST of an upload returns 403",
            ),
            // The token states that it allows a push.
            (
                Setup::Bearer,
                Some(Fault::RefusesEveryUpload),
                "advice (false): POST of an upload returns 403",
            ),
            (
                Setup::Bearer,
                Some(Fault::RealmIsRelative),
                "advice (false): POST of an upload failed",
            ),
            (
                Setup::Bearer,
                Some(Fault::TokenAnswerIsHtml),
                "advice (false): the token endpoint of registry.test returns 200",
            ),
            (Setup::Bearer, Some(Fault::TokenUnderOtherName), "nothing"),
            (
                Setup::Bearer,
                Some(Fault::RequiresTokenScope),
                "advice (false): GET /v2/ returns 401",
            ),
        ] {
            let faults: Vec<Fault> = fault.into_iter().collect();
            let found = found(proof::target(setup, &faults)).await;
            assert!(found.starts_with(expected), "{setup:?} {fault:?}: {found}");
        }
    }

    #[tokio::test]
    async fn a_mistake_of_the_run_is_no_defect_of_the_registry() {
        let wrong = || Some(Credentials::user("nobody", "a wrong password"));
        let known = |setup| proof::target(setup, &[]).credentials;
        for (setup, faults, credentials, expected) in [
            (
                Setup::Basic,
                &[][..],
                None,
                "registry.test wants credentials",
            ),
            (Setup::Bearer, &[], None, "registry.test wants credentials"),
            (
                Setup::Basic,
                &[],
                wrong(),
                "registry.test does not accept the credentials: 401",
            ),
            (
                Setup::Bearer,
                &[],
                wrong(),
                "registry.test does not accept the credentials: its token endpoint",
            ),
            // An account that may not push gets the same response.
            (
                Setup::Basic,
                &[Fault::RefusesEveryUpload],
                known(Setup::Basic),
                "may not push to registry.test/",
            ),
        ] {
            let target = Target {
                credentials,
                ..proof::target(setup, faults)
            };
            let found = found(target).await;
            assert!(
                found.starts_with(&format!("obstacle: {expected}")),
                "{setup:?}: {found}"
            );
        }
    }
}
