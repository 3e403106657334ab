//! The results of real Helm binaries: the table flow × version, one block for each kind of failure, and surprises.

use std::fmt::Write;

use super::blocks;
use super::page::{Ink, Page, outcome_sign};
use crate::layout;
use crate::text;
use crate::view::{FlowGroup, HelmRow, HelmView, Label};

/// The width of the column of flows.
const FLOW: usize = 17;

/// The maximum width of a version column.
const VERSION: usize = 20;

/// The longest sentence, in characters.
const SENTENCE: usize = 300;

/// The table and its blocks; nothing where no Helm binary was run.
pub(super) fn section(page: &mut Page, helm: &HelmView<'_>) {
    if helm.versions.is_empty() {
        return;
    }
    page.heading("Real Helm binaries (✓ passed, ✗ failed, ? inconclusive, · not run)");
    let versions: Vec<String> = helm
        .versions
        .iter()
        .map(|version| text::fit(&text::line(version), VERSION))
        .collect();
    // Each table has as many versions as fit into the width of the terminal.
    let mut from = 0;
    while from < versions.len() {
        let to = from + fitting(&versions[from..], page.style.width);
        table(page, &versions, &helm.table, from..to);
        from = to;
    }
    failures(page, helm, None);
}

/// The blocks alone, followed by the target if there are several.
pub(super) fn failures(page: &mut Page, helm: &HelmView<'_>, on: Option<&str>) {
    for group in &helm.groups {
        if group.first.cause.is_some() && !page.style.verbose {
            short(page, group);
            continue;
        }
        block(page, group);
        if let Some(on) = on {
            page.labelled(Label::FoundOn, on);
        }
    }
    surprises(page, helm, on);
}

fn fitting(versions: &[String], width: usize) -> usize {
    let mut used = 2 + FLOW;
    let fit = versions.iter().take_while(|version| {
        used += 2 + text::columns(version);
        used <= width
    });
    fit.count().max(1)
}

fn table(page: &mut Page, versions: &[String], rows: &[HelmRow], part: std::ops::Range<usize>) {
    let names = &versions[part.clone()];
    let head = format!("{:FLOW$}  {}", "", names.join("  "));
    page.line(2, &head, Ink::Dim);
    for row in rows {
        let outcomes = &row.outcomes[part.clone()];
        if outcomes.iter().all(Option::is_none) {
            continue;
        }
        let mut line = text::pad(row.flow.name(), FLOW);
        for (outcome, version) in outcomes.iter().zip(names) {
            let (ink, sign) = outcome_sign(*outcome);
            let sign = page.paint(ink, sign);
            // The sign is below the middle of the version.
            let around = text::columns(version).saturating_sub(1);
            let before = around / 2;
            let after = around - before;
            write!(line, "  {:before$}{sign}{:after$}", "", "")
                .expect("a write to a String cannot fail");
        }
        page.painted(2, &line);
    }
}

/// A failure whose cause has a finding.
fn short(page: &mut Page, group: &FlowGroup<'_>) {
    let flow = &group.first;
    let mark = page.mark(flow.outcome);
    let cause = flow.cause.unwrap_or_default();
    let words = layout::sentence(&flow.sentence, SENTENCE);
    let text = format!("{} ({cause}): {words}", affected(group));
    page.marked(&mark, &text, Ink::Plain);
}

/// The versions with their flows.
fn affected(group: &FlowGroup<'_>) -> String {
    let affected = group.affected.iter().map(|(version, flows)| {
        let flows: Vec<&str> = flows.iter().map(|flow| flow.name()).collect();
        format!("helm {version}: {}", flows.join(", "))
    });
    affected.collect::<Vec<_>>().join("; ")
}

fn block(page: &mut Page, group: &FlowGroup<'_>) {
    let flow = &group.first;
    page.blank();
    let mark = page.mark(flow.outcome);
    let name = flow.outcome.name();
    let outcome = page.paint(Ink::of(flow.outcome), &name.to_uppercase());
    let affected = text::line(&affected(group));
    let lines = text::wrap(&affected, page.style.width - 4 - name.len());
    for (position, line) in lines.iter().enumerate() {
        let line = page.paint(Ink::Bold, line);
        if position == 0 {
            page.painted(0, &format!("{mark} {outcome} {line}"));
        } else {
            page.painted(3 + name.len(), &line);
        }
    }
    page.rows(&flow.rows);
    blocks::exchanges(page, &flow.exchanges);
}

/// The flows on which Helm and the requirements disagree.
fn surprises(page: &mut Page, helm: &HelmView<'_>, on: Option<&str>) {
    for (label, ids, words) in [
        (
            Label::Unexplained,
            &helm.unexplained,
            "(failed, and no violated requirement explains it: if all requirements were run, possibly a missing requirement; please report it)",
        ),
        (
            Label::Contradicted,
            &helm.contradicted,
            "(passed, although a violated requirement predicts a failure: possibly a requirement that claims too much; please report it)",
        ),
    ] {
        if ids.is_empty() {
            continue;
        }
        page.blank();
        page.inked(label, &format!("{} {words}", ids.join(", ")), Ink::Magenta);
        if let Some(on) = on {
            page.labelled(Label::FoundOn, on);
        }
    }
}
