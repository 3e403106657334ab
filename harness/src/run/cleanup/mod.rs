//! Deletes what a run stored on a persistent registry, as far as the registry allows it.
//!
//! The [`Ledger`] recorded what was stored, and nothing else is deleted. The clean-up goes on while deletions succeed, and
//! changes no verdict. It verifies what the registry still serves, and reports leftovers with the reason and the command
//! that deletes them.

mod earlier_runs;
mod ledger;
mod leftover;
mod reading;
mod status;
mod stored;
mod sweep;
mod verification;

use std::pin::pin;
use std::time::Duration;

use helm_oci_reports::record::Leftover;
use helm_oci_suite::session::Session;
use helm_oci_suite::session::target::Target;
use tokio::time::timeout;

use self::leftover::Commands;
use self::sweep::Sweep;
use super::deadline::within;
use super::interrupt::Interrupt;
use crate::target::policy::{CleanUp, CleanUpStrategy};

pub use self::earlier_runs::{Found, NoCatalog, catalog, content_of, is_of_a_run};
pub use self::ledger::{Ledger, Refused};
pub use self::stored::{RepositoryContent, Stored};

/// The longest clean-up, as a multiple of the time without a success after which it ends.
const LONGEST: u32 = 30;

/// The number of concurrent requests of a clean-up that follows no run.
const CONCURRENCY: usize = 8;

/// The time limit for the question how leftovers can be deleted.
const ASKING: Duration = Duration::from_secs(2);

/// Deletes stored content by the strategy with this number of concurrent requests, and returns the leftovers. What the
/// registry refused to delete during the run is not tried.
pub async fn clean_up(
    target: &Target,
    stored: Stored,
    refused: Refused,
    rules: CleanUp,
    concurrency: usize,
    interrupt: &Interrupt,
) -> Vec<Leftover> {
    let session = Session::new(target.clone(), "clean-up");
    let mut sweep = Sweep::new(&session, stored, concurrency);
    sweep.refused = refused;
    let pending = if rules.strategy == CleanUpStrategy::None {
        "`--clean-up none` is set".to_owned()
    } else {
        let limit = rules.limit();
        let interrupted = async {
            interrupt.wait().await;
            let _ = timeout(limit, std::future::pending::<()>()).await;
            let seconds = limit.as_secs();
            format!("not deleted within {seconds} s after the interruption (`--clean-up-limit`)")
        };
        tokio::select! {
            pending = while_it_succeeds(&sweep, rules) => pending,
            pending = interrupted => pending,
        }
    };
    report(&sweep, &pending, false).await
}

/// Runs the sweep while deletions succeed; returns the reason of what is not deleted then.
async fn while_it_succeeds(sweep: &Sweep<'_>, rules: CleanUp) -> String {
    let limit = rules.limit();
    let mut work = pin!(sweep.run(rules.strategy));
    for _ in 0..LONGEST {
        let before = sweep.progress();
        if within(limit, sweep.session, work.as_mut()).await.is_some() {
            return "not deleted".to_owned();
        }
        if sweep.progress() == before {
            let seconds = limit.as_secs();
            return format!(
                "not deleted: the clean-up ended after {seconds} s without a success (`--clean-up-limit`)"
            );
        }
    }
    let seconds = (limit * LONGEST).as_secs();
    format!("not deleted within {seconds} s (`--clean-up-limit`)")
}

/// Deletes content without a time limit, and returns the leftovers.
pub async fn delete(session: &Session, stored: Stored, strategy: CleanUpStrategy) -> Vec<Leftover> {
    let sweep = Sweep::new(session, stored, CONCURRENCY);
    sweep.run(strategy).await;
    report(&sweep, "`--clean-up none` is set", true).await
}

async fn report(sweep: &Sweep<'_>, pending: &str, is_gc: bool) -> Vec<Leftover> {
    if sweep.left().is_empty() {
        return Vec::new();
    }
    let commands = timeout(ASKING, Commands::of(sweep.session, is_gc)).await;
    sweep.leftovers(pending, &commands.unwrap_or(Commands::None))
}

#[cfg(test)]
mod tests;
