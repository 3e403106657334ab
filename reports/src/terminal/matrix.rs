//! The targets of a report in columns, differences first.

use std::fmt::Write;

use super::page::{Ink, Page, outcome_sign, verdict_sign};
use super::{Style, blocks, header, helm, summary};
use crate::text::{self, plural};
use crate::view::{FlowOf, Label, MatrixRow, MatrixView, RequirementRow};

/// The width of the column of names, unless a name is longer.
const NAME: usize = 40;

/// The maximum width of the column of names.
const LONGEST: usize = 60;

/// The width of a column of signs.
const SIGN: usize = 3;

/// The most variants of a finding of one requirement.
const VARIANTS: usize = 3;

/// Renders a report for a terminal, its targets in columns.
pub fn matrix(view: &MatrixView<'_, '_>, style: Style) -> String {
    let mut page = Page::new(style);
    header(&mut page, &view.report.header);
    page.blank();
    targets(&mut page, view);
    eras(&mut page, view);
    let predicted = "Flows that do not work on every target";
    flows(&mut page, predicted, view, &view.flows, verdict_sign);
    let observed = "Flows of real Helm binaries that did not pass on every target";
    flows(&mut page, observed, view, &view.helm_flows, outcome_sign);
    requirements(&mut page, view);
    for target in &view.report.targets {
        if target.obstacle.is_some() {
            blocks::unreachable(&mut page, target);
            page.labelled(Label::Target, target.name);
        }
    }
    for row in view.requirements() {
        findings(&mut page, view, row);
    }
    for column in &view.columns {
        let on = format!("{} {}", column.letter, column.target.name);
        helm::failures(&mut page, &column.target.helm, Some(&on));
    }
    page.blank();
    summary::end(&mut page, view.report);
    page.finish()
}

/// The letters of the targets, and the verdict on each in one line.
fn targets(page: &mut Page, view: &MatrixView<'_, '_>) {
    page.rule("targets");
    let names = view.columns.iter();
    let widths = names.map(|column| text::columns(&text::line(column.target.name)));
    let widest = widths.max().unwrap_or_default().min(NAME);
    for column in &view.columns {
        let name = text::fit(&text::line(column.target.name), widest);
        let name = text::pad(&name, widest);
        let verdict = &column.target.verdict;
        let left = page.style.width.saturating_sub(2 + 3 + widest + 2);
        let letter = page.paint(Ink::Bold, &text::pad(&column.letter, 2));
        // The sentence is never cut: its end names the Helm versions.
        let indent = 2 + 3 + widest + 2;
        for (position, line) in text::wrap(&verdict.sentence, left).iter().enumerate() {
            let line = page.paint(Ink::of(verdict.outcome), line);
            if position == 0 {
                page.painted(2, &format!("{letter} {name}  {line}"));
            } else {
                page.painted(indent, &line);
            }
        }
    }
}

/// A name with a sign for each target.
struct Line {
    name: String,
    signs: Vec<(Ink, &'static str)>,
}

/// Rows of signs below the letters of the targets; each table has as many targets as fit into the width.
fn table(page: &mut Page, view: &MatrixView<'_, '_>, lines: &[Line]) {
    let widths = lines
        .iter()
        .map(|line| text::columns(&text::line(&line.name)));
    let wide = widths.max().unwrap_or_default().clamp(NAME, LONGEST);
    let fitting = ((page.style.width - 2 - wide) / SIGN).max(1);
    let all: Vec<usize> = (0..view.columns.len()).collect();
    for part in all.chunks(fitting) {
        let mut head = " ".repeat(wide);
        for at in part {
            let letter = &view.columns[*at].letter;
            write!(head, "{letter:>SIGN$}").expect("a write to a String cannot fail");
        }
        page.line(2, &head, Ink::Dim);
        for Line { name, signs } in lines {
            let mut row = text::pad(&text::fit(&text::line(name), wide), wide);
            for (ink, sign) in part.iter().map(|at| signs[*at]) {
                row.push_str(&" ".repeat(SIGN - 1));
                row.push_str(&page.paint(ink, sign));
            }
            page.painted(2, &row);
        }
    }
}

/// The verdict on each era for each target.
fn eras(page: &mut Page, view: &MatrixView<'_, '_>) {
    if view.eras.is_empty() {
        return;
    }
    page.heading("Helm versions by registry (✓ all flows work, ✗ a flow breaks, ? unknown)");
    let lines = view.eras.iter().map(|era| Line {
        name: era.subject.name().to_owned(),
        signs: era.marks.iter().map(|mark| verdict_sign(*mark)).collect(),
    });
    table(page, view, &lines.collect::<Vec<_>>());
}

fn flows<M: Copy>(
    page: &mut Page,
    title: &str,
    view: &MatrixView<'_, '_>,
    rows: &[MatrixRow<FlowOf, M>],
    sign: fn(Option<M>) -> (Ink, &'static str),
) {
    if rows.is_empty() {
        return;
    }
    page.heading(title);
    let lines = rows.iter().map(|row| Line {
        name: row.subject.name(),
        signs: row.marks.iter().map(|mark| sign(*mark)).collect(),
    });
    table(page, view, &lines.collect::<Vec<_>>());
}

/// The requirements that differ, and those that no target satisfies.
fn requirements(page: &mut Page, view: &MatrixView<'_, '_>) {
    for (rows, title) in [
        (&view.differing, "Requirements on which targets differ"),
        (
            &view.violated,
            "Requirements with the same problem on all targets",
        ),
    ] {
        if rows.is_empty() {
            continue;
        }
        page.heading(title);
        let lines = rows.iter().map(|row| Line {
            name: format!("{} {}", row.id, row.level),
            signs: row.outcomes().map(outcome_sign).collect(),
        });
        table(page, view, &lines.collect::<Vec<_>>());
    }
    page.blank();
    let quiet = plural(view.quiet, "more requirement");
    let rest = format!("{quiet}: no difference and no violation");
    page.paragraph(2, &rest, Ink::Dim);
}

/// One block for each way in which a requirement is not satisfied, with the targets.
fn findings(page: &mut Page, view: &MatrixView<'_, '_>, row: &RequirementRow<'_, '_>) {
    let variants = row.variants();
    // The block of the requirement with the finding names the others.
    let variants: Vec<_> = variants
        .iter()
        .filter(|variant| variant.check.cause.is_none())
        .collect();
    for (position, variant) in variants.iter().take(VARIANTS).enumerate() {
        blocks::finding(page, variant.check);
        let columns = variant.columns.iter();
        let names = columns.map(|at| {
            let column = &view.columns[*at];
            format!("{} {}", column.letter, column.target.name)
        });
        page.labelled(Label::FoundOn, &names.collect::<Vec<_>>().join(", "));
        let same = view.same_cause(variant);
        if !same.is_empty() {
            page.labelled(Label::AlsoShownBy, &same.join(", "));
        }
        if position + 1 == VARIANTS && variants.len() > VARIANTS {
            let more = plural(variants.len() - VARIANTS, "more variant");
            page.continued(&format!("{more} on other targets: use --verbose or --json"));
        }
    }
}
