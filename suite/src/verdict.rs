//! What a check observed. A verdict is an observation; `outcome` makes a judgement of it.

use serde::{Deserialize, Serialize};

use crate::wire::registry::TransportError;

/// What was expected, what came, and which exchanges show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The acceptable answers; any one of them would have satisfied the requirement.
    pub expected: Vec<String>,
    /// What the registry did.
    pub actual: String,
    /// The exchanges that show it, as positions in the check's transcript.
    pub exchanges: Vec<usize>,
}

/// Why a check could not tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obstacle {
    /// What kind of trouble it was.
    pub kind: ObstacleKind,
    /// What was attempted and what happened.
    pub what: String,
    /// The exchanges that show it, as positions in the check's transcript.
    pub exchanges: Vec<usize>,
}

/// Kinds of trouble that are nobody's violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObstacleKind {
    /// The network or the connection failed.
    Transport,
    /// What the check needed beforehand could not be arranged.
    Arrangement,
    /// The check ran out of time.
    Deadline,
    /// The suite itself failed.
    Defect,
}

/// How a check stops when it does not run to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The registry contradicts the requirement.
    Violated(Box<Finding>),
    /// The requirement does not concern this registry, for the reason given.
    NotApplicable(String),
    /// The check could not tell.
    Inconclusive(Box<Obstacle>),
}

/// What a check returns: only an expectation makes a violation, trouble is inconclusive.
pub type CheckResult = Result<(), Stop>;

/// What was observed about one requirement on one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The registry does what the requirement says.
    Satisfied,
    /// It does not.
    Violated(Box<Finding>),
    /// The requirement does not concern it.
    NotApplicable(String),
    /// It could not be told.
    Inconclusive(Box<Obstacle>),
}

impl From<CheckResult> for Verdict {
    fn from(result: CheckResult) -> Self {
        match result {
            Ok(()) => Self::Satisfied,
            Err(Stop::Violated(finding)) => Self::Violated(finding),
            Err(Stop::NotApplicable(why)) => Self::NotApplicable(why),
            Err(Stop::Inconclusive(obstacle)) => Self::Inconclusive(obstacle),
        }
    }
}

impl Verdict {
    /// Whether the registry was seen to contradict the requirement.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_contradicts_is_a_violation() {
        let finding = Box::new(Finding {
            expected: vec!["201".into()],
            actual: "200".into(),
            exchanges: vec![0],
        });
        let obstacle = Obstacle::new(ObstacleKind::Transport, "reset");
        for (result, is_violated) in [
            (Ok(()), false),
            (Err(Stop::Violated(finding)), true),
            (Err(Stop::NotApplicable("no deletes".into())), false),
            (Err(Stop::from(obstacle)), false),
        ] {
            let verdict = Verdict::from(result);
            assert_eq!(verdict.is_violated(), is_violated, "{verdict:?}");
        }
    }
}
