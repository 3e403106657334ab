//! Sending: every request of a session is checked against the write mode, sent, recorded, and repeated if the
//! registry asks for it.

use http::Method;

use super::retry::retry_after;
use super::state::SentRequest;
use super::{Reply, Session};
use crate::verdict::{Obstacle, ObstacleKind, Stop};
use crate::wire::Request;

/// The number of broken connections after which closing the connection counts as the registry's behaviour.
const ATTEMPTS: usize = 3;

/// The way in which a session handles a request.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Handling {
    /// Request and response hold credentials: their bodies are not recorded.
    pub(crate) is_secret: bool,
    /// The request is not sent again, also if the registry asks for that.
    pub(crate) no_retry: bool,
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
                Err(Stop::Inconclusive(obstacle)) if obstacle.kind == ObstacleKind::Transport => {
                    self.call(Method::GET, "/v2/").send().await?;
                }
                other => return other.map(Some),
            }
        }
        Ok(None)
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
        let mut retries = 0;
        loop {
            let reply = self.exchange_once(request.clone(), handling).await?;
            let Some(time) = retry_after(&reply).filter(|_| !handling.no_retry) else {
                return Ok(reply);
            };
            self.state().retries.spend(time, retries, &reply)?;
            target.registry.pause(time).await;
            retries += 1;
        }
    }

    /// Sends a request as it is, and records it with its response.
    async fn exchange_once(&self, request: Request, handling: Handling) -> Result<Reply, Stop> {
        let uri = request.uri.clone();
        let sent = request.clone();
        let transfers = usize::from(request.is_large());
        self.state().transfers += transfers;
        let response = self.target().registry.send(request).await;
        let position = {
            let mut state = self.state();
            state.transfers += transfers;
            state.exchanges.push(SentRequest {
                request: sent,
                response: response.clone(),
                is_secret: handling.is_secret,
            });
            if let Ok(response) = &response {
                state.rate_limited += response.waited;
            }
            state.exchanges.len() - 1
        };
        match response {
            Ok(response) => Ok(Reply {
                status: response.status,
                headers: response.headers,
                body: response.body,
                measured: response.measured,
                exchange: position,
                uri,
            }),
            Err(error) => Err(Stop::from(Obstacle {
                exchanges: vec![position],
                ..Obstacle::from(&error)
            })),
        }
    }
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
