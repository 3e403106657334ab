//! The flows that client models could not complete: one line for each kind of failure.

use super::blocks;
use super::page::{Ink, Page};
use crate::layout;
use crate::text::{self, plural};
use crate::view::{FlowGroup, FlowView, HelmView, ResultSentence, outcome_sign};

/// The width of the column of marks.
const MARK: usize = 3;

/// The most flows that a brief report names.
const FLOWS: usize = 6;

/// The longest sentence, in characters.
const SENTENCE: usize = 300;

/// The lines; nothing where all models completed their flows. A brief report leaves out the flows that belong to a cause.
/// Exchanges are shown where no requirement explains the failure: otherwise the finding of the requirement shows them.
pub(super) fn section(page: &mut Page, models: &HelmView<'_>) {
    let is_verbose = page.style.verbose;
    let groups = models.groups.iter();
    let groups: Vec<&FlowGroup<'_>> = groups
        .filter(|group| is_verbose || group.first.cause.is_none())
        .collect();
    if groups.is_empty() {
        return;
    }
    let flows = groups.iter().flat_map(|group| &group.affected);
    let open: usize = flows.map(|(_, flows)| flows.len()).sum();
    let all = models.flows.len();
    page.heading(&format!(
        "Client models: {open} of {all} flows not completed (✗ failed, ? inconclusive, ~ intermittent)"
    ));
    for group in groups {
        line(page, group);
    }
}

fn line(page: &mut Page, group: &FlowGroup<'_>) {
    let flow = &group.first;
    let is_verbose = page.style.verbose;
    let count: usize = group.affected.iter().map(|(_, flows)| flows.len()).sum();
    let affected = group.affected.iter().map(|(version, flows)| {
        if !is_verbose && count > FLOWS {
            return (*version).to_owned();
        }
        let flows: Vec<&str> = flows.iter().map(|flow| flow.name()).collect();
        format!("{version} {}", flows.join(", "))
    });
    let affected: Vec<String> = affected.collect();
    let sentence = layout::sentence(&flow.sentence, SENTENCE);
    let text = if !is_verbose && count > FLOWS {
        let flows = plural(count, "flow");
        format!("{sentence}; {flows} with helm {}", affected.join(", "))
    } else {
        format!("{sentence}; helm {}", affected.join("; "))
    };
    page.columns(
        MARK,
        outcome_sign(flow.outcome),
        &text::line(&text),
        Ink::Plain,
    );
    if is_unexplained(flow) {
        blocks::exchanges(page, &flow.exchanges);
    }
}

const fn is_unexplained(flow: &FlowView<'_>) -> bool {
    matches!(flow.sentence, ResultSentence::Failure { because: None, .. })
}
