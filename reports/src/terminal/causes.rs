//! The causes of findings: first a sentence each, then a block each.

use super::blocks;
use super::page::{Ink, Page};
use crate::layout;
use crate::text::{self, plural};
use crate::view::{CauseView, CheckView, Label, TargetView};

/// The most causes that are summarised.
const SUMMARIES: usize = 8;

/// The most messages of Helm.
const SYMPTOMS: usize = 2;

/// The longest source, in characters.
const SOURCE: usize = 170;

/// The longest message of Helm, in characters.
const SYMPTOM: usize = 160;

/// A sentence for each cause: the violation, the Helm versions that it affects, and the change.
pub(super) fn summary(page: &mut Page, target: &TargetView<'_>) {
    if target.causes.is_empty() {
        return;
    }
    page.blank();
    for cause in target.causes.iter().take(SUMMARIES) {
        let outcome = cause.summary.outcome;
        let mark = page.mark(outcome);
        page.marked(&mark, &cause.summary.sentence(), Ink::of(outcome));
    }
    if target.causes.len() > SUMMARIES {
        let more = plural(target.causes.len() - SUMMARIES, "more cause");
        page.line(2, &format!("and {more} below"), Ink::Plain);
    }
}

/// One cause: the finding with its evidence, then what it breaks, what else shows it, and what it blocks.
pub(super) fn finding(page: &mut Page, target: &TargetView<'_>, cause: &CauseView<'_>) {
    let check = &target.checks[cause.finding];
    blocks::heading(page, check);
    rows(page, check, cause);
    let messages = cause.symptoms.iter().take(SYMPTOMS);
    let messages = messages.map(|one| text::cut(&one.to_string(), SYMPTOM));
    let mut messages: Vec<String> = messages.collect();
    let hidden = cause.symptoms.len().saturating_sub(SYMPTOMS);
    if let Some(last) = messages.last_mut().filter(|_| hidden > 0) {
        *last = format!("{last}; {hidden} more with --verbose");
    }
    page.list(Label::Helm, messages);
    blocks::exchanges(page, &check.exchanges);
    echoes(page, target, cause);
    page.labelled(Label::More, &format!("explain {}", check.id));
}

/// The observation and the main source.
fn rows(page: &mut Page, check: &CheckView<'_>, cause: &CauseView<'_>) {
    for row in &check.rows {
        match row.label {
            Label::Fix if cause.summary.states_fix(row) => {}
            Label::Helm | Label::Covers | Label::Attempts => {}
            Label::Expected => {
                let expected = check.expected().unwrap_or_default();
                page.labelled(Label::Expected, &expected);
            }
            Label::Source | Label::Sources => {
                if let Some(source) = row.entries.first() {
                    let source = text::cut(&source.to_string(), SOURCE);
                    page.labelled(Label::Source, &source);
                }
            }
            _ => page.paragraphs(&layout::paragraphs(row)),
        }
    }
}

/// Other violated requirements, failed flows, and inconclusive checks with the same cause.
fn echoes(page: &mut Page, target: &TargetView<'_>, cause: &CauseView<'_>) {
    let id = |position: &usize| target.checks[*position].id;
    let mut also: Vec<String> = cause.also.iter().map(|one| id(one).to_owned()).collect();
    if !cause.flows.is_empty() {
        also.push(plural(cause.flows.len(), "failed flow"));
    }
    if !also.is_empty() {
        page.labelled(Label::AlsoShownBy, &also.join(", "));
    }
    let ids: Vec<&str> = cause.blocked.iter().map(id).collect();
    let mut blocked = Vec::new();
    if !ids.is_empty() {
        blocked.push(target.named(&ids));
    }
    if !cause.blocked_flows.is_empty() {
        blocked.push(plural(cause.blocked_flows.len(), "inconclusive flow"));
    }
    if !blocked.is_empty() {
        page.labelled(Label::Blocks, &blocked.join("; "));
    }
}
