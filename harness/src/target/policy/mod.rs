//! The policy of a run on a registry that others use as well: its rate of requests, its budget, its write access, and
//! its clean-up.
//!
//! Each rule is enforced by a relay in front of the registry, so it holds for every client, real Helm binaries
//! included.

mod budget;
mod clean_up;
mod concurrency;
mod guard;
mod rate_limiter;

use std::num::{NonZeroU16, NonZeroU32};
use std::sync::Arc;

use helm_oci_suite::oci::RepositoryName;
use helm_oci_suite::wire::Registry;

use crate::target::chart_name::ChartName;

pub use self::budget::{Budget, RequestBudget, Size, SizeError};
pub use self::clean_up::{CleanUp, CleanUpStrategy};
pub use self::concurrency::Concurrency;
pub use self::guard::Guard;
pub use self::rate_limiter::RateLimiter;

/// The limits of a run on a target.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// The content that is deleted at the end, and the time for it.
    pub clean_up: CleanUp,
    /// The number of checks that run concurrently; the default of the run otherwise.
    pub jobs: Option<NonZeroU16>,
    /// The requirements that are not examined: ids, areas, or patterns.
    pub skip: Vec<String>,
    /// The largest number of requests in a second.
    pub requests_per_second: Option<NonZeroU32>,
    /// The largest number of requests and bytes of the run.
    pub budget: Budget,
    /// The repositories to which the run may write.
    pub access: WriteAccess,
}

/// The repositories to which a run may write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum WriteAccess {
    /// Repositories that the run creates.
    #[default]
    Own,
    /// These repositories, which exist and are empty.
    Given(Vec<RepositoryName>),
    /// None. This chart is read.
    ReadOnly(ChartName),
}

impl Policy {
    /// The registry behind the rate limit, and behind a guard against writes if the run is read-only.
    pub fn rate_limited(&self, mut registry: Arc<dyn Registry>) -> Arc<dyn Registry> {
        if matches!(self.access, WriteAccess::ReadOnly(_)) {
            registry = Arc::new(Guard::new(registry));
        }
        match self.requests_per_second {
            Some(rate) => Arc::new(RateLimiter::new(registry, rate)),
            None => registry,
        }
    }

    /// The registry behind the budget.
    pub fn budgeted(&self, registry: Arc<dyn Registry>) -> Arc<dyn Registry> {
        if self.budget == Budget::default() {
            return registry;
        }
        Arc::new(RequestBudget::new(registry, self.budget))
    }

    /// The number of checks that run concurrently, by the target's own rule or as requested. More than the requests per
    /// second would only wait for each other.
    pub fn concurrency(&self, requested: Concurrency) -> Concurrency {
        let own = self.jobs.map(|jobs| Concurrency::fixed(jobs.get().into()));
        let rate = self.requests_per_second.map(NonZeroU32::get);
        let rate = rate.and_then(|rate| usize::try_from(rate).ok());
        own.unwrap_or(requested).at_most(rate.unwrap_or(usize::MAX))
    }
}
