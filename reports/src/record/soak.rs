//! The result of a soak: pushes and pulls, repeated, and how late each step saw what was pushed.

use serde::{Deserialize, Serialize};

/// The result of a soak.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoakRecord {
    /// The number of rounds.
    pub rounds: usize,
    /// The steps of a round, in order.
    pub steps: Vec<SoakStep>,
}

/// One step of the rounds of a soak.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoakStep {
    /// Its name, such as `GET of the manifest by digest`.
    pub name: String,
    /// The number of rounds in which the first response was right.
    pub at_once: usize,
    /// The number of rounds in which a later response was right.
    pub late: usize,
    /// The number of rounds in which no response was right.
    pub never: usize,
    /// The time until the first right response in milliseconds: the median of all rounds that have one.
    pub median: u64,
    /// The longest of these times.
    pub longest: u64,
}
