//! The findings: an article for each requirement that is not satisfied, and for flows that failed with one message.

use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::requirement::outcome::Outcome;
use maud::{Markup, html};

use super::target::{Command, command};
use super::{evidence, exchange, mark, unverified, words};
use crate::view::{
    CauseView, CheckView, Column, Depth, FlowGroup, Label, MatrixView, ReportRow, RequirementRow,
    RowEntry, TargetView, Variant,
};

/// The section of findings: one article for each cause.
pub(super) fn section(matrix: &MatrixView<'_, '_>) -> Markup {
    let found: Vec<_> = matrix
        .requirements()
        .filter(|row| is_finding(row))
        .collect();
    // What another finding causes is listed there.
    let leads = found.iter().filter(|row| !is_echo(row));
    html! {
        section #findings {
            h2 { "Findings" }
            @if found.is_empty() { p.none { "No requirement is violated." } }
            @for row in leads { (article(matrix, row)) }
            (failures(matrix))
            (problems(matrix))
        }
    }
}

/// True if each violation of the requirement has a cause with a finding of its own.
pub(super) fn is_echo(row: &RequirementRow<'_, '_>) -> bool {
    let mut violated = row
        .checks
        .iter()
        .flatten()
        .filter(|check| is_violation(check.outcome));
    violated.all(|check| check.cause.is_some())
}

/// The place of the finding that shows a violation: its own, or that of its cause.
pub(super) fn place(check: &CheckView<'_>) -> String {
    words::finding(check.cause.unwrap_or(check.id))
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
    let entries = check.rows.iter().flat_map(|row| &row.entries);
    let breaks = entries.filter_map(|entry| match entry {
        RowEntry::Break(effect) => Some(effect),
        _ => None,
    });
    let mut eras: Vec<&str> = Vec::new();
    for era in breaks.flat_map(|effect| &effect.eras) {
        if !eras.contains(&era.as_str()) {
            eras.push(era);
        }
    }
    eras.join(" ")
}

fn article(matrix: &MatrixView<'_, '_>, row: &RequirementRow<'_, '_>) -> Markup {
    let variants = variants(row);
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
            @for (column, cause) in causes(matrix, row) { (echoes(matrix, column, cause)) }
            (repeat(matrix, row, &variants))
        }
    }
}

/// The observations, violations first: they explain more than a check that could not be made.
fn variants<'v, 'a>(row: &RequirementRow<'v, 'a>) -> Vec<Variant<'v, 'a>> {
    let mut variants = row.variants();
    if variants.is_empty() {
        // A record that was edited may hold a violation without a finding.
        let checks = row.checks.iter().enumerate();
        variants.extend(checks.filter_map(|(column, check)| {
            let check = check.filter(|check| is_violation(check.outcome))?;
            Some(Variant {
                check,
                columns: vec![column],
            })
        }));
    }
    variants.sort_by_key(|variant| !is_violation(variant.check.outcome));
    variants
}

/// The causes of which this requirement has the finding, by target.
fn causes<'v, 'a>(
    matrix: &MatrixView<'v, 'a>,
    row: &RequirementRow<'_, '_>,
) -> Vec<(&'v TargetView<'a>, &'v CauseView<'a>)> {
    let targets = matrix.columns.iter().map(|column| column.target);
    let all = targets.flat_map(|target| target.causes.iter().map(move |cause| (target, cause)));
    all.filter(|(target, cause)| target.checks[cause.finding].id == row.id)
        .collect()
}

/// Everything else that the cause violates, breaks and blocks.
fn echoes(matrix: &MatrixView<'_, '_>, target: &TargetView<'_>, cause: &CauseView<'_>) -> Markup {
    let ids = |positions: &[usize]| -> Vec<&str> {
        positions
            .iter()
            .map(|position| target.checks[*position].id)
            .collect()
    };
    let lists = [
        ("also violated", ids(&cause.also)),
        ("failed flows", cause.flows.clone()),
        ("blocked checks", ids(&cause.blocked)),
        ("blocked flows", cause.blocked_flows.clone()),
    ];
    html! {
        @for (title, ids) in lists.iter().filter(|(_, ids)| !ids.is_empty()) {
            details.reason {
                summary {
                    @if matrix.columns.len() > 1 { (words::shown(target.name)) ": " }
                    (ids.len()) " " (title)
                }
                (unverified::ids(ids.iter().copied()))
            }
        }
    }
}

/// One observation, with the targets that show it.
fn variant(matrix: &MatrixView<'_, '_>, variant: &Variant<'_, '_>, is_first: bool) -> Markup {
    let check = variant.check;
    // Attempts that all failed alike add nothing.
    let is_own = |row: &&ReportRow<'_>| {
        let is_repeated = row.label == Label::Attempts && row.depth == Depth::Full;
        !is_repeated && row.label != Label::Covers && (is_first || !is_shared(row.label))
    };
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

/// The commands that check it again, explain it and reproduce it.
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
            dt { "as a script" }
            dd {
                code.copy {
                    "helm-oci-conformance reproduce " (words::shown(row.id)) " --record record.json"
                    @if let Some(column) = column && matrix.columns.len() > 1 {
                        " --target " (words::shown(column.target.name))
                    }
                }
            }
        }
    }
}

/// The flows of client models and of real Helm binaries that failed, grouped by message.
fn failures(matrix: &MatrixView<'_, '_>) -> Markup {
    let has_failed = |column: &&Column<'_, '_>| groups(column).next().is_some();
    html! {
        @if matrix.columns.iter().any(|column| has_failed(&column)) {
            h3 #failed-flows { "Flows that failed without a finding that explains it" }
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
    // Those with a cause are listed there.
    all.filter(|(_, group)| group.first.outcome == Outcome::Fail && group.first.cause.is_none())
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
