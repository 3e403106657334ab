//! The findings: an article for each requirement that is not satisfied, and for flows that failed with one message.

use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::requirement::outcome::Outcome;
use maud::{Markup, html};

use super::target::{Command, command};
use super::{evidence, exchange, mark, words};
use crate::view::{
    CheckView, Column, FlowGroup, Label, MatrixView, ReportRow, RequirementRow, Variant,
};

/// The section of findings.
pub(super) fn section(matrix: &MatrixView<'_, '_>) -> Markup {
    let found: Vec<_> = matrix
        .requirements()
        .filter(|row| is_finding(row))
        .collect();
    html! {
        section #findings {
            h2 { "Findings" }
            @if found.is_empty() { p.none { "No requirement is violated." } }
            @for row in found { (article(matrix, row)) }
            (failures(matrix))
            (problems(matrix))
        }
    }
}

/// True if the requirement is violated on some target, or its deviation is no longer observed.
pub(super) fn is_finding(row: &RequirementRow<'_, '_>) -> bool {
    row.outcomes().flatten().any(is_violation)
}

/// True if an outcome makes a finding.
pub(super) const fn is_violation(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Fail | Outcome::Stale | Outcome::Warn | Outcome::Known
    )
}

/// The eras that a violation affects, as data of an element.
pub(super) fn eras(check: &CheckView<'_>) -> String {
    let mut eras = Vec::new();
    for row in &check.rows {
        for entry in &row.entries {
            if let crate::view::RowEntry::Break(effect) = entry {
                eras.extend(
                    effect
                        .eras
                        .iter()
                        .filter(|era| !eras.contains(era))
                        .collect::<Vec<_>>(),
                );
            }
        }
    }
    let names: Vec<&str> = eras.into_iter().map(String::as_str).collect();
    names.join(" ")
}

fn article(matrix: &MatrixView<'_, '_>, row: &RequirementRow<'_, '_>) -> Markup {
    let mut variants = row.variants();
    // A violation explains more than a check that could not be made.
    variants.sort_by_key(|variant| !is_violation(variant.check.outcome));
    let Some(first) = variants.first().map(|variant| variant.check) else {
        return html! {};
    };
    html! {
        article.finding id=(words::finding(row.id)) {
            h3 { (mark::outcome(first.outcome)) " " code { (words::shown(row.id)) } }
            p.title { (words::prose(row.title)) " " span.level { "(" (first.severity()) ")" } }
            @for (position, variant) in variants.iter().enumerate() {
                (self::variant(matrix, variant, position == 0))
            }
            (repeat(matrix, row, &variants))
        }
    }
}

/// One observation, with the targets that show it.
fn variant(matrix: &MatrixView<'_, '_>, variant: &Variant<'_, '_>, is_first: bool) -> Markup {
    let check = variant.check;
    let is_own = |row: &&ReportRow<'_>| is_first || !is_shared(row.label);
    let rows: Vec<ReportRow<'_>> = check.rows.iter().filter(is_own).cloned().collect();
    html! {
        div.variant {
            @if matrix.columns.len() > 1 {
                p.on {
                    @for column in &variant.columns {
                        a.chip href={ "#" (words::target(&matrix.columns[*column].letter)) } {
                            (matrix.columns[*column].letter) " " (words::shown(matrix.columns[*column].target.name))
                        } " "
                    }
                    @if !is_first { (mark::outcome(check.outcome)) }
                }
            }
            (evidence::rows(&rows))
            (exchange::all(&check.exchanges, is_first))
        }
    }
}

/// True for the rows that are the same on every target.
pub(super) const fn is_shared(label: Label) -> bool {
    matches!(
        label,
        Label::Source | Label::Sources | Label::Helm | Label::Covers
    )
}

/// The commands that check it again and explain it.
fn repeat(
    matrix: &MatrixView<'_, '_>,
    row: &RequirementRow<'_, '_>,
    variants: &[Variant<'_, '_>],
) -> Markup {
    let columns = variants.first().map(|variant| variant.columns.as_slice());
    let column = columns.and_then(|columns| matrix.columns.get(*columns.first()?));
    html! {
        dl.rows {
            @if let Some(column) = column {
                dt { "check again" }
                dd { (command(&Command { target: column.target, only: &[row.id], is_strict: false })) }
            }
            dt { "as curl" }
            dd { code.copy { "helm-oci-conformance explain " (words::shown(row.id)) } }
        }
    }
}

/// The flows of client models and of real Helm binaries that failed, grouped by message.
fn failures(matrix: &MatrixView<'_, '_>) -> Markup {
    let has_failed = |column: &&Column<'_, '_>| groups(column).next().is_some();
    html! {
        @if matrix.columns.iter().any(|column| has_failed(&column)) {
            h3 #failed-flows { "Flows that failed" }
            p.hint { "A group has one message and one cause. The requirement above is the cause; these are its effects." }
            @for column in matrix.columns.iter().filter(has_failed) {
                @if matrix.columns.len() > 1 {
                    h4 { (column.letter) " " (words::shown(column.target.name)) }
                }
                @for (kind, group) in groups(column) { (failure(kind, group)) }
            }
        }
    }
}

fn groups<'v, 'a>(
    column: &Column<'v, 'a>,
) -> impl Iterator<Item = (&'static str, &'v FlowGroup<'a>)> + use<'v, 'a> {
    let models = column
        .target
        .models
        .groups
        .iter()
        .map(|group| ("client model", group));
    let helm = column
        .target
        .helm
        .groups
        .iter()
        .map(|group| ("Helm binary", group));
    let all = models.chain(helm);
    all.filter(|(_, group)| group.first.outcome == Outcome::Fail)
}

fn failure(kind: &str, group: &FlowGroup<'_>) -> Markup {
    let count: usize = group.affected.iter().map(|(_, flows)| flows.len()).sum();
    html! {
        details.failure {
            summary {
                (mark::outcome(group.first.outcome)) " "
                (crate::text::plural(count, "flow")) " of a " (kind) ": "
                span.first { @for clause in group.first.sentence.clauses().iter().take(1) { (words::prose(&clause.text)) } }
            }
            dl.rows {
                @for (version, flows) in &group.affected {
                    dt { (words::shown(version)) }
                    dd { (names(flows)) }
                }
            }
            (evidence::rows(&group.first.rows))
            (evidence::rows(&group.first.streams))
            (exchange::all(&group.first.exchanges, true))
        }
    }
}

fn names(flows: &[Flow]) -> String {
    let names: Vec<&str> = flows.iter().map(|flow| flow.name()).collect();
    names.join(", ")
}

fn problems(matrix: &MatrixView<'_, '_>) -> Markup {
    let problems = &matrix.report.problems;
    html! {
        @if !problems.is_empty() {
            h3 { "Problems of the deviations file" }
            ul { @for problem in problems { li { (words::prose(&problem.sentence())) } } }
        }
    }
}
