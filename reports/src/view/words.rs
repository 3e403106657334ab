//! Words of every format for values of the suite.

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::prediction::table::FlowVerdict;
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::verdict::ObstacleKind;

/// A known deviation that the registry no longer shows.
pub(super) const STALE: &str = "now conforms; remove this deviation";

/// A failed flow that no violated requirement explains.
pub(super) const UNEXPLAINED: &str = "unexplained: no violated requirement predicts this failure";

/// A violated requirement without a finding, as a record that was edited may hold it.
pub(super) const NO_FINDING: &str = "no finding recorded";

/// An inconclusive result without an obstacle.
pub(super) const NO_OBSTACLE: &str = "no obstacle recorded";

/// A skipped check without a reason.
pub(super) const NO_REASON: &str = "no reason recorded";

/// The kind of an obstacle.
pub(super) const fn obstacle(kind: ObstacleKind) -> &'static str {
    match kind {
        ObstacleKind::Transport => "connection failed",
        ObstacleKind::Arrangement => "a precondition could not be arranged",
        ObstacleKind::Deadline => "check timed out",
        ObstacleKind::Defect => "defect in the suite",
    }
}

/// The verdict on a flow.
pub const fn flow_verdict(verdict: FlowVerdict) -> &'static str {
    match verdict {
        FlowVerdict::Works => "works",
        FlowVerdict::Breaks => "breaks",
        FlowVerdict::Unknown => "unknown",
    }
}

/// The sign of a verdict on a flow.
pub const fn flow_sign(verdict: FlowVerdict) -> &'static str {
    match verdict {
        FlowVerdict::Works => "✓",
        FlowVerdict::Breaks => "✗",
        FlowVerdict::Unknown => "?",
    }
}

/// The sign of an outcome; no two are alike.
pub const fn outcome_sign(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "✓",
        Outcome::Fail => "✗",
        Outcome::Known => "~",
        Outcome::Stale => "≠",
        Outcome::Warn => "!",
        Outcome::Present => "+",
        Outcome::Absent => "-",
        Outcome::Skipped => "·",
        Outcome::Intermittent => "≈",
        Outcome::Inconclusive => "?",
    }
}

/// The names of eras.
pub(super) fn eras(eras: &[Era]) -> String {
    let names: Vec<&str> = eras.iter().map(|era| era.name()).collect();
    names.join(", ")
}
