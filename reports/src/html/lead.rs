//! The opening: what is wrong, for whom, and what to change; or that nothing is.

use helm_oci_suite::requirement::outcome::Outcome;
use maud::{Markup, html};

use super::{mark, unverified, words};
use crate::text::plural;
use crate::view::{
    BriefTable, CauseView, Column, Label, MatrixView, OutcomeCounts, TargetView, versions,
};

/// The most causes after the first one that the opening names.
const OTHERS: usize = 7;

/// The opening of the page.
pub(super) fn section(matrix: &MatrixView<'_, '_>) -> Markup {
    html! {
        header {
            p.kind { "Helm charts in OCI registries" }
            @match matrix.columns.as_slice() {
                [column] => (one(column.target)),
                _ => (several(matrix)),
            }
            (contents(matrix))
        }
    }
}

fn one(target: &TargetView<'_>) -> Markup {
    let verdict = &target.verdict;
    let effect = target
        .causes
        .first()
        .and_then(|cause| cause.summary.effect.as_deref());
    html! {
        p.name { (words::shown(target.name)) }
        h1 {
            (mark::outcome(verdict.outcome)) " "
            @match effect { Some(effect) => (words::prose(&capital(effect))), None => (words::prose(&capital(&verdict.sentence))) }
        }
        @if let Some(cause) = target.causes.first() { (answers(target, cause)) }
        @if target.causes.len() > 1 { (others(target)) }
        @if effect.is_some() { p { (words::prose(&capital(&verdict.sentence))) "." } }
        @if let Some(rest) = target.eras.as_ref().and_then(|table| BriefTable::of(table).rest) {
            p { (words::prose(&capital(&rest))) "." }
        }
        @if let Some(advice) = target.advice { p.advice { (words::prose(advice)) } }
        p.counts { (mark::counts(&target.tally)) }
        p.hint { a href="#unverified" { (unverified::count(target)) } "." }
    }
}

/// The three questions of a reader, answered for the most severe cause.
fn answers(target: &TargetView<'_>, cause: &CauseView<'_>) -> Markup {
    let (summary, reach) = (&cause.summary, &cause.reach);
    let check = &target.checks[cause.finding];
    let fix = check.rows.iter().find(|row| row.label == Label::Fix);
    let fix = fix
        .and_then(|row| row.entries.first())
        .map(ToString::to_string);
    let flows: Vec<&str> = reach.flows.iter().map(|flow| flow.name()).collect();
    html! {
        dl.answers {
            dt { "What is wrong" }
            dd {
                "“" a href={ "#" (words::finding(summary.id)) } { (words::prose(summary.title)) }
                "” is violated; observed: " (words::prose(&summary.actual))
            }
            @if !flows.is_empty() { dt { "For whom" } dd { (versions(&reach.eras)) ": " (flows.join(", ")) } }
            @if let Some(change) = fix.as_ref().or(summary.change.as_ref()) { dt { "What to change" } dd { (words::prose(&capital(change))) } }
        }
    }
}

/// The other causes, a sentence each.
fn others(target: &TargetView<'_>) -> Markup {
    html! {
        ul.causes {
            @for cause in target.causes.iter().skip(1).take(OTHERS) {
                li {
                    (mark::outcome(cause.summary.outcome)) " "
                    a href={ "#" (words::finding(cause.summary.id)) } { (words::prose(cause.summary.title)) }
                    @if let Some(effect) = &cause.summary.effect { ": " (words::prose(effect)) }
                }
            }
            @if target.causes.len() > OTHERS + 1 {
                li { a href="#findings" { "and " (plural(target.causes.len() - OTHERS - 1, "more finding")) } }
            }
        }
    }
}

/// The text with a capital letter at its start.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn several(matrix: &MatrixView<'_, '_>) -> Markup {
    let verdicts = OutcomeCounts::of(
        matrix
            .columns
            .iter()
            .map(|column| column.target.verdict.outcome),
    );
    let broken = verdicts.count(Outcome::Fail);
    let open = verdicts.count(Outcome::Inconclusive);
    let all = matrix.columns.len();
    html! {
        h1 {
            @if broken > 0 {
                (mark::outcome(Outcome::Fail)) " " (broken) " of " (all) " registries violate what a Helm version needs"
            } @else if open > 0 {
                (mark::outcome(Outcome::Inconclusive)) " " (open) " of " (all) " registries could not be judged"
            } @else {
                (mark::outcome(Outcome::Pass)) " No registry of " (all) " violates what a Helm version needs"
            }
        }
        ol.registries {
            @for column in severest_first(matrix) { (registry(column)) }
        }
    }
}

/// The targets, those with findings first.
fn severest_first<'m, 'v, 'a>(matrix: &'m MatrixView<'v, 'a>) -> Vec<&'m Column<'v, 'a>> {
    let mut columns: Vec<_> = matrix.columns.iter().collect();
    columns.sort_by_key(|column| match column.target.verdict.outcome {
        Outcome::Fail => 0,
        Outcome::Inconclusive => 1,
        Outcome::Pass => 3,
        _ => 2,
    });
    columns
}

fn registry(column: &Column<'_, '_>) -> Markup {
    let target = column.target;
    let effect = |cause: &CauseView<'_>| cause.summary.effect.clone().unwrap_or_default();
    html! {
        li {
            a href={ "#" (words::target(&column.letter)) } { b { (column.letter) } " " (words::shown(target.name)) }
            div {
                (mark::outcome(target.verdict.outcome)) " " (words::prose(&target.verdict.sentence))
                @if !target.causes.is_empty() {
                    ul.causes {
                        @for cause in target.causes.iter().take(3) {
                            li {
                                a href={ "#" (words::finding(cause.summary.id)) } { (words::prose(cause.summary.title)) }
                                " " (words::prose(&effect(cause)))
                            }
                        }
                        @if target.causes.len() > 3 { li { "and " (plural(target.causes.len() - 3, "more finding")) } }
                    }
                }
            }
        }
    }
}

/// The links to the sections.
fn contents(matrix: &MatrixView<'_, '_>) -> Markup {
    html! {
        nav aria-label="Sections" {
            a href="#versions" { "Helm versions" }
            a href="#findings" { "Findings" }
            a href="#unverified" { "Not verified" }
            a href="#results" { "All results" }
            a href="#statements" { "User page" }
            a href="#targets" { @if matrix.columns.len() == 1 { "Registry and run" } @else { "Registries and run" } }
            a href="#legend" { "Legend" }
        }
    }
}
