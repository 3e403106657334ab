//! The opening: what is wrong, for whom, and what to change; or that nothing is.

use helm_oci_suite::requirement::outcome::Outcome;
use maud::{Markup, html};

use super::{mark, unverified, words};
use crate::view::{CheckView, Label, MatrixView, OutcomeCounts, ReportView, TargetView};

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
    html! {
        p.name { (words::shown(target.name)) }
        h1 { (mark::outcome(verdict.outcome)) " " (words::prose(&verdict.sentence)) }
        @if let Some(check) = target.findings().next() { (answers(target, check)) }
        @if let Some(advice) = target.advice { p.advice { (words::prose(advice)) } }
        p.counts { (mark::counts(&target.tally)) }
        p.hint { a href="#unverified" { (unverified::count(target)) } "." }
    }
}

/// The three questions of a reader, answered from the most severe finding.
fn answers(target: &TargetView<'_>, check: &CheckView<'_>) -> Markup {
    let more = target.findings().count() - 1;
    let row = |label| check.rows.iter().find(|row| row.label == label);
    html! {
        dl.answers {
            dt { "What is wrong" }
            dd {
                a href={ "#" (words::finding(check.id)) } { (words::prose(check.title)) }
                @if let Some(actual) = check.observation() { "; observed: " (words::prose(actual)) }
                @if more > 0 { " " a href="#findings" { "(" (crate::text::plural(more, "more finding")) ")" } }
            }
            @if let Some(versions) = affected(target) { dt { "For whom" } dd { (versions) } }
            @if let Some(expected) = row(Label::Expected) {
                dt { "What to change" }
                dd {
                    "return "
                    @for (position, entry) in expected.entries.iter().take(8).enumerate() {
                        @if position > 0 { " or " } (words::prose(&entry.to_string()))
                    }
                }
            }
        }
    }
}

/// The Helm versions for which a flow breaks, with the flows.
fn affected(target: &TargetView<'_>) -> Option<String> {
    let table = target.eras.as_ref()?;
    let broken =
        |era: &&helm_oci_suite::helm::era::Era| table.causes.iter().any(|cause| cause.era == **era);
    let eras: Vec<&str> = table
        .eras
        .iter()
        .filter(broken)
        .map(|era| era.name())
        .collect();
    let mut flows: Vec<&str> = Vec::new();
    for flow in table.causes.iter().flat_map(|cause| &cause.flows) {
        if !flows.contains(&flow.name()) {
            flows.push(flow.name());
        }
    }
    let who = if eras.len() == table.eras.len() {
        "all Helm versions".to_owned()
    } else {
        format!("Helm {}", eras.join(", "))
    };
    (!eras.is_empty()).then(|| format!("{who}: {}", flows.join(", ")))
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
            @for column in &matrix.columns {
                li {
                    a href={ "#" (words::target(&column.letter)) } {
                        b { (column.letter) } " " (words::shown(column.target.name))
                    }
                    span.verdict { (mark::outcome(column.target.verdict.outcome)) " " (words::prose(&column.target.verdict.sentence)) }
                }
            }
        }
    }
}

/// The links to the sections.
fn contents(matrix: &MatrixView<'_, '_>) -> Markup {
    let report: &ReportView<'_> = matrix.report;
    html! {
        nav aria-label="Sections" {
            a href="#versions" { "Helm versions" }
            a href="#findings" { "Findings" }
            a href="#unverified" { "Not verified" }
            a href="#results" { "All results" }
            a href="#statements" { "User page" }
            a href="#targets" { @if report.targets.len() == 1 { "Registry and run" } @else { "Registries and run" } }
            a href="#legend" { "Legend" }
        }
    }
}
