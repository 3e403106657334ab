//! The targets of a record side by side, as Markdown: for the summary of a CI job, or a page in a repository.

use std::fmt::Write;

use helm_oci_suite::prediction::table::FlowVerdict;
use helm_oci_suite::requirement::outcome::Outcome;

use crate::facts;
use crate::matrix::{Column, FlowRow, Matrix, Requirement, found};
use crate::record::{DeviationProblem, RunRecord};
use crate::tally::Tally;
use crate::text;

/// How much of a finding is shown.
const FINDING: usize = 300;

/// Renders a record as Markdown.
pub fn render(record: &RunRecord) -> String {
    let matrix = Matrix::of(record);
    let mut page = String::from("# Helm charts in OCI registries\n\n");
    line(&mut page, &about(record));
    targets(&mut page, &matrix);
    eras(&mut page, &matrix);
    flows(
        &mut page,
        "Flows that do not work everywhere",
        &matrix,
        &matrix.flows,
        verdict,
    );
    let title = "Flows of real Helms that did not work everywhere";
    flows(&mut page, title, &matrix, &matrix.helms, outcome);
    requirements(&mut page, &matrix);
    findings(&mut page, &matrix);
    said(&mut page, &matrix);
    deviations(&mut page, record);
    page
}

fn about(record: &RunRecord) -> String {
    let mut words = format!(
        "{} {} · {} · {}",
        record.suite.name,
        record.suite.version,
        record.run.started,
        facts::seeds(record)
    );
    if !record.run.only.is_empty() {
        write!(words, " · only {}", record.run.only.join(", ")).expect("a string grows");
    }
    words
}

fn line(page: &mut String, text: &str) {
    writeln!(page, "{}\n", escaped(text)).expect("a string grows");
}

fn heading(page: &mut String, title: &str) {
    writeln!(page, "## {title}\n").expect("a string grows");
}

/// Text that stands in a cell as it is.
pub(crate) fn escaped(text: &str) -> String {
    let mut shown = String::new();
    for character in text::line(text).chars() {
        if "\\`*_{}[]<>#|~!&".contains(character) {
            shown.push('\\');
        }
        shown.push(character);
    }
    shown
}

fn row(page: &mut String, cells: impl IntoIterator<Item = String>) {
    let cells: Vec<String> = cells.into_iter().collect();
    writeln!(page, "| {} |", cells.join(" | ")).expect("a string grows");
}

/// The head of a table with a column of names and one for each target.
fn head(page: &mut String, name: &str, matrix: &Matrix<'_>) {
    let letters = matrix.targets.iter().map(|column| column.letter.clone());
    row(page, std::iter::once(name.to_owned()).chain(letters));
    let rules = matrix.targets.iter().map(|_| ":-:".to_owned());
    row(page, std::iter::once("---".to_owned()).chain(rules));
}

fn targets(page: &mut String, matrix: &Matrix<'_>) {
    row(
        page,
        ["", "target", "image or server", "checks"].map(ToOwned::to_owned),
    );
    row(page, ["---", "---", "---", "---"].map(ToOwned::to_owned));
    for Column { letter, target } in &matrix.targets {
        let identity = &target.identity;
        let what = [&identity.image_id, &identity.program, &identity.server];
        let what = what.into_iter().flatten().next().map(|what| escaped(what));
        let tally = Tally::of(&target.checks);
        let mut counts: Vec<String> = tally
            .occurring()
            .map(|(outcome, count)| format!("{count} {}", outcome.name()))
            .collect();
        if let Some(obstacle) = &target.obstacle {
            counts.push(escaped(&text::cut(&obstacle.what, FINDING)));
        }
        row(
            page,
            [
                letter.clone(),
                escaped(&target.name),
                what.unwrap_or_default(),
                counts.join(" · "),
            ],
        );
    }
    page.push('\n');
}

fn eras(page: &mut String, matrix: &Matrix<'_>) {
    if matrix.eras.is_empty() {
        return;
    }
    heading(page, "Which Helm works with which registry");
    head(page, "Helm", matrix);
    for era in &matrix.eras {
        let marks = matrix
            .targets
            .iter()
            .map(|column| verdict(Matrix::era(column.target, *era)));
        let marks = marks.map(ToOwned::to_owned);
        row(page, std::iter::once(era.name().to_owned()).chain(marks));
    }
    page.push_str("\n✅ every flow works · ❌ a flow breaks · ❔ not to be told\n\n");
}

const fn verdict(verdict: Option<FlowVerdict>) -> &'static str {
    match verdict {
        Some(FlowVerdict::Works) => "✅",
        Some(FlowVerdict::Breaks) => "❌",
        Some(FlowVerdict::Unknown) => "❔",
        None => "",
    }
}

const fn outcome(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Pass) => "✅",
        Some(Outcome::Fail | Outcome::Stale) => "❌",
        Some(Outcome::Known) => "🔖",
        Some(Outcome::Warn) => "⚠️",
        Some(Outcome::Present) => "➕",
        Some(Outcome::Absent) => "➖",
        Some(Outcome::Skipped) => "·",
        Some(Outcome::Inconclusive) => "❔",
        None => "",
    }
}

fn flows<M: Copy>(
    page: &mut String,
    title: &str,
    matrix: &Matrix<'_>,
    rows: &[FlowRow<M>],
    sign: impl Fn(Option<M>) -> &'static str,
) {
    if rows.is_empty() {
        return;
    }
    heading(page, title);
    head(page, "flow · Helm", matrix);
    for one in rows {
        let name = escaped(&format!("{} · {}", one.flow, one.of.join(", ")));
        let marks = one.marks.iter().map(|mark| sign(*mark).to_owned());
        row(page, std::iter::once(name).chain(marks));
    }
    page.push('\n');
}

fn requirements(page: &mut String, matrix: &Matrix<'_>) {
    for (differs, title) in [
        (true, "Requirements on which the targets differ"),
        (false, "Requirements that no target was seen to satisfy"),
    ] {
        let rows = matrix.requirements.iter();
        let rows: Vec<&Requirement> = rows.filter(|row| row.differs() == differs).collect();
        if rows.is_empty() {
            continue;
        }
        heading(page, title);
        head(page, "requirement", matrix);
        for one in rows {
            let name = format!("`{}` {}", one.any.id, one.any.level);
            let marks = one
                .checks
                .iter()
                .map(|check| outcome(check.map(|check| check.outcome)));
            row(
                page,
                std::iter::once(name).chain(marks.map(ToOwned::to_owned)),
            );
        }
        page.push('\n');
    }
    let quiet = text::plural(matrix.quiet, "requirement");
    line(
        page,
        &format!("{quiet} more: nothing to tell the targets apart, and none violated."),
    );
}

/// What was found, by requirement.
fn findings(page: &mut String, matrix: &Matrix<'_>) {
    let is_told = |one: &&Requirement| {
        let mut checks = one.checks.iter().flatten();
        checks.any(|check| found(check).is_some())
    };
    let rows: Vec<&Requirement> = matrix.requirements.iter().filter(is_told).collect();
    if rows.is_empty() {
        return;
    }
    heading(page, "What was found");
    for one in rows {
        let title = escaped(&one.any.title);
        writeln!(page, "- `{}`: {title}", one.any.id).expect("a string grows");
        for (column, check) in matrix.targets.iter().zip(&one.checks) {
            if let Some(actual) = check.and_then(found) {
                let actual = escaped(&text::cut(actual, FINDING));
                writeln!(page, "  - {}: {actual}", column.letter).expect("a string grows");
            }
        }
    }
}

/// What real Helms said where they failed, or why that could not be told.
fn said(page: &mut String, matrix: &Matrix<'_>) {
    let mut lines = String::new();
    for Column { letter, target } in &matrix.targets {
        for flow in target.helms.iter().flat_map(|helm| &helm.flows) {
            let words = match flow.outcome {
                Outcome::Fail => facts::flow_message(flow, FINDING),
                Outcome::Inconclusive => match &flow.obstacle {
                    Some(obstacle) => text::cut(&obstacle.what, FINDING),
                    None => continue,
                },
                _ => continue,
            };
            writeln!(
                lines,
                "- {letter}: {}: {}",
                escaped(&flow.id),
                escaped(&words)
            )
            .expect("a string grows");
        }
    }
    if !lines.is_empty() {
        page.push('\n');
        heading(page, "What real Helms said");
        page.push_str(&lines);
    }
}

/// What has to be mended in the list of deviations: it fails the run, whatever was found.
fn deviations(page: &mut String, record: &RunRecord) {
    if record.deviations.is_empty() {
        return;
    }
    page.push('\n');
    heading(page, "What is to be mended in the list of deviations");
    for problem in &record.deviations {
        let DeviationProblem {
            requirement,
            target,
            what,
        } = problem;
        let words = escaped(&format!("{requirement} on {target}: {what}"));
        writeln!(page, "- {words}").expect("a string grows");
    }
}
