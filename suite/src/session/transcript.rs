//! The transcript of a session, recorded only where it is read.

use http::{Method, StatusCode, Uri};

use super::Session;
use super::state::SentRequest;
use crate::wire::exchange::Exchange;

impl Session {
    /// The transcript so far, without the secrets that are known by now.
    pub fn transcript(&self) -> Vec<Exchange> {
        self.transcript_since(0)
    }

    /// The transcript from this exchange on.
    pub fn transcript_since(&self, first: usize) -> Vec<Exchange> {
        let origin = self.target().origin();
        let state = self.state();
        let record = |sent: &SentRequest| {
            let SentRequest {
                request,
                response,
                is_secret,
                ..
            } = sent;
            Exchange::record(request, response, origin, *is_secret, &state.secrets)
        };
        state.exchanges.iter().skip(first).map(record).collect()
    }

    /// The number of exchanges of this session alone, without those that it shares with others.
    pub fn sent(&self) -> usize {
        let state = self.state();
        state.exchanges.len() - state.adopted
    }

    /// The number of exchanges so far.
    pub fn exchanges(&self) -> usize {
        self.state().exchanges.len()
    }

    /// The requests that failed, were sent again unchanged and then succeeded, with their first status.
    pub fn recovered(&self) -> Vec<(Method, Uri, StatusCode)> {
        let state = self.state();
        let failed = state.recovered.iter().filter_map(|position| {
            let sent = state.exchanges.get(*position)?;
            let status = sent.response.as_ref().ok()?.status;
            Some((
                sent.request.method.clone(),
                sent.request.uri.clone(),
                status,
            ))
        });
        failed.collect()
    }

    /// The number of responses so far.
    pub fn responses(&self) -> usize {
        let state = self.state();
        let exchanges = state.exchanges.iter();
        let other = state.waits_for.as_ref();
        let other = other.map_or(0, |other| other.session.responses());
        exchanges.filter(|sent| sent.response.is_ok()).count() + other
    }

    /// The positions of the exchanges without a response.
    pub(crate) fn failed_exchanges(&self) -> Vec<usize> {
        let state = self.state();
        let exchanges = state.exchanges.iter().enumerate();
        let failed = exchanges.filter(|(_, sent)| sent.response.is_err());
        failed.map(|(position, _)| position).collect()
    }
}
