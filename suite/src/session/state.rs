//! The mutable part of a session, behind one mutex.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use super::Reply;
use super::retry::RetryBudget;
use super::shared::Recording;
use crate::wire::redaction::Secrets;
use crate::wire::{Request, Response, TransportError};

/// Everything that changes during a session.
pub(super) struct State {
    /// The exchanges so far.
    pub(super) exchanges: Vec<SentRequest>,
    /// The number of requests that were begun.
    begun: usize,
    /// `Authorization` by repository, after a challenge.
    pub(super) authorizations: BTreeMap<String, HeaderValue>,
    /// The credentials of the target, and the tokens received for them.
    pub(super) secrets: Secrets,
    /// The last response of a token endpoint that refused a token.
    pub(super) refused_token: Option<Reply>,
    /// The waits that the registry asked for.
    pub(super) retries: RetryBudget,
    /// The time spent in the rate limiter of the run.
    pub(super) rate_limited: Duration,
    /// The number of times that the transfer of a large body began or ended.
    pub(super) transfers: usize,
    /// The exchanges whose request failed, was sent again and then succeeded.
    pub(super) recovered: Vec<usize>,
    /// The number of exchanges that the session shares with others.
    pub(super) adopted: usize,
    /// The recording that the session waits for.
    pub(super) waits_for: Option<Arc<Recording>>,
}

/// A request with its response, unredacted.
#[derive(Clone)]
pub(super) struct SentRequest {
    pub(super) request: Request,
    pub(super) response: Result<Response, TransportError>,
    /// The number of the request. Exchanges are in the order of their responses.
    pub(super) number: usize,
    /// True if its own response matters, so that no other check gets it.
    pub(super) is_own: bool,
    /// True if the bodies hold credentials.
    pub(super) is_secret: bool,
}

impl State {
    pub(super) fn new(secrets: Secrets) -> Self {
        Self {
            exchanges: Vec::new(),
            begun: 0,
            authorizations: BTreeMap::new(),
            secrets,
            refused_token: None,
            retries: RetryBudget::default(),
            rate_limited: Duration::ZERO,
            transfers: 0,
            recovered: Vec::new(),
            adopted: 0,
            waits_for: None,
        }
    }

    /// The number of a request that begins.
    pub(super) fn begin(&mut self) -> usize {
        self.begun += 1;
        self.begun
    }

    /// All waits so far.
    pub(super) fn waited(&self) -> Duration {
        let other = self.waits_for.as_ref();
        let other = other.map_or(Duration::ZERO, |other| other.session.waited());
        self.retries.waited() + self.rate_limited + other
    }
}
