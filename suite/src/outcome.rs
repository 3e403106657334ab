//! What we make of a verdict.

use serde::{Deserialize, Serialize};

use crate::requirement::Level;
use crate::verdict::Verdict;

/// The judgement on one requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Satisfied.
    Pass,
    /// A Must is violated: the run fails.
    Fail,
    /// A Should is violated: worth knowing, the run does not fail.
    Warn,
    /// A May was observed to be present.
    Present,
    /// A May was observed to be absent.
    Absent,
    /// The requirement does not concern this registry.
    Skipped,
    /// It could not be told.
    Inconclusive,
}

impl Outcome {
    /// All outcomes, in the order summaries show them.
    pub const ALL: &'static [Self] = &[
        Self::Pass,
        Self::Fail,
        Self::Warn,
        Self::Present,
        Self::Absent,
        Self::Skipped,
        Self::Inconclusive,
    ];

    /// The name used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Present => "present",
            Self::Absent => "absent",
            Self::Skipped => "skipped",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// Judges a verdict by the level of its requirement.
pub const fn judge(level: Level, verdict: &Verdict) -> Outcome {
    match (verdict, level) {
        (Verdict::Satisfied, Level::Must | Level::Should) => Outcome::Pass,
        (Verdict::Satisfied, Level::May) => Outcome::Present,
        (Verdict::Violated(_), Level::Must) => Outcome::Fail,
        (Verdict::Violated(_), Level::Should) => Outcome::Warn,
        (Verdict::Violated(_), Level::May) => Outcome::Absent,
        (Verdict::NotApplicable(_), _) => Outcome::Skipped,
        (Verdict::Inconclusive(_), _) => Outcome::Inconclusive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{Finding, Obstacle, ObstacleKind};

    #[test]
    fn the_whole_table() {
        let violated = Verdict::Violated(Box::new(Finding {
            expected: vec!["201".into()],
            actual: "200".into(),
            exchanges: vec![0],
        }));
        let inconclusive =
            Verdict::Inconclusive(Box::new(Obstacle::new(ObstacleKind::Transport, "reset")));
        let skipped = Verdict::NotApplicable("no deletes".into());
        for (verdict, must, should, may) in [
            (
                &Verdict::Satisfied,
                Outcome::Pass,
                Outcome::Pass,
                Outcome::Present,
            ),
            (&violated, Outcome::Fail, Outcome::Warn, Outcome::Absent),
            (
                &skipped,
                Outcome::Skipped,
                Outcome::Skipped,
                Outcome::Skipped,
            ),
            (
                &inconclusive,
                Outcome::Inconclusive,
                Outcome::Inconclusive,
                Outcome::Inconclusive,
            ),
        ] {
            assert_eq!(judge(Level::Must, verdict), must);
            assert_eq!(judge(Level::Should, verdict), should);
            assert_eq!(judge(Level::May, verdict), may);
        }
    }

    #[test]
    fn names_agree_with_serialisation() {
        for outcome in Outcome::ALL {
            assert_eq!(
                serde_json::to_value(outcome).expect("serialises"),
                outcome.name()
            );
        }
    }
}
