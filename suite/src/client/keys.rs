//! How a Helm comes by authority: which challenge it answers, and with what.

use std::collections::{BTreeMap, BTreeSet};

use http::{HeaderValue, Uri};

use super::wire::Ask;
use super::{Line, Run, Way};
use crate::oci::url;
use crate::session::challenge::{self, Challenge};
use crate::session::steps::obstacle;
use crate::session::target::{Credentials, Login};
use crate::session::{Reply, Session};
use crate::verdict::{CheckResult, Stop};

/// In whose manner challenges are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// The session's: what the run was given is nothing that every Helm could use.
    Session,
    /// containerd's authorizer.
    Containerd,
    /// The client of oras-go, with which Helm 3.8 to 3.17 list tags, too.
    Oras,
}

/// What opens the registry, as far as a run knows.
#[derive(Debug)]
pub(super) struct Keys {
    manner: Manner,
    is_basic: bool,
    /// The scopes that containerd was told at first, which it wants from then on.
    common: Option<BTreeSet<String>>,
    /// `Authorization` by scopes; that of Basic has none.
    held: BTreeMap<String, HeaderValue>,
    /// What was good at least once.
    good: Vec<HeaderValue>,
}

/// Where tokens come from, and for what.
pub(super) struct Endpoint {
    pub(super) realm: Uri,
    pub(super) service: Option<String>,
}

impl Keys {
    pub(super) fn of(line: Line, session: &Session) -> Self {
        let manner = match line {
            Line::Containerd => Manner::Containerd,
            Line::Oras => Manner::Oras,
        };
        Self::new(session, manner)
    }

    /// Those of the client that lists tags up to 3.17.
    pub(super) fn of_lister(session: &Session) -> Self {
        Self::new(session, Manner::Oras)
    }

    fn new(session: &Session, manner: Manner) -> Self {
        let credentials = &session.target().credentials;
        let is_token = matches!(
            credentials,
            Some(Credentials::IdentityToken(_) | Credentials::RegistryToken(_))
        );
        Self {
            manner: if is_token { Manner::Session } else { manner },
            is_basic: false,
            common: None,
            held: BTreeMap::new(),
            good: Vec::new(),
        }
    }

    /// Whether the session answers challenges.
    pub(super) fn are_the_sessions(&self) -> bool {
        self.manner == Manner::Session
    }
}

impl Run<'_> {
    /// The user name and the password of the run.
    pub(super) fn user(&self) -> Option<&Login> {
        let credentials = self.session.target().credentials.as_ref();
        credentials.and_then(Credentials::login)
    }

    /// The scopes a request wants, without those of a challenge.
    fn scopes(&self, ask: &Ask) -> BTreeSet<String> {
        let own = ask.rights.map(|rights| rights.scope(self.session));
        let common = self.keys.common.clone().unwrap_or_default();
        own.into_iter().chain(common).collect()
    }

    /// Under which name that which opens is held.
    fn slot(&self, scopes: &BTreeSet<String>) -> String {
        let scopes = scopes.iter().filter(|_| !self.keys.is_basic);
        scopes.cloned().collect::<Vec<_>>().join(" ")
    }

    /// What a request goes out with at first.
    pub(super) fn known(&self, ask: &Ask) -> Option<HeaderValue> {
        let slot = self.slot(&self.scopes(ask));
        self.keys.held.get(&slot).cloned()
    }

    /// Notes that what a request went out with was good, if it was.
    pub(super) fn note(&mut self, sent: Option<&HeaderValue>, reply: &Reply) {
        if let Some(sent) = sent.filter(|_| reply.status.as_u16() != 401) {
            self.keys.good.push(sent.clone());
        }
    }

    fn was_good(&self, sent: &HeaderValue) -> bool {
        self.keys.good.contains(sent)
    }

    /// What a request goes out with once more; `None` if its answer is final.
    ///
    /// A challenge is answered once. What was good and is not any more is got anew all the same: how long a token lives is
    /// judged elsewhere.
    pub(super) async fn answer(
        &mut self,
        ask: &Ask,
        sent: Option<&HeaderValue>,
        reply: &Reply,
        is_answered: bool,
    ) -> Result<Option<HeaderValue>, Stop> {
        if reply.status.as_u16() != 401 {
            return Ok(None);
        }
        if !url::is_same_origin(&reply.uri, self.session.target().origin()) {
            let what = "open a place that is not the registry's, to which no credentials are sent";
            return Err(obstacle(what, reply));
        }
        if is_answered && !sent.is_some_and(|sent| self.was_good(sent)) {
            return Ok(None);
        }
        match self.keys.manner {
            Manner::Session => Ok(None),
            Manner::Containerd => self.answer_containerd(ask, sent, reply).await,
            Manner::Oras => self.answer_oras(ask, sent, reply).await,
        }
    }

    /// Reads every challenge and prefers Bearer; what was refused at once is not asked for again.
    async fn answer_containerd(
        &mut self,
        ask: &Ask,
        sent: Option<&HeaderValue>,
        reply: &Reply,
    ) -> Result<Option<HeaderValue>, Stop> {
        let challenges = Challenge::all(&reply.headers);
        let offered = |scheme: &str| challenges.iter().find(|one| one.scheme == scheme);
        let Some(bearer) = offered("bearer") else {
            let is_offered = offered("basic").is_some() && sent.is_none();
            return Ok(self.basic().filter(|_| is_offered));
        };
        let demanded = bearer.parameter("scope");
        if self.client.does(Way::NeedsScope) && demanded.is_none() {
            return Err(self.gives_up("a challenge with a `scope`", reply));
        }
        let demanded = demanded.unwrap_or_default().split_ascii_whitespace();
        let demanded = demanded.map(ToOwned::to_owned).collect();
        if let Some(sent) = sent {
            let slot = self.slot(&self.scopes(ask));
            match self.keys.held.get(&slot) {
                Some(held) if held != sent => return Ok(Some(held.clone())),
                _ if !self.was_good(sent) => return Ok(None),
                _ if self.client.does(Way::AsksForMore) => self.keys.common = None,
                _ => {}
            }
        }
        self.keys.common.get_or_insert(demanded);
        let scopes = self.scopes(ask);
        let slot = self.slot(&scopes);
        let held = self.keys.held.get(&slot).filter(|_| sent.is_none());
        if let Some(held) = held {
            return Ok(Some(held.clone()));
        }
        let endpoint = self.endpoint(bearer, reply)?;
        let token = self.token_containerd(&endpoint, &scopes).await?;
        Ok(Some(self.hold(slot, token)))
    }

    /// Reads the first challenge only.
    async fn answer_oras(
        &mut self,
        ask: &Ask,
        sent: Option<&HeaderValue>,
        reply: &Reply,
    ) -> Result<Option<HeaderValue>, Stop> {
        let Some(challenge) = first_challenge(reply) else {
            return Ok(None);
        };
        match challenge.scheme.as_str() {
            "basic" => return Ok(self.basic().filter(|_| sent.is_none())),
            "bearer" => {}
            _ => return Ok(None),
        }
        let demanded = challenge.parameter("scope").unwrap_or_default();
        let demanded = demanded.split_ascii_whitespace().map(ToOwned::to_owned);
        let scopes = merged(self.scopes(ask).into_iter().chain(demanded));
        let slot = self.slot(&scopes);
        if let Some(held) = self.keys.held.get(&slot) {
            match sent.filter(|sent| *sent == held) {
                None => return Ok(Some(held.clone())),
                Some(sent) if !self.was_good(sent) => return Ok(None),
                Some(_) => {}
            }
        }
        let endpoint = self.endpoint(&challenge, reply)?;
        self.check_realm(&endpoint.realm, reply)?;
        let token = self.token_by_get(&endpoint, &scopes).await?;
        Ok(Some(self.hold(slot, token)))
    }

    /// `Authorization` for HTTP Basic, from now on for all requests.
    pub(super) fn basic(&mut self) -> Option<HeaderValue> {
        let basic = challenge::basic(self.user()?);
        self.keys.is_basic = true;
        Some(self.hold(String::new(), basic))
    }

    fn hold(&mut self, slot: String, value: HeaderValue) -> HeaderValue {
        self.keys.held.insert(slot, value.clone());
        value
    }

    /// The token endpoint that a challenge names.
    pub(super) fn endpoint(&self, challenge: &Challenge, reply: &Reply) -> Result<Endpoint, Stop> {
        let realm = challenge.parameter("realm").unwrap_or_default();
        let realm = realm.parse::<Uri>().ok();
        let Some(realm) = realm.filter(|realm| realm.authority().is_some()) else {
            return Err(self.gives_up("a challenge with the URL of its `realm`", reply));
        };
        Ok(Endpoint {
            realm,
            service: challenge.parameter("service").map(ToOwned::to_owned),
        })
    }

    /// What oras-go 2.6.1 and later refuse in a realm.
    pub(super) fn check_realm(&self, realm: &Uri, reply: &Reply) -> CheckResult {
        if !self.client.does(Way::ChecksUrls) {
            return Ok(());
        }
        let own = self.session.target().origin();
        if own.scheme_str() == Some("https") && realm.scheme_str() != Some("https") {
            return Err(self.gives_up("a `realm` with TLS, as the registry has it", reply));
        }
        if url::is_private(realm) && realm.host() != own.host() {
            return Err(self.gives_up("a `realm` at a public address", reply));
        }
        Ok(())
    }
}

/// The challenge that oras-go reads: the first one in the first header.
pub(super) fn first_challenge(reply: &Reply) -> Option<Challenge> {
    let challenges = Challenge::read(reply.header("www-authenticate")?)?;
    challenges.into_iter().next()
}

/// Scopes with the actions of each resource in one, as oras-go writes them.
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
    fn scopes_of_one_repository_become_one() {
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
