//! The session of a check: its repository, the registry, and the transcript of every exchange.
//!
//! - [`Session`] starts a [`Call`]; sending it returns a [`Reply`].
//! - `send` sends each request and records it, obeying [`write_mode`] and `Retry-After` (`retry`).
//! - `token` responds to a challenge, which [`challenge`] parses; `token_request` writes the request for a token, and
//!   [`authorization`] the header.
//! - [`steps`] are the requests of Helm, and arranging; `expect` is the only place that makes a violation.
//! - [`shared`] sends once what several checks send alike.
//! - [`target`] is the registry under examination, and [`existing_chart`] the chart that a read-only run reads.

pub mod authorization;
mod call;
pub mod challenge;
pub mod existing_chart;
pub(crate) mod expect;
mod reply;
pub(crate) mod retry;
mod send;
pub mod shared;
mod state;
pub mod steps;
pub mod target;
mod token;
pub(crate) mod token_request;
mod transcript;
pub mod write_mode;

use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use http::{HeaderValue, Uri};

use self::shared::Echo;
use self::state::State;
use crate::oci::url::{self, InvalidUrl};
use crate::oci::{Digest, RepositoryName};
use crate::session::existing_chart::ExistingChart;
use crate::session::target::{Target, repository_name};
use crate::verdict::{Obstacle, ObstacleKind, Stop};
use crate::wire::Expected;
use crate::wire::content::mix;
use crate::wire::redaction::redact_url;

pub use self::call::Call;
pub use self::reply::Reply;
pub(crate) use self::send::{Handling, Repeats};
pub(crate) use self::shared::Alike;

/// The private workspace of one check.
pub struct Session {
    target: Target,
    /// The repository that the check would create if the run had no restriction.
    own_repository: RepositoryName,
    /// The repository that the check uses.
    repository: RepositoryName,
    /// The repository in which the check continues, once it has left its own.
    continued: OnceLock<RepositoryName>,
    /// The recording of the steps, if others have taken them.
    echo: OnceLock<Echo>,
    /// True if several checks take its steps.
    is_shared: bool,
    seed: u64,
    state: Mutex<State>,
}

/// The session that arranges: that of the check, or one on `Target::arranges_on`.
pub(crate) enum Arranging<'s> {
    Same(&'s Session),
    Other(Box<Session>),
}

impl Deref for Arranging<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        match self {
            Self::Same(session) => session,
            Self::Other(session) => session,
        }
    }
}

impl Session {
    /// A session for the check with this id.
    pub fn new(target: Target, id: &str) -> Self {
        let own_repository = target.repository(id);
        let repository = target.write_mode.repository_of_check(&own_repository);
        let seed = id
            .bytes()
            .fold(target.seed, |sum, byte| mix(sum ^ u64::from(byte)));
        let seed = match target.attempt {
            0 => seed,
            attempt => mix(seed ^ u64::from(attempt)),
        };
        Self {
            state: Mutex::new(State::new(target.secrets())),
            target,
            own_repository,
            repository,
            continued: OnceLock::new(),
            echo: OnceLock::new(),
            is_shared: false,
            seed,
        }
    }

    /// The session with which a client model arranges what it reads.
    pub(crate) fn arranging(&self) -> Arranging<'_> {
        let Some(registry) = self.target.arranges_on.clone() else {
            return Arranging::Same(self);
        };
        let target = Target {
            registry,
            arranges_on: None,
            ..self.target.clone()
        };
        Arranging::Other(Box::new(Self {
            state: Mutex::new(State::new(target.secrets())),
            target,
            own_repository: self.own_repository.clone(),
            repository: self.repository.clone(),
            continued: OnceLock::new(),
            echo: OnceLock::new(),
            is_shared: self.is_shared,
            seed: self.seed,
        }))
    }

    /// A session in an existing repository, by its full name.
    pub fn in_repository(target: Target, repository: RepositoryName) -> Self {
        let session = Self::new(target, &repository);
        Self {
            repository,
            ..session
        }
    }

    /// The repository of this check. It does not exist before the check writes to it.
    pub fn repository(&self) -> &RepositoryName {
        let continued = self.continued.get();
        continued.unwrap_or(&self.repository)
    }

    /// A second repository of this check.
    pub fn sibling(&self, name: &str) -> RepositoryName {
        let own = repository_name(format!("{}-{name}", self.own_repository));
        self.target.write_mode.substitute(&own)
    }

    /// Continues in a second repository of this check.
    pub(crate) fn continue_in_sibling(&self, name: &str) {
        self.continued.get_or_init(|| self.sibling(name));
    }

    /// A session for each further process of a flow, in a second repository; none in a run, for which one process is enough:
    /// all send the same requests.
    pub(crate) fn further_processes(&self, names: &[&str]) -> Vec<Self> {
        let is_compared = self.target.arranges_on.is_some();
        let names = names.iter().filter(|_| is_compared);
        let session = |name| Self::in_repository(self.target.clone(), self.sibling(name));
        names.map(|name| session(name)).collect()
    }

    /// True if several checks of a run take the steps of this session in one repository.
    pub(crate) const fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// The chart that a read-only run reads instead of pushing one.
    pub fn existing_chart(&self) -> Option<&ExistingChart> {
        self.target.write_mode.existing_chart()
    }

    /// The archive of the existing chart, if it is measured and not kept.
    pub(crate) fn unkept_archive(&self) -> Option<Expected> {
        let unkept = self.existing_chart()?.chart.unkept_archive.as_ref()?;
        Some(unkept.into())
    }

    /// The blob of the existing chart with this path, if it is measured and not kept.
    pub(crate) fn unkept_blob(&self, path: &str) -> Option<Expected> {
        let (_, digest) = path.split_once("/blobs/")?;
        let unkept = self.existing_chart()?.chart.unkept(digest)?;
        Some(unkept.into())
    }

    /// The chart name that belongs to the repository: its last component.
    pub fn chart_name(&self) -> &str {
        self.repository().last_component()
    }

    /// The target under examination.
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// The seed of this check's content.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The URL of a path on the registry.
    pub fn uri(&self, path: &str) -> Result<Uri, Stop> {
        Ok(url::with_path(self.target.origin(), path)?)
    }

    /// Resolves a reference that the registry returned against the URL it came from, by RFC 3986.
    pub fn resolve(&self, base: &Uri, reference: &str) -> Result<Uri, Stop> {
        Ok(url::resolve(base, reference)?)
    }

    /// The time that the check has waited for `Retry-After` and for the rate limiter of the run.
    pub fn waited(&self) -> Duration {
        self.state().waited()
    }

    /// The number of times that the transfer of a large body began or ended: odd during a transfer.
    pub fn transfers(&self) -> usize {
        self.state().transfers
    }

    /// The last response of a token endpoint that refused a token for the target's credentials.
    pub fn refused_token(&self) -> Option<Reply> {
        self.state().refused_token.clone()
    }

    /// Sends this `Authorization` in this repository from now on.
    pub(crate) fn use_authorization(&self, repository: &RepositoryName, value: HeaderValue) {
        let repository = repository.to_string();
        self.state().authorizations.insert(repository, value);
    }

    /// The text without secrets.
    pub fn redact(&self, text: &str) -> String {
        self.state().secrets.redact(text)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Parses a URL; one that is not usable is an obstacle.
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

/// The digest of content that was sent, as the registry has to name it.
pub fn digest_of(bytes: &[u8]) -> Digest {
    Digest::sha256(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unusable_url_is_shown_without_its_signature() {
        let wrong = parse_uri("https://store.test/a b?sig=canary");
        let Err(Stop::Inconclusive(obstacle)) = wrong else {
            panic!("{wrong:?}")
        };
        assert_eq!(
            obstacle.what,
            "`https://store.test/a b?sig=REDACTED` is not a usable URL"
        );
    }
}
