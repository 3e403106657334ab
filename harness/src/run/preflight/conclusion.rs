//! The conclusion from the first responses.
//!
//! A target is not examined if the run is mistaken about it: its address is wrong, its credentials are refused, or its
//! account may not push. These are no defects of a registry. Everything that a correct registry does not do is
//! examined, so that the violated requirement states it. The rule for credentials: they are wrong only if nothing
//! accepts them. A response that contradicts another one is the registry's.

use helm_oci_suite::session::challenge::Challenge;
use helm_oci_suite::session::target::Credentials;
use helm_oci_suite::session::{Reply, Session};
use helm_oci_suite::verdict::{Obstacle, ObstacleKind, Stop};
use helm_oci_suite::wire::redaction::redact_url;
use http::StatusCode;

use super::evidence::{Evidence, is_accepted, is_page, says_https};
use super::{host, status_and_error, tags_path};

/// The conclusion from the first responses.
#[derive(Debug, Default)]
pub(super) struct Conclusion {
    /// The reason for which the target is not examined.
    pub(super) obstacle: Option<Obstacle>,
    /// What a reader should know of a target that is examined.
    pub(super) advice: Option<String>,
    /// True if requests have to carry the credentials from the start.
    pub(super) preemptive: bool,
}

impl Conclusion {
    /// The target is not examined.
    pub(super) fn obstacle(kind: ObstacleKind, what: impl Into<String>) -> Self {
        Self {
            obstacle: Some(Obstacle::new(kind, what)),
            ..Self::default()
        }
    }

    /// The target is examined, with an advice.
    pub(super) fn examined(advice: impl Into<String>) -> Self {
        Self {
            advice: Some(advice.into()),
            ..Self::default()
        }
    }

    fn mistaken(what: impl Into<String>) -> Self {
        Self::obstacle(ObstacleKind::Arrangement, what)
    }
}

/// Concludes whether the target is examined.
pub(super) fn conclude(session: &Session, evidence: &Evidence) -> Conclusion {
    let host = host(session);
    let base = evidence.base.as_ref();
    if evidence
        .own
        .as_ref()
        .is_ok_and(|own| is_accepted(own, session))
    {
        return match base {
            Ok(base) if base.status == StatusCode::OK && !is_page(base) => Conclusion::default(),
            _ => Conclusion::examined(about_base(session, evidence)),
        };
    }
    if evidence.works_preemptively(session) {
        let what = "accepts the credentials only from requests that carry them from the start";
        return Conclusion {
            preemptive: true,
            ..Conclusion::examined(format!(
                "{host} {what}: otherwise {} {}",
                first_request(session),
                shown(session, &evidence.own)
            ))
        };
    }
    if base.is_ok_and(says_https) {
        return Conclusion::mistaken(format!(
            "{host} requires TLS; use https:// instead of http://"
        ));
    }
    if let Some(moved) = evidence.moved_to() {
        let moved = redact_url(&moved.to_string());
        let what = format!(
            "{host} redirects every request to another address: GET /v2/ to {moved}; use that one"
        );
        return Conclusion::mistaken(what);
    }
    if evidence.replies().next().is_some() && !evidence.shows_a_registry() {
        return no_registry(session, evidence);
    }
    match &evidence.own {
        Ok(own) => refused(session, evidence, own),
        Err(stop) => {
            let first = first_request(session);
            let base = shown(session, &evidence.base);
            if let Some(given) = evidence.rejected_token(session) {
                let next = next_step(given);
                return Conclusion::mistaken(format!(
                    "{host} does not accept the credentials: GET /v2/ {base}; {next}"
                ));
            }
            Conclusion::examined(format!("{first} failed: {stop}; GET /v2/ {base}"))
        }
    }
}

/// A target of which no response looks like that of a registry.
fn no_registry(session: &Session, evidence: &Evidence) -> Conclusion {
    let host = host(session);
    let base = shown(session, &evidence.base);
    let own = shown(session, &evidence.own);
    let first = first_request(session);
    let all = |is_one: fn(&Reply) -> bool| evidence.replies().all(is_one);
    if all(|reply| reply.status.is_server_error() || reply.status == StatusCode::TOO_MANY_REQUESTS)
    {
        let what = format!(
            "{host} returns errors only: GET /v2/ {base}, {first} {own}; try again when it is healthy"
        );
        return Conclusion::mistaken(what);
    }
    if all(|reply| reply.status == StatusCode::FORBIDDEN) {
        let what = format!(
            "{host} forbids every request: GET /v2/ {base}; use an account that may use the registry"
        );
        return Conclusion::mistaken(what);
    }
    if all(|reply| matches!(reply.status.as_u16(), 400 | 404 | 405 | 410 | 501)) {
        let what = format!(
            "{host} is not a registry: GET /v2/ {base}, {first} {own}; name the host alone, without the path of a web \
             page"
        );
        return Conclusion::mistaken(what);
    }
    let pages = if evidence.replies().any(is_page) {
        ", but with web pages"
    } else {
        ""
    };
    Conclusion::examined(format!(
        "{host} does not respond like a registry{pages}: GET /v2/ {base}, {first} {own}; check host and port, and \
         any proxy before the registry"
    ))
}

/// A registry that does not accept the first request to a repository.
fn refused(session: &Session, evidence: &Evidence, own: &Reply) -> Conclusion {
    let credentials = session.target().credentials.as_ref();
    let first = first_request(session);
    let response = status_and_error(session, own);
    let lacks_challenge = session.transcript().iter().any(|exchange| {
        let has =
            |headers: &[(String, String)], name: &str| headers.iter().any(|(own, _)| own == name);
        let is_anonymous = !has(&exchange.request.headers, "authorization");
        let unchallenged = exchange.response.as_ref().is_ok_and(|response| {
            response.status == StatusCode::UNAUTHORIZED
                && !has(&response.headers, "www-authenticate")
        });
        is_anonymous && unchallenged && exchange.request.uri.starts_with('/')
    });
    match (own.status, credentials) {
        (StatusCode::UNAUTHORIZED, _) if lacks_challenge => Conclusion::examined(format!(
            "{first} returns {response} without a challenge, which no client can respond to"
        )),
        (StatusCode::UNAUTHORIZED, None) => {
            let host = host(session);
            Conclusion::mistaken(format!(
                "{host} wants credentials; give --username and --password-stdin"
            ))
        }
        (StatusCode::UNAUTHORIZED, Some(credentials)) => {
            unauthorized(session, evidence, own, credentials)
        }
        (StatusCode::FORBIDDEN, Some(_))
            if session.token_allows_push(session.repository()) != Some(true) =>
        {
            Conclusion::mistaken(may_not(session, &response, own.status))
        }
        (StatusCode::NOT_FOUND, _) if own.body.windows(12).any(|word| word == b"NAME_UNKNOWN") => {
            Conclusion::examined(may_not(session, &response, own.status))
        }
        _ => Conclusion::examined(format!(
            "{first} returns {response}: nothing can be pushed; --read-only with --chart examines what can be pulled"
        )),
    }
}

/// A registry that returns 401 although the run has credentials.
fn unauthorized(
    session: &Session,
    evidence: &Evidence,
    own: &Reply,
    credentials: &Credentials,
) -> Conclusion {
    let host = host(session);
    let response = status_and_error(session, own);
    let base_accepts = evidence
        .base
        .as_ref()
        .is_ok_and(|base| base.status == StatusCode::OK);
    let trades = !matches!(credentials, Credentials::RegistryToken(_));
    let wants_token = Challenge::all(&own.headers)
        .iter()
        .any(|one| one.scheme == "bearer");
    match session.refused_token() {
        Some(reply) if !is_refusal(&reply) => Conclusion::examined(format!(
            "the token endpoint of {host} returns {} and no token; check the token endpoint",
            status_and_error(session, &reply)
        )),
        Some(reply) if base_accepts => {
            let response = format!(
                "the token endpoint returns {}",
                status_and_error(session, &reply)
            );
            Conclusion::mistaken(may_not(session, &response, own.status))
        }
        Some(reply) => {
            let response = status_and_error(session, &reply);
            let what = match reply.status {
                StatusCode::FORBIDDEN => format!(
                    "{host} gives this account no token: its token endpoint returns {response}; use an account that may use \
                     the registry"
                ),
                _ => format!(
                    "{host} does not accept the credentials: its token endpoint returns {response}; {}",
                    next_step(credentials)
                ),
            };
            Conclusion::mistaken(what)
        }
        None if trades
            && wants_token
            && session.token_allows_push(session.repository()) == Some(true) =>
        {
            Conclusion::examined(format!(
                "{host} rejects a token that allows a push: {response}; compare name and service"
            ))
        }
        None if trades && wants_token && !base_accepts => Conclusion::examined(format!(
            "{host} does not accept the token that its own token endpoint gave: {response}; compare their clocks and keys"
        )),
        None if base_accepts => Conclusion::mistaken(may_not(session, &response, own.status)),
        None => Conclusion::mistaken(format!(
            "{host} does not accept the credentials: {response}; {}",
            next_step(credentials)
        )),
    }
}

/// True if a token endpoint refuses the credentials, and not the request.
fn is_refusal(reply: &Reply) -> bool {
    match reply.status.as_u16() {
        401 | 403 => true,
        // OAuth2 has this status and this word for a wrong password.
        400 => reply.body.windows(13).any(|word| word == b"invalid_grant"),
        _ => false,
    }
}

fn next_step(credentials: &Credentials) -> &'static str {
    match credentials {
        Credentials::Login(_) => "check the user name and the password",
        Credentials::IdentityToken(_) => "the identity token may have expired; log in again",
        Credentials::RegistryToken(_) => "the token may have expired, get a new one",
    }
}

/// The reason why the run may not use its repositories, and the next step.
fn may_not(session: &Session, response: &str, status: StatusCode) -> String {
    let step = match (&session.target().credentials, status) {
        (_, StatusCode::NOT_FOUND) => "give a namespace that exists",
        (None, _) => "give --username and --password-stdin",
        (Some(_), StatusCode::UNAUTHORIZED) => {
            "the credentials are good for reading alone; use an account that may push there"
        }
        (Some(_), _) => "use an account that may push there, or a namespace where this one may",
    };
    let what = if session.target().write_mode.is_read_only() {
        "may not list tags of"
    } else {
        "may not push to"
    };
    format!(
        "{what} {}/{}: {response}; {step}",
        host(session),
        session.repository()
    )
}

/// What is unusual about `/v2/`.
fn about_base(session: &Session, evidence: &Evidence) -> String {
    let base = shown(session, &evidence.base);
    format!("GET /v2/ {base}, and other requests are accepted; `helm registry login` begins there")
}

/// A response in words, or why none came.
fn shown(session: &Session, reply: &Result<Reply, Stop>) -> String {
    match reply {
        Ok(reply) => match reply
            .header("location")
            .filter(|_| reply.status.is_redirection())
        {
            Some(location) => format!("returns {}, to {}", reply.status, redact_url(location)),
            None => format!("returns {}", status_and_error(session, reply)),
        },
        Err(stop) => format!("failed ({stop})"),
    }
}

/// The first request to a repository, in words.
fn first_request(session: &Session) -> String {
    if session.target().write_mode.is_read_only() {
        format!("GET {}", tags_path(session))
    } else {
        "POST of an upload".to_owned()
    }
}
