//! Every result in one list that can be filtered: requirements by area, then the flows.

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::requirement::Level;
use helm_oci_suite::requirement::outcome::Outcome;
use maud::{Markup, html};

use super::findings::{self, is_violation};
use super::{evidence, exchange, mark, words};
use crate::text::plural;
use crate::view::{
    CheckView, Column, FlowView, MatrixView, OutcomeCounts, ReportRow, ResultSentence, outcome_sign,
};

/// One requirement or flow on all targets.
struct Item<'v, 'a> {
    id: &'a str,
    area: &'a str,
    title: &'a str,
    results: Vec<Option<Outcome>>,
    level: Option<Level>,
    eras: String,
    detail: Detail<'v, 'a>,
}

enum Detail<'v, 'a> {
    Checks(Vec<Option<&'v CheckView<'a>>>),
    Flows(Vec<Option<&'v FlowView<'a>>>),
}

/// The section of all results.
pub(super) fn section(matrix: &MatrixView<'_, '_>) -> Markup {
    let items = items(matrix);
    let mut areas: Vec<&str> = Vec::new();
    for item in &items {
        if !areas.contains(&item.area) {
            areas.push(item.area);
        }
    }
    html! {
        section #results {
            h2 { "All results" }
            (filter(&items, &areas))
            p #shown role="status" { (plural(items.len(), "result")) }
            @for area in &areas {
                (self::area(matrix, area, &items.iter().filter(|item| item.area == *area).collect::<Vec<_>>()))
            }
        }
    }
}

/// The form that filters the list; the script shows it.
fn filter(items: &[Item<'_, '_>], areas: &[&str]) -> Markup {
    let has = |outcome: &&Outcome| {
        items
            .iter()
            .any(|item| item.results.contains(&Some(**outcome)))
    };
    html! {
        form #filter hidden {
            fieldset {
                legend { "Outcome" }
                @for outcome in Outcome::ALL.iter().filter(has) {
                    label { input type="checkbox" name="outcome" value=(outcome.name()); (mark::outcome(*outcome)) }
                }
            }
            label { "Area " (select("area", areas.iter().map(|area| words::shown(area)))) }
            label { "Level " (select("level", [Level::Must, Level::Should, Level::May].iter().map(ToString::to_string))) }
            label { "Helm " (select("helm", Era::ALL.iter().map(|era| era.name().to_owned()))) }
            label { "Text " input type="search" name="text" autocomplete="off"; }
            button type="reset" { "Show all" }
        }
    }
}

fn select(name: &str, options: impl Iterator<Item = String>) -> Markup {
    html! {
        select name=(name) {
            option value="" { "any" }
            @for option in options { option value=(option) { (option) } }
        }
    }
}

/// One area, folded, with the counts of its outcomes.
fn area(matrix: &MatrixView<'_, '_>, name: &str, items: &[&Item<'_, '_>]) -> Markup {
    let outcomes = items
        .iter()
        .flat_map(|item| item.results.iter().flatten().copied());
    let tally = OutcomeCounts::of(outcomes);
    html! {
        details.area {
            summary {
                h3 { (words::shown(name)) } " "
                @for (outcome, count) in tally.occurring() {
                    span class={ "o " (outcome.name()) } {
                        (outcome_sign(outcome)) " " (count) " " (outcome.name())
                    } " "
                }
            }
            ul.results { @for item in items { (row(matrix, item)) } }
        }
    }
}

fn row(matrix: &MatrixView<'_, '_>, item: &Item<'_, '_>) -> Markup {
    let mut outcomes: Vec<&str> = item
        .results
        .iter()
        .flatten()
        .map(|outcome| outcome.name())
        .collect();
    outcomes.dedup();
    html! {
        li id=(words::row(item.id)) data-o=(outcomes.join(" ")) data-a=(words::shown(item.area))
            data-l=[item.level.map(|level| level.to_string())] data-e=[Some(&item.eras).filter(|eras| !eras.is_empty())] {
            details {
                summary {
                    span.marks { (marks(matrix, &item.results)) }
                    span.what { code { (words::shown(item.id)) } " " span.t { (words::prose(item.title)) } }
                    @if let Some(level) = item.level { span.level { (level.to_string()) } }
                }
                div.detail { (detail(matrix, item)) }
            }
        }
    }
}

/// The outcomes; one of all targets stands once.
fn marks(matrix: &MatrixView<'_, '_>, results: &[Option<Outcome>]) -> Markup {
    let is_same = results.iter().all(|result| *result == results[0]);
    html! {
        @match results {
            [Some(first), ..] if is_same => (mark::outcome(*first)),
            _ => @for (column, result) in matrix.columns.iter().zip(results) {
                span.by { (column.letter) @if let Some(outcome) = result { (mark::sign(*outcome)) } } " "
            }
        }
    }
}

fn detail(matrix: &MatrixView<'_, '_>, item: &Item<'_, '_>) -> Markup {
    match &item.detail {
        Detail::Checks(checks) => of_checks(matrix, checks),
        Detail::Flows(flows) => of_flows(matrix, flows),
    }
}

fn of_checks(matrix: &MatrixView<'_, '_>, checks: &[Option<&CheckView<'_>>]) -> Markup {
    let first = checks.iter().flatten().next();
    let mut violated = checks
        .iter()
        .flatten()
        .filter(|check| is_violation(check.outcome));
    let finding = violated.next().map(|check| findings::place(check));
    html! {
        @for (column, check) in matrix.columns.iter().zip(checks) {
            @if let Some(check) = check { (of_check(matrix, column, check)) }
        }
        @if let Some(finding) = finding { p { a href={ "#" (finding) } { "The finding" } } }
        @if let Some(check) = first {
            dl.rows {
                dt { "level" } dd { (check.severity()) }
                @for row in check.rows.iter().filter(|row| findings::is_shared(row.label)) { (evidence::row(row)) }
            }
        }
    }
}

/// The evidence on one target. That of a finding is shown with the finding.
fn of_check(matrix: &MatrixView<'_, '_>, column: &Column<'_, '_>, check: &CheckView<'_>) -> Markup {
    let has_finding = is_violation(check.outcome) && check.cause.is_none();
    if has_finding || matches!(check.outcome, Outcome::Pass | Outcome::Present) {
        return html! {};
    }
    let is_own = |row: &&ReportRow<'_>| !findings::is_shared(row.label);
    let rows: Vec<ReportRow<'_>> = check.rows.iter().filter(is_own).cloned().collect();
    html! {
        @if matrix.columns.len() > 1 { p { (name(matrix, column)) (mark::outcome(check.outcome)) } }
        @if let ResultSentence::Skipped(reason) = check.sentence { p { (words::prose(reason)) } }
        (evidence::rows(&rows))
        (exchange::all(&check.exchanges, false))
    }
}

fn of_flows(matrix: &MatrixView<'_, '_>, flows: &[Option<&FlowView<'_>>]) -> Markup {
    let is_passed = |flow: &FlowView<'_>| flow.outcome == Outcome::Pass;
    html! {
        @for (column, flow) in matrix.columns.iter().zip(flows) {
            @if let Some(flow) = flow.filter(|flow| !is_passed(flow)) { (of_flow(matrix, column, flow)) }
        }
        @if flows.iter().flatten().all(|flow| is_passed(flow)) {
            p { "The client sent its requests, and each response was one that it accepts." }
        }
    }
}

fn of_flow(matrix: &MatrixView<'_, '_>, column: &Column<'_, '_>, flow: &FlowView<'_>) -> Markup {
    html! {
        @if matrix.columns.len() > 1 { p { (name(matrix, column)) (mark::outcome(flow.outcome)) } }
        @if let ResultSentence::Skipped(reason) = flow.sentence { p { (words::prose(reason)) } }
        (evidence::rows(&flow.rows))
        (exchange::all(&flow.exchanges, false))
        @if let Some(cause) = flow.cause { p { a href={ "#" (words::finding(cause)) } { "The finding" } } }
    }
}

/// The letter of a target, if there are several.
fn name(matrix: &MatrixView<'_, '_>, column: &Column<'_, '_>) -> Markup {
    html! { @if matrix.columns.len() > 1 { b { (column.letter) } " " } }
}

/// The requirements and the flows, in the order of the report.
fn items<'v, 'a>(matrix: &MatrixView<'v, 'a>) -> Vec<Item<'v, 'a>> {
    let all = matrix.all.iter();
    let mut items: Vec<Item<'v, 'a>> = all
        .map(|row| {
            let violated = row
                .checks
                .iter()
                .flatten()
                .find(|check| is_violation(check.outcome));
            Item {
                id: row.id,
                area: row.area(),
                title: row.title,
                results: row.outcomes().collect(),
                level: Some(row.level),
                eras: violated
                    .map(|check| findings::eras(check))
                    .unwrap_or_default(),
                detail: Detail::Checks(row.checks.clone()),
            }
        })
        .collect();
    items.extend(flows(matrix, "client models", |column| {
        &column.target.models.flows
    }));
    items.extend(flows(matrix, "Helm binaries", |column| {
        &column.target.helm.flows
    }));
    items
}

fn flows<'v, 'a>(
    matrix: &MatrixView<'v, 'a>,
    area: &'static str,
    of: fn(&Column<'v, 'a>) -> &'v [FlowView<'a>],
) -> Vec<Item<'v, 'a>> {
    let mut ids: Vec<&FlowView<'a>> = Vec::new();
    for flow in matrix.columns.iter().flat_map(of) {
        if !ids.iter().any(|known| known.id == flow.id) {
            ids.push(flow);
        }
    }
    let item = |flow: &'v FlowView<'a>| {
        let own = |column: &Column<'v, 'a>| of(column).iter().find(|own| own.id == flow.id);
        let flows: Vec<_> = matrix.columns.iter().map(own).collect();
        let eras: Vec<&str> = flow.eras.iter().map(|era| era.name()).collect();
        Item {
            id: flow.id,
            area,
            title: flow.versions,
            results: flows
                .iter()
                .map(|flow| flow.map(|flow| flow.outcome))
                .collect(),
            level: None,
            eras: eras.join(" "),
            detail: Detail::Flows(flows),
        }
    };
    ids.into_iter().map(item).collect()
}
