//! A target made available, worked on, cleaned up and taken away, whatever happens meanwhile.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use helm_oci_reports::record::{Leftover, TargetIdentity};
use helm_oci_suite::session::target::Target;

use super::cleanup::{Ledger, clean_up};
use super::meter::Meter;
use super::{Interrupt, Interrupted, Job, target};
use crate::launch::{self, LaunchError};
use crate::target::resolved::ResolvedTarget;

/// What came of the work on a target.
pub(crate) struct Visit<T> {
    /// What the work found; nothing if it panicked.
    pub(crate) found: Option<T>,
    /// What the target is.
    pub(crate) identity: TargetIdentity,
    /// What was stored and could not be removed.
    pub(crate) leftovers: Vec<Leftover>,
    /// How many requests the work took.
    pub(crate) requests: usize,
}

/// Lends a target to `work`. What that stores is noted and deleted, and what was launched is taken away, also after
/// a panic or an interruption.
pub(crate) async fn visit<T>(
    job: &Job,
    seed: u64,
    interrupt: &Interrupt,
    work: impl AsyncFnOnce(Target, TargetIdentity) -> T,
) -> Result<Result<Visit<T>, LaunchError>, Interrupted> {
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
            return Err(Interrupted {
                left: vec![(name.clone(), left)],
            });
        }
    };
    let available = match attempt {
        Ok(available) => available,
        Err(error) => return Ok(Err(error)),
    };
    let bare = Target {
        registry: policy.rate_limited(Arc::clone(&available.registry)),
        ..target(seed, &available)
    };
    let meter = Arc::new(Meter::new(Arc::clone(&bare.registry)));
    let budgeted = policy.budgeted(Arc::clone(&meter) as _);
    let ledger = Arc::new(Ledger::new(budgeted));
    let noted = Target {
        registry: Arc::clone(&ledger) as _,
        permission: job.permission.clone(),
        ..bare.clone()
    };
    let identity = available.identity.clone();
    // Not even a panic of our own skips the clean-up and the stopping.
    let working = AssertUnwindSafe(Box::pin(work(noted, identity.clone())));
    let worked = tokio::select! {
        worked = working.catch_unwind() => Some(worked),
        () = interrupt.wait() => None,
    };
    let mut leftovers = Vec::new();
    if !available.is_ephemeral() {
        let made = ledger.settled().await;
        leftovers = clean_up(&bare, made, policy.clean_up, interrupt).await;
    }
    leftovers.extend(available.stop().await);
    let Some(worked) = worked else {
        return Err(Interrupted {
            left: vec![(name.clone(), leftovers)],
        });
    };
    Ok(Ok(Visit {
        found: worked.ok(),
        identity,
        leftovers,
        requests: meter.sent(),
    }))
}
