//! Calls: requests being built.

use std::sync::atomic::Ordering;

use helm_oci_fixtures::route::Route;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};

use super::{Handling, Repeats, Reply, Session};
use crate::oci::RepositoryName;
use crate::oci::url::{self, is_same_origin};
use crate::session::steps::obstacle;
use crate::verdict::Stop;
use crate::wire::content::Content;
use crate::wire::{Expected, Request};

/// The `Authorization` of a call to the registry.
#[derive(Debug, Clone)]
enum Authorization {
    /// That of the run's credentials, after a challenge.
    OnChallenge,
    /// None, also after a challenge.
    Anonymous,
    /// This header, also after a challenge.
    Fixed(HeaderValue),
}

/// A request being built.
#[must_use = "a call does nothing until it is sent"]
pub struct Call<'s> {
    session: &'s Session,
    method: Method,
    uri: Result<Uri, Stop>,
    headers: HeaderMap,
    content: Content,
    measure: Option<Expected>,
    authorization: Authorization,
    /// A scope to request in addition to that of the repository.
    extra_scope: Option<String>,
    /// The repository whose authorization is used, if the path names none.
    repository: Option<String>,
    repeats: Repeats,
    is_followed: bool,
    preemptive: bool,
    /// True if a 401 is returned although no token was obtained.
    keeps_refusal: bool,
}

/// The maximum length of a chain of redirects: more than any Helm version follows.
const REDIRECTS: usize = 20;

impl Session {
    /// Starts a request to a path on the registry.
    pub fn call(&self, method: Method, path: &str) -> Call<'_> {
        self.call_uri(method, self.uri(path))
    }

    /// Starts a request to any URL. Credentials go to the registry's own origin only.
    pub fn call_uri(&self, method: Method, uri: Result<Uri, Stop>) -> Call<'_> {
        Call {
            session: self,
            method,
            uri,
            headers: HeaderMap::new(),
            content: Content::default(),
            measure: None,
            authorization: Authorization::OnChallenge,
            extra_scope: None,
            repository: None,
            repeats: Repeats::default(),
            is_followed: true,
            preemptive: self.target().preemptive.load(Ordering::Relaxed),
            keeps_refusal: false,
        }
    }
}

impl Call<'_> {
    /// Uses the authorization of the check's repository, whatever path on the registry the URL has.
    pub fn with_repository_authorization(mut self) -> Self {
        self.repository = Some(self.session.repository().to_string());
        self
    }

    /// Sends the credentials from the start, without a challenge.
    pub fn preemptive(mut self) -> Self {
        self.preemptive = true;
        self
    }

    /// Returns the 401 also if the token endpoint gave no token for the credentials; otherwise that is an obstacle,
    /// because nothing is known of an authorized request.
    pub fn keep_refusal(mut self) -> Self {
        self.keeps_refusal = true;
        self
    }

    /// Returns the first response, also one that asks for a retry.
    pub fn no_retry(mut self) -> Self {
        self.repeats = Repeats::Never;
        self
    }

    /// Returns the first response, unless it asks for a retry with `Retry-After`.
    pub(crate) fn retry_on_request(mut self) -> Self {
        self.repeats = Repeats::OnRequest;
        self
    }

    /// Returns a redirect instead of following it.
    pub fn unfollowed(mut self) -> Self {
        self.is_followed = false;
        self
    }

    /// Requests the scope to pull from another repository as well, if the registry issues tokens.
    pub fn with_pull_scope(mut self, repository: &RepositoryName) -> Self {
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

    /// Removes a header.
    pub fn without(mut self, name: &'static str) -> Self {
        self.headers.remove(name);
        self
    }

    /// Sets `Accept`.
    pub fn accept(self, value: &str) -> Self {
        self.header("accept", value)
    }

    /// Sets the body, and `Content-Type` if one is given.
    pub fn body(mut self, content_type: Option<&str>, body: impl Into<Content>) -> Self {
        self.content = body.into();
        match content_type {
            Some(content_type) => self.header("content-type", content_type),
            None => self,
        }
    }

    /// Measures the body of a successful response while reading, instead of keeping it.
    pub fn measured(mut self, expected: impl Into<Expected>) -> Self {
        self.measure = Some(expected.into());
        self
    }

    /// Measures the body of a successful response if it is the archive of an existing chart that is not kept.
    pub(crate) fn reading_archive(mut self) -> Self {
        self.measure = self.session.unkept_archive();
        self
    }

    /// Sends no credentials, also after a challenge.
    pub fn anonymous(mut self) -> Self {
        self.authorization = Authorization::Anonymous;
        self
    }

    /// Sends this `Authorization` and no other, to the registry's own origin.
    pub fn authorization(mut self, value: HeaderValue) -> Self {
        self.authorization = Authorization::Fixed(value);
        self
    }

    /// Sends the request, and after a challenge once more with the run's credentials. The redirects of a read in a
    /// repository are followed, as every Helm version follows them.
    pub async fn send(mut self) -> Result<Reply, Stop> {
        let uri = std::mem::replace(&mut self.uri, Ok(Uri::default()))?;
        if self.method == Method::GET && self.measure.is_none() {
            self.measure = self.session.unkept_blob(uri.path());
        }
        let mut reply = self.send_to(&uri).await?;
        let is_read = matches!(self.method, Method::GET | Method::HEAD);
        let named = Route::of(&uri).repository().map(ToOwned::to_owned);
        let is_in_repository =
            named.is_some() && is_same_origin(&uri, self.session.target().origin());
        if !self.is_followed || !is_read || !is_in_repository {
            return Ok(reply);
        }
        self.repository = self.repository.or(named);
        for _ in 0..REDIRECTS {
            let Some(next) = redirected(&reply) else {
                return Ok(reply);
            };
            reply = self.send_to(&next).await?;
        }
        Ok(reply)
    }

    async fn send_to(&self, uri: &Uri) -> Result<Reply, Stop> {
        let session = self.session;
        let is_own_origin = is_same_origin(uri, session.target().origin());
        let handling = Handling {
            is_secret: false,
            repeats: self.repeats,
        };
        match &self.authorization {
            Authorization::Fixed(value) if is_own_origin => {
                let request = self.request(uri, Some(value.clone()));
                session.exchange(request, handling).await
            }
            Authorization::OnChallenge if is_own_origin => {
                self.send_with_credentials(uri, handling).await
            }
            _ => session.exchange(self.request(uri, None), handling).await,
        }
    }

    async fn send_with_credentials(&self, uri: &Uri, handling: Handling) -> Result<Reply, Stop> {
        let session = self.session;
        let named = || Route::of(uri).repository().map(ToOwned::to_owned);
        let repository = self.repository.clone().or_else(named).unwrap_or_default();
        let known = session.state().authorizations.get(&repository).cloned();
        let known = known.or_else(|| {
            session
                .unchallenged_authorization()
                .filter(|_| self.preemptive)
        });
        let reply = session.exchange(self.request(uri, known), handling).await?;
        if reply.status != StatusCode::UNAUTHORIZED {
            return Ok(reply);
        }
        // Also if an authorization was known: its token may have expired.
        let scope = self.extra_scope.as_deref();
        let response = session.respond_to_challenge(&reply, &repository, scope);
        let Some(value) = response.await? else {
            let is_kept = self.keeps_refusal || session.target().credentials.is_none();
            return match session.refused_token().filter(|_| !is_kept) {
                Some(refused) => Err(obstacle("obtain a token", &refused)),
                None => Ok(reply),
            };
        };
        let known = value.clone();
        session.state().authorizations.insert(repository, known);
        let request = self.request(uri, Some(value));
        let reply = session.exchange(request, handling).await?;
        let is_read = matches!(self.method, Method::GET | Method::HEAD);
        if is_read && reply.status == StatusCode::UNAUTHORIZED {
            // `auth/push-token-pulls` judges a registry whose tokens for a push do not allow reads.
            if let Some(value) = session.authorization_for_challenge(&reply).await? {
                return session
                    .exchange(self.request(uri, Some(value)), handling)
                    .await;
            }
        }
        session.unless_token_expired(reply).await
    }

    fn request(&self, uri: &Uri, authorization: Option<HeaderValue>) -> Request {
        let mut headers = self.headers.clone();
        if self.method != Method::GET && self.method != Method::HEAD {
            let length = HeaderValue::from(self.content.length());
            headers.insert(header::CONTENT_LENGTH, length);
        }
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, value);
        }
        Request {
            method: self.method.clone(),
            uri: uri.clone(),
            headers,
            content: self.content.clone(),
            measure: self.measure.clone(),
        }
    }
}

/// The target of a redirect that Go's HTTP client follows.
fn redirected(reply: &Reply) -> Option<Uri> {
    let is_followed = matches!(reply.status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = reply.header("location").filter(|_| is_followed)?;
    url::resolve(&reply.uri, location).ok()
}
