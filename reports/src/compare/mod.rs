//! The differences between two targets that a user who moves charts from A to B would notice.
//!
//! There is no verdict. Differences that affect users come first; values that differ from run to run are left out.

mod between;
mod bisect;
mod diff;
mod normalise;
mod state;

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::prediction::table::FlowVerdict;
use helm_oci_suite::requirement::Level;
use serde::Serialize;

use crate::json;
use crate::record::{BreakRecord, SourceRecord};
use crate::snapshot::SnapshotDifference;

pub use self::bisect::{BisectedChange, BisectedItem, Bisection};
pub use self::diff::{Changes, DIFF_SCHEMA, DiffedRun, ListedRequirement, RecordDiff, TargetDiff};
pub use self::state::{BisectedState, RequirementState};

/// The version of a comparison as JSON.
pub const SCHEMA: u32 = 1;

/// One of the two targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ComparedTarget {
    /// Its name.
    pub name: String,
    /// The name and version that it sends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The reason for which it could not be examined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<String>,
}

/// The behaviour of one target with respect to a requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Behaviour {
    /// The state of the requirement.
    pub state: RequirementState,
    /// The actual behaviour, or the reason for which it does not apply or is inconclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
}

/// A flow with different verdicts, and the eras in which they differ for the same reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlowChange {
    /// The flow.
    pub flow: Flow,
    /// The eras.
    pub eras: Vec<Era>,
    /// The verdict for A.
    pub a: FlowVerdict,
    /// The verdict for B.
    pub b: FlowVerdict,
    /// The requirements behind the difference.
    pub because: Vec<String>,
}

/// A requirement on which the two targets differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequirementChange {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its level: how strongly Helm needs it.
    pub level: Level,
    /// Its level, and its level in the specification.
    pub severity: String,
    /// The behaviour of A.
    pub a: Behaviour,
    /// The behaviour of B.
    pub b: Behaviour,
    /// The acceptable behaviours; known only where one of the targets violates it.
    pub expected: Vec<String>,
    /// The sources that support it.
    #[serde(rename = "says")]
    pub sources: Vec<SourceRecord>,
    /// The effects of a violation on users of some Helm versions.
    pub helm: Vec<BreakRecord>,
}

/// A capability that only one of the targets has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CapabilityChange {
    /// Its name.
    pub name: String,
    /// True if A has it; none if that could not be determined.
    pub a: Option<bool>,
    /// The same for B.
    pub b: Option<bool>,
    /// The observations behind it, on A and on B.
    pub evidence: [String; 2],
}

/// The counts of what was compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ComparedCounts {
    /// Requirements.
    pub requirements: usize,
    /// Cells of the table era × flow.
    pub cells: usize,
    /// Capabilities.
    pub capabilities: usize,
    /// Files of snapshots; none if one of the two is a record.
    pub files: usize,
}

/// All differences between A and B.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TargetComparison {
    /// The version of this form.
    pub schema: u32,
    /// The target that users migrate from.
    pub a: ComparedTarget,
    /// The target that users migrate to.
    pub b: ComparedTarget,
    /// The counts of what was compared.
    #[serde(rename = "looked")]
    pub compared: ComparedCounts,
    /// Flows: first those that break.
    pub flows: Vec<FlowChange>,
    /// Requirements: first those that B violates and A does not.
    pub requirements: Vec<RequirementChange>,
    /// Capabilities.
    pub capabilities: Vec<CapabilityChange>,
    /// Responses: what Helm reads, and what it ignores.
    #[serde(rename = "answers")]
    pub responses: SnapshotDifference,
    /// The number of requirements that are inconclusive on one of them.
    #[serde(rename = "untold")]
    pub inconclusive: usize,
}

impl RequirementChange {
    /// True if one of the two targets violates it.
    pub(crate) fn is_violated(&self) -> bool {
        [self.a.state, self.b.state].contains(&RequirementState::Violated)
    }

    /// The source to show: a quotation if there is one.
    pub(crate) fn main_source(&self) -> Option<&SourceRecord> {
        let mut quoted = self.sources.iter().filter(|source| source.quoted);
        quoted.next().or(self.sources.first())
    }
}

impl TargetComparison {
    /// True if the two targets do not differ in anything that was compared.
    pub fn is_empty(&self) -> bool {
        self.flows.is_empty()
            && self.requirements.is_empty()
            && self.capabilities.is_empty()
            && self.responses.is_empty()
    }

    /// True if something could not be determined, so that there may be more differences.
    pub const fn is_inconclusive(&self) -> bool {
        self.inconclusive > 0
            || self.compared.requirements == 0
            || self.a.obstacle.is_some()
            || self.b.obstacle.is_some()
    }

    /// The comparison as JSON, with a newline at the end.
    pub fn to_json(&self) -> String {
        json::write(self)
    }
}
