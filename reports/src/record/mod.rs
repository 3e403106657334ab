//! The run record: every result of one run, self-contained. It *is* the JSON report, and `schema/run-record.json`
//! describes it.
//!
//! It holds ids, titles, levels and sources, so that it still renders after requirements were retired; nothing here
//! looks a requirement up.

mod attempt;
mod check;
mod deviations;
mod helm;
mod leftover;
mod line;
mod merge;
mod older;
mod reading;
mod soak;
mod target;

use serde::{Deserialize, Serialize};

pub use self::attempt::{AttemptRecord, AttemptResult};
pub use self::check::{BreakRecord, CheckRecord, SourceRecord};
pub use self::deviations::{DeviationProblem, DeviationRecord};
pub use self::helm::{FlowRecord, HelmRecord, HelmRun};
pub use self::leftover::{Leftover, LeftoverKind};
pub use self::line::{LineRecord, RecoveredRecord};
pub use self::merge::{MergeError, merge};
pub use self::reading::{ReadRecord, RecordError};
pub use self::soak::{SoakRecord, SoakStep};
pub use self::target::{Capability, TargetIdentity, TargetKind, TargetRecord};

/// The version of the record's schema that this crate writes. It reads older ones as far as it understands them.
pub const SCHEMA: u32 = 3;

/// Every result of one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The version of the schema.
    pub schema: u32,
    /// The suite that ran.
    pub suite: SuiteIdentity,
    /// The run.
    pub run: RunIdentity,
    /// The targets, in the order of the command line.
    pub targets: Vec<TargetRecord>,
    /// The problems of the deviations file; any of them fails the run.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub deviations: Vec<DeviationProblem>,
    /// The end of the record: its presence shows that the run finished.
    pub footer: Footer,
}

/// The suite that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuiteIdentity {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunIdentity {
    /// The seed of names and content.
    pub seed: u64,
    /// The selection of requirements in words: patterns, levels, Helm versions; empty for all.
    pub only: Vec<String>,
    /// True if a violated SHOULD fails the run.
    #[serde(skip_serializing_if = "is_false", default)]
    pub strict: bool,
    /// The shard of targets that was examined, as `K/N`; nothing for all.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub shard: Option<String>,
    /// The start of the run, RFC 3339 in UTC.
    pub started: String,
    /// The duration in milliseconds.
    pub milliseconds: u64,
}

/// The end of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footer {
    /// The number of checks over all targets.
    pub checks: usize,
    /// The number of flows of real Helm binaries over all targets.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub flows: usize,
    /// The exit code of the run.
    pub exit_code: u8,
}

impl RunRecord {
    /// All checks with the target they belong to.
    pub fn checks(&self) -> impl Iterator<Item = (&TargetRecord, &CheckRecord)> {
        self.targets
            .iter()
            .flat_map(|target| target.checks.iter().map(move |check| (target, check)))
    }

    /// All flows, of client models and of real Helm binaries.
    pub fn flows(&self) -> impl Iterator<Item = &FlowRecord> {
        self.targets.iter().flat_map(TargetRecord::flows)
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}
