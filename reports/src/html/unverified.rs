//! Everything that the run did not verify, with the reasons.

use helm_oci_suite::requirement::outcome::Outcome;
use maud::{Markup, html};

use super::{evidence, exchange, mark, words};
use crate::text::plural;
use crate::view::{Column, MatrixView, ResultSentence, TargetView};

/// The section of what was not verified.
pub(super) fn section(matrix: &MatrixView<'_, '_>) -> Markup {
    html! {
        section #unverified {
            h2 { "Not verified, and why" }
            @for column in &matrix.columns {
                @if matrix.columns.len() > 1 {
                    details.table {
                        summary { (column.letter) " " (words::shown(column.target.name)) ": " (count(column.target)) }
                        (of_target(column))
                    }
                } @else {
                    p { (count(column.target)) }
                    (of_target(column))
                }
            }
        }
    }
}

/// The number of requirements that were not verified, in words.
pub(super) fn count(target: &TargetView<'_>) -> String {
    let count = |outcome| target.tally.count(outcome);
    let (skipped, open) = (count(Outcome::Skipped), count(Outcome::Inconclusive));
    let all = plural(target.tally.total(), "requirement");
    format!(
        "{} of {all} not verified: {skipped} do not apply, {open} are inconclusive",
        skipped + open
    )
}

fn of_target(column: &Column<'_, '_>) -> Markup {
    let target = column.target;
    html! {
        @if let Some(obstacle) = &target.obstacle {
            h3 { (mark::outcome(Outcome::Inconclusive)) " The registry was not examined, or not completely" }
            (evidence::rows(std::slice::from_ref(&obstacle.row)))
            (exchange::all(&obstacle.exchanges, true))
        }
        (inconclusive(target))
        (skipped(target))
        (flows(target))
    }
}

/// The inconclusive checks by reason, and the intermittent ones.
fn inconclusive(target: &TargetView<'_>) -> Markup {
    let groups = target.inconclusive();
    html! {
        @if !groups.is_empty() {
            h3 { (mark::outcome(Outcome::Inconclusive)) }
            @for group in &groups {
                details.reason {
                    summary {
                        (1 + group.also_affected.len()) " × "
                        @for clause in group.first.sentence.clauses() { (words::prose(&clause.text)) }
                    }
                    (ids(std::iter::once(group.first.id).chain(group.also_affected.iter().copied())))
                    (exchange::all(&group.first.exchanges, false))
                }
            }
        }
        @if target.tally.count(Outcome::Intermittent) > 0 {
            h3 { (mark::outcome(Outcome::Intermittent)) }
            p { "Failed, were repeated, and passed:" }
            (ids(target.with_outcome(Outcome::Intermittent).map(|check| check.id)))
        }
    }
}

/// The reasons for skipped checks.
fn skipped(target: &TargetView<'_>) -> Markup {
    let with = |reason: &str| {
        let checks = target.checks.iter().filter(
            move |check| matches!(check.sentence, ResultSentence::Skipped(own) if own == reason),
        );
        checks.map(|check| check.id).collect::<Vec<_>>()
    };
    html! {
        @if !target.skipped.is_empty() {
            h3 { (mark::outcome(Outcome::Skipped)) }
            @for (reason, count) in &target.skipped {
                details.reason {
                    summary { (count) " × " (words::prose(reason)) }
                    (ids(with(reason)))
                }
            }
        }
    }
}

/// The flows that were not run, or whose result is unknown.
fn flows(target: &TargetView<'_>) -> Markup {
    let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
    for flow in target.models.flows.iter().chain(&target.helm.flows) {
        if !matches!(flow.outcome, Outcome::Skipped | Outcome::Inconclusive) {
            continue;
        }
        let clauses = flow.sentence.clauses();
        let reason = clauses
            .first()
            .map(|clause| clause.text.to_string())
            .unwrap_or_default();
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, ids)) => ids.push(flow.id),
            None => reasons.push((reason, vec![flow.id])),
        }
    }
    html! {
        @if !reasons.is_empty() {
            h3 { "Flows" }
            @for (reason, flows) in &reasons {
                details.reason {
                    summary { (flows.len()) " × " (words::prose(reason)) }
                    (ids(flows.iter().copied()))
                }
            }
        }
    }
}

/// Links to the results.
pub(super) fn ids<'a>(ids: impl IntoIterator<Item = &'a str>) -> Markup {
    html! {
        ul.ids { @for id in ids { li { a href={ "#" (words::row(id)) } { (words::shown(id)) } } } }
    }
}
