//! Known deviations, as a record holds them.

use serde::{Deserialize, Serialize};

/// A listed deviation of one target from one requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviationRecord {
    /// The reason for which it is tolerated.
    pub reason: String,
    /// The link to the issue that tracks it.
    pub link: String,
    /// The last day on which it is tolerated, such as `2027-03-31`.
    pub expires: String,
}

/// An entry of the deviations file that fails the run whatever its check observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviationProblem {
    /// The requirement it names.
    pub requirement: String,
    /// The target it names.
    pub target: String,
    /// The problem, and what to do about it.
    pub what: String,
}
