//! Outcomes: the judgement on a verdict, by level and by the rules of the run.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::requirement::Level;
use crate::verdict::Verdict;

/// The judgement on one requirement.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Outcome {
    /// Satisfied.
    Pass,
    /// A MUST is violated, or a SHOULD in a strict run: the run fails.
    Fail,
    /// The violation is a listed deviation: the run does not fail.
    Known,
    /// A listed deviation is no longer observed: the run fails until it is removed from the list.
    Stale,
    /// A SHOULD is violated: a warning, the run does not fail.
    Warn,
    /// A MAY is satisfied.
    Present,
    /// A MAY is not satisfied.
    Absent,
    /// The requirement does not apply.
    Skipped,
    /// The check failed and, when it was repeated, passed: the run does not fail.
    Intermittent,
    /// The outcome could not be determined.
    Inconclusive,
}

impl Outcome {
    /// All outcomes, in the order of summaries.
    pub const ALL: &'static [Self] = &[
        Self::Pass,
        Self::Fail,
        Self::Stale,
        Self::Known,
        Self::Warn,
        Self::Present,
        Self::Absent,
        Self::Skipped,
        Self::Intermittent,
        Self::Inconclusive,
    ];

    /// The name used in reports.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The rules of a run for one requirement on one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules {
    /// True if a violated SHOULD fails the run.
    pub strict: bool,
    /// True if a deviation is listed for the requirement on this target.
    pub deviates: bool,
}

/// Judges a verdict by the level of its requirement and the rules of the run.
pub const fn judge(level: Level, verdict: &Verdict, rules: Rules) -> Outcome {
    match (verdict, level) {
        (Verdict::Satisfied, Level::May) => Outcome::Present,
        (Verdict::Satisfied, Level::Must | Level::Should) if rules.deviates => Outcome::Stale,
        (Verdict::Satisfied, Level::Must | Level::Should) => Outcome::Pass,
        (Verdict::Violated(_), Level::May) => Outcome::Absent,
        (Verdict::Violated(_), Level::Must | Level::Should) if rules.deviates => Outcome::Known,
        (Verdict::Violated(_), Level::Must) => Outcome::Fail,
        (Verdict::Violated(_), Level::Should) if rules.strict => Outcome::Fail,
        (Verdict::Violated(_), Level::Should) => Outcome::Warn,
        (Verdict::NotApplicable(_), _) => Outcome::Skipped,
        (Verdict::Inconclusive(_), _) => Outcome::Inconclusive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{Finding, Obstacle, ObstacleKind, Reason};

    const LAX: Rules = Rules {
        strict: false,
        deviates: false,
    };
    const STRICT: Rules = Rules {
        strict: true,
        deviates: false,
    };
    const LISTED: Rules = Rules {
        strict: false,
        deviates: true,
    };
    const BOTH: Rules = Rules {
        strict: true,
        deviates: true,
    };

    /// The outcomes of a MUST, a SHOULD and a MAY.
    fn outcomes(verdict: &Verdict, rules: Rules) -> [Outcome; 3] {
        [Level::Must, Level::Should, Level::May].map(|level| judge(level, verdict, rules))
    }

    #[test]
    fn every_verdict_is_judged_by_level_and_rules() {
        use Outcome::{Absent, Fail, Inconclusive, Known, Pass, Present, Skipped, Stale, Warn};
        let violated = Verdict::Violated(Box::new(Finding {
            expected: vec!["201".into()],
            actual: "200".into(),
            exchanges: vec![0],
        }));
        let inconclusive =
            Verdict::Inconclusive(Box::new(Obstacle::new(ObstacleKind::Transport, "reset")));
        let skipped = Verdict::NotApplicable(Reason::ConditionNotMet("no deletes"));
        for (verdict, rules, expected) in [
            (&Verdict::Satisfied, LAX, [Pass, Pass, Present]),
            (&Verdict::Satisfied, STRICT, [Pass, Pass, Present]),
            (&Verdict::Satisfied, LISTED, [Stale, Stale, Present]),
            (&Verdict::Satisfied, BOTH, [Stale, Stale, Present]),
            (&violated, LAX, [Fail, Warn, Absent]),
            (&violated, STRICT, [Fail, Fail, Absent]),
            (&violated, LISTED, [Known, Known, Absent]),
            (&violated, BOTH, [Known, Known, Absent]),
        ] {
            assert_eq!(outcomes(verdict, rules), expected, "{verdict:?} {rules:?}");
        }
        for rules in [LAX, STRICT, LISTED, BOTH] {
            assert_eq!(outcomes(&skipped, rules), [Skipped; 3]);
            assert_eq!(outcomes(&inconclusive, rules), [Inconclusive; 3]);
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
