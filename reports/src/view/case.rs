//! Results as a CI system counts them: passed, failed, an error, or skipped.

use helm_oci_suite::requirement::outcome::Outcome;

use super::check::CheckView;
use super::helm::FlowView;

/// The result of a check or of a flow, as a CI system counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseResult {
    /// It fails nothing.
    Passed,
    /// It fails the run.
    Failed,
    /// It is inconclusive, and decides the exit code.
    Error,
    /// It does not apply, it does not decide the exit code, or the finding of another requirement fails the run already.
    Skipped,
}

impl CaseResult {
    const fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Pass
            | Outcome::Present
            | Outcome::Absent
            | Outcome::Warn
            | Outcome::Known
            | Outcome::Intermittent => Self::Passed,
            Outcome::Fail | Outcome::Stale => Self::Failed,
            Outcome::Inconclusive => Self::Error,
            Outcome::Skipped => Self::Skipped,
        }
    }
}

impl CheckView<'_> {
    /// The result for a CI system: an inconclusive check that does not decide the run, or has its cause in a finding, is
    /// skipped.
    pub const fn case(&self) -> CaseResult {
        match CaseResult::of(self.outcome) {
            CaseResult::Error if !self.leaves_run_open || self.cause.is_some() => {
                CaseResult::Skipped
            }
            result => result,
        }
    }
}

impl FlowView<'_> {
    /// The result for a CI system: an inconclusive flow that has its cause in a finding is skipped. A flow of a client model
    /// that fails for such a cause is an echo of that finding, and skipped as well.
    pub const fn case(&self, is_model: bool) -> CaseResult {
        match CaseResult::of(self.outcome) {
            CaseResult::Error if self.cause.is_some() => CaseResult::Skipped,
            CaseResult::Failed if self.cause.is_some() && is_model => CaseResult::Skipped,
            result => result,
        }
    }
}
