//! Repeats a check that fails, in a fresh repository: only what repeats is a result.
//!
//! The first attempt that passes ends the repetition: the check is intermittent. An observation that occurs in one attempt
//! more than there are retries is the result. Attempts that fail in different ways are repeated a few more times, and are
//! then inconclusive.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use helm_oci_suite::requirement::Requirement;
use helm_oci_suite::session::target::Target;
use helm_oci_suite::session::write_mode::WriteMode;
use helm_oci_suite::verdict::{Obstacle, ObstacleKind, Verdict};

use super::observation::{Observation, is_refused, is_withheld, observation};
use super::pace::Pace;
use super::{Checked, check};

/// The number of checks with one and the same confirmed obstacle after which further ones are not repeated.
const KNOWN: usize = 5;

/// Repeats checks on one target.
pub(super) struct Settler<'a> {
    pub(super) target: &'a Target,
    /// The time limit of one attempt.
    pub(super) deadline: Duration,
    /// The number of times that an observation is confirmed.
    pub(super) retries: usize,
    pub(super) pace: &'a Pace,
    /// The number of checks with a confirmed obstacle, by observation.
    pub(super) obstacles: Mutex<BTreeMap<Observation, usize>>,
}

impl Settler<'_> {
    /// Runs a check until its result is settled.
    pub(super) async fn check(&self, requirement: &'static Requirement) -> Checked {
        let mut attempts = vec![{
            let _turn = self.pace.turn().await;
            self.attempt(requirement, 0).await
        }];
        // A given repository cannot be replaced by a fresh one.
        let retries = match self.target.write_mode {
            WriteMode::GivenRepositories(_) => 0,
            WriteMode::OwnRepositories | WriteMode::ReadOnly(_) => self.retries,
        };
        while let Some(number) = self.next(&attempts, retries) {
            let next = if attempts.last().is_some_and(is_refused) {
                // The registry may only be overloaded by the other checks.
                let _alone = self.pace.alone().await;
                self.attempt(requirement, number).await
            } else {
                let _turn = self.pace.turn().await;
                self.attempt(requirement, number).await
            };
            if is_withheld(&next) {
                break;
            }
            attempts.push(next);
        }
        if attempts.len() == 1 {
            return attempts.remove(0);
        }
        let settled = settled(attempts, retries);
        if let (Verdict::Inconclusive(_), Some(observation)) =
            (&settled.verdict, observation(&settled))
        {
            let mut known = self
                .obstacles
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *known.entry(observation).or_default() += 1;
        }
        settled
    }

    async fn attempt(&self, requirement: &'static Requirement, number: usize) -> Checked {
        let target = Target {
            attempt: u32::try_from(number).unwrap_or(u32::MAX),
            ..self.target.clone()
        };
        check(requirement, &target, self.deadline).await
    }

    /// The number of the next attempt, if one is needed.
    fn next(&self, attempts: &[Checked], retries: usize) -> Option<usize> {
        let last = observation(attempts.last()?)?;
        let same = attempts
            .iter()
            .filter_map(observation)
            .filter(|one| *one == last);
        let is_confirmed = same.count() > retries;
        let is_known = !last.is_violation && {
            let known = self
                .obstacles
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            known.get(&last).is_some_and(|count| *count >= KNOWN)
        };
        let is_over = is_confirmed || is_known || attempts.len() > 2 * retries;
        (!is_over).then_some(attempts.len())
    }
}

/// The result of several attempts, of which only the last one can have passed.
fn settled(attempts: Vec<Checked>, retries: usize) -> Checked {
    let observations: Vec<Option<Observation>> = attempts.iter().map(observation).collect();
    let last = observations.last().cloned().flatten();
    // An obstacle of which several checks are the confirmation is not repeated as often.
    let is_same_obstacle = observations.iter().all(|one| *one == last)
        && last.as_ref().is_some_and(|one| !one.is_violation);
    let confirmed = observations.iter().position(|one| {
        let same = observations.iter().filter(|other| *other == one);
        one.is_some() && (is_same_obstacle || same.count() > retries)
    });
    let result = match (&last, confirmed) {
        (None, _) => attempts.len() - 1,
        (Some(_), Some(confirmed)) => confirmed,
        (Some(_), None) => 0,
    };
    let is_unsettled = last.is_some() && confirmed.is_none();
    let requests = attempts.iter().map(|one| one.requests).sum();
    let milliseconds = attempts.iter().map(|one| one.milliseconds).sum();
    let recovered = attempts
        .iter()
        .flat_map(|one| one.recovered.clone())
        .collect();
    let mut all: Vec<Option<Checked>> = attempts.into_iter().map(Some).collect();
    let own = all[result].take().expect("it is one of them");
    let count = all.len();
    let verdict = if is_unsettled {
        let what = format!("each of {count} attempts failed, and not twice in the same way");
        Verdict::Inconclusive(Box::new(Obstacle::new(ObstacleKind::Arrangement, what)))
    } else {
        own.verdict.clone()
    };
    all[result] = Some(Checked {
        attempts: Vec::new(),
        ..own.clone()
    });
    Checked {
        verdict,
        requests,
        milliseconds,
        recovered,
        attempts: all.into_iter().flatten().collect(),
        exchanges: own.exchanges,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use helm_oci_fixtures::fault::Fault;
    use helm_oci_fixtures::route::Route;
    use helm_oci_suite::checks;
    use helm_oci_suite::proof;
    use helm_oci_suite::requirement::Setup;
    use helm_oci_suite::wire::{
        Registry, Relay, Request, Response, ResponseFuture, TransportError,
    };
    use http::{HeaderValue, Method, StatusCode, header};

    use super::*;
    use crate::target::policy::Concurrency;

    /// The trouble of a network, or of a server that is now and then overloaded.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Trouble {
        /// The connection is reset before the request arrives.
        Reset,
        /// The response is lost after the request was obeyed.
        Lost,
        /// This status.
        Status(u16, Option<&'static str>),
    }

    /// A registry with trouble in one of this number of the requests that the filter selects.
    struct Flaky {
        inner: Arc<dyn Registry>,
        trouble: Trouble,
        one_in: usize,
        concerns: fn(&Request) -> bool,
        sent: AtomicUsize,
    }

    impl Relay for Flaky {
        fn inner(&self) -> &dyn Registry {
            self.inner.as_ref()
        }

        fn pass(&self, request: Request) -> ResponseFuture<'_> {
            if !(self.concerns)(&request) {
                return self.inner.send(request);
            }
            let number = self.sent.fetch_add(1, Ordering::Relaxed);
            // Spread over the requests, but the same in each run of the test.
            let is_troubled = (number * 7919 + 31) % (self.one_in * 10) < 10;
            let broken = || TransportError::Broken {
                authority: "registry.test".to_owned(),
                cause: "reset".to_owned(),
                received: None,
            };
            Box::pin(async move {
                match self.trouble {
                    _ if !is_troubled => self.inner.send(request).await,
                    Trouble::Reset => Err(broken()),
                    Trouble::Lost => {
                        let _ = self.inner.send(request).await;
                        Err(broken())
                    }
                    Trouble::Status(status, after) => {
                        let status = StatusCode::from_u16(status).expect("a status");
                        let mut response = Response::new(status);
                        if let Some(after) = after {
                            let after = HeaderValue::from_static(after);
                            response.headers.insert(header::RETRY_AFTER, after);
                        }
                        Ok(response)
                    }
                }
            })
        }
    }

    async fn settle_all(target: &Target, ids: &str) -> Vec<(&'static str, Checked)> {
        let pace = Pace::new(Concurrency::fixed(1));
        let settler = Settler {
            target,
            deadline: Duration::from_secs(20),
            retries: 2,
            pace: &pace,
            obstacles: Mutex::default(),
        };
        let mut settled = Vec::new();
        for requirement in checks::all() {
            if requirement.id.starts_with(ids) {
                settled.push((requirement.id, settler.check(requirement).await));
            }
        }
        settled
    }

    fn flaky(trouble: Trouble, one_in: usize, concerns: fn(&Request) -> bool) -> Target {
        let target = proof::target(Setup::Bearer, &[]);
        Target {
            registry: Arc::new(Flaky {
                inner: Arc::clone(&target.registry),
                trouble,
                one_in,
                concerns,
                sent: AtomicUsize::new(0),
            }),
            ..target
        }
    }

    #[tokio::test]
    async fn a_flaky_line_violates_nothing() {
        for trouble in [
            Trouble::Reset,
            Trouble::Lost,
            Trouble::Status(500, None),
            Trouble::Status(503, None),
            Trouble::Status(503, Some("1")),
            Trouble::Status(429, None),
        ] {
            let target = flaky(trouble, 100, |_| true);
            let settled = settle_all(&target, "").await;
            let with = |is_one: fn(&Verdict) -> bool| -> Vec<&str> {
                let some = settled
                    .iter()
                    .filter(|(_, checked)| is_one(&checked.verdict));
                some.map(|(id, _)| *id).collect()
            };
            let violated = with(Verdict::is_violated);
            // Features that the reference registry does not have.
            let baseline: Vec<&str> = Vec::new();
            assert_eq!(violated, baseline, "{trouble:?}");
            let open = with(|verdict| matches!(verdict, Verdict::Inconclusive(_)));
            assert!(open.len() <= 2, "{trouble:?}: {open:?}");
            let repeated = settled
                .iter()
                .filter(|(_, checked)| checked.is_intermittent());
            // A session waits as the registry asks it to, and the check does not fail.
            let is_waited_for = matches!(trouble, Trouble::Status(_, Some(_)));
            assert!(
                is_waited_for || repeated.count() > 0,
                "{trouble:?}: nothing failed"
            );
        }
    }

    #[tokio::test]
    async fn a_registry_that_fails_at_times_is_intermittent() {
        let puts = |request: &Request| {
            request.method == Method::PUT
                && matches!(Route::of(&request.uri), Route::Manifest { .. })
        };
        let target = flaky(Trouble::Status(404, None), 3, puts);
        let settled = settle_all(&target, "manifests/").await;
        let violated = settled
            .iter()
            .filter(|(_, checked)| checked.verdict.is_violated());
        assert_eq!(violated.count(), 0);
        let mut recovered = settled.iter().flat_map(|(_, checked)| &checked.recovered);
        assert!(recovered.any(|what| what == "PUT of a manifest: 404 Not Found"));
    }

    #[tokio::test]
    async fn a_first_put_that_fails_is_blamed_on_nothing_else() {
        let target = proof::target(Setup::Open, &[Fault::FirstManifestPutMissesBlobs]);
        let settled = settle_all(&target, "").await;
        let violated = settled
            .iter()
            .filter(|(id, checked)| checked.verdict.is_violated() && !id.starts_with("flow/"));
        let violated: Vec<&str> = violated.map(|(id, _)| *id).collect();
        assert_eq!(violated, ["names/first-manifest-accepted"]);
        let contradicted = settled
            .iter()
            .filter(|(_, checked)| checked.is_intermittent() && checked.is_contradicted());
        assert!(contradicted.count() > 0, "other PUTs are judged as well");
    }

    #[tokio::test]
    async fn only_what_repeats_is_a_violation() {
        let target = proof::target(Setup::Open, &[Fault::DropsUploadLocation]);
        let settled = settle_all(&target, "upload/location-sent").await;
        let (_, checked) = &settled[0];
        assert!(checked.verdict.is_violated());
        assert_eq!(checked.attempts.len(), 3);
        assert!(checked.attempts.iter().all(|one| one.verdict.is_violated()));
        assert!(!checked.is_intermittent());
        let repositories = checked
            .attempts
            .iter()
            .map(|one| &one.exchanges[0].request.uri);
        let repositories: std::collections::BTreeSet<_> = repositories.collect();
        assert_eq!(
            repositories.len(),
            3,
            "each attempt has a repository of its own"
        );
    }

    #[tokio::test]
    async fn one_obstacle_in_each_attempt_stays_the_obstacle() {
        let target = proof::target(Setup::Open, &[Fault::TagListMissing]);
        let complete = checks::find("tags/complete").expect("it is known");
        let deadline = Duration::from_secs(20);
        let attempts = vec![
            check(complete, &target, deadline).await,
            check(complete, &target, deadline).await,
        ];
        let Verdict::Inconclusive(obstacle) = settled(attempts, 2).verdict else {
            panic!("no tags are listed");
        };
        assert_eq!(obstacle.exchanges.len(), 1, "it is shown: {obstacle:?}");
    }

    #[tokio::test]
    async fn a_line_that_is_down_is_inconclusive() {
        let target = flaky(Trouble::Reset, 1, |_| true);
        let settled = settle_all(&target, "upload/location-sent").await;
        let (_, checked) = &settled[0];
        assert!(matches!(&checked.verdict, Verdict::Inconclusive(obstacle)
            if obstacle.kind == ObstacleKind::Transport));
        assert_eq!(checked.attempts.len(), 3);
    }
}
