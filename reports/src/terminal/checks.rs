//! The checks of a target by area.

use helm_oci_suite::requirement::outcome::Outcome;

use super::page::{Ink, Page};
use super::summary;
use crate::layout;
use crate::text;
use crate::view::{AreaView, CheckView, TargetView};

/// The most marks on one line.
const MARKS: usize = 40;

/// The longest reason for a skipped check, in characters.
const REASON: usize = 1000;

/// The width of an area's name.
const AREA: usize = 12;

/// The areas: a line each in a brief report, otherwise a line for each check.
pub(super) fn by_area(page: &mut Page, target: &TargetView<'_>) {
    let lengths = target.areas.iter().map(|area| area.positions.len());
    let widest = lengths.max().unwrap_or(0).min(MARKS);
    for area in &target.areas {
        if page.style.verbose {
            page.line(2, area.name, Ink::Bold);
            for check in target.checks_of(area) {
                one(page, check);
            }
        } else {
            brief(page, target, area, widest);
        }
    }
}

/// One line for an area: its marks and its counts.
fn brief(page: &mut Page, target: &TargetView<'_>, area: &AreaView<'_>, widest: usize) {
    let name = text::pad(&text::fit(&text::line(area.name), AREA), AREA + 1);
    let counts = summary::counts(&area.tally);
    let checks: Vec<&CheckView<'_>> = target.checks_of(area).collect();
    for (row, part) in checks.chunks(MARKS).enumerate() {
        let marks: String = part.iter().map(|check| page.mark(check.outcome)).collect();
        if row == 0 {
            let gap = " ".repeat(widest.saturating_sub(part.len()));
            let before = format!("{name}{marks}{gap}  ");
            page.items(&before, 2 + AREA + 1 + widest + 2, &counts);
        } else {
            page.painted(2 + AREA + 1, &marks);
        }
    }
}

/// One check on a line of its own; a skipped one with its reason below.
fn one(page: &mut Page, check: &CheckView<'_>) {
    let mark = page.mark(check.outcome);
    let time = text::duration(check.milliseconds);
    let left = page.style.width.saturating_sub(4 + 2 + 10);
    let id = text::fit(&text::line(check.id), left);
    let title = text::line(check.title);
    if text::columns(&id) + 2 + text::columns(&title) <= left {
        let title = page.paint(Ink::Dim, &title);
        page.painted(4, &format!("{mark} {time:>8}  {id}  {title}"));
    } else {
        page.painted(4, &format!("{mark} {time:>8}  {id}"));
        page.paragraph(15, &title, Ink::Dim);
    }
    if check.outcome == Outcome::Skipped {
        let reason = layout::sentence(&check.sentence, REASON);
        page.paragraph(15, &format!("skipped: {reason}"), Ink::Dim);
    }
}
