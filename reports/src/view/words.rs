//! Words of every format for values of the suite.

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::prediction::table::FlowVerdict;
use helm_oci_suite::verdict::ObstacleKind;

/// A known deviation that the registry no longer shows.
pub(super) const STALE: &str =
    "the registry does it right: take the entry from the list of deviations";

/// A failed flow that no violated requirement explains.
pub(super) const UNEXPLAINED: &str =
    "unexplained: nothing that was examined is violated and breaks this";

/// A violated requirement without a finding, as a record that was edited may hold it.
pub(super) const NO_FINDING: &str = "no finding was recorded";

/// An inconclusive result without an obstacle.
pub(super) const NO_OBSTACLE: &str = "no obstacle was recorded";

/// A skipped check without a reason.
pub(super) const NO_REASON: &str = "no reason was recorded";

/// The kind of an obstacle.
pub(super) const fn obstacle(kind: ObstacleKind) -> &'static str {
    match kind {
        ObstacleKind::Transport => "the connection failed",
        ObstacleKind::Arrangement => "what the check needs could not be arranged",
        ObstacleKind::Deadline => "the check ran out of time",
        ObstacleKind::Defect => "the suite itself failed",
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

/// The names of eras.
pub(super) fn eras(eras: &[Era]) -> String {
    let names: Vec<&str> = eras.iter().map(|era| era.name()).collect();
    names.join(", ")
}
