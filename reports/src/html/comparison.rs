//! A comparison of two registries: what differs for users first, with the behaviour of both next to each other.

use maud::{Markup, html};

use super::{document, evidence, mark, words};
use crate::text::{self, plural};
use crate::view::{
    CapabilityChangeView, ComparisonView, DiffKind, DiffLine, FileView, FlowChangeView, Label,
    ReportRow, RequirementChangeView, Trend, headings,
};

/// Renders a comparison as an HTML page.
pub fn comparison(view: &ComparisonView<'_>) -> String {
    let title = format!("{} → {}", view.a.name, view.b.name);
    let body = html! {
        (lead(view))
        main {
            (flows(view))
            (section("requirements", headings::REQUIREMENTS, &view.requirements, |own| {
                requirement(own, [&view.a.name, &view.b.name])
            }))
            (capabilities(view))
            (section("responses", headings::RESPONSES, &view.responses, file))
            @if let Some(ignored) = &view.ignored {
                section { h2 { (headings::IGNORED) } p { (words::prose(ignored)) } }
            }
        }
    };
    document::render(&title, &body)
}

fn lead(view: &ComparisonView<'_>) -> Markup {
    let worse = |own: &&RequirementChangeView<'_>| own.states.trend() == Trend::Worse;
    let obstacles = [view.a, view.b].into_iter();
    let obstacles = obstacles.filter_map(|target| Some((&target.name, target.obstacle.as_ref()?)));
    html! {
        header {
            p.kind { "Helm charts in OCI registries · a move from one registry to another" }
            p.name { (words::shown(&view.a.name)) " → " (words::shown(&view.b.name)) }
            h1 {
                @match &view.conclusion {
                    Some(conclusion) => (words::prose(conclusion.sentence())),
                    None => {
                        (plural(view.flows.len(), "flow")) " and "
                        (plural(view.requirements.len(), "requirement")) " differ, "
                        (view.requirements.iter().filter(worse).count()) " for the worse"
                    },
                }
            }
            @for (name, why) in obstacles {
                p.advice { code { (words::shown(name)) } " could not be examined: " (words::prose(why)) }
            }
            @if let Some(inconclusive) = &view.inconclusive { p.advice { (words::prose(inconclusive)) } }
        }
    }
}

fn flows(view: &ComparisonView<'_>) -> Markup {
    html! {
        @if !view.flows.is_empty() {
            section #flows {
                h2 { (headings::FLOWS) }
                div.scroll tabindex="0" role="group" aria-label=(headings::FLOWS) {
                    table {
                        thead {
                            tr {
                                th scope="col" { "flow" }
                                th scope="col" { "Helm" }
                                th scope="col" { (words::shown(&view.a.name)) }
                                th scope="col" { (words::shown(&view.b.name)) }
                                th scope="col" { "because of" }
                            }
                        }
                        tbody { @for own in &view.flows { (flow(own)) } }
                    }
                }
            }
        }
    }
}

fn flow(view: &FlowChangeView<'_>) -> Markup {
    let change = view.change;
    html! {
        tr {
            th scope="row" { code { (change.flow.name()) } }
            td { (view.eras()) }
            td { (mark::verdict(change.a)) }
            td { (mark::verdict(change.b)) }
            td {
                @for (position, id) in change.because.iter().enumerate() {
                    @if position > 0 { ", " }
                    a href={ "#" (words::finding(id)) } { code { (words::shown(id)) } }
                }
            }
        }
    }
}

fn section<T>(id: &str, title: &str, all: &[T], one: impl Fn(&T) -> Markup) -> Markup {
    html! {
        @if !all.is_empty() {
            section id=(id) {
                h2 { (title) }
                @for own in all { (one(own)) }
            }
        }
    }
}

fn requirement(view: &RequirementChangeView<'_>, names: [&str; 2]) -> Markup {
    let of_side = |label| view.rows.iter().find(move |row| row.label == label);
    let others = view.rows.iter();
    let others = others.filter(|row| !matches!(row.label, Label::A | Label::B));
    let class = match view.states.trend() {
        Trend::Worse => "fail",
        Trend::Better => "pass",
        Trend::Neutral => "skipped",
    };
    html! {
        article.finding id=(words::finding(view.id)) {
            h3 { span class={ "o " (class) } { (view.states.to_string()) } " " code { (words::shown(view.id)) } }
            p.title { (words::prose(view.title)) " " span.level { "(" (words::shown(view.severity)) ")" } }
            div.pair {
                @for (side, name) in [Label::A, Label::B].into_iter().zip(names) {
                    (self::side(name, of_side(side)))
                }
            }
            dl.rows { @for row in others { (evidence::row(row)) } }
        }
    }
}

/// The behaviour of the target with this name.
fn side(name: &str, row: Option<&ReportRow<'_>>) -> Markup {
    html! {
        @if let Some(row) = row {
            div {
                p.side { (words::shown(name)) }
                @for entry in &row.entries { p { (words::prose(&entry.to_string())) } }
            }
        }
    }
}

fn capabilities(view: &ComparisonView<'_>) -> Markup {
    html! {
        @if !view.capabilities.is_empty() {
            section #capabilities {
                h2 { (headings::CAPABILITIES) }
                div.scroll tabindex="0" role="group" aria-label=(headings::CAPABILITIES) {
                    table.capabilities {
                        thead {
                            tr {
                                th scope="col" { "capability" }
                                th scope="col" { (words::shown(&view.a.name)) }
                                th scope="col" { (words::shown(&view.b.name)) }
                            }
                        }
                        tbody { @for own in &view.capabilities { (capability(own)) } }
                    }
                }
            }
        }
    }
}

fn capability(view: &CapabilityChangeView<'_>) -> Markup {
    let sides = view.states().into_iter().zip(&view.change.evidence);
    html! {
        tr {
            th scope="row" { (words::shown(&view.change.name)) }
            @for (state, evidence) in sides { td { (state) " (" (words::prose(evidence)) ")" } }
        }
    }
}

fn file(view: &FileView<'_>) -> Markup {
    html! {
        h3 { code { (words::shown(view.name)) } }
        pre { @for own in &view.lines { (line(own)) "\n" } }
    }
}

fn line(line: &DiffLine<'_>) -> Markup {
    let text = text::line(line.text);
    html! {
        @match line.kind {
            DiffKind::Added => ins { (text) },
            DiffKind::Removed => del { (text) },
            DiffKind::Hunk => span.n { (text) },
            DiffKind::Context => (text),
        }
    }
}
