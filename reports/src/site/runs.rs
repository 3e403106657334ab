//! The history of a registry: every run, and every cell of the table over time.

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::prediction::table::FlowVerdict;
use maud::{Markup, html};

use super::{cells, words};
use crate::history::{Entry, Registry};
use crate::html::mark;
use crate::html::words::{prose, shown};

/// Flows with the same verdicts in all runs.
struct FlowHistory {
    flows: Vec<Flow>,
    /// One row for each run.
    rows: Vec<Vec<Option<FlowVerdict>>>,
}

/// The section.
pub(super) fn section(registry: &Registry) -> Markup {
    let (settled, open): (Vec<_>, Vec<_>) =
        histories(&registry.entries).into_iter().partition(works);
    html! {
        section #history {
            h2 { "History" }
            p.hint { (cells::counted(registry.entries.len(), registry.timeline().points.len())) ". The newest version comes first, then the newest run." }
            (all(registry))
            @for history in &open { (table(registry, history)) }
            @for history in &settled {
                p { b { (words::flows(&history.flows)) } ": ✓ works with every Helm version in every run." }
            }
        }
    }
}

/// The runs with their results.
fn all(registry: &Registry) -> Markup {
    let deciding = registry.deciding();
    html! {
        div.scroll tabindex="0" role="group" aria-label="Runs" {
            table.runs {
                thead {
                    tr {
                        th scope="col" { "date" }
                        th scope="col" { "version" }
                        th scope="col" { "suite" }
                        th scope="col" { "real Helm" }
                        th scope="col" { "result" }
                    }
                }
                tbody {
                    @for entry in &registry.entries {
                        tr {
                            th scope="row" { time datetime=(shown(&entry.started)) { (entry.date()) } }
                            td { (shown(entry.version.as_deref().unwrap_or("—"))) }
                            td { (shown(&entry.suite)) }
                            td { @if entry.binaries.is_empty() { "—" } @else { (shown(&entry.binaries.join(", "))) } }
                            td {
                                (mark::outcome(entry.outcome)) " " (prose(&entry.sentence))
                                @if !entry.only.is_empty() { " " span.level { "selection: " (shown(&entry.only.join(", "))) } }
                                @if entry == deciding { " " span.chip { "decides" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn table(registry: &Registry, history: &FlowHistory) -> Markup {
    let names = words::flows(&history.flows);
    html! {
        details.table open[changes(history)] {
            summary { b { (names) } }
            div.scroll tabindex="0" role="group" aria-label={ "History of " (names) } {
                table.eras {
                    thead { tr { th scope="col" { "run" } (cells::heads()) } }
                    tbody {
                        @for (entry, verdicts) in registry.entries.iter().zip(&history.rows) {
                            tr {
                                th scope="row" { (cells::made(entry, false)) " " span.level { (shown(&entry.suite)) } }
                                (cells::verdicts(verdicts))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The flows, those with the same verdicts together.
fn histories(entries: &[Entry]) -> Vec<FlowHistory> {
    let mut histories: Vec<FlowHistory> = Vec::new();
    for flow in Flow::ALL {
        let rows: Vec<Vec<_>> = entries
            .iter()
            .map(|entry| {
                Era::ALL
                    .iter()
                    .map(|era| entry.verdict(*era, *flow))
                    .collect()
            })
            .collect();
        if rows.iter().flatten().all(Option::is_none) {
            continue;
        }
        match histories.iter_mut().find(|known| known.rows == rows) {
            Some(known) => known.flows.push(*flow),
            None => histories.push(FlowHistory {
                flows: vec![*flow],
                rows,
            }),
        }
    }
    // Flows that work may exist in different Helm versions, and are one group all the same.
    let (settled, mut open): (Vec<_>, Vec<_>) = histories.into_iter().partition(works);
    let flows: Vec<Flow> = settled.iter().flat_map(|one| one.flows.clone()).collect();
    open.sort_by_key(|history| !changes(history));
    if let Some(first) = settled.into_iter().next() {
        let mut flows = flows;
        flows.sort_unstable();
        open.push(FlowHistory {
            flows,
            rows: first.rows,
        });
    }
    open
}

/// True if the flows work in every run.
fn works(history: &FlowHistory) -> bool {
    history
        .rows
        .iter()
        .flatten()
        .all(|verdict| matches!(verdict, None | Some(FlowVerdict::Works)))
        && history
            .rows
            .iter()
            .all(|row| row.iter().any(Option::is_some))
}

/// True if a cell works in one run and breaks in another.
fn changes(history: &FlowHistory) -> bool {
    let columns = 0..Era::ALL.len();
    let has = |column: usize, verdict| history.rows.iter().any(|row| row[column] == Some(verdict));
    columns
        .into_iter()
        .any(|column| has(column, FlowVerdict::Works) && has(column, FlowVerdict::Breaks))
}
