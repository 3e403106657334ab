//! One block for each finding and each obstacle: the observation, the sources, the effect, and the exchanges.

use helm_oci_suite::requirement::outcome::Outcome;

use super::page::{Ink, Page};
use crate::layout;
use crate::text;
use crate::view::{CheckView, ExchangesView, Label, TargetView};

/// The most obstacles with a block of their own.
const OBSTACLES: usize = 3;

/// The inconclusive checks. A brief report has one block for those with the same obstacle, without those that a cause
/// blocks.
pub(super) fn inconclusive(page: &mut Page, target: &TargetView<'_>) {
    if page.style.verbose {
        for check in target.with_outcome(Outcome::Inconclusive) {
            finding(page, check);
        }
        return;
    }
    let groups = target.inconclusive();
    // The evidence of a single obstacle is shown; of several the finding or --verbose has it.
    let is_shown = groups.len() == 1 && target.causes.is_empty();
    for group in groups.iter().take(OBSTACLES) {
        let check = group.first;
        heading(page, check);
        page.rows(&check.rows);
        if is_shown {
            exchanges(page, &check.exchanges);
        }
        if !group.also_affected.is_empty() {
            page.labelled(Label::AlsoAffected, &target.named(&group.also_affected));
        }
        page.labelled(Label::More, &format!("explain {}", check.id));
    }
    let rest = groups.iter().skip(OBSTACLES);
    let rest = rest.flat_map(|group| std::iter::once(&group.first.id).chain(&group.also_affected));
    let rest: Vec<&str> = rest.copied().collect();
    if !rest.is_empty() {
        page.blank();
        let mark = page.mark(Outcome::Inconclusive);
        let text = format!("also inconclusive: {}", target.named(&rest));
        page.marked(&mark, &text, Ink::of(Outcome::Inconclusive));
    }
}

/// The checks that passed only when they were repeated. A brief report has a block for each with a definite response
/// that violates the requirement; the summary lists the others.
pub(super) fn intermittent(page: &mut Page, target: &TargetView<'_>) {
    if page.style.verbose {
        for check in target.with_outcome(Outcome::Intermittent) {
            finding(page, check);
        }
        return;
    }
    for check in target.intermittent().0 {
        finding(page, check);
    }
}

/// A check that is not simply satisfied.
pub(super) fn finding(page: &mut Page, check: &CheckView<'_>) {
    heading(page, check);
    page.rows(&check.rows);
    exchanges(page, &check.exchanges);
    page.labelled(Label::More, &format!("explain {}", check.id));
}

/// The outcome, the id and the title.
pub(super) fn heading(page: &mut Page, check: &CheckView<'_>) {
    page.blank();
    let mark = page.mark(check.outcome);
    let name = check.outcome.name();
    let outcome = page.paint(Ink::of(check.outcome), &name.to_uppercase());
    let left = page.style.width - 2 - name.len() - 1;
    let id = text::fit(&text::line(check.id), left);
    let id = page.paint(Ink::Bold, &id);
    page.painted(0, &format!("{mark} {outcome} {id}"));
    let title = format!("{} ({})", check.title, check.severity());
    page.paragraph(2, &title, Ink::Plain);
}

/// The exchanges that show a result.
pub(super) fn exchanges(page: &mut Page, exchanges: &ExchangesView<'_>) {
    let lines = layout::transcript(exchanges, page.depth());
    page.transcript(&lines);
}

/// The reason for which a target could not be examined, or not to the end.
pub(super) fn unreachable(page: &mut Page, target: &TargetView<'_>) {
    let Some(obstacle) = &target.obstacle else {
        return;
    };
    page.blank();
    let mark = page.mark(Outcome::Inconclusive);
    let words = if target.checks.is_empty() {
        "NOT EXAMINED"
    } else {
        "NOT EXAMINED COMPLETELY"
    };
    let heading = page.paint(Ink::of(Outcome::Inconclusive), words);
    page.painted(0, &format!("{mark} {heading}"));
    page.rows(std::slice::from_ref(&obstacle.row));
    exchanges(page, &obstacle.exchanges);
}
