//! The first responses of a target, and what they show.

use helm_oci_suite::session::target::Credentials;
use helm_oci_suite::session::{Reply, Session};
use helm_oci_suite::verdict::Stop;
use http::{StatusCode, Uri};

/// The first responses of a target.
pub(super) struct Evidence {
    /// `GET /v2/`.
    pub(super) base: Result<Reply, Stop>,
    /// The first request to a repository: the POST of an upload, or GET of the tags in a read-only run.
    pub(super) own: Result<Reply, Stop>,
    /// The same request with the credentials from the start.
    pub(super) preemptive: Option<Result<Reply, Stop>>,
    /// GET of the tags, where nothing else looks like a registry.
    pub(super) tags: Option<Result<Reply, Stop>>,
}

impl Evidence {
    /// All responses.
    pub(super) fn replies(&self) -> impl Iterator<Item = &Reply> {
        let all = [
            Some(&self.base),
            Some(&self.own),
            self.preemptive.as_ref(),
            self.tags.as_ref(),
        ];
        all.into_iter()
            .flatten()
            .filter_map(|reply| reply.as_ref().ok())
    }

    /// True if some response is one that only a registry sends.
    pub(super) fn shows_a_registry(&self) -> bool {
        let is_up = self
            .base
            .as_ref()
            .is_ok_and(|base| base.status == StatusCode::OK && !is_page(base));
        is_up || self.replies().any(is_of_a_registry)
    }

    /// The token of the registry that the run was given, if the registry does not accept it.
    pub(super) fn rejected_token<'s>(&self, session: &'s Session) -> Option<&'s Credentials> {
        let credentials = session.target().credentials.as_ref();
        let given = credentials.filter(|known| matches!(known, Credentials::RegistryToken(_)));
        let base = self.base.as_ref();
        given.filter(|_| base.is_ok_and(|base| base.status == StatusCode::UNAUTHORIZED))
    }

    /// True if the run has credentials, and the registry refuses an anonymous request without a demand for them.
    pub(super) fn needs_credentials_from_the_start(&self, session: &Session) -> bool {
        let is_refused = |reply: &Reply| {
            reply.status != StatusCode::UNAUTHORIZED && !is_accepted(reply, session)
        };
        session.target().credentials.is_some() && self.own.as_ref().is_ok_and(is_refused)
    }

    /// True if the first request to a repository works when it carries the credentials from the start.
    pub(super) fn works_preemptively(&self, session: &Session) -> bool {
        let again = self.preemptive.as_ref();
        again.is_some_and(|again| {
            again
                .as_ref()
                .is_ok_and(|again| is_accepted(again, session))
        })
    }

    /// The origin to which every request is redirected, with its path.
    pub(super) fn moved_to(&self) -> Option<Uri> {
        let target = |reply: &Reply| {
            let location = reply
                .header("location")
                .filter(|_| reply.status.is_redirection())?;
            let uri: Uri = location.parse().ok()?;
            let is_elsewhere = (uri.scheme_str(), uri.authority())
                != (reply.uri.scheme_str(), reply.uri.authority());
            let is_kept =
                uri.path().trim_end_matches('/') == reply.uri.path().trim_end_matches('/');
            (uri.authority().is_some() && is_elsewhere && is_kept).then_some(uri)
        };
        let base = target(self.base.as_ref().ok()?)?;
        let all = self.replies().all(|reply| target(reply).is_some());
        all.then_some(base)
    }
}

/// True if the first request to a repository is accepted: an upload begins, or a listing is possible.
pub(super) fn is_accepted(reply: &Reply, session: &Session) -> bool {
    if session.target().write_mode.is_read_only() {
        let is_absent = reply.status == StatusCode::NOT_FOUND;
        return !is_page(reply) && (reply.status.is_success() || is_absent);
    }
    reply.status.is_success() && reply.header("location").is_some()
}

/// True for a web page.
pub(super) fn is_page(reply: &Reply) -> bool {
    let html = |media_type: &str| media_type.eq_ignore_ascii_case("text/html");
    reply.media_type().is_some_and(html)
}

/// True for a response that only a registry sends: a challenge, a header of the distribution API, the location of an
/// upload, or a body of errors or tags.
fn is_of_a_registry(reply: &Reply) -> bool {
    const HEADERS: [&str; 3] = [
        "docker-distribution-api-version",
        "docker-upload-uuid",
        "docker-content-digest",
    ];
    let is_challenge =
        reply.status == StatusCode::UNAUTHORIZED && reply.header("www-authenticate").is_some();
    let is_upload = reply.status == StatusCode::ACCEPTED && reply.header("location").is_some();
    let body: Option<serde_json::Value> = serde_json::from_slice(&reply.body).ok();
    let has = |name: &str| {
        body.as_ref()
            .is_some_and(|body| body.get(name).is_some_and(serde_json::Value::is_array))
    };
    is_challenge
        || is_upload
        || HEADERS.iter().any(|name| reply.header(name).is_some())
        || has("errors")
        || has("tags")
}

/// True if the response to a plain-HTTP request comes from a TLS server.
pub(super) fn says_https(reply: &Reply) -> bool {
    let body = String::from_utf8_lossy(&reply.body).to_ascii_lowercase();
    reply.status == StatusCode::BAD_REQUEST && body.contains("https")
}
