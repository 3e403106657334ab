//! Runs a plan on targets and collects the run record: the service under `run`, `matrix` and `compare`.
//!
//! - [`examine()`] examines targets and returns the run record;
//! - `with_target` makes one target available, cleans it up and stops it on every path, also for `snapshot`;
//! - [`check()`] runs one check;
//! - [`preflight`], [`capabilities`] and [`cleanup`] are the steps around the checks;
//! - [`repositories`] computes the repositories that a run needs.
//!
//! Targets are examined concurrently, but two targets on one registry are examined one after the other, because they
//! would use the same repository names. On each target checks run concurrently. The record lists targets in the order
//! of the command line and checks in the order of the plan. This module owns every deadline.

pub mod capabilities;
pub mod cleanup;
pub mod preflight;
pub mod preset;
pub mod repositories;

mod blocked;
mod causes;
mod check;
mod check_record;
mod deadline;
mod events;
mod examine;
mod failures;
mod flow_attempts;
mod flows;
mod growth;
mod interrupt;
mod job;
mod models;
mod observation;
mod order;
mod pace;
mod plan;
mod read_only;
mod registry_locks;
mod request_counter;
mod results;
mod settle;
mod soak;
mod target;
mod with_target;

use std::sync::Arc;

use helm_oci_suite::session::target::Target;

use crate::launch::Launched;

pub use self::check::{Checked, check};
pub use self::check_record::record;
pub use self::events::{Event, Events, TargetEvent};
pub use self::examine::{examine, examine_available, examine_target, record as run_record};
pub use self::flows::{HelmClients, id as flow_id};
pub use self::interrupt::{Interrupt, Interrupted};
pub use self::job::{AssignError, Job};
pub(crate) use self::pace::Pace;
pub use self::plan::{DEADLINE, Plan, RETRIES, Schedule};
pub(crate) use self::with_target::with_target;

/// The target as the suite uses it.
pub fn target(seed: u64, launched: &Launched) -> Target {
    Target {
        credentials: launched.credentials.clone(),
        namespace: launched.namespace.clone(),
        ..Target::new(Arc::clone(&launched.registry), seed)
    }
}
