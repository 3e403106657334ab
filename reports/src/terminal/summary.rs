//! Counts, the reasons for skipped checks, leftovers, and the verdict.

use helm_oci_suite::requirement::outcome::Outcome;

use super::page::{Ink, Page};
use crate::text::{self, plural};
use crate::view::{Label, LeftoverGroup, OutcomeCounts, ReportView, TargetView};

/// The most lines about leftovers.
const LEFTOVERS: usize = 10;

/// The width of a target's name.
const NAME: usize = 24;

/// The outcomes that occur, with their counts.
pub(super) fn counts(tally: &OutcomeCounts) -> Vec<(Ink, String)> {
    tally
        .occurring()
        .map(|(outcome, count)| (Ink::of(outcome), format!("{count} {}", outcome.name())))
        .collect()
}

/// The summary of a target.
pub(super) fn target(page: &mut Page, target: &TargetView<'_>) {
    if target.tally.total() > 0 {
        page.labelled_items(Label::Summary, &counts(&target.tally));
    }
    // In a brief report findings leave no room for what is not about them.
    let is_terse = !page.style.verbose && !target.causes.is_empty();
    if !is_terse {
        skipped(page, target);
    }
    let mut left: Vec<String> = target
        .leftovers
        .iter()
        .flat_map(LeftoverGroup::lines)
        .collect();
    let hidden = left.len().saturating_sub(LEFTOVERS);
    if hidden > 0 {
        left.truncate(LEFTOVERS);
        left.push(format!("and {}", plural(hidden, "more line")));
    }
    page.list(Label::Leftovers, left);
    let by_line = target.intermittent().1;
    if !by_line.is_empty() {
        let count = plural(by_line.len(), "check");
        let named = if page.style.verbose {
            by_line.join(", ")
        } else {
            target.named(&by_line)
        };
        let sentence = format!(
            "{count} passed when repeated, and failed before because of the network or an overloaded server: {named}"
        );
        page.labelled(Label::Intermittent, &sentence);
    }
    page.list(Label::Line, target.line.iter().cloned());
    if let Some(effort) = target.effort.filter(|_| !is_terse) {
        page.labelled(Label::Effort, &effort.sentence());
    }
    let verdict = &target.verdict;
    page.inked(Label::Verdict, &verdict.sentence, Ink::of(verdict.outcome));
}

/// The reasons for skipped checks; in a brief report the most frequent one.
fn skipped(page: &mut Page, target: &TargetView<'_>) {
    let mut reasons: Vec<_> = target.skipped.iter().collect();
    let words = |(reason, count): &(&str, usize)| format!("{count} × {reason}");
    if page.style.verbose {
        page.list(Label::Skipped, reasons.into_iter().map(words));
        return;
    }
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let Some((first, others)) = reasons.split_first() else {
        return;
    };
    let mut text = words(first);
    if !others.is_empty() {
        let count: usize = others.iter().map(|(_, count)| count).sum();
        let reasons = plural(others.len(), "other reason");
        text = format!("{text} · {count} for {reasons}");
    }
    page.labelled(Label::Skipped, &text);
}

/// The summary of a run: the verdict on each target, if there are several.
pub(super) fn run(page: &mut Page, view: &ReportView<'_>) {
    if view.targets.len() == 1 && !page.style.verbose {
        counted(page, view);
        return;
    }
    page.blank();
    page.rule("run");
    if view.targets.len() > 1 {
        for target in &view.targets {
            let name = text::fit(&text::line(target.name), NAME);
            let left = page.style.width - 2 - NAME - 2;
            let verdict = text::fit(&target.verdict.sentence, left);
            let verdict = page.paint(Ink::of(target.verdict.outcome), &verdict);
            page.painted(2, &format!("{}  {verdict}", text::pad(&name, NAME)));
        }
    }
    counted(page, view);
}

/// The summary of a run whose verdicts are shown elsewhere.
pub(super) fn end(page: &mut Page, view: &ReportView<'_>) {
    page.rule("run");
    counted(page, view);
}

/// The problems of the deviations file, and the counts of the run.
fn counted(page: &mut Page, view: &ReportView<'_>) {
    for problem in &view.problems {
        let sentence = problem.sentence();
        page.inked(Label::Deviation, &sentence, Ink::of(Outcome::Stale));
    }
    page.paragraph(2, &view.summary.parts().join(" · "), Ink::Plain);
}
