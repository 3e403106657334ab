//! The table era × flow, followed by the causes.

use std::ops::Range;

use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::prediction::table::FlowVerdict;

use super::page::{Ink, Page, verdict_sign};
use crate::text::{self, more};
use crate::view::{BriefTable, EraCause, EraTable, TargetView};

/// The width of the column of flows.
const FLOW: usize = 17;

/// The width of the column of eras in front of the causes.
const CAUSE: usize = 17;

/// The number of requirements that are named for unknown cells.
const NAMED: usize = 4;

/// The table with its causes. A brief report has only what differs from ✓; its findings state the causes.
pub(super) fn table(page: &mut Page, table: &EraTable<'_>, target: &TargetView<'_>) {
    if table.rows.iter().all(|row| !row.is_examined) {
        page.blank();
        let text = "no Helm flow was examined completely: checks that it needs were not selected or not run";
        page.paragraph(2, text, Ink::Dim);
        return;
    }
    let brief = BriefTable::of(table);
    if brief.rows.is_empty() && !page.style.verbose {
        page.blank();
    } else {
        page.heading("Helm flows by version (✓ works, ✗ breaks, ? unknown)");
    }
    if page.style.verbose {
        let names: Vec<&str> = table.eras.iter().map(|era| era.name()).collect();
        let rows = table.rows.iter().filter(|row| row.is_examined);
        let rows: Vec<Row<'_>> = rows
            .map(|row| (row.flow.name().to_owned(), &row.verdicts[..]))
            .collect();
        parts(page, &names, &rows);
        page.blank();
    } else {
        self::brief(page, &brief);
    }
    let left_out: Vec<&str> = table.not_examined().map(Flow::name).collect();
    if !left_out.is_empty() {
        let left_out = format!("not examined: {}", left_out.join(", "));
        page.paragraph(2, &left_out, Ink::Dim);
    }
    if page.style.verbose {
        causes(page, &table.causes);
        unknown(page, &table.unknown);
    } else {
        unknown(page, &target.unknown_without_cause());
    }
}

/// The name of a row with its verdicts.
type Row<'a> = (String, &'a [Option<FlowVerdict>]);

/// The rows and columns that differ from ✓, and a sentence about the others.
fn brief(page: &mut Page, table: &BriefTable) {
    let names: Vec<&str> = table.columns.iter().map(String::as_str).collect();
    let rows = table.rows.iter().map(|row| {
        let flows: Vec<&str> = row.flows.iter().map(|flow| flow.name()).collect();
        (flows.join(", "), &row.verdicts[..])
    });
    parts(page, &names, &rows.collect::<Vec<_>>());
    if let Some(rest) = &table.rest {
        page.paragraph(2, rest, Ink::Plain);
    }
}

/// The table in parts, each with as many columns as fit into the width of the terminal.
fn parts(page: &mut Page, names: &[&str], rows: &[Row<'_>]) {
    if rows.is_empty() {
        return;
    }
    let width = page.style.width;
    let all: usize = names.iter().map(|name| 2 + text::columns(name)).sum();
    let gap = if 2 + FLOW + all <= width { "  " } else { " " };
    let flows = rows.iter().map(|(flows, _)| text::columns(flows));
    let widest = flows.max().unwrap_or_default();
    let label = width.saturating_sub(2 + all).min(widest).max(FLOW);
    let mut from = 0;
    while from < names.len() {
        let to = from + fitting(&names[from..], width - 2 - label, gap);
        part(page, names, rows, from..to, (label, gap));
        from = to;
    }
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

/// The table with some of the columns.
fn part(
    page: &mut Page,
    names: &[&str],
    rows: &[Row<'_>],
    columns: Range<usize>,
    (label, gap): (usize, &str),
) {
    let names = &names[columns.clone()];
    let head = format!("{:label$}{gap}{}", "", names.join(gap));
    page.line(2, &head, Ink::Dim);
    for (flows, verdicts) in rows {
        let verdicts = &verdicts[columns.clone()];
        if verdicts.iter().all(Option::is_none) {
            continue;
        }
        let flows = text::wrap(flows, label);
        let mut line = text::pad(&flows[0], label);
        for (verdict, name) in verdicts.iter().zip(names) {
            let (ink, sign) = verdict_sign(*verdict);
            // The sign is below the middle of the column's name.
            let around = text::columns(name).saturating_sub(1);
            let before = around / 2;
            line.push_str(gap);
            line.push_str(&" ".repeat(before));
            line.push_str(&page.paint(ink, sign));
            line.push_str(&" ".repeat(around - before));
        }
        page.painted(2, &line);
        for rest in &flows[1..] {
            page.line(2, rest, Ink::Plain);
        }
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
