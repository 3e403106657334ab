//! What a check is handed: its own repository, the registry behind it, and a transcript of what was said.

pub mod adopted;
pub mod challenge;
pub(crate) mod expect;
pub(crate) mod retry;
pub mod steps;
pub mod target;
mod token;
pub mod write_mode;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use helm_oci_fixtures::digest::sha256;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};

use self::retry::Patience;
use crate::oci::url::{self, InvalidUrl};
use crate::session::adopted::Adopted;
use crate::session::target::Target;
use crate::verdict::{Obstacle, ObstacleKind, Stop};
use crate::wire::content::{Content, Pattern, mix};
use crate::wire::exchange::{Exchange, redact_url};
use crate::wire::redaction::Secrets;
use crate::wire::{Measured, Request, Response, TransportError};

/// The private workspace of one check.
pub struct Session {
    target: Target,
    /// The repository it would make.
    wanted: String,
    /// The one it works in.
    repository: String,
    seed: u64,
    transcript: Mutex<Vec<Said>>,
    /// `Authorization` by repository, once a challenge was answered.
    authority: Mutex<BTreeMap<String, HeaderValue>>,
    patience: Patience,
    /// What no text may hold: what the target is given, and the tokens that were earned.
    secrets: Mutex<Secrets>,
    /// What a token endpoint answered instead of a token, the last time.
    refusal: Mutex<Option<Reply>>,
}

/// What was asked and answered, as it was: it is written down for others only where somebody looks at it.
struct Said {
    request: Request,
    answer: Result<Response, TransportError>,
    /// Whether the bodies hold what nobody may read.
    secret: bool,
}

/// One answer of the registry.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers, as they came.
    pub headers: HeaderMap,
    /// Its body, as it came.
    pub body: Bytes,
    /// What it was, if it was measured and not kept; its body is then the beginning of it.
    pub measured: Option<Measured>,
    /// Where it stands in the transcript.
    pub exchange: usize,
    /// The URI it answers.
    pub uri: Uri,
}

impl Reply {
    /// A header as text; one that is not text counts as absent.
    pub fn header(&self, name: impl AsRef<str>) -> Option<&str> {
        self.headers
            .get(name.as_ref())
            .and_then(|value| value.to_str().ok())
    }

    /// The media type without parameters.
    pub fn media_type(&self) -> Option<&str> {
        self.header("content-type")
            .map(|value| value.split(';').next().unwrap_or(value).trim())
    }
}

impl Session {
    /// A session for the check with this id.
    pub fn new(target: Target, id: &str) -> Self {
        let wanted = target.repository(id);
        let repository = target.permission.home(&wanted);
        let salt = id
            .bytes()
            .fold(target.seed, |sum, byte| mix(sum ^ u64::from(byte)));
        Self {
            secrets: Mutex::new(target.secrets()),
            target,
            wanted,
            repository,
            seed: salt,
            transcript: Mutex::default(),
            authority: Mutex::default(),
            patience: Patience::default(),
            refusal: Mutex::default(),
        }
    }

    /// How long the check has waited, all in all, because the registry asked for it or for its turn.
    pub fn waited(&self) -> Duration {
        self.patience.waited()
    }

    /// How many large bodies have begun and ended to go over the wire: odd while one is under way.
    pub fn transfers(&self) -> usize {
        self.patience.transfers()
    }

    /// A session in a repository that is there already, with its whole name.
    pub fn in_repository(target: Target, repository: &str) -> Self {
        Self {
            repository: repository.to_owned(),
            ..Self::new(target, repository)
        }
    }

    /// The repository of this check. It does not exist before the check writes to it.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// Another repository of this check, beside its own.
    pub fn sibling(&self, name: &str) -> String {
        let wanted = format!("{}-{name}", self.wanted);
        self.target.permission.place(&wanted)
    }

    /// The chart that stands in the place of one that would be pushed, if the run only reads.
    pub fn adopted(&self) -> Option<&Adopted> {
        self.target.permission.chart()
    }

    /// The chart name that belongs to the repository: its last segment.
    pub fn chart_name(&self) -> &str {
        self.repository
            .rsplit('/')
            .next()
            .unwrap_or(&self.repository)
    }

    /// The target under examination.
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// The seed of this check's content.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The URI of a path on the registry.
    pub fn uri(&self, path: &str) -> Result<Uri, Stop> {
        let origin = self.target.origin();
        let scheme = origin.scheme_str().unwrap_or("http");
        let authority = origin
            .authority()
            .map_or("", |authority| authority.as_str());
        parse_uri(&format!("{scheme}://{authority}{path}"))
    }

    /// Sends a request that the registry may answer by closing the connection.
    ///
    /// One connection that breaks may be the network's fault: that is an obstacle, as always. One that breaks
    /// each of three times, while `/v2/` is answered in between, is what the registry does: `None`.
    pub async fn answered<A>(&self, ask: impl Fn() -> A) -> Result<Option<Reply>, Stop>
    where
        A: Future<Output = Result<Reply, Stop>>,
    {
        for _ in 0..3 {
            match ask().await {
                Err(Stop::Inconclusive(trouble)) if trouble.kind == ObstacleKind::Transport => {
                    self.call(Method::GET, "/v2/").send().await?;
                }
                other => return other.map(Some),
            }
        }
        Ok(None)
    }

    /// The exchanges that no answer came to.
    pub(crate) fn unanswered(&self) -> Vec<usize> {
        let said = self.said();
        let unanswered = said
            .iter()
            .enumerate()
            .filter(|(_, said)| said.answer.is_err());
        unanswered.map(|(position, _)| position).collect()
    }

    /// Resolves a reference that the registry returned against the URL it came from, by RFC 3986.
    pub fn resolve(&self, base: &Uri, reference: &str) -> Result<Uri, Stop> {
        Ok(url::resolve(base, reference)?)
    }

    /// Starts a request to a path on the registry.
    pub fn call(&self, method: Method, path: &str) -> Call<'_> {
        self.call_uri(method, self.uri(path))
    }

    /// Starts a request to any URI; credentials go to the registry's own origin only.
    pub fn call_uri(&self, method: Method, uri: Result<Uri, Stop>) -> Call<'_> {
        Call {
            session: self,
            method,
            uri,
            headers: HeaderMap::new(),
            body: Content::default(),
            measure: None,
            authority: Authority::Earned,
            extra_scope: None,
            realm: None,
            no_retry: false,
        }
    }

    /// The transcript so far, without what is known by now to be secret.
    pub fn transcript(&self) -> Vec<Exchange> {
        self.transcript_since(0)
    }

    /// The transcript from this exchange on.
    pub fn transcript_since(&self, first: usize) -> Vec<Exchange> {
        let said = self.said();
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let origin = self.target.origin();
        let written = |said: &Said| {
            Exchange::record(&said.request, &said.answer, origin, said.secret, &secrets)
        };
        said.iter().skip(first).map(written).collect()
    }

    /// How many exchanges there have been.
    pub fn exchanges(&self) -> usize {
        self.said().len()
    }

    fn said(&self) -> MutexGuard<'_, Vec<Said>> {
        self.transcript
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request as it is, and again after the time that the registry asks for.
    pub(crate) async fn exchange(
        &self,
        request: Request,
        handling: Handling,
    ) -> Result<Reply, Stop> {
        if !handling.is_secret {
            self.target
                .permission
                .check(&request, self.target.origin())
                .map_err(Stop::not_allowed)?;
        }
        let mut again = 0;
        loop {
            let reply = self.exchange_once(request.clone(), handling).await?;
            let Some(time) = retry::asked(&reply).filter(|_| !handling.no_retry) else {
                return Ok(reply);
            };
            self.patience.spend(time, again, &reply)?;
            self.target.registry.pause(time).await;
            again += 1;
        }
    }

    /// Sends a request as it stands and writes both sides down.
    async fn exchange_once(&self, request: Request, handling: Handling) -> Result<Reply, Stop> {
        let uri = request.uri.clone();
        let asked = request.clone();
        let is_large = request.is_large();
        if is_large {
            self.patience.turn_of_transfer();
        }
        let answer = self.target.registry.send(request).await;
        if is_large {
            self.patience.turn_of_transfer();
        }
        let position = {
            let mut said = self.said();
            said.push(Said {
                request: asked,
                answer: answer.clone(),
                secret: handling.is_secret,
            });
            said.len() - 1
        };
        match answer {
            Ok(response) => {
                self.patience.note(response.waited);
                Ok(Reply {
                    status: response.status,
                    headers: response.headers,
                    body: response.body,
                    measured: response.measured,
                    exchange: position,
                    uri,
                })
            }
            Err(error) => Err(Stop::from(Obstacle {
                exchanges: vec![position],
                ..Obstacle::from(&error)
            })),
        }
    }

    /// What a token endpoint answered instead of a token, the last time that one was asked for with the
    /// target's credentials.
    pub fn refused_token(&self) -> Option<Reply> {
        let refusal = self.refusal.lock();
        refusal.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn remember_refusal(&self, reply: &Reply) {
        let mut last = self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some(reply.clone());
    }

    /// The text without a secret.
    pub fn fit_to_show(&self, text: &str) -> String {
        let secrets = self.secrets.lock();
        secrets.unwrap_or_else(PoisonError::into_inner).hide(text)
    }

    pub(crate) fn remember_token(&self, token: &str) {
        let secrets = self.secrets.lock();
        secrets.unwrap_or_else(PoisonError::into_inner).add(token);
    }

    fn known_authority(&self, repository: &str) -> Option<HeaderValue> {
        let known = self
            .authority
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.get(repository).cloned()
    }

    fn remember_authority(&self, repository: &str, value: HeaderValue) {
        let mut known = self
            .authority
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.insert(repository.to_owned(), value);
    }
}

pub(crate) fn parse_uri(text: &str) -> Result<Uri, Stop> {
    let invalid = |_| InvalidUrl {
        text: text.to_owned(),
    };
    Ok(text.parse().map_err(invalid)?)
}

impl From<InvalidUrl> for Stop {
    fn from(invalid: InvalidUrl) -> Self {
        let text = redact_url(&invalid.text);
        Self::from(Obstacle::new(
            ObstacleKind::Arrangement,
            InvalidUrl { text }.to_string(),
        ))
    }
}

/// The way in which a session handles a request.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Handling {
    /// Request and response hold credentials: their bodies are not recorded.
    pub(crate) is_secret: bool,
    /// The request is not sent again, also if the registry asks for that.
    pub(crate) no_retry: bool,
}

/// Under whose authority a request goes out.
#[derive(Debug, Clone)]
enum Authority {
    /// The run's credentials, once the registry has asked for them.
    Earned,
    /// None, also after a challenge.
    Anonymous,
    /// Exactly this header.
    Given(HeaderValue),
}

/// A request being built.
#[must_use = "a call does nothing until it is sent"]
pub struct Call<'s> {
    session: &'s Session,
    method: Method,
    uri: Result<Uri, Stop>,
    headers: HeaderMap,
    body: Content,
    measure: Option<Pattern>,
    authority: Authority,
    extra_scope: Option<String>,
    /// The repository whose authority it takes, where its path names none.
    realm: Option<String>,
    no_retry: bool,
}

impl Call<'_> {
    /// Takes the authority that was earned in the check's repository, wherever on the registry this leads.
    pub fn as_in_repository(mut self) -> Self {
        self.realm = Some(self.session.repository().to_owned());
        self
    }

    /// Returns the first response, also one that asks for a retry.
    pub fn no_retry(mut self) -> Self {
        self.no_retry = true;
        self
    }

    /// Asks for authority to read another repository as well, where tokens name repositories.
    pub fn also_reading(mut self, repository: &str) -> Self {
        self.extra_scope = Some(format!("repository:{repository}:pull"));
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.append(HeaderName::from_static(name), value);
        }
        self
    }

    /// Takes a header out again.
    pub fn without(mut self, name: &'static str) -> Self {
        self.headers.remove(name);
        self
    }

    /// Sets `Accept`.
    pub fn accept(self, value: &str) -> Self {
        self.header("accept", value)
    }

    /// Sets the body, and `Content-Type` where one is given.
    pub fn body(mut self, content_type: Option<&str>, body: impl Into<Content>) -> Self {
        self.body = body.into();
        match content_type {
            Some(content_type) => self.header("content-type", content_type),
            None => self,
        }
    }

    /// Measures the body of a successful answer, which should be this, and forgets it.
    pub fn measured(mut self, expected: &Pattern) -> Self {
        self.measure = Some(expected.clone());
        self
    }

    /// Sends no credentials, also after a challenge.
    pub fn anonymous(mut self) -> Self {
        self.authority = Authority::Anonymous;
        self
    }

    /// Sends this `Authorization` and no other, to the registry's own origin.
    pub fn authorization(mut self, value: HeaderValue) -> Self {
        self.authority = Authority::Given(value);
        self
    }

    /// Sends the request; after a challenge once more with the run's authority.
    pub async fn send(self) -> Result<Reply, Stop> {
        let uri = self.uri?;
        let own = self.session.target.origin();
        let at_home = url::is_same_origin(&uri, own);
        let named = helm_oci_fixtures::route::Route::of(&uri)
            .repository()
            .map(ToOwned::to_owned);
        let repository = self.realm.or(named).unwrap_or_default();
        let handling = Handling {
            is_secret: false,
            no_retry: self.no_retry,
        };
        let build = |authorization: Option<HeaderValue>| {
            let mut headers = self.headers.clone();
            if self.method != Method::GET && self.method != Method::HEAD {
                let length = HeaderValue::from(self.body.length());
                headers.insert(header::CONTENT_LENGTH, length);
            }
            if let Some(value) = authorization {
                headers.insert(header::AUTHORIZATION, value);
            }
            Request {
                method: self.method.clone(),
                uri: uri.clone(),
                headers,
                content: self.body.clone(),
                measure: self.measure.clone(),
            }
        };
        match self.authority {
            _ if !at_home => self.session.exchange(build(None), handling).await,
            Authority::Given(value) => self.session.exchange(build(Some(value)), handling).await,
            Authority::Anonymous => self.session.exchange(build(None), handling).await,
            Authority::Earned => {
                let session = self.session;
                let known = session.known_authority(&repository);
                let reply = session.exchange(build(known), handling).await?;
                if reply.status != StatusCode::UNAUTHORIZED {
                    return Ok(reply);
                }
                // Also where a token was known: it may have expired.
                let scope = self.extra_scope.as_deref();
                let earned = session.answer_challenge(&reply, &repository, scope).await?;
                let Some(value) = earned else {
                    return Ok(reply);
                };
                session.remember_authority(&repository, value.clone());
                let reply = session.exchange(build(Some(value)), handling).await?;
                session.unless_expired(reply).await
            }
        }
    }
}

/// The digest of what was sent, as the registry has to name it.
pub fn digest_of(bytes: &[u8]) -> String {
    sha256(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_uri_is_told_without_its_signature() {
        let wrong = parse_uri("https://store.test/a b?sig=canary");
        let Err(Stop::Inconclusive(obstacle)) = wrong else {
            panic!("{wrong:?}")
        };
        assert!(
            obstacle.what.contains("store.test/a b"),
            "{}",
            obstacle.what
        );
        assert!(!obstacle.what.contains("canary"), "{}", obstacle.what);
    }
}
