//! How a run behaves towards a registry that others use as well: how fast it asks, how much, and what it leaves.
//!
//! Each rule is a port in front of the registry, so that it holds for whatever speaks with it, real Helms included.

mod budget;
mod clean_up;
mod guard;
mod pace;

use std::num::NonZeroU32;
use std::sync::Arc;

use helm_oci_suite::session::write_mode::Permission;
use helm_oci_suite::wire::registry::Registry;

pub use self::budget::{Budget, Purse, Size, SizeError};
pub use self::clean_up::CleanUpStrategy;
pub use self::guard::Guard;
pub use self::pace::Pace;

/// What a run may do to a target, and what it leaves there.
#[derive(Debug, Clone, Default)]
pub struct Conduct {
    /// What is deleted at the end.
    pub clean_up: CleanUpStrategy,
    /// How many requests are sent in a second at most.
    pub requests_per_second: Option<NonZeroU32>,
    /// How much is asked all in all.
    pub budget: Budget,
    /// What is written to.
    pub permission: Permission,
    /// The repositories that are to be used instead of the run's own, as they were given.
    pub repositories: Option<Vec<String>>,
    /// Whether nothing may be written.
    pub read_only: bool,
    /// The chart that is looked at then, as it was given.
    pub chart: Option<String>,
}

impl Conduct {
    /// The registry at the pace that is allowed, and only for reading where nothing may be written.
    pub fn paced(&self, mut registry: Arc<dyn Registry>) -> Arc<dyn Registry> {
        if self.permission.is_reading() {
            registry = Arc::new(Guard::new(registry));
        }
        match self.requests_per_second {
            Some(rate) => Arc::new(Pace::new(registry, rate)),
            None => registry,
        }
    }

    /// The registry as long as the budget lasts.
    pub fn budgeted(&self, registry: Arc<dyn Registry>) -> Arc<dyn Registry> {
        if self.budget == Budget::default() {
            return registry;
        }
        Arc::new(Purse::new(registry, self.budget))
    }

    /// How many checks run side by side: more than are asked in a second would only wait for each other.
    pub fn side_by_side(&self, wanted: usize) -> usize {
        let rate = self.requests_per_second.map(NonZeroU32::get);
        let rate = rate.and_then(|rate| usize::try_from(rate).ok());
        wanted.min(rate.unwrap_or(usize::MAX))
    }
}
