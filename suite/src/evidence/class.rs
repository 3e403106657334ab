//! The comparison of one predicted result with the observed one.

use serde::Serialize;

use super::FlowResult;
use crate::prediction::table::FlowVerdict;

/// The relation of a prediction to the observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// They agree.
    Right,
    /// There is no prediction.
    Unknown,
    /// Helm fails, and the prediction is that it works.
    Missed,
    /// Helm works, and the prediction is that it fails.
    FalseAlarm,
}

impl Class {
    /// The class of a prediction.
    pub const fn of(predicted: FlowVerdict, observed: FlowResult) -> Self {
        match (predicted, observed) {
            (FlowVerdict::Unknown, _) => Self::Unknown,
            (FlowVerdict::Works, FlowResult::Works) | (FlowVerdict::Breaks, FlowResult::Fails) => {
                Self::Right
            }
            (FlowVerdict::Works, FlowResult::Fails) => Self::Missed,
            (FlowVerdict::Breaks, FlowResult::Works) => Self::FalseAlarm,
        }
    }

    /// True for a wrong prediction.
    pub const fn is_wrong(self) -> bool {
        matches!(self, Self::Missed | Self::FalseAlarm)
    }
}
