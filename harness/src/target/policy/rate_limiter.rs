//! A port that limits the rate of requests, and spaces them evenly.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use helm_oci_suite::wire::{
    AloneFuture, ClientHelloOutcome, Registry, Relay, Request, ResponseFuture, TransportError,
};

use crate::clock::Stopwatch;

/// A port with a limited rate of requests.
pub struct RateLimiter {
    inner: Arc<dyn Registry>,
    interval: Duration,
    clock: Stopwatch,
    /// The earliest time of the next request, by that clock.
    next: Mutex<Duration>,
}

impl RateLimiter {
    /// A registry that receives this many requests in a second at most.
    pub fn new(inner: Arc<dyn Registry>, per_second: NonZeroU32) -> Self {
        Self {
            inner,
            interval: Duration::from_secs(1) / per_second.get(),
            clock: Stopwatch::start(),
            next: Mutex::default(),
        }
    }

    /// Waits until the next request may be sent, and returns the time waited.
    async fn wait(&self) -> Duration {
        let now = self.clock.elapsed();
        let time = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let time = now.max(*next);
            *next = time + self.interval;
            time
        };
        let wait = time.saturating_sub(now);
        if wait > Duration::ZERO {
            self.inner.pause(wait).await;
        }
        wait
    }
}

impl Relay for RateLimiter {
    fn inner(&self) -> &dyn Registry {
        self.inner.as_ref()
    }

    fn pass(&self, request: Request) -> ResponseFuture<'_> {
        Box::pin(async {
            let waited = self.wait().await;
            let mut response = self.inner.send(request).await?;
            response.waited = waited;
            Ok(response)
        })
    }

    fn pass_alone(&self, request: Request) -> AloneFuture<'_> {
        Box::pin(async {
            let waited = self.wait().await;
            let (mut response, after) = self.inner.send_alone(request).await?;
            response.waited = waited;
            Ok((response, after))
        })
    }

    fn greet(&self) -> BoxFuture<'_, Result<ClientHelloOutcome, TransportError>> {
        Box::pin(async {
            self.wait().await;
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
    async fn requests_are_spaced_and_their_waiting_time_is_reported() {
        // In memory a pause takes no time, so the schedule runs ahead of the clock.
        let target = proof::target(Setup::Open, &[]);
        let ten = NonZeroU32::new(10).expect("not zero");
        let limited = Target {
            registry: Arc::new(RateLimiter::new(Arc::clone(&target.registry), ten)),
            ..target
        };
        let session = Session::new(limited, "test/rate-limiter");
        for _ in 0..5 {
            session
                .call(Method::GET, "/v2/")
                .send()
                .await
                .expect("a response");
        }
        // The first is sent at once, each of the others a tenth of a second after its predecessor: the waiting times
        // add up to 1 s, less the time that the machine took.
        let waited = session.waited().as_millis();
        assert!((400..=1000).contains(&waited), "{waited} ms");
    }
}
