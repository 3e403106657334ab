//! Sends the requests of a snapshot and records the exchanges, with the names that make them comparable.

use bytes::Bytes;
use helm_oci_reports::snapshot::{Placeholders, SnapshotStep, StepExchange};
use helm_oci_suite::session::{Call, Reply, Session};
use helm_oci_suite::wire::exchange::Exchange;
use http::{Method, StatusCode};

use super::steps;

/// The recorder of exchanges, in the order in which they were sent.
#[derive(Default)]
pub(super) struct StepRecorder {
    pub(super) exchanges: Vec<StepExchange>,
}

/// The subject of a request: its session and its names.
pub(super) struct StepContext<'a> {
    pub(super) session: &'a Session,
    /// The chart, its era, and the part of the chart.
    pub(super) place: String,
    pub(super) names: Placeholders,
}

impl<'a> StepContext<'a> {
    /// A repository as a whole.
    pub(super) fn repository(session: &'a Session, run: Option<String>, place: &str) -> Self {
        let origin = session.target().origin().to_string();
        Self {
            session,
            place: place.to_owned(),
            names: Placeholders {
                origin: origin.trim_end_matches('/').to_owned(),
                repository: session.repository().to_string(),
                run,
                ..Placeholders::default()
            },
        }
    }

    /// A part of the chart in it.
    pub(super) fn part(&self, word: &str, digest: &str, size: Option<usize>) -> Self {
        let place = format!("{} {word}", self.place).trim_end().to_owned();
        Self {
            session: self.session,
            place,
            names: self.names.with_digest(digest, size),
        }
    }
}

impl StepRecorder {
    /// Sends a request and records the exchange, also if there is no response.
    pub(super) async fn record(
        &mut self,
        step: &'static SnapshotStep,
        context: &StepContext<'_>,
        call: Call<'_>,
    ) -> Option<Reply> {
        let before = context.session.exchanges();
        let reply = call.send().await.ok();
        let mut new = context.session.transcript_since(before);
        if let Some(last) = new.pop() {
            for exchange in new {
                let is_challenge = exchange
                    .response
                    .as_ref()
                    .is_ok_and(|answer| answer.status == StatusCode::UNAUTHORIZED);
                let step = if is_challenge {
                    &steps::CHALLENGE
                } else {
                    &steps::TOKEN
                };
                self.keep(step, context, exchange);
            }
            self.keep(step, context, last);
        }
        reply
    }

    fn keep(&mut self, step: &'static SnapshotStep, context: &StepContext<'_>, exchange: Exchange) {
        self.exchanges.push(StepExchange {
            step,
            place: context.place.clone(),
            names: context.names.clone(),
            exchange,
        });
    }

    /// The bytes of a blob, also after a redirect; otherwise a description of the response.
    pub(super) async fn fetch(
        &mut self,
        context: &StepContext<'_>,
        path: &str,
    ) -> Result<Bytes, String> {
        let call = context.session.call(Method::GET, path).unfollowed();
        let reply = self.record(&steps::FETCH, context, call).await;
        let Some(mut reply) = reply else {
            return Err(NOTHING.to_owned());
        };
        if let Some(location) = reply
            .header("location")
            .filter(|_| reply.status.is_redirection())
        {
            let uri = context.session.resolve(&reply.uri, location);
            let call = context
                .session
                .call_uri(Method::GET, uri)
                .unfollowed()
                .anonymous();
            let followed = self.record(&steps::REDIRECTED, context, call).await;
            reply = followed.ok_or_else(|| NOTHING.to_owned())?;
        }
        content(Some(reply)).map(|reply| reply.body)
    }
}

const NOTHING: &str = "no response";

/// A response with the requested content; otherwise a description of the response.
pub(super) fn content(reply: Option<Reply>) -> Result<Reply, String> {
    match reply {
        Some(reply) if reply.status == 200 => Ok(reply),
        Some(reply) => Err(reply.status.to_string()),
        None => Err(NOTHING.to_owned()),
    }
}
