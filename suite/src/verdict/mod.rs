//! The observation of a check. `outcome` turns it into a judgement.

mod reason;

use std::borrow::Cow;
use std::fmt;

use http::StatusCode;
use serde::{Deserialize, Serialize};

pub use self::reason::{Reason, Restriction};
use crate::wire::TransportError;

/// A violation: expected, observed, and the exchanges that show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The acceptable responses; any one of them would have satisfied the requirement.
    pub expected: Vec<String>,
    /// The observed response.
    pub actual: String,
    /// The exchanges that show it, as positions in the check's transcript.
    pub exchanges: Vec<usize>,
}

/// The reason why a check is inconclusive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obstacle {
    /// The kind of obstacle.
    pub kind: ObstacleKind,
    /// The attempt, and what happened.
    pub what: String,
    /// The exchanges that show it, as positions in the check's transcript.
    pub exchanges: Vec<usize>,
}

/// The kinds of obstacles, none of which is a violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObstacleKind {
    /// The network or the connection failed.
    Transport,
    /// The preconditions of the check could not be arranged.
    Arrangement,
    /// The check ran out of time.
    Deadline,
    /// The suite itself failed.
    Defect,
}

/// The reason why a check stops before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The registry contradicts the requirement.
    Violated(Box<Finding>),
    /// The requirement does not apply, for this reason.
    NotApplicable(Reason),
    /// The check is inconclusive.
    Inconclusive(Box<Obstacle>),
}

/// The result of a check.
pub type CheckResult = Result<(), Stop>;

/// The observation about one requirement on one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The registry does what the requirement states.
    Satisfied,
    /// It does not.
    Violated(Box<Finding>),
    /// The requirement does not apply, for this reason.
    NotApplicable(Reason),
    /// It could not be determined.
    Inconclusive(Box<Obstacle>),
}

impl From<CheckResult> for Verdict {
    fn from(result: CheckResult) -> Self {
        match result {
            Ok(()) => Self::Satisfied,
            Err(Stop::Violated(finding)) => Self::Violated(finding),
            Err(Stop::NotApplicable(reason)) => Self::NotApplicable(reason),
            Err(Stop::Inconclusive(obstacle)) => Self::Inconclusive(obstacle),
        }
    }
}

impl Verdict {
    /// True if the registry contradicts the requirement.
    pub const fn is_violated(&self) -> bool {
        matches!(self, Self::Violated(_))
    }
}

impl Obstacle {
    /// An obstacle without exchanges of its own.
    pub fn new(kind: ObstacleKind, what: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.into(),
            exchanges: Vec::new(),
        }
    }
}

impl From<&TransportError> for Obstacle {
    fn from(error: &TransportError) -> Self {
        let kind = match error {
            TransportError::Withheld { .. } => ObstacleKind::Arrangement,
            TransportError::Stalled { .. } => ObstacleKind::Deadline,
            TransportError::Connect { .. }
            | TransportError::Tls { .. }
            | TransportError::Broken { .. }
            | TransportError::Timeout { .. }
            | TransportError::TooLarge { .. } => ObstacleKind::Transport,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<Obstacle> for Stop {
    fn from(obstacle: Obstacle) -> Self {
        Self::Inconclusive(Box::new(obstacle))
    }
}

impl From<Stop> for Obstacle {
    /// Whatever stops a step that the suite needs is an obstacle.
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Inconclusive(obstacle) => *obstacle,
            other => Self::new(ObstacleKind::Arrangement, other.to_string()),
        }
    }
}

impl Stop {
    /// The run may not do what the check needs.
    pub const fn not_allowed(restriction: Restriction) -> Self {
        Self::NotApplicable(Reason::NotAllowed(restriction))
    }

    /// The run has no credentials of the kind that the check needs: `what` is a sentence.
    pub const fn missing_credentials(what: &'static str) -> Self {
        Self::NotApplicable(Reason::MissingCredentials(what))
    }

    /// The registry does not offer an optional feature: `what` is a sentence, `status` the response.
    pub fn not_offered(what: impl Into<Cow<'static, str>>, status: StatusCode) -> Self {
        let what = what.into();
        Self::NotApplicable(Reason::NotOffered { what, status })
    }

    /// The target does not have the behaviour or the set-up that the requirement is about: `what` is a sentence.
    pub const fn condition_not_met(what: &'static str) -> Self {
        Self::NotApplicable(Reason::ConditionNotMet(what))
    }
}

impl fmt::Display for Stop {
    /// Writes the observed response, the reason or the obstacle.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Violated(finding) => f.write_str(&finding.actual),
            Self::NotApplicable(reason) => reason.fmt(f),
            Self::Inconclusive(obstacle) => f.write_str(&obstacle.what),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_contradiction_is_a_violation() {
        let finding = Box::new(Finding {
            expected: vec!["201".into()],
            actual: "200".into(),
            exchanges: vec![0],
        });
        let obstacle = Obstacle::new(ObstacleKind::Transport, "reset");
        for (result, is_violated) in [
            (Ok(()), false),
            (Err(Stop::Violated(finding)), true),
            (Err(Stop::condition_not_met("no deletes")), false),
            (Err(Stop::from(obstacle)), false),
        ] {
            let verdict = Verdict::from(result);
            assert_eq!(verdict.is_violated(), is_violated, "{verdict:?}");
        }
    }

    #[test]
    fn a_stop_is_written_as_its_observation() {
        let finding = Box::new(Finding {
            expected: vec!["status 201".into()],
            actual: "status 200".into(),
            exchanges: vec![0],
        });
        let obstacle = Obstacle::new(ObstacleKind::Transport, "reset");
        for (stop, text, kind) in [
            (
                Stop::Violated(finding),
                "status 200",
                ObstacleKind::Arrangement,
            ),
            (
                Stop::condition_not_met("no deletes"),
                "no deletes",
                ObstacleKind::Arrangement,
            ),
            (Stop::from(obstacle), "reset", ObstacleKind::Transport),
        ] {
            assert_eq!(stop.to_string(), text);
            assert_eq!(Obstacle::from(stop), Obstacle::new(kind, text));
        }
    }
}
