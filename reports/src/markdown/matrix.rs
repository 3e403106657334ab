//! The targets of a report in the columns of Markdown tables.

use helm_oci_suite::prediction::table::FlowVerdict;
use helm_oci_suite::requirement::outcome::Outcome;

use super::{code, escaped, line};
use crate::layout;
use crate::text::{self, plural};
use crate::view::{
    CheckView, FlowOf, IdentityLabel, Label, MatrixRow, MatrixView, ProblemView, RequirementRow,
    ResultSentence, TargetView,
};

/// The longest finding, in characters.
const FINDING: usize = 300;

/// Renders a report as Markdown, its targets in columns.
pub fn matrix(view: &MatrixView<'_, '_>) -> String {
    let mut page = String::new();
    line(&mut page, "# Helm charts in OCI registries\n");
    let header = view.report.header.parts().join(" · ");
    line(&mut page, &format!("{}\n", escaped(&header)));
    targets(&mut page, view);
    eras(&mut page, view);
    let predicted = "Flows that do not work on every target";
    flows(&mut page, predicted, view, &view.flows, verdict_sign);
    let observed = "Flows of real Helm binaries that did not pass on every target";
    flows(&mut page, observed, view, &view.helm_flows, outcome_sign);
    requirements(&mut page, view);
    findings(&mut page, view);
    helm_failures(&mut page, view);
    problems(&mut page, &view.report.problems);
    page
}

fn heading(page: &mut String, title: &str) {
    line(page, &format!("## {title}\n"));
}

pub(super) fn row(page: &mut String, cells: impl IntoIterator<Item = String>) {
    let cells: Vec<String> = cells.into_iter().collect();
    line(page, &format!("| {} |", cells.join(" | ")));
}

/// The head of a table with a column of names and one for each target.
fn head(page: &mut String, name: &str, view: &MatrixView<'_, '_>) {
    let letters = view.columns.iter().map(|column| column.letter.clone());
    row(page, std::iter::once(name.to_owned()).chain(letters));
    let rules = view.columns.iter().map(|_| ":-:".to_owned());
    row(page, std::iter::once("---".to_owned()).chain(rules));
}

/// A row with a name and a sign for each target.
fn signs(page: &mut String, name: String, signs: impl Iterator<Item = &'static str>) {
    row(
        page,
        std::iter::once(name).chain(signs.map(ToOwned::to_owned)),
    );
}

fn targets(page: &mut String, view: &MatrixView<'_, '_>) {
    let titles = ["", "target", "image or server", "checks"];
    row(page, titles.map(ToOwned::to_owned));
    row(page, ["---"; 4].map(ToOwned::to_owned));
    for column in &view.columns {
        let target = column.target;
        let cells = [
            column.letter.clone(),
            escaped(target.name),
            escaped(origin(target)),
            counts(target),
        ];
        row(page, cells);
    }
    page.push('\n');
}

/// The best identification of a registry: its image, its program, or the headers it sends.
fn origin<'a>(target: &TargetView<'a>) -> &'a str {
    let labels = [
        IdentityLabel::ImageId,
        IdentityLabel::Program,
        IdentityLabel::Server,
    ];
    let mut facts = labels.into_iter().filter_map(|label| target.fact(label));
    facts.next().unwrap_or_default()
}

pub(super) fn counts(target: &TargetView<'_>) -> String {
    let mut counts: Vec<String> = target
        .tally
        .occurring()
        .map(|(outcome, count)| format!("{count} {}", outcome.name()))
        .collect();
    if let Some(obstacle) = &target.obstacle {
        counts.push(escaped(&text::cut(obstacle.what, FINDING)));
    }
    counts.join(" · ")
}

fn eras(page: &mut String, view: &MatrixView<'_, '_>) {
    if view.eras.is_empty() {
        return;
    }
    heading(page, "Helm versions by registry");
    head(page, "Helm", view);
    for era in &view.eras {
        let name = era.subject.name().to_owned();
        signs(page, name, era.marks.iter().copied().map(verdict_sign));
    }
    line(
        page,
        "\n✅ all flows work · ❌ a flow breaks · ❔ unknown\n",
    );
}

pub(super) const fn verdict_sign(verdict: Option<FlowVerdict>) -> &'static str {
    match verdict {
        Some(FlowVerdict::Works) => "✅",
        Some(FlowVerdict::Breaks) => "❌",
        Some(FlowVerdict::Unknown) => "❔",
        None => "",
    }
}

const fn outcome_sign(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Pass) => "✅",
        Some(Outcome::Fail | Outcome::Stale) => "❌",
        Some(Outcome::Known) => "🔖",
        Some(Outcome::Warn) => "⚠️",
        Some(Outcome::Present) => "➕",
        Some(Outcome::Absent) => "➖",
        Some(Outcome::Skipped) => "·",
        Some(Outcome::Intermittent) => "🎲",
        Some(Outcome::Inconclusive) => "❔",
        None => "",
    }
}

fn flows<M: Copy>(
    page: &mut String,
    title: &str,
    view: &MatrixView<'_, '_>,
    rows: &[MatrixRow<FlowOf, M>],
    sign: fn(Option<M>) -> &'static str,
) {
    if rows.is_empty() {
        return;
    }
    heading(page, title);
    head(page, "flow · Helm", view);
    for flow in rows {
        let name = escaped(&flow.subject.name());
        signs(page, name, flow.marks.iter().copied().map(sign));
    }
    page.push('\n');
}

fn requirements(page: &mut String, view: &MatrixView<'_, '_>) {
    for (rows, title) in [
        (&view.differing, "Requirements on which targets differ"),
        (
            &view.violated,
            "Requirements with the same problem on all targets",
        ),
    ] {
        if rows.is_empty() {
            continue;
        }
        heading(page, title);
        head(page, "requirement", view);
        for requirement in rows {
            let name = format!("{} {}", code(requirement.id), requirement.level);
            signs(page, name, requirement.outcomes().map(outcome_sign));
        }
        page.push('\n');
    }
    let quiet = plural(view.quiet, "more requirement");
    let rest = format!("{quiet}: no difference and no violation.");
    line(page, &format!("{}\n", escaped(&rest)));
}

/// The observations by requirement.
fn findings(page: &mut String, view: &MatrixView<'_, '_>) {
    let has_finding = |row: &&RequirementRow<'_, '_>| {
        let mut checks = row.checks.iter().flatten();
        checks.any(|check| check.observation().is_some())
    };
    let rows: Vec<_> = view.requirements().filter(has_finding).collect();
    if rows.is_empty() {
        return;
    }
    heading(page, "Findings");
    for row in rows {
        line(page, &format!("- {}: {}", code(row.id), escaped(row.title)));
        let mut fixes = row.checks.iter().flatten().filter_map(|check| check.fix);
        if let Some(fix) = fixes.next() {
            line(
                page,
                &format!("  - {}: {}", Label::Fix.name(), escaped(fix)),
            );
        }
        for (column, check) in view.columns.iter().zip(&row.checks) {
            if let Some(actual) = check.and_then(CheckView::observation) {
                let actual = escaped(&text::cut(actual, FINDING));
                let cause = check.and_then(|check| check.cause);
                let cause = cause.map_or_else(String::new, |cause| {
                    format!(" (same cause as {})", code(cause))
                });
                line(page, &format!("  - {}: {actual}{cause}", column.letter));
            }
        }
    }
}

/// The messages of real Helm binaries that failed, and the reasons for inconclusive flows.
fn helm_failures(page: &mut String, view: &MatrixView<'_, '_>) {
    let mut lines = String::new();
    for column in &view.columns {
        for flow in &column.target.helm.flows {
            let text = match flow.sentence {
                ResultSentence::Obstacle(Some(obstacle)) => text::cut(&obstacle.what, FINDING),
                ResultSentence::Failure { .. } => layout::sentence(&flow.sentence, FINDING),
                _ => continue,
            };
            let (letter, id) = (&column.letter, escaped(flow.id));
            line(&mut lines, &format!("- {letter}: {id}: {}", escaped(&text)));
        }
    }
    if !lines.is_empty() {
        page.push('\n');
        heading(page, "Failures of real Helm binaries");
        page.push_str(&lines);
    }
}

/// The problems of the deviations file: they fail the run whatever was observed.
fn problems(page: &mut String, problems: &[ProblemView<'_>]) {
    if problems.is_empty() {
        return;
    }
    page.push('\n');
    heading(page, "Problems of the deviations file");
    for problem in problems {
        line(page, &format!("- {}", escaped(&problem.sentence())));
    }
}
