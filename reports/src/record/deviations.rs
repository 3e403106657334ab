//! What is known to deviate, as it stands in a record.

use serde::{Deserialize, Serialize};

/// A listed deviation of one target from one requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviationRecord {
    /// Why it is tolerated.
    pub reason: String,
    /// Where it is followed up.
    pub link: String,
    /// The last day on which it is tolerated, such as `2027-03-31`.
    pub expires: String,
}

/// An entry of the list that fails the run, other than by what its check saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviationProblem {
    /// The requirement it names.
    pub requirement: String,
    /// The target it names.
    pub target: String,
    /// What is wrong with it, and what to do.
    pub what: String,
}
