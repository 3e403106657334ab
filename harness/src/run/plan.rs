//! The plan of a run: targets, requirements and concurrency.

use std::collections::BTreeSet;
use std::time::Duration;

use helm_oci_suite::requirement::Requirement;

use super::flows::HelmClients;
use super::preset::Preset;
use crate::deviations::Deviations;
use crate::target::policy::Concurrency;

/// The time limit of one check.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// The number of times that a failure is confirmed by default.
pub const RETRIES: u16 = 2;

/// The requirements of a run, and the rules for outcomes.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The requirements, in the suite's order.
    pub requirements: Vec<&'static Requirement>,
    /// The ids of the flows of real Helm versions.
    pub flows: BTreeSet<String>,
    /// The filters that selected them, in words; empty if nothing was filtered.
    pub only: Vec<String>,
    /// The part of the targets that this run examines, as `K/N`; `None` if it examines all.
    pub shard: Option<String>,
    /// The seed of content, and of names on ephemeral registries.
    pub seed: u64,
    /// True if the names follow from the seed on persistent registries as well.
    pub is_planned: bool,
    /// The real Helm binaries whose flows are run as well.
    pub helm_binaries: HelmClients,
    /// True if a violated SHOULD fails the run.
    pub strict: bool,
    /// The known deviations.
    pub deviations: Deviations,
    /// The extent of the run; everything by default.
    pub preset: Preset,
}

impl Plan {
    /// A plan of these requirements, without real Helm binaries and without known deviations.
    pub fn new(requirements: Vec<&'static Requirement>, seed: u64) -> Self {
        Self {
            requirements,
            seed,
            ..Self::default()
        }
    }

    /// The label of the containers of this run.
    pub fn label(&self) -> String {
        format!("{}-{}", self.seed, std::process::id())
    }
}

/// The concurrency of targets and checks, and the time limit of a check.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    /// The number of targets that are examined concurrently.
    pub targets: usize,
    /// The number of checks that run concurrently on each target.
    pub checks: Concurrency,
    /// The number of times that a failure is confirmed in a fresh repository.
    pub retries: usize,
    /// The number of rounds of the soak; 0 for none.
    pub soak: usize,
    /// The time limit of one check.
    pub deadline: Duration,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            targets: 1,
            checks: Concurrency::default(),
            retries: usize::from(RETRIES),
            soak: 0,
            deadline: DEADLINE,
        }
    }
}
