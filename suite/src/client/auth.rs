//! The authentication of a client model: the challenges that it responds to, and its tokens.

use std::collections::{BTreeMap, BTreeSet};

use http::{HeaderValue, Uri};

use super::challenges;
use super::request::PlannedRequest;
use super::{ClientRun, Quirk, TransportLibrary};
use crate::oci::url;
use crate::session::authorization;
use crate::session::challenge::Challenge;
use crate::session::target::{Credentials, Login};
use crate::session::{Reply, Session};
use crate::verdict::{CheckResult, Stop};

/// The way in which challenges are handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AuthStyle {
    /// By the session: the credentials are a token, which not every Helm version can use.
    Session,
    /// As containerd's authorizer does.
    Containerd,
    /// As the client of oras-go does, with which Helm 3.8 to 3.17 list tags as well.
    OrasGo,
}

/// The credentials that a run has obtained.
#[derive(Debug)]
pub(super) struct TokenCache {
    pub(super) style: AuthStyle,
    is_basic: bool,
    /// The scopes of the first challenge, which containerd adds to all later requests.
    initial_scopes: Option<BTreeSet<String>>,
    /// `Authorization` by scopes; that of Basic has no scopes.
    tokens: BTreeMap<String, HeaderValue>,
    /// The values that the registry accepted at least once.
    accepted: Vec<HeaderValue>,
}

/// A token endpoint, as a challenge names it.
pub(super) struct Endpoint {
    pub(super) realm: Uri,
    pub(super) service: Option<String>,
    /// True if it gets no user name and password: they are those of another host.
    pub(super) is_anonymous: bool,
}

impl TokenCache {
    pub(super) fn of(library: TransportLibrary, session: &Session) -> Self {
        let style = match library {
            TransportLibrary::Containerd => AuthStyle::Containerd,
            TransportLibrary::OrasGo => AuthStyle::OrasGo,
        };
        Self::new(session, style)
    }

    /// The cache of the client that lists tags up to 3.17.
    pub(super) fn for_listing(session: &Session) -> Self {
        Self::new(session, AuthStyle::OrasGo)
    }

    fn new(session: &Session, style: AuthStyle) -> Self {
        let credentials = &session.target().credentials;
        let is_token = matches!(
            credentials,
            Some(Credentials::IdentityToken(_) | Credentials::RegistryToken(_))
        );
        Self {
            style: if is_token { AuthStyle::Session } else { style },
            is_basic: false,
            initial_scopes: None,
            tokens: BTreeMap::new(),
            accepted: Vec::new(),
        }
    }

    /// True if challenges are handled as by oras-go.
    pub(super) fn is_oras(&self) -> bool {
        self.style == AuthStyle::OrasGo
    }

    /// True if the session handles challenges.
    pub(super) fn is_left_to_session(&self) -> bool {
        self.style == AuthStyle::Session
    }
}

impl ClientRun<'_> {
    /// The user name and the password of the run.
    pub(super) fn login(&self) -> Option<&Login> {
        let credentials = self.session.target().credentials.as_ref();
        credentials.and_then(Credentials::login)
    }

    /// The user name and the password for a token endpoint.
    pub(super) fn login_for(&self, endpoint: &Endpoint) -> Option<&Login> {
        self.login().filter(|_| !endpoint.is_anonymous)
    }

    /// The scopes of a request, without those of a challenge.
    fn scopes(&self, request: &PlannedRequest) -> BTreeSet<String> {
        let own = request.access.map(|access| access.scope(self.session));
        let common = self.cache.initial_scopes.clone().unwrap_or_default();
        own.into_iter().chain(common).collect()
    }

    /// The key of the cache for these scopes.
    fn key(&self, scopes: &BTreeSet<String>) -> String {
        let scopes = scopes.iter().filter(|_| !self.cache.is_basic);
        scopes.cloned().collect::<Vec<_>>().join(" ")
    }

    /// The `Authorization` with which a request is sent first.
    pub(super) fn cached(&self, request: &PlannedRequest) -> Option<HeaderValue> {
        let key = self.key(&self.scopes(request));
        self.cache.tokens.get(&key).cloned()
    }

    /// Notes an `Authorization` that the registry accepted.
    pub(super) fn note_accepted(&mut self, sent: Option<&HeaderValue>, reply: &Reply) {
        if let Some(sent) = sent.filter(|_| reply.status.as_u16() != 401) {
            self.cache.accepted.push(sent.clone());
        }
    }

    fn was_accepted(&self, sent: &HeaderValue) -> bool {
        self.cache.accepted.contains(sent)
    }

    /// The `Authorization` with which a request is repeated; `None` if its response is final.
    ///
    /// The model responds to a challenge once. A token that was accepted before and is not any more is renewed: another
    /// requirement judges the lifetime of tokens.
    pub(super) async fn respond(
        &mut self,
        request: &PlannedRequest,
        sent: Option<&HeaderValue>,
        reply: &Reply,
        is_repeated: bool,
    ) -> Result<Option<HeaderValue>, Stop> {
        if reply.status.as_u16() != 401 {
            return Ok(None);
        }
        if self.is_elsewhere(&reply.uri) {
            if is_repeated {
                return Ok(None);
            }
            return self.respond_elsewhere(request, sent, reply).await;
        }
        if is_repeated && !sent.is_some_and(|sent| self.was_accepted(sent)) {
            return Ok(None);
        }
        match self.cache.style {
            AuthStyle::Session => Ok(None),
            AuthStyle::Containerd => self.respond_containerd(request, sent, reply).await,
            AuthStyle::OrasGo => self.respond_oras(request, sent, reply).await,
        }
    }

    /// Reads the first challenge of each header and prefers Bearer; a token that was rejected at once is not requested again.
    async fn respond_containerd(
        &mut self,
        request: &PlannedRequest,
        sent: Option<&HeaderValue>,
        reply: &Reply,
    ) -> Result<Option<HeaderValue>, Stop> {
        let read = challenges::first_of_each(&reply.headers);
        let offered = |scheme: &str| read.iter().find(|one| one.scheme == scheme);
        let Some(bearer) = offered("bearer") else {
            let is_offered = offered("basic").is_some() && sent.is_none();
            return Ok(self.basic().filter(|_| is_offered));
        };
        let demanded = bearer.parameter("scope");
        if self.model.has(Quirk::RequiresScope) && demanded.is_none() {
            return Err(self.abort("a challenge with a `scope`", reply));
        }
        let demanded = demanded.unwrap_or_default().split_ascii_whitespace();
        let demanded = demanded.map(ToOwned::to_owned).collect();
        if let Some(sent) = sent {
            let key = self.key(&self.scopes(request));
            match self.cache.tokens.get(&key) {
                Some(held) if held != sent => return Ok(Some(held.clone())),
                _ if !self.was_accepted(sent) => return Ok(None),
                _ if self.model.has(Quirk::RequestsBroaderToken) => {
                    self.cache.initial_scopes = None;
                }
                _ => {}
            }
        }
        self.cache.initial_scopes.get_or_insert(demanded);
        let scopes = self.scopes(request);
        let key = self.key(&scopes);
        let held = self.cache.tokens.get(&key).filter(|_| sent.is_none());
        if let Some(held) = held {
            return Ok(Some(held.clone()));
        }
        let endpoint = self.endpoint(bearer, reply)?;
        let token = self.token_containerd(&endpoint, &scopes).await?;
        Ok(Some(self.store(key, token)))
    }

    /// Reads the first challenge only.
    async fn respond_oras(
        &mut self,
        request: &PlannedRequest,
        sent: Option<&HeaderValue>,
        reply: &Reply,
    ) -> Result<Option<HeaderValue>, Stop> {
        let Some(challenge) = challenges::first(reply) else {
            return Ok(None);
        };
        match challenge.scheme.as_str() {
            "basic" => return Ok(self.basic().filter(|_| sent.is_none())),
            "bearer" => {}
            _ => return Ok(None),
        }
        let demanded = challenge.parameter("scope").unwrap_or_default();
        let demanded = demanded.split_ascii_whitespace().map(ToOwned::to_owned);
        let scopes = merged(self.scopes(request).into_iter().chain(demanded));
        let key = self.key(&scopes);
        if let Some(held) = self.cache.tokens.get(&key) {
            match sent.filter(|sent| *sent == held) {
                None => return Ok(Some(held.clone())),
                Some(sent) if !self.was_accepted(sent) => return Ok(None),
                Some(_) => {}
            }
        }
        let endpoint = self.endpoint(&challenge, reply)?;
        self.check_realm(&endpoint.realm, reply)?;
        let token = self.token_by_get(&endpoint, &scopes).await?;
        Ok(Some(self.store(key, token)))
    }

    /// `Authorization` for HTTP Basic, from now on for all requests.
    pub(super) fn basic(&mut self) -> Option<HeaderValue> {
        let basic = authorization::basic(self.login()?);
        self.cache.is_basic = true;
        Some(self.store(String::new(), basic))
    }

    fn store(&mut self, key: String, value: HeaderValue) -> HeaderValue {
        self.cache.tokens.insert(key, value.clone());
        value
    }

    /// The token endpoint that a challenge names.
    pub(super) fn endpoint(&self, challenge: &Challenge, reply: &Reply) -> Result<Endpoint, Stop> {
        let realm = challenge.parameter("realm").unwrap_or_default();
        let realm = with_lower_case_host(realm).parse::<Uri>().ok();
        let Some(realm) = realm.filter(|realm| realm.authority().is_some()) else {
            return Err(self.abort("a challenge whose `realm` is a URL", reply));
        };
        Ok(Endpoint {
            realm,
            service: challenge.parameter("service").map(ToOwned::to_owned),
            is_anonymous: self.is_elsewhere(&reply.uri),
        })
    }

    /// Rejects a realm as oras-go 2.6.1 and later do.
    pub(super) fn check_realm(&self, realm: &Uri, reply: &Reply) -> CheckResult {
        if !self.model.has(Quirk::ChecksUrls) {
            return Ok(());
        }
        let own = self.session.target().origin();
        if own.scheme_str() == Some("https") && realm.scheme_str() != Some("https") {
            return Err(self.abort("a `realm` with TLS, as for the registry", reply));
        }
        if url::is_private(realm) && realm.host() != own.host() {
            return Err(self.abort("a `realm` with a public address", reply));
        }
        Ok(())
    }
}

/// A URL with scheme and host in lower case, as Go connects to them.
fn with_lower_case_host(url: &str) -> String {
    let host = url.find("://").map_or(0, |scheme| scheme + "://".len());
    let end = url[host..].find('/').map_or(url.len(), |end| host + end);
    let (origin, path) = url.split_at(end);
    origin.to_ascii_lowercase() + path
}

/// The scopes with all actions of each resource merged, as oras-go writes them.
fn merged(scopes: impl Iterator<Item = String>) -> BTreeSet<String> {
    let mut actions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for scope in scopes {
        let (resource, asked) = scope.rsplit_once(':').unwrap_or((&scope, ""));
        let asked = asked.split(',').map(ToOwned::to_owned);
        actions
            .entry(resource.to_owned())
            .or_default()
            .extend(asked);
    }
    let write = |(resource, actions): (String, BTreeSet<String>)| {
        if actions.contains("*") {
            return format!("{resource}:*");
        }
        let actions: Vec<String> = actions.into_iter().collect();
        format!("{resource}:{}", actions.join(","))
    };
    actions.into_iter().map(write).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_no_case() {
        for (url, expected) in [
            ("HTTPS://R.TEST/TOKEN", "https://r.test/TOKEN"),
            ("HTTP://R.test:80", "http://r.test:80"),
            ("", ""),
        ] {
            assert_eq!(with_lower_case_host(url), expected);
        }
    }

    #[test]
    fn scopes_of_one_repository_are_merged() {
        let merge = |scopes: &[&str]| {
            let merged = merged(scopes.iter().map(|scope| (*scope).to_owned()));
            merged.into_iter().collect::<Vec<_>>().join(" ")
        };
        for (scopes, expected) in [
            (
                &["repository:a/b:pull", "repository:a/b:pull"][..],
                "repository:a/b:pull",
            ),
            (
                &["repository:a/b:push,pull", "repository:a/b:pull"],
                "repository:a/b:pull,push",
            ),
            (
                &["repository:b:pull", "repository:a:pull"],
                "repository:a:pull repository:b:pull",
            ),
            (&["repository:a:pull", "repository:a:*"], "repository:a:*"),
        ] {
            assert_eq!(merge(scopes), expected, "{scopes:?}");
        }
    }
}
