//! The exit codes of the program. They are public: scripts and CI rely on them.

use std::process::ExitCode as ProcessExitCode;

use helm_oci_reports::record::{DeviationProblem, TargetRecord};
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::verdict::{Obstacle, ObstacleKind};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// Every outcome is acceptable.
    Acceptable = 0,
    /// A target violates a requirement that is a MUST, or a real Helm fails with it, or the list of deviations does not
    /// fit; whatever else happened, this is proven. Or `snapshot check` found that a registry answers otherwise than it
    /// did.
    Violation = 1,
    /// The command line, a file or the selection is wrong; nothing was run.
    Usage = 2,
    /// No violation, but a target could not be reached, or a requirement could not be told; or `doctor` found a
    /// problem with the machine.
    Inconclusive = 3,
    /// The suite itself failed: a check panicked, or `prove` found it not as declared, or not as
    /// observed, or `observe --check` saw what is not recorded.
    Defect = 4,
    /// Interrupted by Ctrl-C or SIGTERM; what was launched was removed, and what was pushed elsewhere deleted.
    Interrupted = 130,
}

/// The table for `--help`.
pub const HELP: &str = "\
Exit codes:
  0    every outcome is acceptable: no MUST is violated and everything could be told
  1    a target violates a MUST (with --strict a SHOULD), a flow of a real Helm fails with it,
       or the list of --deviations is stale, expired or speaks of no target;
       or `snapshot check` found a difference
  2    usage or configuration error, or an empty selection; nothing was run
  3    no violation, but a target was unreachable or a requirement could not be told;
       or `doctor` found a problem, or `gc` could not delete all
  4    a defect of the suite itself: a check panicked, or `prove` contradicts a declaration
       or the evidence, or `observe --check` does
  130  interrupted; the containers of the run are removed, and what it pushed is deleted";

impl ExitCode {
    /// The code as a number.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// What a run over these targets ends with.
    pub fn of(targets: &[TargetRecord], deviations: &[DeviationProblem]) -> Self {
        let checks = || targets.iter().flat_map(|target| &target.checks);
        let helms = || targets.iter().flat_map(|target| &target.helm_versions);
        let flows = || helms().flat_map(|helm| &helm.flows);
        let outcomes = || {
            let of_checks = checks().map(|check| check.outcome);
            of_checks.chain(flows().map(|flow| flow.outcome))
        };
        let obstacles = targets.iter().filter_map(|target| target.obstacle.as_ref());
        let mut obstacles = obstacles
            .chain(checks().filter_map(|check| check.obstacle.as_ref()))
            .chain(flows().filter_map(|flow| flow.obstacle.as_ref()))
            .peekable();
        let told = obstacles.peek().is_none();
        let fails = |outcome| matches!(outcome, Outcome::Fail | Outcome::Stale);
        if outcomes().any(fails) || !deviations.is_empty() {
            Self::Violation
        } else if obstacles.any(is_defect) {
            Self::Defect
        } else if !told || outcomes().any(|outcome| outcome == Outcome::Inconclusive) {
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
