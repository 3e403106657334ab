//! Cells of tables: the verdict on a Helm version or on a flow.

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::prediction::table::FlowVerdict;
use maud::{Markup, html};

use super::words;
use crate::history::{Entry, EraSummary};
use crate::html::mark;
use crate::text::plural;
use crate::view::{flow_sign, flow_verdict};

/// The heads of columns for all Helm versions.
pub(super) fn heads() -> Markup {
    html! { @for era in Era::ALL { th scope="col" { (era.name()) } } }
}

/// The cells of all Helm versions for one run. `href` is the place that a cell leads to.
pub(super) fn eras(entry: &Entry, href: &str) -> Markup {
    html! {
        @for era in Era::ALL {
            td { @if let Some(summary) = entry.era(*era) { a href=(href) { (self::summary(&summary)) } } }
        }
    }
}

/// The verdict on a Helm version, with the number of flows that do not work.
fn summary(summary: &EraSummary) -> Markup {
    let (flows, verb) = match summary.verdict {
        FlowVerdict::Works => (&[][..], ""),
        FlowVerdict::Breaks => (&summary.breaks[..], "breaks"),
        FlowVerdict::Unknown => (&summary.unknown[..], "unknown"),
    };
    let name = flow_verdict(summary.verdict);
    html! {
        span class={ "o " (name) } title=[(!flows.is_empty()).then(|| format!("{verb}: {}", words::flows(flows)))] {
            (flow_sign(summary.verdict))
            @if flows.is_empty() {
                span.v { " all flows work" }
            } @else {
                span.c { " " (flows.len()) } span.v { " " (noun(flows.len())) " " (name) }
            }
        }
    }
}

fn noun(count: usize) -> &'static str {
    if count == 1 { "flow" } else { "flows" }
}

/// The cells of a flow for all Helm versions; empty where they do not have it.
pub(super) fn verdicts(verdicts: &[Option<FlowVerdict>]) -> Markup {
    html! {
        @for verdict in verdicts {
            td { @if let Some(verdict) = verdict { (mark::verdict(*verdict)) } }
        }
    }
}

/// The version and the date of a run, and what restricts it.
pub(super) fn made(entry: &Entry, is_stale: bool) -> Markup {
    html! {
        @if let Some(version) = &entry.version { span.version { (crate::html::words::shown(version)) } " " }
        time datetime=(entry.date()) { (entry.date()) }
        @if is_stale { " " span.chip.stale-run { "stale" } }
        @if !entry.only.is_empty() { " " span.chip { "selection only" } }
        @else if !entry.is_complete { " " span.chip { "not completely examined" } }
    }
}

/// A number of runs and versions in words.
pub(super) fn counted(entries: usize, versions: usize) -> String {
    let runs = plural(entries, "run");
    if versions > 1 {
        format!("{runs}, {}", plural(versions, "version"))
    } else {
        runs
    }
}
