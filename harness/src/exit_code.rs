//! The exit codes of the program. They are stable: scripts and CI rely on them.

use std::process::ExitCode as ProcessExitCode;

use helm_oci_reports::record::{DeviationProblem, TargetRecord};
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::verdict::{Obstacle, ObstacleKind};

/// The exit code of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// Every outcome is acceptable.
    Acceptable = 0,
    /// A target violates a MUST, a client model or a real Helm binary fails on it, or the deviations file does not
    /// match the results, whatever else happened. Or `snapshot check` found a difference, or `diff` a regression.
    Violation = 1,
    /// The command line, a file or the selection is invalid; nothing was run. Or a report could not be written after a
    /// run without findings.
    Usage = 2,
    /// No violation, but a target could not be reached, or a check of a MUST was inconclusive for a reason that no known
    /// deviation explains. Or `doctor` found a problem, or `diff` found no regression and cannot exclude one.
    Inconclusive = 3,
    /// A defect of the suite: a check panicked, `prove` contradicts a declaration or the evidence, or `observe --check`
    /// contradicts the evidence.
    Defect = 4,
    /// Interrupted by Ctrl-C or SIGTERM. What was launched is removed, what was pushed elsewhere is deleted.
    Interrupted = 130,
}

/// The table of exit codes for `--help`.
pub const HELP: &str = "\
Exit codes:
  0    every outcome is acceptable: no MUST is violated or inconclusive (with --strict also
       no SHOULD); a MAY never decides, nor does what a known deviation makes inconclusive
  1    a target violates a MUST (with --strict also a SHOULD), or a flow of a client model or of
       a real Helm binary fails on it, or an entry of --deviations is stale, expired or matches
       no target; or `snapshot check` found a difference, or `diff` a regression
  2    usage or configuration error, or an empty selection; nothing was run;
       or a report could not be written after a run without findings
  3    no violation, but a target was unreachable, or a MUST (with --strict also a SHOULD)
       or a flow of a client model or of a real Helm binary was inconclusive, or contradicted
       in some attempts and satisfied in others;
       or `doctor` found a problem, or `gc` could not delete everything, or `diff` found no
       regression and the new record leaves open what the old one does not
  4    a defect of the suite itself: a check panicked, `prove` contradicts a declaration
       or the evidence, or `observe --check` contradicts the evidence
  130  interrupted; the containers of the run are removed, and what it pushed is deleted;
       the reports state what was examined before";

impl ExitCode {
    /// The code as a number.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The exit code of a run on these targets.
    ///
    /// A violation fails the run by its outcome. An inconclusive check leaves it open only if its level can fail it.
    pub fn of(targets: &[TargetRecord], deviations: &[DeviationProblem], strict: bool) -> Self {
        let checks = || targets.iter().flat_map(|target| &target.checks);
        let flows = || targets.iter().flat_map(TargetRecord::flows);
        let of_targets = targets.iter().filter_map(|target| target.obstacle.as_ref());
        let of_checks = checks().filter_map(|check| check.obstacle.as_ref());
        let of_flows = flows().filter_map(|flow| flow.obstacle.as_ref());
        let mut obstacles = of_targets.chain(of_checks).chain(of_flows);
        let fails = |outcome| matches!(outcome, Outcome::Fail | Outcome::Stale);
        let is_failed = checks().any(|check| fails(check.outcome))
            || flows().any(|flow| fails(flow.outcome))
            || !deviations.is_empty();
        let is_open = targets.iter().any(|target| target.obstacle.is_some())
            || checks().any(|check| check.leaves_run_open(strict))
            || flows().any(|flow| flow.outcome == Outcome::Inconclusive);
        if is_failed {
            Self::Violation
        } else if obstacles.any(is_defect) {
            Self::Defect
        } else if is_open {
            Self::Inconclusive
        } else {
            Self::Acceptable
        }
    }
}

fn is_defect(obstacle: &Obstacle) -> bool {
    obstacle.kind == ObstacleKind::Defect
}

impl From<ExitCode> for ProcessExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}

#[cfg(test)]
mod tests {
    use helm_oci_reports::record::{TargetIdentity, TargetKind};
    use helm_oci_suite::checks;
    use helm_oci_suite::requirement::Level;
    use helm_oci_suite::requirement::outcome::Rules;
    use helm_oci_suite::verdict::{Finding, Verdict};

    use super::*;
    use crate::run::{Checked, record};

    /// The exit code of a run with one check of this level and verdict.
    fn code(level: Level, verdict: Verdict, strict: bool) -> ExitCode {
        let mut all = checks::all().into_iter();
        let requirement = all
            .find(|own| own.level == level)
            .expect("each level is used");
        let checked = Checked {
            verdict,
            exchanges: Vec::new(),
            requests: 0,
            milliseconds: 0,
            recovered: Vec::new(),
            attempts: Vec::new(),
        };
        let rules = Rules {
            strict,
            deviates: false,
        };
        let mut target = TargetRecord::new("one", TargetIdentity::of_kind(TargetKind::Url));
        target.checks = vec![record(requirement, &checked, rules)];
        ExitCode::of(&[target], &[], strict)
    }

    #[test]
    fn only_a_must_decides_and_in_a_strict_run_a_should() {
        use ExitCode::{Acceptable, Inconclusive, Violation};
        let violated = || {
            Verdict::Violated(Box::new(Finding {
                expected: vec!["this".to_owned()],
                actual: "that".to_owned(),
                exchanges: Vec::new(),
            }))
        };
        let inconclusive = |kind| Verdict::Inconclusive(Box::new(Obstacle::new(kind, "reset")));
        for (level, strict, of_violated, of_inconclusive) in [
            (Level::Must, false, Violation, Inconclusive),
            (Level::Should, false, Acceptable, Acceptable),
            (Level::Should, true, Violation, Inconclusive),
            (Level::May, false, Acceptable, Acceptable),
            (Level::May, true, Acceptable, Acceptable),
        ] {
            assert_eq!(
                code(level, violated(), strict),
                of_violated,
                "{level} {strict}"
            );
            let open = code(level, inconclusive(ObstacleKind::Transport), strict);
            assert_eq!(open, of_inconclusive, "{level} {strict}");
            let defect = code(level, inconclusive(ObstacleKind::Defect), strict);
            assert_eq!(defect, ExitCode::Defect, "{level} {strict}");
            assert_eq!(code(level, Verdict::Satisfied, strict), Acceptable);
        }
    }
}
