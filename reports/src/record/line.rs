//! The connection to a target: requests without a response, refusals by a rate limit, and the pace that the run chose.

use serde::{Deserialize, Serialize};

/// The connection to a target, where something went wrong on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRecord {
    /// The number of responses 429 and 503.
    pub limited: usize,
    /// The number of requests without a response in time.
    pub timeouts: usize,
    /// The number of requests whose connection broke.
    pub broken: usize,
    /// The smallest number of concurrent checks to which the run slowed down; left out if it did not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub slowed_to: Option<usize>,
    /// The longest interval between requests to which the run slowed down, in milliseconds.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub interval: u64,
    /// The requests that failed and then succeeded unchanged, by kind.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub recovered: Vec<RecoveredRecord>,
}

/// Requests of one kind that failed and then succeeded unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveredRecord {
    /// The kind of request with the first response, such as `PUT of a manifest: 404 Not Found`.
    pub what: String,
    /// Their number.
    pub count: usize,
}

impl LineRecord {
    /// True if nothing went wrong.
    pub fn is_quiet(&self) -> bool {
        *self == Self::default()
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}
