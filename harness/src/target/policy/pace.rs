//! A port that sends no more than so many requests in a second, evenly.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use helm_oci_suite::requirement::BoxFuture;
use helm_oci_suite::wire::content::Content;
use helm_oci_suite::wire::registry::{Hello, Registry, Relay, TransportError, Waited};
use http::{Request, Response};

use crate::clock::Stopwatch;

/// The port.
pub struct Pace {
    inner: Arc<dyn Registry>,
    interval: Duration,
    clock: Stopwatch,
    /// When the next request may go, by that clock.
    next: Mutex<Duration>,
}

impl Pace {
    /// A registry that is asked at this rate at most.
    pub fn new(inner: Arc<dyn Registry>, per_second: NonZeroU32) -> Self {
        Self {
            inner,
            interval: Duration::from_secs(1) / per_second.get(),
            clock: Stopwatch::start(),
            next: Mutex::default(),
        }
    }

    /// Waits for a turn; returns for how long.
    async fn turn(&self) -> Duration {
        let now = self.clock.elapsed();
        let turn = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = now.max(*next);
            *next = turn + self.interval;
            turn
        };
        let wait = turn.saturating_sub(now);
        if wait > Duration::ZERO {
            self.inner.pause(wait).await;
        }
        wait
    }
}

impl Relay for Pace {
    fn inner(&self) -> &dyn Registry {
        self.inner.as_ref()
    }

    fn pass(
        &self,
        request: Request<Content>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async {
            let waited = self.turn().await;
            let mut answer = self.inner.send(request).await;
            if let Ok(answer) = &mut answer {
                answer.extensions_mut().insert(Waited(waited));
            }
            answer
        })
    }

    fn greet(&self) -> BoxFuture<'_, Result<Hello, TransportError>> {
        Box::pin(async {
            self.turn().await;
            self.inner.client_hello().await
        })
    }
}

#[cfg(test)]
mod tests {
    use helm_oci_suite::proof;
    use helm_oci_suite::requirement::Setup;
    use helm_oci_suite::session::Session;
    use helm_oci_suite::session::target::Target;
    use http::Method;

    use super::*;

    #[tokio::test]
    async fn requests_take_turns_and_what_they_waited_is_told() {
        // In memory a pause takes no time, so that turns run ahead of the clock.
        let target = proof::target(Setup::Open, &[]);
        let ten = NonZeroU32::new(10).expect("not zero");
        let paced = Target {
            registry: Arc::new(Pace::new(Arc::clone(&target.registry), ten)),
            ..target
        };
        let session = Session::new(paced, "test/pace");
        for _ in 0..5 {
            session
                .call(Method::GET, "/v2/")
                .send()
                .await
                .expect("an answer");
        }
        // The first goes at once, and each of the others a tenth of a second after the one before it: 1 s in all,
        // less what the machine took for it.
        let waited = session.waited().as_millis();
        assert!((400..=1000).contains(&waited), "{waited} ms");
    }
}
