//! The table Helm versions × flow of a target, and the tables of client models and of real Helm binaries.

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::prediction::table::FlowVerdict;
use maud::{Markup, html};

use super::findings::{self, is_violation};
use super::{mark, words};
use crate::view::{Column, EraTable, HelmView, MatrixView, TargetView};

/// The table Helm versions × flow of the only target.
pub(super) fn eras(column: &Column<'_, '_>) -> Markup {
    html! {
        @if let Some(table) = &column.target.eras {
            section #versions {
                h2 { "Helm versions and flows" }
                (self::table(column.target, table))
            }
        }
    }
}

/// The table with its captions.
pub(super) fn table(target: &TargetView<'_>, table: &EraTable<'_>) -> Markup {
    let not_examined: Vec<&str> = table.not_examined().map(Flow::name).collect();
    html! {
        div.scroll tabindex="0" role="group" aria-label="Helm versions and flows" {
            table.eras {
                thead {
                    tr { th scope="col" { "flow · Helm" } @for era in &table.eras { th scope="col" { (era.name()) } } }
                }
                tbody {
                    @for row in table.rows.iter().filter(|row| row.is_examined) {
                        tr {
                            th scope="row" { (row.flow.name()) }
                            @for (era, verdict) in table.eras.iter().zip(&row.verdicts) {
                                (cell(target, table, *era, row.flow, *verdict))
                            }
                        }
                    }
                }
            }
        }
        p.hint { "✓ works · ✗ breaks · ? unknown · empty: these versions do not have the flow. A cell leads to its evidence." }
        @if !not_examined.is_empty() { p.hint { "not examined: " (not_examined.join(", ")) } }
    }
}

fn cell(
    target: &TargetView<'_>,
    table: &EraTable<'_>,
    era: Era,
    flow: Flow,
    verdict: Option<FlowVerdict>,
) -> Markup {
    let Some(verdict) = verdict else {
        return html! { td {} };
    };
    let place = place(target, table, era, flow, verdict);
    html! { td { a href={ "#" (place) } { (mark::verdict(verdict)) } } }
}

/// The place of the evidence of a cell.
pub(crate) fn place(
    target: &TargetView<'_>,
    table: &EraTable<'_>,
    era: Era,
    flow: Flow,
    verdict: FlowVerdict,
) -> String {
    match verdict {
        FlowVerdict::Breaks => cause(target, table, era, flow),
        FlowVerdict::Unknown => "unverified".to_owned(),
        FlowVerdict::Works => format!(
            "helm={}&text={}",
            era.name().replace('+', "%2B"),
            flow.name()
        ),
    }
}

/// The place of the first cause of a broken cell: the finding behind it, or the flow that failed.
fn cause(target: &TargetView<'_>, table: &EraTable<'_>, era: Era, flow: Flow) -> String {
    let mut causes = table.causes.iter();
    let cause = causes.find(|cause| cause.era == era && cause.flows.contains(&flow));
    let Some(cause) = cause else {
        return "failed-flows".to_owned();
    };
    let id = cause.requirement;
    let mut checks = target.checks.iter();
    let mut flows = target.models.flows.iter().chain(&target.helm.flows);
    if let Some(check) = checks.find(|check| check.id == id && is_violation(check.outcome)) {
        findings::place(check)
    } else if let Some(cause) = flows.find(|flow| flow.id == id).and_then(|flow| flow.cause) {
        words::finding(cause)
    } else {
        words::row(id)
    }
}

/// The tables of client models and of real Helm binaries.
pub(super) fn section(matrix: &MatrixView<'_, '_>) -> Markup {
    html! {
        section #flows {
            h2 { "Client models and real Helm binaries" }
            p.hint {
                "A client model sends the requests of a Helm version without Helm. A column is the version that is modelled, or the binary that ran."
            }
            @for column in &matrix.columns {
                (outcomes(matrix, column, "client models", &column.target.models))
                (outcomes(matrix, column, "Helm binaries", &column.target.helm))
            }
        }
    }
}

fn outcomes(
    matrix: &MatrixView<'_, '_>,
    column: &Column<'_, '_>,
    kind: &str,
    view: &HelmView<'_>,
) -> Markup {
    let title = match matrix.columns.as_slice() {
        [_] => kind.to_owned(),
        _ => format!(
            "{} {}: {kind}",
            column.letter,
            words::shown(column.target.name)
        ),
    };
    html! {
        @if !view.table.is_empty() {
            details.table {
                summary { (title) ", " (crate::text::plural(view.flows.len(), "flow")) }
                div.scroll tabindex="0" role="group" aria-label=(title) {
                    table.eras {
                        thead {
                            tr {
                                th scope="col" { "flow" }
                                @for version in &view.versions { th scope="col" { (words::shown(version)) } }
                            }
                        }
                        tbody {
                            @for row in &view.table {
                                tr {
                                    th scope="row" { (row.flow.name()) }
                                    @for outcome in &row.outcomes {
                                        td { @if let Some(outcome) = outcome { (mark::sign(*outcome)) } }
                                    }
                                }
                            }
                        }
                    }
                }
                (lists(view))
            }
        }
    }
}

/// The flows whose results contradict the requirements.
fn lists(view: &HelmView<'_>) -> Markup {
    html! {
        @for (title, ids) in [
            ("Failed without a violated requirement that explains it", &view.unexplained),
            ("Passed although a violated requirement predicts a failure", &view.contradicted),
        ] {
            @if !ids.is_empty() {
                p { (title) ": " @for id in ids { code { (words::shown(id)) } " " } }
            }
        }
    }
}
