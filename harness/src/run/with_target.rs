//! Makes a target available for some work, cleans it up and stops it, also after a panic or an interruption.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use helm_oci_reports::record::{Leftover, TargetIdentity};
use helm_oci_suite::session::target::{Target, name_of_run};
use helm_oci_suite::session::write_mode::WriteMode;

use super::cleanup::{Ledger, clean_up};
use super::pace::{Pace, PacedRegistry};
use super::request_counter::RequestCounter;
use super::{Interrupt, Interrupted, Job, target};
use crate::clock;
use crate::launch::{self, LaunchError};
use crate::target::resolved::ResolvedTarget;

/// The result of the work on a target, and what it left there.
pub(crate) struct Ended<T> {
    /// The result of the work; `None` if it panicked.
    pub(crate) result: Option<T>,
    /// The identity of the target.
    pub(crate) identity: TargetIdentity,
    /// The content that was stored and could not be removed.
    pub(crate) leftovers: Vec<Leftover>,
    /// The number of requests of the work.
    pub(crate) requests: usize,
}

/// Launches the target, runs `work` on it at this pace, deletes what the work stored, and stops the target. An interruption
/// states the number of requests before it.
pub(crate) async fn with_target<T>(
    job: &Job,
    seed: u64,
    pace: &Arc<Pace>,
    interrupt: &Interrupt,
    work: impl AsyncFnOnce(Target, TargetIdentity) -> T,
) -> Result<Result<Ended<T>, LaunchError>, Interrupted<usize>> {
    let ResolvedTarget {
        name,
        kind,
        label,
        connection,
        policy,
    } = &job.target;
    let attempt = tokio::select! {
        attempt = launch::launch(kind, label, connection) => attempt,
        () = interrupt.wait() => {
            let left = launch::sweep(label).await;
            return Err(Interrupted::on(name, left, 0));
        }
    };
    let available = match attempt {
        Ok(available) => available,
        Err(error) => return Ok(Err(error)),
    };
    // Runs with one seed must not meet on a registry that outlives them. Given repositories are assigned by the seed.
    let is_named = !available.is_ephemeral()
        && !job.is_planned
        && matches!(job.write_mode, WriteMode::OwnRepositories);
    // The clean-up uses the rate-limited registry: the budget and the ledger do not apply to it.
    let paced = PacedRegistry::new(Arc::clone(&available.registry), Arc::clone(pace));
    let rate_limited = Target {
        registry: policy.rate_limited(Arc::new(paced)),
        run_name: is_named.then(|| name_of_run(clock::seed())),
        ..target(seed, &available)
    };
    let counter = Arc::new(RequestCounter::new(Arc::clone(&rate_limited.registry)));
    let budgeted = policy.budgeted(Arc::clone(&counter) as _);
    let ledger = Arc::new(Ledger::new(budgeted));
    let recorded = Target {
        registry: Arc::clone(&ledger) as _,
        write_mode: job.write_mode.clone(),
        ..rate_limited.clone()
    };
    let identity = available.identity.clone();
    // Not even a panic of our own skips the clean-up and the stop.
    let working = AssertUnwindSafe(Box::pin(work(recorded, identity.clone())));
    let worked = tokio::select! {
        worked = working.catch_unwind() => Some(worked),
        () = interrupt.wait() => None,
    };
    let mut leftovers = Vec::new();
    if !available.is_ephemeral() {
        let stored = ledger.settled().await;
        leftovers = clean_up(
            &rate_limited,
            stored,
            ledger.refused(),
            policy.clean_up,
            pace.allowed(),
            interrupt,
        )
        .await;
    }
    leftovers.extend(available.stop().await);
    let Some(worked) = worked else {
        return Err(Interrupted::on(name, leftovers, counter.sent()));
    };
    Ok(Ok(Ended {
        result: worked.ok(),
        identity,
        leftovers,
        requests: counter.sent(),
    }))
}
