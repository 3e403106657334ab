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
    /// A Must is violated, or a Should in a strict run: the run fails.
    Fail,
    /// A listed deviation does what the list says and the requirement forbids: the run does not fail.
    Known,
    /// A listed deviation is there no more: the run fails until the list is mended.
    Stale,
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
        Self::Stale,
        Self::Known,
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
            Self::Known => "known",
            Self::Stale => "stale",
            Self::Warn => "warn",
            Self::Present => "present",
            Self::Absent => "absent",
            Self::Skipped => "skipped",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// What a run tolerates of one requirement on one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules {
    /// A violated Should fails the run.
    pub strict: bool,
    /// A deviation is listed for the requirement on this target.
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

    /// The outcomes of a Must, a Should and a May.
    fn outcomes(verdict: &Verdict, rules: Rules) -> [Outcome; 3] {
        [Level::Must, Level::Should, Level::May].map(|level| judge(level, verdict, rules))
    }

    #[test]
    fn the_whole_table() {
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
