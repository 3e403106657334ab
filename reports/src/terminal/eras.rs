//! The table era x flow, and under it why a flow breaks.

use helm_oci_suite::helm::era::{Era, Flow};
use helm_oci_suite::prediction::table::{Cell, FlowVerdict};

use super::page::{Ink, Page};
use crate::text;

/// How wide the column of flows is.
const FLOW: usize = 17;

/// How many requirements are named that leave cells unknown.
const NAMED: usize = 4;

/// The table with its reasons; nothing where there are no cells.
pub(super) fn table(page: &mut Page, cells: &[Cell]) {
    if cells.is_empty() {
        return;
    }
    let eras: Vec<Era> = Era::ALL
        .iter()
        .copied()
        .filter(|era| cells.iter().any(|cell| cell.era == *era))
        .collect();
    let flows = Flow::ALL
        .iter()
        .filter(|flow| cells.iter().any(|cell| cell.flow == **flow));
    page.blank();
    page.line(
        0,
        "What works with which Helm (✓ works, ✗ breaks, ? unknown)",
        Ink::Bold,
    );
    let names: Vec<&str> = eras.iter().map(|era| era.name()).collect();
    let gap = match 2 + FLOW + names.iter().map(|name| 2 + name.len()).sum::<usize>() {
        width if width <= page.style.width => "  ",
        _ => " ",
    };
    page.line(
        2,
        &format!("{:<FLOW$}{gap}{}", "", names.join(gap)),
        Ink::Dim,
    );
    for flow in flows {
        let mut row = format!("{:<FLOW$}", flow.name());
        for (era, name) in eras.iter().zip(&names) {
            let cell = cells
                .iter()
                .find(|cell| cell.era == *era && cell.flow == *flow);
            let (ink, sign) = cell.map_or((Ink::Plain, " "), |cell| sign(cell.verdict));
            // The sign stands under the middle of the era's name.
            let before = (name.len() - 1) / 2;
            row.push_str(gap);
            row.push_str(&" ".repeat(before));
            row.push_str(&page.paint(ink, sign));
            row.push_str(&" ".repeat(name.len() - 1 - before));
        }
        page.painted(2, &row);
    }
    page.blank();
    for era in eras {
        reasons(page, era, cells);
    }
    unknown(page, cells);
}

const fn sign(verdict: FlowVerdict) -> (Ink, &'static str) {
    match verdict {
        FlowVerdict::Works => (Ink::Green, "✓"),
        FlowVerdict::Breaks => (Ink::Red, "✗"),
        FlowVerdict::Unknown => (Ink::Magenta, "?"),
    }
}

/// The requirements that break flows of one era, with the flows and the versions.
fn reasons(page: &mut Page, era: Era, cells: &[Cell]) {
    let broken: Vec<&Cell> = cells
        .iter()
        .filter(|cell| cell.era == era && cell.verdict == FlowVerdict::Breaks)
        .collect();
    let mut label = format!("{era} ✗");
    for requirement in requirements(broken.iter().copied()) {
        let mut flows = Vec::new();
        let mut versions = Vec::new();
        for cell in &broken {
            for cause in cell
                .because
                .iter()
                .filter(|cause| cause.requirement == requirement)
            {
                push_new(&mut flows, cell.flow.name());
                push_new(&mut versions, &cause.versions);
            }
        }
        let (flows, versions) = (flows.join(", "), versions.join(", or "));
        let reason = text::line(&format!("{requirement}: {flows} ({versions})"));
        page.beside(15, &label, &reason, Ink::Plain);
        label.clear();
    }
}

/// The requirements that leave cells open.
fn unknown(page: &mut Page, cells: &[Cell]) {
    let open = requirements(
        cells
            .iter()
            .filter(|cell| cell.verdict == FlowVerdict::Unknown),
    );
    if open.is_empty() {
        return;
    }
    let named = open
        .iter()
        .take(NAMED)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    let more = match open.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let reason = text::line(&format!("not examined or not to be told: {named}{more}"));
    page.beside(15, "unknown ?", &reason, Ink::Plain);
}

/// The requirements behind some cells, each once, in order of appearance.
fn requirements<'a>(cells: impl Iterator<Item = &'a Cell>) -> Vec<&'a str> {
    let mut requirements = Vec::new();
    for cause in cells.flat_map(|cell| &cell.because) {
        push_new(&mut requirements, &cause.requirement);
    }
    requirements
}

fn push_new<'a>(known: &mut Vec<&'a str>, new: &'a str) {
    if !known.contains(&new) {
        known.push(new);
    }
}
