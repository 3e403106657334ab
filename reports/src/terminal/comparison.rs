//! A comparison, and a bisection, for the person who moves from one registry to another.

use super::Style;
use super::difference::files;
use super::page::{Ink, LABEL, Page};
use crate::layout;
use crate::text;
use crate::view::{
    BisectionView, CapabilityChangeView, ComparisonView, Conclusion, FlowChangeView, Label,
    RequirementChangeView, Trend, flow_verdict, headings,
};

/// The most effects on Helm of one requirement.
const EFFECTS: usize = 3;

/// The width of the column of flows.
const FLOW: usize = 19;

/// The width of the column of capabilities.
const CAPABILITY: usize = 24;

/// Renders a comparison for a terminal.
pub fn comparison(view: &ComparisonView<'_>, style: Style) -> String {
    let mut page = Page::new(style);
    if let Some(Conclusion::Same(sentence)) = &view.conclusion {
        // One line, however long.
        let line = page.paint(Ink::Green, &text::line(sentence));
        page.painted(0, &line);
        return page.finish();
    }
    let (a, b) = (view.a, view.b);
    page.rule(&format!("{} → {}", a.name, b.name));
    for (label, target) in [(Label::A, a), (Label::B, b)] {
        let server = target.server.as_deref();
        let server = server.map(|server| format!(" · {server}"));
        let server = server.unwrap_or_default();
        page.labelled(label, &format!("{}{server}", target.name));
        if let Some(why) = &target.obstacle {
            let text = text::line(&format!("could not be examined: {why}"));
            page.paragraph(2 + LABEL, &text, Ink::Magenta);
        }
    }
    if let Some(conclusion) = &view.conclusion {
        page.paragraph(2, conclusion.sentence(), Ink::Magenta);
    }
    section(&mut page, headings::FLOWS, &view.flows, flow);
    let requirements = &view.requirements;
    section(&mut page, headings::REQUIREMENTS, requirements, requirement);
    let capabilities = &view.capabilities;
    section(&mut page, headings::CAPABILITIES, capabilities, capability);
    if !view.responses.is_empty() {
        page.blank();
        files(&mut page, headings::RESPONSES, &view.responses);
    }
    if let Some(ignored) = &view.ignored {
        page.blank();
        page.paragraph(2, ignored, Ink::Dim);
    }
    if let Some(inconclusive) = &view.inconclusive {
        page.paragraph(2, inconclusive, Ink::Magenta);
    }
    page.finish()
}

pub(super) fn section<T>(page: &mut Page, title: &str, all: &[T], one: fn(&mut Page, &T)) {
    if all.is_empty() {
        return;
    }
    page.heading(title);
    for item in all {
        one(page, item);
    }
}

pub(super) fn flow(page: &mut Page, view: &FlowChangeView<'_>) {
    let change = view.change;
    let (from, to) = (flow_verdict(change.a), flow_verdict(change.b));
    let text = text::line(&format!("{from} → {to} with Helm {}", view.eras()));
    page.columns(FLOW, change.flow.name(), &text, Ink::of_flow(change.b));
    let because = text::line(&change.because.join(", "));
    page.columns(FLOW, "", &because, Ink::Dim);
}

pub(super) fn requirement(page: &mut Page, view: &RequirementChangeView<'_>) {
    page.blank();
    let ink = match view.states.trend() {
        Trend::Worse => Ink::Red,
        Trend::Better => Ink::Green,
        Trend::Neutral => Ink::Plain,
    };
    page.line(2, &format!("{}: {}", view.id, view.states), ink);
    let title = format!("{} ({})", view.title, view.severity);
    page.paragraph(2, &title, Ink::Plain);
    for row in &view.rows {
        page.paragraphs(&match row.label {
            Label::Helm => layout::paragraphs_up_to(row, EFFECTS),
            _ => layout::paragraphs(row),
        });
    }
}

pub(super) fn capability(page: &mut Page, view: &CapabilityChangeView<'_>) {
    let change = view.change;
    let [a, b] = view.states();
    let name = text::line(&change.name);
    page.columns(CAPABILITY, &name, &format!("{a} → {b}"), Ink::Plain);
    let [on_a, on_b] = &change.evidence;
    let evidence = text::line(&format!("{on_a} → {on_b}"));
    page.columns(CAPABILITY, "", &evidence, Ink::Dim);
}

/// Renders a bisection for a terminal.
pub fn bisection(view: &BisectionView, style: Style) -> String {
    let mut page = Page::new(style);
    for unavailable in &view.unavailable {
        page.paragraph(0, &unavailable.sentence(), Ink::Magenta);
    }
    if let Some(conclusion) = &view.conclusion {
        page.paragraph(0, conclusion, Ink::Plain);
    }
    for place in &view.places {
        page.rule(&place.heading());
        for change in &place.changes {
            let ink = if change.after.is_bad() {
                Ink::Red
            } else {
                Ink::Plain
            };
            page.line(2, &change.sentence(), ink);
            if let Some(title) = change.title() {
                page.paragraph(4, title, Ink::Dim);
            }
        }
    }
    page.finish()
}
