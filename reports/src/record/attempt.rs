//! The attempts of a check or a flow that was repeated.

use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr};

/// One attempt of a check or a flow that was repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRecord {
    /// Its result.
    pub result: AttemptResult,
    /// The observation in one sentence; empty for a success.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub what: String,
    /// True if the network or an overloaded server explains it: no response, 429, or a 5xx status.
    #[serde(skip_serializing_if = "is_false", default)]
    pub by_line: bool,
    /// The exchanges that show it, as positions in the transcript.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub exchanges: Vec<usize>,
}

/// The result of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Display, IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptResult {
    /// It succeeded, or the requirement did not apply.
    #[strum(serialize = "passed")]
    Passed,
    /// The requirement was violated, or Helm failed.
    #[strum(serialize = "failed")]
    Failed,
    /// It was inconclusive.
    #[strum(serialize = "inconclusive")]
    Inconclusive,
}

impl AttemptRecord {
    /// True if the registry gave a definite response that contradicts the requirement.
    pub fn is_definite(&self) -> bool {
        self.result == AttemptResult::Failed && !self.by_line
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}
