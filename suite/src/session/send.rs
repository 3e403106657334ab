//! Sending: every request of a session is checked against the write mode, sent, recorded, and repeated if the
//! registry asks for it.

use bytes::Bytes;
use http::{Method, StatusCode, Uri, header};

use helm_oci_fixtures::route::Route;

use super::retry::{own_wait, retry_after};
use super::state::SentRequest;
use super::{Reply, Session};
use crate::verdict::{Finding, Obstacle, Stop};
use crate::wire::{AfterResponse, Request, Response, TransportError};

/// The number of broken connections after which closing the connection counts as the registry's behaviour.
const ATTEMPTS: usize = 3;

/// The number of times that a read is sent again after its connection broke.
const BROKEN_READS: usize = 2;

/// The way in which a session handles a request.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Handling {
    /// Request and response hold credentials: their bodies are not recorded.
    pub(crate) is_secret: bool,
    /// The cases in which the request is sent again.
    pub(crate) repeats: Repeats,
}

/// The cases in which a session sends a request again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Repeats {
    /// After a refusal by a rate limit; a read also after a broken connection; when a check is repeated, the PUT of a
    /// manifest after any refusal.
    #[default]
    Unsettled,
    /// If the registry asks for it with `Retry-After`.
    OnRequest,
    /// Never.
    Never,
}

impl Session {
    /// Sends a request to which the registry may respond by closing the connection: then returns `None`.
    ///
    /// One broken connection may be the network's fault and is an obstacle, as always. If each of three requests breaks
    /// while `GET /v2/` in between gets a response, the registry is the cause.
    pub async fn response_or_close<A>(&self, request: impl Fn() -> A) -> Result<Option<Reply>, Stop>
    where
        A: Future<Output = Result<Reply, Stop>>,
    {
        for _ in 0..ATTEMPTS {
            match request().await {
                Err(stop) if self.is_broken(&stop) => {
                    self.call(Method::GET, "/v2/").send().await?;
                }
                other => return other.map(Some),
            }
        }
        Ok(None)
    }

    /// Sends a read on a connection of its own, after the same read has settled what it needs, and returns the state of
    /// the connection after the response.
    pub async fn send_alone(
        &self,
        method: Method,
        path: &str,
    ) -> Result<(Reply, AfterResponse), Stop> {
        self.call(method.clone(), path).unfollowed().send().await?;
        let mut request = Request::new(method, self.uri(path)?);
        let route = Route::of(&request.uri);
        let repository = route.repository().unwrap_or_default();
        let known = self.state().authorizations.get(repository).cloned();
        if let Some(value) = known {
            request = request.header(header::AUTHORIZATION, value);
        }
        let sent = self.target().registry.send_alone(request.clone()).await;
        let (response, after) = sent.map_err(|error| Stop::from(Obstacle::from(&error)))?;
        Ok((self.note(request, response), after))
    }

    /// Records an exchange that was not sent as usual.
    fn note(&self, request: Request, response: Response) -> Reply {
        let uri = request.uri.clone();
        let mut state = self.state();
        let number = state.begin();
        state.exchanges.push(SentRequest {
            request,
            response: Ok(response.clone()),
            number,
            is_own: true,
            is_secret: false,
        });
        Reply::to(uri, response, state.exchanges.len() - 1)
    }

    /// Sends a request as it is, and again after the time that the registry asks for.
    pub(crate) async fn exchange(
        &self,
        request: Request,
        handling: Handling,
    ) -> Result<Reply, Stop> {
        let target = self.target();
        if !handling.is_secret {
            let allowed = target.write_mode.check(&request, target.origin());
            allowed.map_err(Stop::not_allowed)?;
        }
        let reply = self.unless_limited(&request, handling).await?;
        let is_repeated = target.attempt > 0
            && handling.repeats == Repeats::Unsettled
            && is_manifest_put(&request)
            && reply.status.as_u16() >= 400;
        if !is_repeated {
            return Ok(reply);
        }
        let second = self.unless_limited(&request, handling).await?;
        if !second.status.is_success() {
            return Ok(reply);
        }
        self.note_recovered(reply.exchange);
        Ok(second)
    }

    /// Sends a request as it is, and again while the registry refuses it for its rate.
    async fn unless_limited(&self, request: &Request, handling: Handling) -> Result<Reply, Stop> {
        let mut retries = 0;
        loop {
            let reply = self.unless_broken(request, handling).await?;
            let time = match handling.repeats {
                Repeats::Never => None,
                Repeats::OnRequest => retry_after(&reply),
                Repeats::Unsettled => retry_after(&reply).or_else(|| own_wait(&reply, retries)),
            };
            let Some(time) = time else {
                return Ok(reply);
            };
            self.state().retries.spend(time, retries, &reply)?;
            self.target().registry.pause(time).await;
            retries += 1;
        }
    }

    /// Sends a request as it is; a read also again after its connection broke.
    async fn unless_broken(&self, request: &Request, handling: Handling) -> Result<Reply, Stop> {
        let is_read = matches!(request.method, Method::GET | Method::HEAD);
        let mut left = match handling.repeats {
            Repeats::Unsettled if is_read && !request.is_large() => BROKEN_READS,
            _ => 0,
        };
        loop {
            let sent = match self.echo.get() {
                Some(echo) => {
                    let sent = self.exchange_recorded(echo, request.clone(), handling);
                    Box::pin(sent).await
                }
                None => self.send_once(request.clone(), handling).await,
            };
            let Err(stop) = &sent else {
                return sent;
            };
            if left == 0 || !self.is_broken(stop) {
                return sent;
            }
            left -= 1;
        }
    }

    /// True if a violation is the refusal of a manifest under a tag, with a status of 4xx.
    pub(crate) fn shows_refused_tag(&self, finding: &Finding) -> bool {
        let is_refused_tag = |sent: &SentRequest| {
            let is_by_tag = matches!(Route::of(&sent.request.uri),
                Route::Manifest { reference, .. } if !reference.contains("sha256:"));
            let refused = sent.response.as_ref();
            let is_refused = refused.is_ok_and(|response| {
                response.status.is_client_error() && response.status.as_u16() != 429
            });
            is_refused && is_by_tag && sent.request.method == Method::PUT
        };
        let shown = self.last_exchange_of(&finding.exchanges, is_refused_tag);
        shown.unwrap_or_default()
    }

    /// True if an obstacle is a connection that closed before the response.
    pub(crate) fn is_unanswered(&self, stop: &Stop) -> bool {
        let closed =
            |error: &TransportError| matches!(error, TransportError::Broken { received: None, .. });
        self.obstacle_shows(stop, |sent| {
            sent.response.as_ref().err().is_some_and(closed)
        })
    }

    /// True if an obstacle is a broken connection.
    fn is_broken(&self, stop: &Stop) -> bool {
        let failed = |error: &TransportError| matches!(error, TransportError::Broken { .. });
        self.obstacle_shows(stop, |sent| {
            sent.response.as_ref().err().is_some_and(failed)
        })
    }

    /// The part of a body that was received before its connection closed.
    pub(crate) fn received(&self, stop: &Stop) -> Bytes {
        let Stop::Inconclusive(obstacle) = stop else {
            return Bytes::new();
        };
        let received = self.last_exchange_of(&obstacle.exchanges, |sent| match &sent.response {
            Err(TransportError::Broken {
                received: Some(response),
                ..
            }) => response.body.clone(),
            _ => Bytes::new(),
        });
        received.unwrap_or_default()
    }

    /// The violation that a client model meets if the connection closes before the response is complete: Helm fails then,
    /// and a run confirms that it repeats. Any other reason to stop is returned as it is.
    pub(crate) fn closed(&self, stop: Stop) -> Stop {
        let is_broken = self.is_broken(&stop);
        match stop {
            Stop::Inconclusive(obstacle) if is_broken => Stop::Violated(Box::new(Finding {
                expected: vec!["a complete response".to_owned()],
                actual: obstacle.what,
                exchanges: obstacle.exchanges,
            })),
            other => other,
        }
    }

    /// True if the network or an overloaded server may be the cause of an obstacle: the connection broke, or the status
    /// is 5xx.
    pub(super) fn may_pass(&self, stop: &Stop) -> bool {
        let is_server_error = |sent: &SentRequest| {
            let response = sent.response.as_ref();
            response.is_ok_and(|response| response.status.is_server_error())
        };
        self.is_broken(stop) || self.obstacle_shows(stop, is_server_error)
    }

    /// Tests the last exchange that an obstacle shows.
    fn obstacle_shows(&self, stop: &Stop, test: impl Fn(&SentRequest) -> bool) -> bool {
        let Stop::Inconclusive(obstacle) = stop else {
            return false;
        };
        let shown = self.last_exchange_of(&obstacle.exchanges, test);
        shown.unwrap_or_default()
    }

    /// Reads the last one of these exchanges.
    fn last_exchange_of<T>(
        &self,
        exchanges: &[usize],
        read: impl Fn(&SentRequest) -> T,
    ) -> Option<T> {
        let state = self.state();
        let last = exchanges.last();
        last.and_then(|position| state.exchanges.get(*position))
            .map(read)
    }

    /// Notes that the request of an exchange was sent again, and then succeeded.
    pub(super) fn note_recovered(&self, position: usize) {
        self.state().recovered.push(position);
    }

    /// Sends a request as it is, and records it with its response.
    pub(super) async fn send_once(
        &self,
        request: Request,
        handling: Handling,
    ) -> Result<Reply, Stop> {
        let uri = request.uri.clone();
        let sent = request.clone();
        let transfers = usize::from(request.is_large());
        let number = {
            let mut state = self.state();
            state.transfers += transfers;
            state.begin()
        };
        let response = or_unread(&uri, self.target().registry.send(request).await);
        let position = {
            let mut state = self.state();
            state.transfers += transfers;
            state.exchanges.push(SentRequest {
                request: sent,
                response: response.clone(),
                number,
                is_own: handling.repeats == Repeats::Never,
                is_secret: handling.is_secret,
            });
            if let Ok(response) = &response {
                state.rate_limited += response.waited;
            }
            state.exchanges.len() - 1
        };
        match response {
            Ok(response) => Ok(Reply::to(uri, response, position)),
            Err(error) => Err(Stop::from(Obstacle {
                exchanges: vec![position],
                ..Obstacle::from(&error)
            })),
        }
    }
}

/// The response, also if only the body of a challenge or of `/v2/` is incomplete: nothing reads more than its headers.
fn or_unread(
    uri: &Uri,
    sent: Result<Response, TransportError>,
) -> Result<Response, TransportError> {
    match sent {
        Err(TransportError::Broken {
            received: Some(response),
            ..
        }) if response.status == StatusCode::UNAUTHORIZED || uri.path() == "/v2/" => Ok(*response),
        sent => sent,
    }
}

fn is_manifest_put(request: &Request) -> bool {
    request.method == Method::PUT && matches!(Route::of(&request.uri), Route::Manifest { .. })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt;

    use super::*;
    use crate::proof;
    use crate::requirement::Setup;
    use crate::session::target::Target;
    use crate::wire::content::Pattern;
    use crate::wire::{Registry, Relay, ResponseFuture};

    /// A registry that never responds to a large body.
    struct Hanging(Arc<dyn Registry>);

    impl Relay for Hanging {
        fn inner(&self) -> &dyn Registry {
            self.0.as_ref()
        }

        fn pass(&self, request: Request) -> ResponseFuture<'_> {
            if request.is_large() {
                return Box::pin(std::future::pending());
            }
            self.0.send(request)
        }
    }

    #[test]
    fn transfers_are_counted_at_their_beginning_and_at_their_end() {
        let target = proof::target(Setup::Open, &[]);
        let pattern = Pattern::new(1, 100);
        let put = |session: &Session| {
            let location = session.arrange_upload().now_or_never();
            let location = location.expect("it never waits").expect("an upload");
            let put = session.complete_upload(&location, pattern.digest(), &pattern);
            put.send().now_or_never().is_some()
        };
        let session = Session::new(target.clone(), "test/transfers");
        assert_eq!(session.transfers(), 0);
        assert!(put(&session));
        assert_eq!(session.transfers(), 2);
        let hanging = Target {
            registry: Arc::new(Hanging(Arc::clone(&target.registry))),
            ..target
        };
        let session = Session::new(hanging, "test/transfers");
        assert!(!put(&session), "it has no response");
        assert_eq!(session.transfers(), 1, "the transfer goes on");
    }
}
