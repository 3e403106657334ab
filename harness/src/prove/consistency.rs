//! Contradictions within one report: findings, flows, table, verdict sentence and exit code are held against each other.

use helm_oci_reports::record::{CheckRecord, FlowRecord, HelmRecord, RunRecord, TargetRecord};
use helm_oci_reports::view::ReportView;
use helm_oci_suite::checks;
use helm_oci_suite::prediction::table::{Cell, FlowVerdict};
use helm_oci_suite::requirement::Level;
use helm_oci_suite::requirement::outcome::Outcome;

use crate::exit_code::ExitCode;

/// The contradictions in the record of a run on one target, as sentences.
pub(super) fn contradictions(record: &RunRecord) -> Vec<String> {
    let mut found = Vec::new();
    let target = &record.targets[0];
    for cell in &target.eras {
        found.extend(of_cell(target, cell));
    }
    for model in &target.models {
        for flow in &model.flows {
            found.extend(of_model(target, model, flow));
        }
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
    let is_shown = |id: &str| {
        let mut checks = target.checks.iter();
        let mut flows = target.flows();
        checks.any(|check| check.id == id && is_violated(check))
            || flows.any(|flow| flow.id == id && flow.error.is_some())
    };
    match cell.verdict {
        FlowVerdict::Breaks => {
            if cell.because.is_empty() {
                found.push(format!("{name} breaks without a cause"));
            }
            for cause in &cell.because {
                if !is_shown(&cause.requirement) {
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

/// A client model that failed marks the cell of its flow; one that completed its flow belongs to a cell that no MUST breaks in
/// its version.
fn of_model(target: &TargetRecord, model: &HelmRecord, own: &FlowRecord) -> Vec<String> {
    let FlowRecord { id, flow, .. } = own;
    let cell = target
        .eras
        .iter()
        .find(|cell| Some(cell.era) == model.era && cell.flow == *flow);
    let Some(cell) = cell else {
        return vec![format!("{id} has no cell {flow} of Helm {}", model.version)];
    };
    let era = cell.era;
    if own.error.is_some() && cell.verdict != FlowVerdict::Breaks {
        return vec![format!("{id} failed, and {flow} of {era} does not break")];
    }
    match own.outcome {
        Outcome::Inconclusive if cell.verdict == FlowVerdict::Works => {
            vec![format!("{id} is inconclusive, and {flow} of {era} works")]
        }
        Outcome::Pass if own.is_contradicted() => {
            vec![format!("{id} passes, and a violated requirement breaks it")]
        }
        Outcome::Fail if own.is_unexplained() => {
            vec![format!(
                "{id} fails, and no violated requirement explains it"
            )]
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
    let has_flow = |outcome| target.flows().any(|flow| flow.outcome == outcome);
    let is_open = target.obstacle.is_some()
        || musts.any(|check| check.leaves_run_open(false))
        || has_flow(Outcome::Inconclusive);
    let expected = match () {
        () if violated > 0 || has_flow(Outcome::Fail) => ExitCode::Violation,
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
