//! Retries: a request to which the registry responds with 429 or 503 is sent again, after the time of `Retry-After` or
//! after a growing wait.
//!
//! A rate limit is never a violation, because one Helm client does not meet it. Retries are bounded by number and time;
//! beyond that the check is inconclusive. Only a 503 without `Retry-After` is then the response: it can mean anything.

use std::time::Duration;

use http::StatusCode;

use crate::session::Reply;
use crate::verdict::{Obstacle, ObstacleKind, Stop};

/// The maximum number of retries of one request.
const RETRIES: usize = 3;

/// The maximum time that one check waits in total.
const LONGEST: Duration = Duration::from_secs(60);

/// The first wait without `Retry-After`; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The wait if `Retry-After` is a date and the response has no `Date`.
const WITHOUT_DATE: Duration = Duration::from_secs(1);

/// The waits of a check that the registry asked for.
#[derive(Debug, Default)]
pub(super) struct RetryBudget {
    waited: Duration,
}

impl RetryBudget {
    /// All waits so far.
    pub(super) const fn waited(&self) -> Duration {
        self.waited
    }

    /// Allows a wait before a request is sent again, if it is within bounds. `retries` counts the earlier ones of the
    /// same request.
    pub(super) fn spend(
        &mut self,
        time: Duration,
        retries: usize,
        reply: &Reply,
    ) -> Result<(), Stop> {
        if retries >= RETRIES {
            let why = format!("the same after {RETRIES} retries");
            return Err(limited(reply, &why));
        }
        if time > LONGEST.saturating_sub(self.waited) {
            let why = format!(
                "it asks for a wait of {} s, and a check waits {} s at most",
                time.as_secs(),
                LONGEST.as_secs()
            );
            return Err(limited(reply, &why));
        }
        self.waited += time;
        Ok(())
    }
}

fn limited(reply: &Reply, why: &str) -> Stop {
    let with = if retry_after(reply).is_some() {
        "with"
    } else {
        "without"
    };
    Stop::from(Obstacle {
        kind: ObstacleKind::Arrangement,
        what: format!(
            "rate limited: the registry returned {} {with} `Retry-After`: {why}",
            reply.status
        ),
        exchanges: vec![reply.exchange],
    })
}

/// The wait before a request is sent again that was refused without `Retry-After`, after this number of retries. `None`
/// if the response is not a refusal by a rate limit, or no longer taken for one.
pub(super) fn own_wait(reply: &Reply, retries: usize) -> Option<Duration> {
    let is_limited = match reply.status {
        StatusCode::TOO_MANY_REQUESTS => true,
        StatusCode::SERVICE_UNAVAILABLE => retries < RETRIES,
        _ => false,
    };
    let doublings = u32::try_from(retries.min(RETRIES)).ok()?;
    is_limited.then(|| FIRST_WAIT * 2_u32.pow(doublings))
}

/// The time that a response asks to wait before the request is sent again.
pub(crate) fn retry_after(reply: &Reply) -> Option<Duration> {
    if !matches!(
        reply.status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    ) {
        return None;
    }
    let after = reply.header("retry-after")?.trim();
    if !after.is_empty() && after.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number too large to parse is longer than any check waits.
        return Some(Duration::from_secs(after.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(after).ok()?;
    // The date is compared with the registry's own clock, which may differ from ours.
    let now = reply
        .header("date")
        .and_then(|date| httpdate::parse_http_date(date).ok());
    Some(now.map_or(WITHOUT_DATE, |now| {
        until.duration_since(now).unwrap_or_default()
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use bytes::Bytes;
    use futures_util::future::BoxFuture;
    use http::{Method, Uri};

    use super::*;
    use crate::proof;
    use crate::requirement::Setup;
    use crate::session::Session;
    use crate::session::state::State;
    use crate::session::target::Target;
    use crate::wire::redaction::Secrets;
    use crate::wire::{
        ClientHelloOutcome, Registry, Request, Response, ResponseFuture, TransportError,
    };

    const DATE: &str = "Sun, 22 Nov 2026 21:00:00 GMT";
    const LATER: &str = "Sun, 22 Nov 2026 21:00:07 GMT";

    /// A registry that refuses this many requests before it responds, and records the pauses.
    struct Busy {
        inner: Arc<dyn Registry>,
        status: u16,
        after: &'static str,
        refusals: Mutex<usize>,
        pauses: Mutex<Vec<Duration>>,
    }

    impl Registry for Busy {
        fn send(&self, request: Request) -> ResponseFuture<'_> {
            let mut refusals = self.refusals.lock().expect("a lock");
            if *refusals == 0 {
                return self.inner.send(request);
            }
            *refusals -= 1;
            let refusal = http::Response::builder()
                .status(self.status)
                .header("retry-after", self.after)
                .header("date", DATE)
                .body(Bytes::new());
            let refusal = Response::from(refusal.expect("a response"));
            Box::pin(std::future::ready(Ok(refusal)))
        }

        fn client_hello(&self) -> BoxFuture<'_, Result<ClientHelloOutcome, TransportError>> {
            self.inner.client_hello()
        }

        fn pause(&self, time: Duration) -> BoxFuture<'_, ()> {
            self.pauses.lock().expect("a lock").push(time);
            Box::pin(std::future::ready(()))
        }

        fn origin(&self) -> &Uri {
            self.inner.origin()
        }
    }

    /// The result of a first request, the pauses, and the number of exchanges recorded.
    fn ask(
        status: u16,
        after: &'static str,
        refusals: usize,
    ) -> (Result<Reply, Stop>, Vec<u64>, usize) {
        let known = proof::target(Setup::Open, &[]);
        let busy = Arc::new(Busy {
            inner: Arc::clone(&known.registry),
            status,
            after,
            refusals: Mutex::new(refusals),
            pauses: Mutex::default(),
        });
        let target = Target {
            registry: Arc::clone(&busy) as Arc<dyn Registry>,
            ..known
        };
        let session = Session::new(target, "test/retry");
        let reply =
            proof::finish(session.call(Method::GET, "/v2/").send()).expect("it never waits");
        let pauses = busy.pauses.lock().expect("a lock");
        assert_eq!(session.waited(), pauses.iter().sum::<Duration>());
        let pauses: Vec<u64> = pauses.iter().map(Duration::as_secs).collect();
        (reply, pauses, session.transcript().len())
    }

    #[test]
    fn a_request_with_retry_after_is_sent_again() {
        for (status, after, refusals, pauses) in [
            (429, "2", 1, &[2][..]),
            (503, "0", 3, &[0, 0, 0]),
            (429, LATER, 2, &[7, 7]),
            (429, "Sat, 21 Nov 2026 21:00:00 GMT", 1, &[0]),
        ] {
            let (reply, paused, exchanges) = ask(status, after, refusals);
            assert_eq!(reply.expect("a response").status, 200, "{after}");
            assert_eq!(paused, pauses, "{after}");
            assert_eq!(exchanges, refusals + 1, "each attempt is recorded");
        }
    }

    #[test]
    fn a_limit_that_persists_is_an_obstacle_and_no_violation() {
        for (after, refusals, pauses, words) in [
            ("1", 9, 3, "the same after 3 retries"),
            ("25", 9, 2, "a wait of 25 s, and a check waits 60 s"),
            ("3600", 9, 0, "it asks for a wait of 3600 s"),
            ("99999999999999999999", 9, 0, "a check waits 60 s"),
        ] {
            let (reply, paused, _) = ask(429, after, refusals);
            let Err(Stop::Inconclusive(obstacle)) = reply else {
                panic!("{after}: {reply:?}")
            };
            assert!(
                obstacle
                    .what
                    .starts_with("rate limited: the registry returned 429")
                    && obstacle.what.contains(words),
                "{}",
                obstacle.what
            );
            assert_eq!(paused.len(), pauses, "{after}");
        }
    }

    #[test]
    fn a_refusal_without_a_wait_is_sent_again_a_few_times() {
        for (status, after, refusals, sent, last) in [
            (404, "1", 1, 1, Some(404)),
            (429, "soon", 2, 3, Some(200)),
            (503, "", 3, 4, Some(200)),
            // It can mean anything, so that a check judges it.
            (503, "", 9, 4, Some(503)),
            (429, "", 9, 4, None),
        ] {
            let (reply, paused, exchanges) = ask(status, after, refusals);
            assert_eq!(exchanges, sent, "{status}");
            assert_eq!(paused.len(), sent - 1, "{status}");
            match (reply, last) {
                (Ok(reply), Some(last)) => assert_eq!(reply.status, last),
                (Err(Stop::Inconclusive(obstacle)), None) => {
                    assert!(
                        obstacle
                            .what
                            .contains("429 Too Many Requests without `Retry-After`")
                    );
                }
                (reply, last) => panic!("{status}: {reply:?}, not {last:?}"),
            }
        }
    }

    #[test]
    fn an_endless_wait_after_a_short_one_is_an_obstacle() {
        let target = proof::target(Setup::Open, &[]);
        let session = Session::new(target, "test/retry");
        let reply =
            proof::finish(session.call(Method::GET, "/v2/").send()).expect("it never waits");
        let reply = reply.expect("a response");
        let mut budget = RetryBudget::default();
        let second = Duration::from_secs(1);
        budget.spend(second, 0, &reply).expect("it is short");
        let endless = budget.spend(Duration::MAX, 1, &reply);
        assert!(matches!(endless, Err(Stop::Inconclusive(_))));
        assert_eq!(budget.waited(), second);
    }

    #[test]
    fn the_longest_wait_is_allowed() {
        let (reply, paused, _) = ask(429, "60", 1);
        assert_eq!(reply.expect("a response").status, 200);
        assert_eq!(paused, [60]);
    }

    #[test]
    fn time_in_the_rate_limiter_counts_as_waited_and_uses_no_retry_budget() {
        let (reply, _, _) = ask(200, "", 0);
        let reply = reply.expect("a response");
        let mut state = State::new(Secrets::default());
        state.rate_limited += Duration::from_secs(50);
        state.rate_limited += Duration::from_secs(20);
        assert_eq!(state.waited(), Duration::from_secs(70));
        let retries = &mut state.retries;
        retries.spend(LONGEST, 0, &reply).expect("it is allowed");
        assert_eq!(state.waited(), Duration::from_secs(130));
    }
}
