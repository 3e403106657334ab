//! The statements of Helm's user page, with their results on each target.

use helm_oci_suite::helm::flow::Flow;
use maud::{Markup, html};

use super::{mark, words};
use crate::view::{MatrixView, StatementView, statements};

/// The section of statements.
pub(super) fn section(matrix: &MatrixView<'_, '_>) -> Markup {
    let by_target = matrix
        .columns
        .iter()
        .map(|column| statements(column.target));
    let by_target: Vec<Vec<StatementView>> = by_target.collect();
    let Some(first) = by_target.first() else {
        return html! {};
    };
    html! {
        section #statements {
            h2 { "Helm's user page, statement by statement" }
            p.hint {
                "The statements of "
                a href="https://helm.sh/docs/topics/registries/" rel="noreferrer" { "Use OCI-based registries" }
                " in our words. The worst result among the requirements and flows behind a statement is shown."
            }
            details.table {
                summary { (crate::text::plural(first.len(), "statement")) }
                div.scroll tabindex="0" role="group" aria-label="Statements" {
                    table.statements {
                        thead {
                            tr {
                                @for column in &matrix.columns {
                                    th scope="col" { @if matrix.columns.len() > 1 { (column.letter) } @else { "result" } }
                                }
                                th scope="col" { "statement" }
                                th scope="col" { "verified by" }
                            }
                        }
                        tbody {
                            @for (position, statement) in first.iter().enumerate() {
                                tr {
                                    @for own in &by_target { td { (result(&own[position], matrix.columns.len() == 1)) } }
                                    td { (words::prose(statement.text)) }
                                    td { (leads(statement.leads)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn result(statement: &StatementView, is_long: bool) -> Markup {
    match statement.outcome {
        Some(outcome) if is_long => mark::outcome(outcome),
        Some(outcome) => mark::sign(outcome),
        None if is_long => html! { span.level { "not on the wire" } },
        None => html! {},
    }
}

/// The references as links; other words in backticks are code.
fn leads(text: &str) -> Markup {
    let is_flow = |name: &str| Flow::ALL.iter().any(|flow| flow.name() == name);
    html! {
        @for (position, part) in text.split('`').enumerate() {
            @if position % 2 == 0 {
                (part)
            } @else if part.contains('/') {
                a href={ "#" (words::row(part)) } { (part) }
            } @else if is_flow(part) {
                a href={ "#text=" (part) } { (part) }
            } @else {
                code { (part) }
            }
        }
    }
}
