//! Several targets: registries in columns, differences first.

use maud::{Markup, html};

use super::findings::{self, is_violation};
use super::{mark, words};
use crate::text::plural;
use crate::view::{CheckView, FlowOf, MatrixRow, MatrixView, RequirementRow};

/// The tables of a matrix.
pub(super) fn tables(matrix: &MatrixView<'_, '_>) -> Markup {
    html! {
        @if !matrix.eras.is_empty() {
            section #versions {
                h2 { "Helm versions by registry" }
                (table(matrix, "Helm", &matrix.eras, |era| era.name().to_owned(), mark::verdict))
                p.hint { "✓ all flows work · ✗ a flow breaks · ? unknown. A cell leads to the flows of the registry." }
            }
        }
        (flows(matrix, "Flows that do not work on every registry", &matrix.flows, mark::verdict))
        (flows(matrix, "Flows of real Helm binaries that did not pass on every registry", &matrix.helm_flows, mark::sign))
        (requirements(matrix, "Requirements on which the registries differ", &matrix.differing))
        (requirements(matrix, "Requirements with the same problem on all registries", &matrix.violated))
        p.hint { (plural(matrix.quiet, "more requirement")) ": no difference and no violation." }
    }
}

fn flows<M: Copy>(
    matrix: &MatrixView<'_, '_>,
    title: &str,
    rows: &[MatrixRow<FlowOf, M>],
    sign: fn(M) -> Markup,
) -> Markup {
    html! {
        @if !rows.is_empty() {
            section {
                h2 { (title) }
                (table(matrix, "flow · Helm", rows, FlowOf::name, sign))
            }
        }
    }
}

fn table<S, M: Copy>(
    matrix: &MatrixView<'_, '_>,
    corner: &str,
    rows: &[MatrixRow<S, M>],
    name: impl Fn(&S) -> String,
    sign: fn(M) -> Markup,
) -> Markup {
    html! {
        div.scroll tabindex="0" role="group" aria-label=(corner) {
            table.eras {
                (head(matrix, corner))
                tbody {
                    @for row in rows {
                        tr {
                            th scope="row" { (words::shown(&name(&row.subject))) }
                            @for (column, mark) in matrix.columns.iter().zip(&row.marks) {
                                td {
                                    @if let Some(mark) = mark {
                                        a href={ "#" (words::target(&column.letter)) } { (sign(*mark)) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn head(matrix: &MatrixView<'_, '_>, corner: &str) -> Markup {
    html! {
        thead {
            tr {
                th scope="col" { (corner) }
                @for column in &matrix.columns {
                    th scope="col" title=(words::shown(column.target.name)) { (column.letter) }
                }
            }
        }
    }
}

fn requirements(
    matrix: &MatrixView<'_, '_>,
    title: &str,
    rows: &[RequirementRow<'_, '_>],
) -> Markup {
    html! {
        @if !rows.is_empty() {
            section {
                h2 { (title) }
                div.scroll tabindex="0" role="group" aria-label=(title) {
                    table.eras {
                        (head(matrix, "requirement"))
                        tbody { @for row in rows { (requirement(row)) } }
                    }
                }
            }
        }
    }
}

fn requirement(row: &RequirementRow<'_, '_>) -> Markup {
    let place = |check: &CheckView<'_>| {
        if is_violation(check.outcome) {
            findings::place(check)
        } else {
            words::row(row.id)
        }
    };
    html! {
        tr {
            th scope="row" { (words::shown(row.id)) " " span.level { (row.level.to_string()) } }
            @for check in &row.checks {
                td { @if let Some(check) = check { a href={ "#" (place(check)) } { (mark::sign(check.outcome)) } } }
            }
        }
    }
}
