//! Several targets side by side, what differs first.

use std::fmt::Write;

use helm_oci_suite::prediction::table::FlowVerdict;
use helm_oci_suite::requirement::outcome::Outcome;

use super::page::{Ink, Page};
use super::{Style, blocks, helms, page_of, run, summary};
use crate::matrix::{Column, FlowRow, Matrix, Requirement, found};
use crate::record::RunRecord;
use crate::text;

/// How wide the column of names is.
const NAME: usize = 40;

/// How wide a column of signs is.
const SIGN: usize = 3;

/// How many requirements are named under one heading.
const NAMED: usize = 3;

/// Renders a record for a terminal, its targets side by side.
pub fn render_matrix(record: &RunRecord, style: Style) -> String {
    let matrix = Matrix::of(record);
    let mut page = page_of(style);
    run(&mut page, record);
    page.blank();
    targets(&mut page, record, &matrix);
    eras(&mut page, &matrix);
    flows(&mut page, &matrix);
    requirements(&mut page, &matrix);
    for target in &record.targets {
        if target.obstacle.is_some() {
            blocks::unreachable(&mut page, target);
            page.labelled("target", &target.name);
        }
    }
    findings(&mut page, &matrix);
    for Column { letter, target } in &matrix.targets {
        helms::failures(
            &mut page,
            target,
            Some(&format!("{letter} {}", target.name)),
        );
    }
    page.blank();
    summary::end(&mut page, record);
    page.finish()
}

/// What the letters stand for, and what there is to say of each in one line.
fn targets(page: &mut Page, record: &RunRecord, matrix: &Matrix<'_>) {
    page.rule("targets");
    let names = matrix.targets.iter();
    let widest = names.map(|column| text::columns(&text::line(&column.target.name)));
    let widest = widest.max().unwrap_or_default().min(NAME);
    for Column { letter, target } in &matrix.targets {
        let name = text::fit(&text::line(&target.name), widest);
        let (ink, verdict) = summary::verdict(record, target);
        let left = page.style.width.saturating_sub(2 + 3 + widest + 2);
        let verdict = page.paint(ink, &text::fit(&verdict, left));
        let letter = page.paint(Ink::Bold, &format!("{letter:<2}"));
        page.painted(2, &format!("{letter} {name:<widest$}  {verdict}"));
    }
}

fn heading(page: &mut Page, text: &str) {
    page.blank();
    page.line(0, text, Ink::Bold);
}

/// A name with a sign for each target.
type Row = (String, Vec<(Ink, &'static str)>);

/// Rows of signs below the letters of the targets, as many targets side by side as the terminal is wide.
fn table(page: &mut Page, matrix: &Matrix<'_>, rows: &[Row]) {
    let side_by_side = ((page.style.width - 2 - NAME) / SIGN).max(1);
    let all: Vec<usize> = (0..matrix.targets.len()).collect();
    for part in all.chunks(side_by_side) {
        let mut head = " ".repeat(NAME);
        for at in part {
            let letter = &matrix.targets[*at].letter;
            write!(head, "{letter:>SIGN$}").expect("a string grows");
        }
        page.line(2, &head, Ink::Dim);
        for (name, signs) in rows {
            let mut row = format!("{:<NAME$}", text::fit(&text::line(name), NAME));
            for (ink, sign) in part.iter().map(|at| signs[*at]) {
                row.push_str(&" ".repeat(SIGN - 1));
                row.push_str(&page.paint(ink, sign));
            }
            page.painted(2, &row);
        }
    }
}

const fn verdict(verdict: Option<FlowVerdict>) -> (Ink, &'static str) {
    match verdict {
        Some(FlowVerdict::Works) => (Ink::Green, "✓"),
        Some(FlowVerdict::Breaks) => (Ink::Red, "✗"),
        Some(FlowVerdict::Unknown) => (Ink::Magenta, "?"),
        None => (Ink::Plain, " "),
    }
}

fn outcome(outcome: Option<Outcome>) -> (Ink, &'static str) {
    outcome.map_or((Ink::Plain, " "), super::page::signature)
}

/// Which Helm gets along with which registry.
fn eras(page: &mut Page, matrix: &Matrix<'_>) {
    if matrix.eras.is_empty() {
        return;
    }
    heading(
        page,
        "Which Helm works with which registry (✓ every flow works, ✗ one breaks, ? unknown)",
    );
    let rows = matrix.eras.iter().map(|era| {
        let of_target = |column: &Column| verdict(Matrix::era(column.target, *era));
        let signs = matrix.targets.iter().map(of_target);
        (era.name().to_owned(), signs.collect())
    });
    table(page, matrix, &rows.collect::<Vec<Row>>());
}

/// The flows that do not work everywhere.
fn flows(page: &mut Page, matrix: &Matrix<'_>) {
    let told = "Flows that do not work everywhere";
    flow_table(page, told, matrix, &matrix.flows, verdict);
    let seen = "Flows of real Helms that did not work everywhere";
    flow_table(page, seen, matrix, &matrix.helms, outcome);
}

fn flow_table<M: Copy>(
    page: &mut Page,
    title: &str,
    matrix: &Matrix<'_>,
    rows: &[FlowRow<M>],
    sign: impl Fn(Option<M>) -> (Ink, &'static str),
) {
    if rows.is_empty() {
        return;
    }
    heading(page, title);
    let rows = rows.iter().map(|row| {
        let signs = row.marks.iter().map(|mark| sign(*mark));
        (name(row), signs.collect())
    });
    table(page, matrix, &rows.collect::<Vec<Row>>());
}

fn name<M>(row: &FlowRow<M>) -> String {
    format!("{} · {}", row.flow, row.of.join(", "))
}

/// The requirements that differ, and those violated everywhere.
fn requirements(page: &mut Page, matrix: &Matrix<'_>) {
    let part = |differs| {
        let rows = matrix.requirements.iter();
        rows.filter(move |row| row.differs() == differs)
    };
    for (differs, title) in [
        (true, "Requirements on which the targets differ"),
        (false, "Requirements that no target was seen to satisfy"),
    ] {
        let rows = part(differs).map(|row| {
            let outcomes = row.checks.iter().map(|check| check.map(|one| one.outcome));
            let name = format!("{} {}", row.any.id, row.any.level);
            (name, outcomes.map(outcome).collect())
        });
        let rows: Vec<Row> = rows.collect();
        if !rows.is_empty() {
            heading(page, title);
            table(page, matrix, &rows);
        }
    }
    page.blank();
    let quiet = text::plural(matrix.quiet, "requirement");
    let rest = format!("{quiet} more: nothing to tell the targets apart, and none violated");
    page.paragraph(2, &rest, Ink::Dim);
}

/// One block for each way in which a requirement is violated, with the targets that do so.
fn findings(page: &mut Page, matrix: &Matrix<'_>) {
    for row in &matrix.requirements {
        let mut told: Vec<&str> = Vec::new();
        for check in row.checks.iter().flatten() {
            let Some(actual) = found(check) else { continue };
            if told.contains(&actual) {
                continue;
            }
            told.push(actual);
            blocks::finding(page, check);
            page.labelled("on", &where_found(matrix, row, actual));
            if told.len() == NAMED {
                page.labelled(
                    "",
                    "other targets differ again: see the record, or --verbose",
                );
                break;
            }
        }
    }
}

fn where_found(matrix: &Matrix<'_>, row: &Requirement<'_>, actual: &str) -> String {
    let pairs = matrix.targets.iter().zip(&row.checks);
    let names = pairs.filter_map(|(column, check)| {
        let is_same = check.and_then(found) == Some(actual);
        is_same.then(|| format!("{} {}", column.letter, column.target.name))
    });
    names.collect::<Vec<_>>().join(", ")
}
