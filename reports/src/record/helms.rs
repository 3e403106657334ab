//! What real Helms did with a target.

use helm_oci_suite::helm::era::{Era, Flow};
use helm_oci_suite::prediction::explain::Explanation;
use helm_oci_suite::prediction::table::FlowVerdict;
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::verdict::Obstacle;
use helm_oci_suite::wire::exchange::Exchange;
use serde::{Deserialize, Serialize};

/// What one real Helm did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelmRecord {
    /// Its version, as it said itself.
    pub version: String,
    /// Its era.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub era: Option<Era>,
    /// The digest of its binary.
    pub binary: String,
    /// The flows that were run, in the suite's order.
    pub flows: Vec<FlowRecord>,
}

/// What became of one flow of a real Helm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowRecord {
    /// Such as `helm-3.10.1/flow/push`.
    pub id: String,
    /// The flow.
    pub flow: Flow,
    /// Pass or fail; inconclusive if that could not be told, skipped if it was not run.
    pub outcome: Outcome,
    /// What the requirements make of it for this version.
    pub predicted: FlowVerdict,
    /// Why it was skipped.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Why it could not be told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub obstacle: Option<Obstacle>,
    /// What Helm said in the end, with names for what differs from run to run; in parentheses what happened where
    /// it said nothing of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
    /// The violated requirements that explain a failure, the best reason first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub because: Vec<Explanation>,
    /// The runs of Helm, in order.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub runs: Vec<HelmRun>,
    /// The position of the exchange at which Helm gave up.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub gave_up: Option<usize>,
    /// The exchanges of the runs; kept where the outcome is not a pass.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub exchanges: Vec<Exchange>,
    /// How many exchanges there were.
    pub requests: usize,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
}

/// One run of a Helm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelmRun {
    /// The command line.
    pub command: String,
    /// Its exit code; a Helm that was killed has none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub exit: Option<i32>,
    /// The end of its standard output; kept where the flow is not a pass.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub stdout: String,
    /// The end of its standard error; kept where the flow is not a pass.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub stderr: String,
}

impl FlowRecord {
    /// Whether a failure is one that nothing seen violated explains: a hole in the catalogue.
    pub fn is_unexplained(&self) -> bool {
        self.outcome == Outcome::Fail && self.because.is_empty()
    }

    /// Whether it worked although a violated requirement says that it breaks: a requirement that says too much.
    pub fn is_contradicted(&self) -> bool {
        self.outcome == Outcome::Pass && self.predicted == FlowVerdict::Breaks
    }
}
