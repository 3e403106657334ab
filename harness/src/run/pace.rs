//! The pace of a run on one target: how many checks run concurrently, and how fast requests follow each other.
//!
//! A registry that refuses many requests with 429 or 503, or that lets requests time out, is given fewer at a time, and then
//! more again. A single refusal changes nothing: the network may be the cause. A registry behind a slow network gets more
//! requests at a time, as long as that does not delay its responses.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use helm_oci_reports::record::LineRecord;
use helm_oci_suite::wire::{
    ClientHelloOutcome, Registry, Relay, Request, Response, ResponseFuture, TransportError,
};
use tokio::sync::{Notify, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::growth::Growth;
use crate::clock::Stopwatch;
use crate::target::policy::Concurrency;

/// The number of refusals among 32 responses from which on the run slows down.
const REFUSALS: u32 = 4;
/// The time in which the run slows down at most once: its earlier requests are still under way.
const SETTLING: Duration = Duration::from_millis(500);
/// The number of responses in a row without a refusal after which the run becomes faster again.
const CALM: usize = 100;
/// The shortest and the longest interval between requests of a run that slowed down.
const SHORTEST: Duration = Duration::from_millis(4);
const LONGEST: Duration = Duration::from_millis(256);

/// The pace of a run on one target.
#[derive(Debug)]
pub(crate) struct Pace {
    limits: Concurrency,
    clock: Stopwatch,
    state: Mutex<State>,
    changed: Notify,
    /// Held for reading by each check, for writing by one that runs alone.
    alone: RwLock<()>,
}

#[derive(Debug)]
struct State {
    /// The number of checks that may run concurrently.
    allowed: usize,
    running: usize,
    /// The time between two requests.
    interval: Duration,
    /// The earliest time of the next request.
    next: Duration,
    /// The last responses, a bit each: one for a refusal.
    refused: u32,
    /// The responses since the last refusal.
    calm: usize,
    /// The time at which the run slowed down last.
    slowed: Option<Duration>,
    growth: Growth,
    /// The largest number of checks that was allowed.
    highest: usize,
    line: LineRecord,
}

/// The right to run a check. Dropping it passes it on.
#[derive(Debug)]
pub(crate) struct Turn<'p> {
    pace: &'p Pace,
    _shared: RwLockReadGuard<'p, ()>,
}

/// The effect of one response on the pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// The registry keeps up.
    Calm,
    /// It refused the request for its rate.
    Refused,
    /// It did not respond in time.
    Starved,
    /// The connection broke, which is no matter of the pace.
    Broken,
}

impl Pace {
    /// A pace within these limits.
    pub(crate) fn new(limits: Concurrency) -> Self {
        Self {
            limits,
            clock: Stopwatch::start(),
            state: Mutex::new(State {
                allowed: limits.first.max(1),
                running: 0,
                interval: Duration::ZERO,
                next: Duration::ZERO,
                refused: 0,
                calm: 0,
                slowed: None,
                growth: Growth::default(),
                highest: limits.first.max(1),
                line: LineRecord::default(),
            }),
            changed: Notify::new(),
            alone: RwLock::new(()),
        }
    }

    /// Waits until another check may run.
    pub(crate) async fn turn(&self) -> Turn<'_> {
        let shared = self.alone.read().await;
        loop {
            let changed = self.changed.notified();
            {
                let mut state = self.state();
                if state.running < state.allowed {
                    state.running += 1;
                    return Turn {
                        pace: self,
                        _shared: shared,
                    };
                }
            }
            changed.await;
        }
    }

    /// Waits until no check runs, and lets none begin while the guard is held.
    pub(crate) async fn alone(&self) -> RwLockWriteGuard<'_, ()> {
        self.alone.write().await
    }

    /// The connection to the registry so far.
    pub(crate) fn line(&self) -> LineRecord {
        self.state().line.clone()
    }

    /// The wait before the next request.
    fn wait(&self) -> Duration {
        let now = self.clock.elapsed();
        let mut state = self.state();
        if state.interval.is_zero() {
            return Duration::ZERO;
        }
        let time = now.max(state.next);
        state.next = time + state.interval;
        time.saturating_sub(now)
    }

    /// The largest number of checks that was allowed to run concurrently.
    pub(crate) fn highest(&self) -> usize {
        self.state().highest
    }

    /// The number of checks that may run concurrently now.
    pub(crate) fn allowed(&self) -> usize {
        self.state().allowed
    }

    /// Follows a response that took this time.
    fn observe(&self, sign: Sign, duration: Duration) {
        let now = self.clock.elapsed();
        let mut state = self.state();
        state.refused = state.refused << 1 | u32::from(sign == Sign::Refused);
        match sign {
            Sign::Calm => {
                state.recover(self.limits.first);
                if state.slowed.is_none() {
                    let allowed = state.allowed;
                    state.allowed = state.growth.next(allowed, self.limits.most, duration);
                    state.highest = state.highest.max(state.allowed);
                }
            }
            Sign::Broken => state.line.broken += 1,
            Sign::Refused => {
                state.calm = 0;
                state.line.limited += 1;
                if state.refused.count_ones() >= REFUSALS && state.slow_down(now) {
                    let doubled = (state.interval * 2).clamp(SHORTEST, LONGEST);
                    state.interval = doubled;
                    let milliseconds = u64::try_from(doubled.as_millis()).unwrap_or(u64::MAX);
                    state.line.interval = state.line.interval.max(milliseconds);
                }
            }
            Sign::Starved => {
                state.calm = 0;
                state.line.timeouts += 1;
                state.slow_down(now);
            }
        }
        drop(state);
        self.changed.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Halves the number of checks, unless that has just happened.
    fn slow_down(&mut self, now: Duration) -> bool {
        let is_settling = |slowed: Duration| now.saturating_sub(slowed) < SETTLING;
        if self.slowed.is_some_and(is_settling) {
            return false;
        }
        self.slowed = Some(now);
        self.refused = 0;
        self.allowed = (self.allowed / 2).max(1);
        let fewest = self.line.slowed_to.unwrap_or(usize::MAX);
        self.line.slowed_to = Some(fewest.min(self.allowed));
        true
    }

    /// Becomes faster after a series of responses without a refusal.
    fn recover(&mut self, first: usize) {
        self.calm += 1;
        if self.calm < CALM {
            return;
        }
        self.calm = 0;
        self.allowed = self.allowed.max((self.allowed + 1).min(first));
        self.interval = self.interval * 3 / 4;
        if self.interval < SHORTEST {
            self.interval = Duration::ZERO;
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.pace.state().running -= 1;
        self.pace.changed.notify_waiters();
    }
}

/// A relay that keeps to the pace, and sets it by the responses.
pub(crate) struct PacedRegistry {
    inner: Arc<dyn Registry>,
    pace: Arc<Pace>,
}

impl PacedRegistry {
    pub(crate) fn new(inner: Arc<dyn Registry>, pace: Arc<Pace>) -> Self {
        Self { inner, pace }
    }
}

impl Relay for PacedRegistry {
    fn inner(&self) -> &dyn Registry {
        self.inner.as_ref()
    }

    fn pass(&self, request: Request) -> ResponseFuture<'_> {
        Box::pin(async {
            let wait = self.pace.wait();
            if !wait.is_zero() {
                self.inner.pause(wait).await;
            }
            let begun = Stopwatch::start();
            let mut response = self.inner.send(request).await;
            self.pace.observe(sign(&response), begun.elapsed());
            if let Ok(response) = &mut response {
                response.waited += wait;
            }
            response
        })
    }

    fn greet(&self) -> BoxFuture<'_, Result<ClientHelloOutcome, TransportError>> {
        self.inner.client_hello()
    }
}

fn sign(response: &Result<Response, TransportError>) -> Sign {
    match response {
        Ok(response) if matches!(response.status.as_u16(), 429 | 503) => Sign::Refused,
        Err(TransportError::Timeout { .. }) => Sign::Starved,
        Err(TransportError::Broken { .. }) => Sign::Broken,
        Ok(_) | Err(_) => Sign::Calm,
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_starving_registry_gets_fewer_checks_and_then_more_again() {
        let pace = Pace::new(Concurrency::fixed(4));
        pace.observe(Sign::Starved, Duration::ZERO);
        assert_eq!(pace.line().slowed_to, Some(2));
        let turns: Vec<_> = (0..2).map(|_| pace.turn().now_or_never()).collect();
        assert!(turns.iter().all(Option::is_some));
        assert!(pace.turn().now_or_never().is_none(), "two run already");
        for _ in 0..CALM {
            pace.observe(Sign::Calm, Duration::ZERO);
        }
        assert!(
            pace.turn().now_or_never().is_some(),
            "a third is allowed again"
        );
        drop(turns);
        assert!(pace.turn().now_or_never().is_some());
    }

    #[test]
    fn many_refusals_slow_a_run_down_and_single_ones_do_not() {
        let pace = Pace::new(Concurrency::fixed(16));
        for _ in 0..20 {
            pace.observe(Sign::Refused, Duration::ZERO);
            (0..32).for_each(|_| pace.observe(Sign::Calm, Duration::ZERO));
        }
        let LineRecord {
            limited,
            slowed_to,
            interval,
            ..
        } = pace.line();
        assert_eq!((limited, slowed_to, interval), (20, None, 0));
        (0..REFUSALS).for_each(|_| pace.observe(Sign::Refused, Duration::ZERO));
        let line = pace.line();
        assert_eq!(line.slowed_to, Some(8));
        assert_eq!(Duration::from_millis(line.interval), SHORTEST);
        assert_eq!(
            pace.wait(),
            Duration::ZERO,
            "the first request is sent at once"
        );
        assert!(pace.wait() > Duration::ZERO);
    }
}
