//! Runs one check on one target and records verdict and transcript, also after a panic or a timeout.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use helm_oci_fixtures::route::Route;
use helm_oci_suite::helm::response::ObservedResponse;
use helm_oci_suite::requirement::Requirement;
use helm_oci_suite::session::Session;
use helm_oci_suite::session::target::Target;
use helm_oci_suite::verdict::{Obstacle, ObstacleKind, Reason, Verdict};
use helm_oci_suite::wire::exchange::Exchange;
use tokio::task::JoinSet;

use super::deadline::within_while_responding;
use super::observation::{is_by_line, kind};
use crate::clock::Stopwatch;

/// The result of one check.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The verdict.
    pub verdict: Verdict,
    /// The transcript, if the verdict is violated or inconclusive, or the check was repeated.
    pub exchanges: Vec<Exchange>,
    /// The number of requests.
    pub requests: usize,
    /// The duration.
    pub milliseconds: u64,
    /// The requests that failed and then succeeded unchanged, by kind.
    pub recovered: Vec<String>,
    /// The attempts, if the check was repeated.
    pub attempts: Vec<Self>,
}

impl Checked {
    /// True if the check failed and, when it was repeated, passed.
    pub(super) fn is_intermittent(&self) -> bool {
        let is_settled = matches!(self.verdict, Verdict::Satisfied | Verdict::NotApplicable(_));
        is_settled && !self.attempts.is_empty()
    }

    /// True if an attempt is a violation by a definite response, not a failure of the network.
    pub(super) fn is_contradicted(&self) -> bool {
        let mut attempts = self.attempts.iter();
        attempts.any(|one| one.verdict.is_violated() && !is_by_line(one))
    }

    /// The responses that show the violation, if the requirement is violated.
    pub(super) fn violating_responses(&self) -> Vec<ObservedResponse> {
        let Verdict::Violated(finding) = &self.verdict else {
            return Vec::new();
        };
        let shown = finding.exchanges.iter();
        ObservedResponse::all(shown.filter_map(|position| self.exchanges.get(*position)))
    }

    /// The result of a check that was not run for this reason.
    pub(super) fn not_run(why: &str) -> Self {
        Self {
            verdict: Verdict::NotApplicable(Reason::NotRun(why.to_owned())),
            exchanges: Vec::new(),
            requests: 0,
            milliseconds: 0,
            recovered: Vec::new(),
            attempts: Vec::new(),
        }
    }
}

/// Runs one check within `deadline`. A panic is a defect of the suite; a timeout is an obstacle.
pub async fn check(
    requirement: &'static Requirement,
    target: &Target,
    deadline: Duration,
) -> Checked {
    let begun = Stopwatch::start();
    let session = Arc::new(Session::new(target.clone(), requirement.id));
    let own = Arc::clone(&session);
    // A `JoinSet` aborts its task when an interrupted run drops it.
    let mut task = JoinSet::new();
    task.spawn(async move { (requirement.check)(&own).await });
    let verdict = match within_while_responding(deadline, &session, task.join_next()).await {
        Some(Some(Ok(result))) => result.into(),
        Some(Some(Err(failed))) => {
            let message = failed
                .try_into_panic()
                .map_or_else(|error| error.to_string(), |panic| message(&*panic));
            obstacle(
                ObstacleKind::Defect,
                format!("the check panicked: {message}"),
            )
        }
        Some(None) => obstacle(ObstacleKind::Defect, "the check did not run".to_owned()),
        None => obstacle(
            ObstacleKind::Deadline,
            format!("not complete within {} s", deadline.as_secs()),
        ),
    };
    task.shutdown().await;
    Checked {
        exchanges: match verdict {
            Verdict::Satisfied | Verdict::NotApplicable(_) if target.attempt == 0 => Vec::new(),
            // A repeated check that passes shows what an earlier attempt was refused.
            _ => session.transcript(),
        },
        requests: session.sent(),
        verdict: redacted(verdict, &session),
        milliseconds: begun.milliseconds(),
        recovered: recovered(&session),
        attempts: Vec::new(),
    }
}

/// The requests that failed and then succeeded unchanged, by kind.
fn recovered(session: &Session) -> Vec<String> {
    let recovered = session.recovered().into_iter();
    recovered
        .map(|(method, uri, status)| format!("{method}{}: {status}", kind(&Route::of(&uri))))
        .collect()
}

/// The verdict with all credentials redacted, also those that the registry echoed.
fn redacted(verdict: Verdict, session: &Session) -> Verdict {
    match verdict {
        Verdict::Satisfied | Verdict::NotApplicable(_) => verdict,
        Verdict::Violated(mut finding) => {
            finding.actual = session.redact(&finding.actual);
            for expected in &mut finding.expected {
                *expected = session.redact(expected);
            }
            Verdict::Violated(finding)
        }
        Verdict::Inconclusive(mut obstacle) => {
            obstacle.what = session.redact(&obstacle.what);
            Verdict::Inconclusive(obstacle)
        }
    }
}

fn obstacle(kind: ObstacleKind, what: String) -> Verdict {
    Verdict::Inconclusive(Box::new(Obstacle::new(kind, what)))
}

/// The message of a panic.
fn message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use helm_oci_suite::helm::version::NONE;
    use helm_oci_suite::proof;
    use helm_oci_suite::requirement::{Level, Setup};
    use helm_oci_suite::verdict::CheckResult;
    use helm_oci_suite::wire::content::Pattern;
    use helm_oci_suite::wire::{Registry, Relay, Request, ResponseFuture};
    use tokio::time::timeout;

    use super::*;

    async fn panics(session: &Session) -> CheckResult {
        session.call(http::Method::GET, "/v2/").send().await?;
        panic!("a check that is wrong")
    }

    async fn hangs(_: &Session) -> CheckResult {
        std::future::pending().await
    }

    const PANICS: Requirement = Requirement {
        id: "test/panics",
        title: "panics",
        fix: None,
        doc: "",
        level: Level::Must,
        covers: &[],
        sources: &[],
        declared_specification: None,
        breaks: &[],
        faults: &[],
        consequences: &[],
        replays: None,
        represents: NONE,
        mebibytes: 0,
        proven_on: Setup::Open,
        check: |session| Box::pin(panics(session)),
        file: file!(),
        line: line!(),
    };
    static PANICKING: Requirement = PANICS;
    static HANGING: Requirement = Requirement {
        id: "test/hangs",
        check: |session| Box::pin(hangs(session)),
        ..PANICS
    };

    /// A registry that is slow with generated bodies.
    struct Slow(Arc<dyn Registry>);

    impl Relay for Slow {
        fn inner(&self) -> &dyn Registry {
            self.0.as_ref()
        }

        fn pass(&self, request: Request) -> ResponseFuture<'_> {
            Box::pin(async {
                if request.content.is_made() {
                    let never = std::future::pending::<()>();
                    let _ = timeout(Duration::from_millis(120), never).await;
                }
                self.0.send(request).await
            })
        }
    }

    async fn large(session: &Session) -> CheckResult {
        let pattern = Pattern::new(1, 100);
        for _ in 0..2 {
            let location = session.arrange_upload().await?;
            let put = session.complete_upload(&location, pattern.digest(), &pattern);
            put.send().await?;
        }
        Ok(())
    }

    #[tokio::test]
    async fn large_transfers_do_not_count_towards_the_deadline_of_a_check() {
        static LARGE: Requirement = Requirement {
            id: "test/large",
            check: |session| Box::pin(large(session)),
            ..PANICS
        };
        let target = proof::target(Setup::Open, &[]);
        let target = Target {
            registry: Arc::new(Slow(Arc::clone(&target.registry))),
            ..target
        };
        let checked = check(&LARGE, &target, Duration::from_millis(50)).await;
        assert_eq!(checked.verdict, Verdict::Satisfied);
    }

    #[tokio::test]
    async fn a_panic_and_a_hang_are_inconclusive() {
        let target = proof::target(Setup::Open, &[]);
        for (requirement, kind, words) in [
            (&PANICKING, ObstacleKind::Defect, "a check that is wrong"),
            (&HANGING, ObstacleKind::Deadline, "not complete within 0 s"),
        ] {
            let checked = check(requirement, &target, Duration::from_millis(50)).await;
            let Verdict::Inconclusive(obstacle) = checked.verdict else {
                panic!("{}: {:?}", requirement.id, checked.verdict)
            };
            assert_eq!(obstacle.kind, kind);
            assert!(obstacle.what.contains(words), "{}", obstacle.what);
        }
    }
}
