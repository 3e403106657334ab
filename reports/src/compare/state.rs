//! The state of a requirement, and of a flow, on one target.

use helm_oci_suite::prediction::table::FlowVerdict;
use helm_oci_suite::requirement::outcome::Outcome;
use serde::Serialize;
use strum::{Display, IntoStaticStr};

/// The state of a requirement on one target, whatever a deviations file tolerates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Display, IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
pub enum RequirementState {
    /// The target satisfies it.
    #[serde(rename = "holds")]
    #[strum(serialize = "satisfied")]
    Satisfied,
    /// The target violates it.
    #[strum(serialize = "violated")]
    Violated,
    /// It does not apply to the target.
    #[serde(rename = "not-concerned")]
    #[strum(serialize = "not applicable")]
    NotApplicable,
    /// It could not be determined.
    #[serde(rename = "untold")]
    #[strum(serialize = "inconclusive")]
    Inconclusive,
}

impl RequirementState {
    /// The state behind an outcome.
    pub const fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Pass | Outcome::Present | Outcome::Stale => Self::Satisfied,
            Outcome::Fail | Outcome::Warn | Outcome::Known | Outcome::Absent => Self::Violated,
            Outcome::Skipped => Self::NotApplicable,
            Outcome::Intermittent | Outcome::Inconclusive => Self::Inconclusive,
        }
    }

    /// The state in words.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The state of a requirement or a flow in a bisection. Inconclusive results have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Display, IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
pub enum BisectedState {
    /// The requirement is satisfied.
    #[serde(rename = "holds")]
    #[strum(serialize = "satisfied")]
    Satisfied,
    /// The requirement is violated.
    #[strum(serialize = "violated")]
    Violated,
    /// The requirement does not apply.
    #[serde(rename = "not concerned")]
    #[strum(serialize = "not applicable")]
    NotApplicable,
    /// The flow works.
    #[strum(serialize = "works")]
    Works,
    /// The flow breaks.
    #[strum(serialize = "breaks")]
    Breaks,
}

impl BisectedState {
    /// The state of a requirement; none if it could not be determined.
    pub(super) const fn of_requirement(outcome: Outcome) -> Option<Self> {
        match RequirementState::of(outcome) {
            RequirementState::Satisfied => Some(Self::Satisfied),
            RequirementState::Violated => Some(Self::Violated),
            RequirementState::NotApplicable => Some(Self::NotApplicable),
            RequirementState::Inconclusive => None,
        }
    }

    /// The state of a flow; none if it could not be determined.
    pub(super) const fn of_flow(verdict: FlowVerdict) -> Option<Self> {
        match verdict {
            FlowVerdict::Works => Some(Self::Works),
            FlowVerdict::Breaks => Some(Self::Breaks),
            FlowVerdict::Unknown => None,
        }
    }

    /// True if users are affected.
    pub const fn is_bad(self) -> bool {
        matches!(self, Self::Violated | Self::Breaks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serialized_names_of_states_are_stable() {
        let states = [
            RequirementState::Satisfied,
            RequirementState::Violated,
            RequirementState::NotApplicable,
            RequirementState::Inconclusive,
        ];
        assert_eq!(
            serde_json::to_string(&states).expect("serialises"),
            r#"["holds","violated","not-concerned","untold"]"#
        );
        let bisected = [
            BisectedState::Satisfied,
            BisectedState::Violated,
            BisectedState::NotApplicable,
            BisectedState::Works,
            BisectedState::Breaks,
        ];
        assert_eq!(
            serde_json::to_string(&bisected).expect("serialises"),
            r#"["holds","violated","not concerned","works","breaks"]"#
        );
    }
}
