//! The flows of client models and of real Helm binaries on a target, as a record holds them.

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::prediction::explain::Explanation;
use helm_oci_suite::prediction::table::FlowVerdict;
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::verdict::Obstacle;
use helm_oci_suite::wire::exchange::Exchange;
use serde::{Deserialize, Serialize};

use super::AttemptRecord;

/// The flows of one Helm version: of a client model, or of a real binary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelmRecord {
    /// The version that is modelled, or that the binary prints.
    pub version: String,
    /// Its era.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub era: Option<Era>,
    /// The digest of the binary; none of a model.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub binary: String,
    /// The flows that were run, in the suite's order.
    pub flows: Vec<FlowRecord>,
}

/// The result of one flow of a client model or of a real Helm binary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowRecord {
    /// Its id, such as `flow/push-3.8` of a model and `helm-3.10.1/flow/push` of a binary.
    pub id: String,
    /// The Helm versions that send the requests of a model.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub versions: Option<String>,
    /// The flow.
    pub flow: Flow,
    /// Pass, fail, intermittent, inconclusive, or skipped if it was not run.
    pub outcome: Outcome,
    /// The prediction from the requirements for this version.
    pub predicted: FlowVerdict,
    /// The reason for which it was skipped.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// The reason for which it is inconclusive.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub obstacle: Option<Obstacle>,
    /// The last message of Helm, with placeholders for what differs from run to run. A text in parentheses describes
    /// an outcome for which Helm printed no message.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
    /// The violated requirements that explain a failure, the best explanation first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub because: Vec<Explanation>,
    /// The requirement whose finding has the cause.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<String>,
    /// The invocations of Helm, in order.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub runs: Vec<HelmRun>,
    /// The position of the exchange at which Helm aborted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub gave_up: Option<usize>,
    /// The exchanges of all invocations; kept where the outcome is not a pass.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub exchanges: Vec<Exchange>,
    /// The attempts, if the flow was repeated.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub attempts: Vec<AttemptRecord>,
    /// The number of exchanges.
    pub requests: usize,
    /// The duration in milliseconds.
    pub milliseconds: u64,
}

/// One invocation of Helm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelmRun {
    /// The command line.
    pub command: String,
    /// Its exit code; none if Helm was killed.
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
    /// A flow that was not run.
    pub const fn skipped(id: String, flow: Flow, predicted: FlowVerdict) -> Self {
        Self {
            id,
            versions: None,
            flow,
            outcome: Outcome::Skipped,
            predicted,
            reason: None,
            obstacle: None,
            error: None,
            because: Vec::new(),
            cause: None,
            runs: Vec::new(),
            gave_up: None,
            exchanges: Vec::new(),
            attempts: Vec::new(),
            requests: 0,
            milliseconds: 0,
        }
    }

    /// True if the flow failed and no violated requirement explains it: the catalogue may lack a requirement.
    pub fn is_unexplained(&self) -> bool {
        self.outcome == Outcome::Fail && self.because.is_empty()
    }

    /// True if the flow worked although a violated requirement predicts a failure: the requirement claims too much.
    pub fn is_contradicted(&self) -> bool {
        self.outcome == Outcome::Pass && self.predicted == FlowVerdict::Breaks
    }
}
