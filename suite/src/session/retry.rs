//! A registry that asks to be left alone for a while is: `429` and `503` with `Retry-After`.
//!
//! That a host limits its callers says nothing of what it does for one Helm, so it is never a violation. What it
//! asks for is bounded: a check waits so often and so long, and then could not tell.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;

use crate::session::Reply;
use crate::verdict::{Obstacle, ObstacleKind, Stop};

/// How often one request is sent again.
const TIMES: usize = 3;

/// How long one check waits, all in all.
const LONGEST: Duration = Duration::from_secs(60);

/// The wait where a registry names a date and tells no time of its own.
const SHORTEST: Duration = Duration::from_secs(1);

/// How long a check has waited.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    /// Because the registry asked for it.
    asked: Mutex<Duration>,
    /// For its turn, among those who speak with the registry.
    turns: Mutex<Duration>,
    /// How many large bodies have begun and ended.
    transfers: AtomicUsize,
}

impl Patience {
    /// All waits so far.
    pub(crate) fn waited(&self) -> Duration {
        let of = |time: &Mutex<Duration>| *time.lock().unwrap_or_else(PoisonError::into_inner);
        of(&self.asked) + of(&self.turns)
    }

    /// A request waited for its turn.
    pub(crate) fn note(&self, time: Duration) {
        *self.turns.lock().unwrap_or_else(PoisonError::into_inner) += time;
    }

    /// A large body begins to go over the wire, or ends.
    pub(crate) fn turn_of_transfer(&self) {
        self.transfers.fetch_add(1, Ordering::Relaxed);
    }

    /// How many beginnings and ends there were.
    pub(crate) fn transfers(&self) -> usize {
        self.transfers.load(Ordering::Relaxed)
    }

    /// Allows a wait before a request is sent again, if that is within bounds; `again` tells how often it was already.
    pub(crate) fn spend(&self, time: Duration, again: usize, reply: &Reply) -> Result<(), Stop> {
        let mut waited = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if again >= TIMES {
            return Err(limited(
                reply,
                &format!("still does after {TIMES} attempts more"),
            ));
        }
        if time > LONGEST.saturating_sub(*waited) {
            let asked = format!(
                "asks to wait {} s, and a check waits {} s at most",
                time.as_secs(),
                LONGEST.as_secs()
            );
            return Err(limited(reply, &asked));
        }
        *waited += time;
        Ok(())
    }
}

fn limited(reply: &Reply, why: &str) -> Stop {
    Stop::from(Obstacle {
        kind: ObstacleKind::Arrangement,
        what: format!(
            "rate limited: the registry answers {} with `Retry-After`, and {why}",
            reply.status
        ),
        exchanges: vec![reply.exchange],
    })
}

/// How long this answer asks to wait before the same is asked again.
pub(crate) fn asked(reply: &Reply) -> Option<Duration> {
    if !matches!(
        reply.status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    ) {
        return None;
    }
    let after = reply.header("retry-after")?.trim();
    if !after.is_empty() && after.bytes().all(|byte| byte.is_ascii_digit()) {
        // More than can be counted is longer than anybody waits.
        return Some(Duration::from_secs(after.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(after).ok()?;
    // The registry's own time counts: its clock and ours may differ.
    let now = reply
        .header("date")
        .and_then(|date| httpdate::parse_http_date(date).ok());
    Some(now.map_or(SHORTEST, |now| {
        until.duration_since(now).unwrap_or_default()
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use futures_util::future::BoxFuture;
    use http::{Method, Uri};

    use super::*;
    use crate::proof;
    use crate::requirement::Setup;
    use crate::session::Session;
    use crate::session::target::Target;
    use crate::wire::{
        ClientHelloOutcome, Registry, Request, Response, ResponseFuture, TransportError,
    };

    const DATE: &str = "Sun, 22 Nov 2026 21:00:00 GMT";
    const LATER: &str = "Sun, 22 Nov 2026 21:00:07 GMT";

    /// A registry that refuses so often before it answers, and writes down how long it was left alone.
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

    /// What a first request comes to, the pauses made, and the number of exchanges written down.
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
        let session = Session::new(target, "test/patience");
        let reply =
            proof::finish(session.call(Method::GET, "/v2/").send()).expect("it never waits");
        let pauses = busy.pauses.lock().expect("a lock");
        let pauses: Vec<u64> = pauses.iter().map(Duration::as_secs).collect();
        assert_eq!(session.waited().as_secs(), pauses.iter().sum::<u64>());
        (reply, pauses, session.transcript().len())
    }

    #[test]
    fn what_is_refused_for_a_while_is_asked_again() {
        for (status, after, refusals, pauses) in [
            (429, "2", 1, &[2][..]),
            (503, "0", 3, &[0, 0, 0]),
            (429, LATER, 2, &[7, 7]),
            (429, "Sat, 21 Nov 2026 21:00:00 GMT", 1, &[0]),
        ] {
            let (reply, paused, exchanges) = ask(status, after, refusals);
            assert_eq!(reply.expect("an answer").status, 200, "{after}");
            assert_eq!(paused, pauses, "{after}");
            assert_eq!(exchanges, refusals + 1, "both sides are written down");
        }
    }

    #[test]
    fn a_limit_that_stays_is_an_obstacle_and_no_violation() {
        for (after, refusals, pauses, words) in [
            ("1", 9, 3, "still does after 3 attempts more"),
            ("25", 9, 2, "asks to wait 25 s, and a check waits 60 s"),
            ("3600", 9, 0, "asks to wait 3600 s"),
            ("99999999999999999999", 9, 0, "a check waits 60 s"),
        ] {
            let (reply, paused, _) = ask(429, after, refusals);
            let Err(Stop::Inconclusive(obstacle)) = reply else {
                panic!("{after}: {reply:?}")
            };
            assert!(
                obstacle
                    .what
                    .starts_with("rate limited: the registry answers 429")
                    && obstacle.what.contains(words),
                "{}",
                obstacle.what
            );
            assert_eq!(paused.len(), pauses, "{after}");
        }
    }

    #[test]
    fn what_asks_for_no_wait_is_an_answer_like_any_other() {
        for (status, after) in [(404, "1"), (429, "soon"), (503, "")] {
            let (reply, paused, _) = ask(status, after, 1);
            assert_eq!(reply.expect("an answer").status, status);
            assert_eq!(paused, [] as [u64; 0]);
        }
    }

    #[test]
    fn a_wait_without_end_after_a_short_one_is_an_obstacle() {
        let target = proof::target(Setup::Open, &[]);
        let session = Session::new(target, "test/patience");
        let reply =
            proof::finish(session.call(Method::GET, "/v2/").send()).expect("it never waits");
        let reply = reply.expect("an answer");
        let patience = Patience::default();
        let second = Duration::from_secs(1);
        patience.spend(second, 0, &reply).expect("it is short");
        let endless = patience.spend(Duration::MAX, 1, &reply);
        assert!(matches!(endless, Err(Stop::Inconclusive(_))));
        assert_eq!(patience.waited(), second);
    }

    #[test]
    fn what_may_be_waited_is_waited_to_the_end() {
        let (reply, paused, _) = ask(429, "60", 1);
        assert_eq!(reply.expect("an answer").status, 200);
        assert_eq!(paused, [60]);
    }

    #[test]
    fn a_wait_for_a_turn_counts_beside_what_is_asked_for_and_uses_none_of_it() {
        let patience = Patience::default();
        patience.note(Duration::from_secs(50));
        patience.note(Duration::from_secs(20));
        assert_eq!(patience.waited(), Duration::from_secs(70));
        let (reply, _, _) = ask(200, "", 0);
        let reply = reply.expect("an answer");
        patience.spend(LONGEST, 0, &reply).expect("it is allowed");
        assert_eq!(patience.waited(), Duration::from_secs(130));
    }

    #[test]
    fn beginnings_and_ends_of_large_bodies_are_counted() {
        let patience = Patience::default();
        for count in 0..3 {
            assert_eq!(patience.transfers(), count);
            patience.turn_of_transfer();
        }
    }
}
