//! The checks of a target by area.

use helm_oci_suite::requirement::outcome::Outcome;

use super::page::{Ink, Page};
use crate::layout;
use crate::text::{self, plural};
use crate::view::{self, CheckView, Label, OutcomeCounts, TargetView};

/// The longest reason for a skipped check, in characters.
const REASON: usize = 1000;

/// The maximum width of an area's name.
const AREA: usize = 12;

/// The areas: in a brief report those with a result that needs attention, otherwise a line for each check.
pub(super) fn by_area(page: &mut Page, target: &TargetView<'_>) {
    if !page.style.verbose {
        brief(page, target);
        return;
    }
    for area in &target.areas {
        page.line(2, area.name, Ink::Bold);
        for check in target.checks_of(area) {
            one(page, check);
        }
    }
}

/// The areas with their signs and counts; those without a sign are only counted. A cause has what it blocks.
fn brief(page: &mut Page, target: &TargetView<'_>) {
    let mut items = Vec::new();
    for area in &target.areas {
        let checks = target.checks_of(area);
        let shown = checks.filter(|check| !is_quiet(check.outcome) && !target.is_blocked(check));
        let tally = OutcomeCounts::of(shown.map(|check| check.outcome));
        let counts: Vec<(Outcome, usize)> = tally.occurring().collect();
        let Some((worst, _)) = counts.first() else {
            continue;
        };
        let words = counts
            .iter()
            .map(|(outcome, count)| format!("{count}{}", view::outcome_sign(*outcome)));
        let words: Vec<String> = words.collect();
        let name = text::fit(&text::line(area.name), AREA);
        items.push((Ink::of(*worst), format!("{name} {}", words.join(" "))));
    }
    let quiet = target.areas.len() - items.len();
    if quiet > 0 {
        let words = if items.is_empty() {
            "area"
        } else {
            "other area"
        };
        let words = format!("{} without a finding", plural(quiet, words));
        items.push((Ink::Plain, words));
    }
    page.labelled_items(Label::Areas, &items);
}

/// True if nobody needs to look at the outcome.
const fn is_quiet(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Pass | Outcome::Present | Outcome::Absent | Outcome::Skipped
    )
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
