//! The table era × flow, followed by the causes.

use std::ops::Range;

use helm_oci_suite::helm::flow::Flow;

use super::page::{Ink, Page, verdict_sign};
use crate::text::{self, more};
use crate::view::{EraCause, EraTable};

/// The width of the column of flows.
const FLOW: usize = 17;

/// The width of the column of eras in front of the causes.
const CAUSE: usize = 17;

/// The number of requirements that are named for unknown cells.
const NAMED: usize = 4;

/// The table with its causes.
pub(super) fn table(page: &mut Page, table: &EraTable<'_>) {
    let left_out: Vec<&str> = table.not_examined().map(Flow::name).collect();
    let left_out = format!("not examined: {}", left_out.join(", "));
    if table.rows.iter().all(|row| !row.is_examined) {
        page.blank();
        let text = "no Helm flow was examined completely: checks that it needs were not selected or not run";
        page.paragraph(2, text, Ink::Dim);
        return;
    }
    page.heading("Helm flows by version (✓ works, ✗ breaks, ? unknown)");
    let names: Vec<&str> = table.eras.iter().map(|era| era.name()).collect();
    let widths = names.iter().map(|name| 2 + name.len());
    let gap = match 2 + FLOW + widths.sum::<usize>() {
        width if width <= page.style.width => "  ",
        _ => " ",
    };
    // Each part has as many eras as fit into the width of the terminal.
    let mut from = 0;
    while from < names.len() {
        let to = from + fitting(&names[from..], page.style.width - 2 - FLOW, gap);
        part(page, table, from..to, gap);
        from = to;
    }
    page.blank();
    if table.rows.iter().any(|row| !row.is_examined) {
        page.paragraph(2, &left_out, Ink::Dim);
    }
    causes(page, &table.causes);
    unknown(page, &table.unknown);
}

/// The number of eras that fit into this width, at least one.
fn fitting(names: &[&str], width: usize, gap: &str) -> usize {
    let mut used = 0;
    let fit = names.iter().take_while(|name| {
        used += gap.len() + name.len();
        used <= width
    });
    fit.count().max(1)
}

/// The table with some of the eras.
fn part(page: &mut Page, table: &EraTable<'_>, eras: Range<usize>, gap: &str) {
    let names: Vec<&str> = table.eras[eras.clone()]
        .iter()
        .map(|era| era.name())
        .collect();
    let head = format!("{:FLOW$}{gap}{}", "", names.join(gap));
    page.line(2, &head, Ink::Dim);
    for row in table.rows.iter().filter(|row| row.is_examined) {
        let verdicts = &row.verdicts[eras.clone()];
        if verdicts.iter().all(Option::is_none) {
            continue;
        }
        let mut line = text::pad(row.flow.name(), FLOW);
        for (verdict, name) in verdicts.iter().zip(&names) {
            let (ink, sign) = verdict_sign(*verdict);
            // The sign is below the middle of the era's name.
            let before = (name.len() - 1) / 2;
            line.push_str(gap);
            line.push_str(&" ".repeat(before));
            line.push_str(&page.paint(ink, sign));
            line.push_str(&" ".repeat(name.len() - 1 - before));
        }
        page.painted(2, &line);
    }
}

/// The requirements that break flows, by era.
fn causes(page: &mut Page, causes: &[EraCause<'_>]) {
    let mut shown = None;
    for cause in causes {
        let label = if shown == Some(cause.era) {
            String::new()
        } else {
            format!("{} ✗", cause.era)
        };
        shown = Some(cause.era);
        let flows: Vec<&str> = cause.flows.iter().map(|flow| flow.name()).collect();
        let (flows, versions) = (flows.join(", "), cause.versions.join(", or "));
        let text = format!("{}: {flows} ({versions})", cause.requirement);
        page.columns(CAUSE, &label, &text::line(&text), Ink::Plain);
    }
}

/// The requirements that leave cells unknown.
fn unknown(page: &mut Page, requirements: &[&str]) {
    if requirements.is_empty() {
        return;
    }
    let named = &requirements[..requirements.len().min(NAMED)];
    let more = more(requirements.len() - named.len());
    let text = format!("not examined or inconclusive: {}{more}", named.join(", "));
    page.columns(CAUSE, "unknown ?", &text::line(&text), Ink::Plain);
}
