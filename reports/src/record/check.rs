//! The result of one requirement on one target, as a record holds it.

use helm_oci_suite::requirement::Level;
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::requirement::source::Specification;
use helm_oci_suite::verdict::{Finding, Obstacle};
use helm_oci_suite::wire::exchange::Exchange;
use serde::{Deserialize, Serialize};

use super::{AttemptRecord, DeviationRecord};

/// The result of one requirement on one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRecord {
    /// The requirement's id.
    pub id: String,
    /// Its area.
    pub area: String,
    /// Its title.
    pub title: String,
    /// Its level: how strongly Helm needs it.
    pub level: Level,
    /// Its level in the OCI specification; records of older versions leave it out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub specification: Option<Specification>,
    /// The REG-ids and failure modes it covers.
    pub covers: Vec<String>,
    /// The sources that support it.
    pub sources: Vec<SourceRecord>,
    /// The judgement.
    pub outcome: Outcome,
    /// The reason for which it was skipped.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// The violation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub finding: Option<Finding>,
    /// The change that satisfies the requirement; listed only where it is violated. Records of older versions leave it
    /// out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fix: Option<String>,
    /// The reason for which it is inconclusive.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub obstacle: Option<Obstacle>,
    /// The requirement whose known deviation makes it inconclusive.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub blocked_by: Option<String>,
    /// The requirement whose finding has the same cause: the violation of a violated one, the obstacle of an inconclusive
    /// one. None for the requirement that has the finding.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<String>,
    /// The deviation that is listed for it on this target.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub deviation: Option<DeviationRecord>,
    /// The effects of a violation on users; listed only where it is violated.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub breaks: Vec<BreakRecord>,
    /// The transcript; kept where the outcome is not a pass.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub exchanges: Vec<Exchange>,
    /// The attempts, if the check was repeated.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub attempts: Vec<AttemptRecord>,
    /// The number of exchanges of the check.
    pub requests: usize,
    /// The duration in milliseconds.
    pub milliseconds: u64,
}

/// A citation, as it stood when the run was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRecord {
    /// The document.
    pub document: String,
    /// Its version or tag.
    pub version: String,
    /// The place in it.
    pub anchor: String,
    /// The sentence, or a summary of the code.
    #[serde(rename = "says")]
    pub text: String,
    /// True if `text` is a quotation.
    pub quoted: bool,
}

/// The effect of a violation on users of some Helm versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakRecord {
    /// The eras concerned.
    pub eras: Vec<String>,
    /// The versions, as a range.
    pub versions: String,
    /// The flows.
    pub flows: Vec<String>,
    /// The condition, if an ordinary run of the flows is not affected.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub condition: Option<String>,
    /// The message that Helm prints.
    pub symptom: String,
}

impl CheckRecord {
    /// True if the check is inconclusive, or contradicted in some attempts only, and this decides the outcome of the run:
    /// its level does, and no known deviation is the reason.
    pub fn leaves_run_open(&self, strict: bool) -> bool {
        let is_open = match self.outcome {
            Outcome::Inconclusive => true,
            Outcome::Intermittent => self.attempts.iter().any(AttemptRecord::is_definite),
            _ => false,
        };
        is_open && self.level.decides(strict) && self.blocked_by.is_none()
    }

    /// The level for Helm and the level in the OCI specification, in words.
    pub fn severity(&self) -> String {
        self.specification.map_or_else(
            || self.level.to_string(),
            |specification| specification.with_level(self.level),
        )
    }
}
