//! A record for the person who ran it: what each target does, what it violates and whom that hurts.
//!
//! Nothing is told by colour alone, and no line is wider than the terminal. Where the eye should rest first,
//! at the end, stands the verdict in words.

mod blocks;
pub(crate) mod compare;
mod difference;
mod eras;
mod helms;
mod matrix;
mod page;
mod summary;

use helm_oci_suite::requirement::outcome::Outcome;

pub use self::matrix::render_matrix;

use self::page::{Ink, Page};
use crate::facts;
use crate::record::{CheckRecord, RunRecord, TargetRecord};
use crate::tally::Tally;
use crate::text;

pub use self::compare::{bisection, comparison};
pub use self::difference::difference;

/// The narrowest terminal that is laid out for; the table of eras needs it.
const NARROWEST: usize = 80;

/// How many marks stand on one line.
const MARKS: usize = 40;

/// How a record is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether to use colours.
    pub color: bool,
    /// Whether to show every check instead of a line for each area, and more about each finding.
    pub verbose: bool,
    /// The columns of the terminal; fewer than 80 are taken as 80.
    pub width: usize,
}

impl Default for Style {
    /// Plain, short, 100 columns.
    fn default() -> Self {
        Self {
            color: false,
            verbose: false,
            width: 100,
        }
    }
}

fn page_of(style: Style) -> Page {
    Page::new(Style {
        width: style.width.max(NARROWEST),
        ..style
    })
}

/// Renders a record for a terminal, one target after the other.
pub fn render(record: &RunRecord, style: Style) -> String {
    let mut page = page_of(style);
    run(&mut page, record);
    for target in &record.targets {
        page.blank();
        page.rule(&target.name);
        identity(&mut page, target);
        if target.checks.is_empty() {
            blocks::unreachable(&mut page, target);
        } else {
            page.blank();
            checks(&mut page, target);
            blocks::unreachable(&mut page, target);
            let of = |outcome| {
                let checks = target.checks.iter();
                checks.filter(move |check: &&CheckRecord| check.outcome == outcome)
            };
            let told = [Outcome::Fail, Outcome::Stale, Outcome::Warn, Outcome::Known];
            for check in told.into_iter().flat_map(of) {
                blocks::finding(&mut page, check);
            }
            blocks::inconclusive(&mut page, of(Outcome::Inconclusive));
            eras::table(&mut page, &target.eras);
        }
        helms::section(&mut page, target);
        page.blank();
        summary::target(&mut page, record, target);
    }
    page.blank();
    summary::run(&mut page, record);
    page.finish()
}

fn run(page: &mut Page, record: &RunRecord) {
    let mut parts = vec![
        format!("{} {}", record.suite.name, record.suite.version),
        record.run.started.clone(),
        facts::seeds(record),
    ];
    if !record.run.only.is_empty() {
        parts.push(format!("only {}", record.run.only.join(", ")));
    }
    page.paragraph(0, &parts.join(" · "), Ink::Dim);
}

fn identity(page: &mut Page, target: &TargetRecord) {
    let identity = &target.identity;
    let parts = [
        Some(identity.kind.as_str()),
        identity.image.as_deref(),
        identity.image_id.as_deref(),
        identity.version.as_deref(),
        identity.program.as_deref(),
        identity.url.as_deref(),
        identity.server.as_deref(),
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    page.paragraph(2, &parts.join(" · "), Ink::Dim);
    if page.style.verbose {
        for capability in &target.capabilities {
            let present = match capability.present {
                Some(true) => "offers",
                Some(false) => "lacks",
                None => "unclear",
            };
            let left_out = match capability.left_out.as_slice() {
                [] => String::new(),
                [one] => format!("; left out: {one}"),
                [one, more @ ..] => format!("; left out: {one} and {} more", more.len()),
            };
            page.labelled(
                present,
                &format!("{} ({}){left_out}", capability.name, capability.evidence),
            );
        }
    }
}

/// The checks by area, areas in the order of their first check.
fn checks(page: &mut Page, target: &TargetRecord) {
    let mut areas: Vec<(&str, Vec<&CheckRecord>)> = Vec::new();
    for check in &target.checks {
        match areas.iter_mut().find(|(area, _)| *area == check.area) {
            Some((_, checks)) => checks.push(check),
            None => areas.push((&check.area, vec![check])),
        }
    }
    let widest = areas
        .iter()
        .map(|(_, checks)| checks.len().min(MARKS))
        .max()
        .unwrap_or(0);
    for (area, checks) in areas {
        if page.style.verbose {
            page.line(2, &text::line(area), Ink::Bold);
            for check in checks {
                one(page, check);
            }
        } else {
            in_short(page, area, &checks, widest);
        }
    }
}

/// One line for an area: its marks and its counts.
fn in_short(page: &mut Page, area: &str, checks: &[&CheckRecord], widest: usize) {
    let area = text::fit(&text::line(area), 12);
    let counts = summary::counts(&Tally::of(checks.iter().copied()));
    for (row, part) in checks.chunks(MARKS).enumerate() {
        let marks: String = part.iter().map(|check| page.mark(check.outcome)).collect();
        if row == 0 {
            let gap = " ".repeat(widest.saturating_sub(part.len()));
            page.items(&format!("{area:<13}{marks}{gap}  "), 17 + widest, &counts);
        } else {
            page.painted(15, &marks);
        }
    }
}

/// One check on a line of its own; a skipped one with its reason below.
fn one(page: &mut Page, check: &CheckRecord) {
    let mark = page.mark(check.outcome);
    let time = text::duration(check.milliseconds);
    let id = text::line(&check.id);
    let left = page.style.width.saturating_sub(4 + 2 + 10);
    let id = text::fit(&id, left);
    let title = text::line(&check.title);
    if text::columns(&id) + 2 + text::columns(&title) <= left {
        let title = page.paint(Ink::Dim, &title);
        page.painted(4, &format!("{mark} {time:>8}  {id}  {title}"));
    } else {
        page.painted(4, &format!("{mark} {time:>8}  {id}"));
        page.paragraph(15, &title, Ink::Dim);
    }
    if check.outcome == Outcome::Skipped {
        let reason = check.reason.as_deref().unwrap_or("no reason was recorded");
        page.paragraph(15, &format!("skipped: {reason}"), Ink::Dim);
    }
}
