//! Contradictions within one report: findings, flows, table, verdict sentence and exit code are held against each other.

use helm_oci_reports::record::{CheckRecord, RunRecord, TargetRecord};
use helm_oci_reports::view::ReportView;
use helm_oci_suite::checks;
use helm_oci_suite::helm::era::Era;
use helm_oci_suite::prediction::table::{Cell, FlowVerdict};
use helm_oci_suite::requirement::Level;
use helm_oci_suite::requirement::outcome::Outcome;
use semver::Version;

use crate::exit_code::ExitCode;

/// The contradictions in the record of a run on one target, as sentences.
pub(super) fn contradictions(record: &RunRecord) -> Vec<String> {
    let mut found = Vec::new();
    let target = &record.targets[0];
    for cell in &target.eras {
        found.extend(of_cell(target, cell));
    }
    for check in &target.checks {
        found.extend(of_check(target, check));
    }
    found.extend(of_conclusion(record, target));
    found
}

/// True if the requirement is violated, whatever its level.
fn is_violated(check: &CheckRecord) -> bool {
    check.finding.is_some()
}

/// A cell that breaks has a cause that the report shows as violated; one that works has no violated cause.
fn of_cell(target: &TargetRecord, cell: &Cell) -> Vec<String> {
    let name = format!("{} of {}", cell.flow, cell.era);
    let mut found = Vec::new();
    let shown = |id: &str| target.checks.iter().find(|check| check.id == id);
    match cell.verdict {
        FlowVerdict::Breaks => {
            if cell.because.is_empty() {
                found.push(format!("{name} breaks without a cause"));
            }
            for cause in &cell.because {
                if !shown(&cause.requirement).is_some_and(is_violated) {
                    let id = &cause.requirement;
                    found.push(format!(
                        "{name} breaks because of {id}, which is not violated"
                    ));
                }
            }
        }
        FlowVerdict::Works => {
            for check in target.checks.iter().filter(|check| is_violated(check)) {
                let breaks = checks::find(&check.id).is_some_and(|own| {
                    let mut unconditional = own.breaks.iter().filter(|brk| brk.condition.is_none());
                    unconditional.any(|brk| {
                        let parts = brk.parts(&[]);
                        parts
                            .iter()
                            .any(|part| part.in_cell(cell.era, cell.flow).is_some())
                    })
                });
                if breaks {
                    found.push(format!("{name} works, and {} breaks it", check.id));
                }
            }
        }
        FlowVerdict::Unknown => {
            if cell.because.is_empty() {
                found.push(format!("{name} is unknown without a reason"));
            }
        }
    }
    found
}

/// A violated replay marks the cell of its flow; a satisfied one belongs to a cell that no MUST breaks in its version.
fn of_check(target: &TargetRecord, check: &CheckRecord) -> Vec<String> {
    let Some((flow, (major, minor, patch))) = checks::find(&check.id).and_then(|own| own.replays)
    else {
        return Vec::new();
    };
    let helm = Version::new(major, minor, patch);
    let Some(era) = Era::of(&helm) else {
        return vec![format!("{} replays a version of no era", check.id)];
    };
    let cell = target
        .eras
        .iter()
        .find(|cell| cell.era == era && cell.flow == flow);
    let Some(cell) = cell else {
        return vec![format!("{} has no cell {flow} of {era}", check.id)];
    };
    match check.outcome {
        _ if is_violated(check) && cell.verdict != FlowVerdict::Breaks => {
            vec![format!(
                "{} is violated, and {flow} of {era} does not break",
                check.id
            )]
        }
        Outcome::Inconclusive if cell.verdict == FlowVerdict::Works => {
            vec![format!(
                "{} is inconclusive, and {flow} of {era} works",
                check.id
            )]
        }
        Outcome::Pass => {
            let breaks = |other: &&CheckRecord| {
                let own = is_violated(other).then(|| checks::find(&other.id));
                let own = own.flatten();
                own.is_some_and(|own| own.breaks.iter().any(|brk| brk.hits(&helm, flow)))
            };
            let breaking = target.checks.iter().filter(breaks);
            breaking
                .map(|other| {
                    format!(
                        "{} passes, and {} breaks {flow} of Helm {helm}",
                        check.id, other.id
                    )
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The exit code follows from the outcomes, and the sentence agrees with both.
fn of_conclusion(record: &RunRecord, target: &TargetRecord) -> Vec<String> {
    let mut found = Vec::new();
    let of_must = |check: &&CheckRecord| check.level == Level::Must;
    let violated = target
        .checks
        .iter()
        .filter(of_must)
        .filter(|check| is_violated(check))
        .count();
    let mut musts = target.checks.iter().filter(of_must);
    let is_open = target.obstacle.is_some() || musts.any(|check| check.leaves_run_open(false));
    let expected = match () {
        () if violated > 0 => ExitCode::Violation,
        () if is_open => ExitCode::Inconclusive,
        () => ExitCode::Acceptable,
    };
    let code = record.footer.exit_code;
    if code != expected.number() {
        found.push(format!(
            "{violated} MUSTs are violated, and the exit code is {code}"
        ));
    }
    let view = ReportView::of(record);
    let verdict = &view.targets[0].verdict;
    let decided = match verdict.outcome {
        Outcome::Fail | Outcome::Stale => ExitCode::Violation,
        Outcome::Inconclusive => ExitCode::Inconclusive,
        _ => ExitCode::Acceptable,
    };
    if decided.number() != code {
        found.push(format!(
            "the verdict is `{}`, and the exit code is {code}",
            verdict.sentence
        ));
    }
    let broken = target
        .eras
        .iter()
        .any(|cell| cell.verdict == FlowVerdict::Breaks);
    let says_broken = verdict.sentence.contains("; affects ");
    if says_broken && !broken {
        found.push(format!(
            "the verdict is `{}`, and no cell breaks",
            verdict.sentence
        ));
    }
    if broken && !says_broken && !is_open {
        found.push(format!(
            "a cell breaks, and the verdict is `{}`",
            verdict.sentence
        ));
    }
    if broken
        && code == ExitCode::Acceptable.number()
        && !matches!(verdict.outcome, Outcome::Warn | Outcome::Known)
    {
        found.push("a cell breaks, and nothing is violated".to_owned());
    }
    found
}
