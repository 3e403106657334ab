//! A comparison for the person who moves from one registry to another.

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::prediction::table::FlowVerdict;

use super::difference::changes;
use super::page::{Ink, Page};
use super::{NARROWEST, Style};
use crate::compare::{Answer, Bisection, Comparison, Does, RequirementChange, State, Subject};
use crate::facts::{self, Fact};
use crate::snapshot::Change;
use crate::text;

/// What is said where there is nothing to compare.
pub(crate) const NOTHING_IN_COMMON: &str =
    "no requirement was examined on both: nothing can be told";

/// How many names of ignored headers are told.
const NAMED: usize = 8;

/// How many kinds of failure of one requirement are told.
const SYMPTOMS: usize = 3;

/// Renders a comparison for a terminal.
pub fn comparison(comparison: &Comparison, style: Style) -> String {
    let mut page = page(style);
    if comparison.is_empty() && !comparison.is_open() {
        // One line, however long.
        let line = page.paint(Ink::Green, &text::line(&alike(comparison)));
        page.painted(0, &line);
        return page.finish();
    }
    let (a, b) = (&comparison.a, &comparison.b);
    page.rule(&format!("{} → {}", a.name, b.name));
    for (label, party) in [("A", a), ("B", b)] {
        let server = party.server.as_deref().map(|server| format!(" · {server}"));
        page.labelled(
            label,
            &format!("{}{}", party.name, server.unwrap_or_default()),
        );
        if let Some(why) = &party.obstacle {
            page.inked("", &format!("could not be examined: {why}"), Ink::Magenta);
        }
    }
    if comparison.looked.requirements == 0 {
        page.paragraph(2, NOTHING_IN_COMMON, Ink::Magenta);
    }
    flows(&mut page, comparison);
    requirements(&mut page, comparison);
    capabilities(&mut page, comparison);
    if !comparison.answers.cares.is_empty() {
        page.blank();
        changes(
            &mut page,
            "what is answered otherwise",
            &comparison.answers.cares,
        );
    }
    if !comparison.answers.ignores.is_empty() {
        page.blank();
        page.paragraph(2, &ignored(&comparison.answers.ignores), Ink::Dim);
    }
    if comparison.untold > 0 {
        let count = text::plural(comparison.untold, "requirement");
        let open = format!("{count} could not be told on one of them: more may differ.");
        page.paragraph(2, &open, Ink::Magenta);
    }
    page.finish()
}

fn page(style: Style) -> Page {
    Page::new(Style {
        width: style.width.max(NARROWEST),
        ..style
    })
}

/// Nothing differs in what was looked at.
pub(crate) fn alike(comparison: &Comparison) -> String {
    let looked = &comparison.looked;
    let mut parts = vec![
        text::plural(looked.requirements, "requirement"),
        format!("{} cells of era and flow", looked.cells),
        format!("{} capabilities", looked.capabilities),
    ];
    if looked.files > 0 {
        parts.push(format!("{} files of snapshots", looked.files));
    }
    let (a, b) = (&comparison.a.name, &comparison.b.name);
    format!("{a} and {b} do the same: {}", parts.join(", "))
}

fn flows(page: &mut Page, comparison: &Comparison) {
    if comparison.flows.is_empty() {
        return;
    }
    page.blank();
    page.line(0, "What works otherwise", Ink::Bold);
    for change in &comparison.flows {
        let (from, to) = (verdict(change.a), verdict(change.b));
        let text = format!("{from} → {to} with Helm {}", eras(&change.eras));
        page.beside(19, change.flow.name(), &text::line(&text), ink(change.b));
        page.beside(19, "", &text::line(&change.because.join(", ")), Ink::Dim);
    }
}

const fn ink(verdict: FlowVerdict) -> Ink {
    match verdict {
        FlowVerdict::Works => Ink::Green,
        FlowVerdict::Breaks => Ink::Red,
        FlowVerdict::Unknown => Ink::Magenta,
    }
}

pub(crate) const fn verdict(verdict: FlowVerdict) -> &'static str {
    match verdict {
        FlowVerdict::Works => "works",
        FlowVerdict::Breaks => "breaks",
        FlowVerdict::Unknown => "unknown",
    }
}

pub(crate) fn eras(eras: &[Era]) -> String {
    let names: Vec<&str> = eras.iter().map(|era| era.name()).collect();
    names.join(", ")
}

fn requirements(page: &mut Page, comparison: &Comparison) {
    if comparison.requirements.is_empty() {
        return;
    }
    page.blank();
    page.line(0, "What is done otherwise", Ink::Bold);
    for change in &comparison.requirements {
        page.blank();
        let ink = match (change.a.state, change.b.state) {
            (_, State::Violated) => Ink::Red,
            (State::Violated, _) => Ink::Green,
            _ => Ink::Plain,
        };
        page.line(2, &format!("{}: {}", change.id, moves(change)), ink);
        let title = format!("{} ({})", change.title, change.severity);
        page.paragraph(2, &title, Ink::Plain);
        page.labelled("A", &did(&change.a));
        page.labelled("B", &did(&change.b));
        // Where nothing is violated there is nothing to hold against a sentence.
        if change.is_violated() {
            if !change.expected.is_empty() {
                page.labelled("expected", &change.expected.join(", or "));
            }
            if let Some(source) = change.law() {
                page.labelled("says", &facts::source(source));
            }
            for (position, brk) in change.helm.iter().take(SYMPTOMS).enumerate() {
                let label = if position == 0 { "helm" } else { "" };
                page.facts(&[Fact::new(label, facts::brk(brk))]);
            }
        }
    }
}

/// What becomes of a requirement on the way from A to B.
pub(crate) fn moves(change: &RequirementChange) -> String {
    let (a, b) = (change.a.state, change.b.state);
    if a == b {
        format!("{} on both, in other ways", a.name())
    } else {
        format!("{} → {}", a.name(), b.name())
    }
}

fn did(does: &Does) -> String {
    match &does.actual {
        Some(actual) => actual.clone(),
        None => does.state.name().to_owned(),
    }
}

fn capabilities(page: &mut Page, comparison: &Comparison) {
    if comparison.capabilities.is_empty() {
        return;
    }
    page.blank();
    page.line(0, "What is offered", Ink::Bold);
    for change in &comparison.capabilities {
        let text = format!("{} → {}", ability(change.a), ability(change.b));
        page.beside(24, &text::line(&change.name), &text, Ink::Plain);
        let evidence = format!("{} → {}", change.evidence[0], change.evidence[1]);
        page.beside(24, "", &text::line(&evidence), Ink::Dim);
    }
}

pub(crate) const fn ability(present: Option<bool>) -> &'static str {
    match present {
        Some(true) => "offered",
        Some(false) => "not offered",
        None => "unclear",
    }
}

/// The headers and other things that differ and are read by no Helm, in one sentence.
pub(crate) fn ignored(changes: &[Change]) -> String {
    let mut names: Vec<&str> = Vec::new();
    let lines = changes.iter().flat_map(|change| change.diff.lines());
    for line in lines.filter(|line| line.starts_with(['+', '-'])) {
        let name = line[1..]
            .trim()
            .strip_prefix("ignores")
            .and_then(|rest| rest.split(':').next());
        if let Some(name) = name.map(str::trim).filter(|name| !names.contains(name)) {
            names.push(name);
        }
    }
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    names.truncate(NAMED);
    let names = names.join(", ");
    format!("No Helm reads what else differs in the answers: {names}{more}.")
}

/// Renders where each thing changed for a terminal.
pub fn bisection(bisection: &Bisection, style: Style) -> String {
    let mut page = page(style);
    for (name, why) in bisection.unavailable() {
        page.paragraph(0, &format!("{name} could not be had: {why}"), Ink::Magenta);
    }
    let answers = bisection.answers();
    if answers.is_empty() {
        let count = text::plural(bisection.examined(), "target");
        let words = if bisection.is_open() {
            format!("nothing can be told: {count} examined, and a change is between two")
        } else {
            format!("nothing changed: {count} examined")
        };
        page.paragraph(0, &words, Ink::Plain);
    }
    let mut place = None;
    for answer in &answers {
        if place != Some((&answer.last, &answer.first)) {
            page.rule(&change_at(answer));
            place = Some((&answer.last, &answer.first));
        }
        let (id, title) = match &answer.subject {
            Subject::Flow { flow, era } => (format!("{} with Helm {era}", flow.name()), ""),
            Subject::Requirement { id, title } => (id.clone(), title.as_str()),
        };
        let ink = if answer.hurts() { Ink::Red } else { Ink::Plain };
        page.line(
            2,
            &format!("{id}: {} → {}", answer.before, answer.after),
            ink,
        );
        if !title.is_empty() {
            page.paragraph(4, title, Ink::Dim);
        }
    }
    page.finish()
}

/// The first target at which something changed, or the span in which it did.
fn change_at(answer: &Answer) -> String {
    let Answer {
        last,
        first,
        between,
        ..
    } = answer;
    if between.is_empty() {
        format!("since {first}")
    } else {
        format!(
            "between {last} and {first}; not told: {}",
            between.join(", ")
        )
    }
}
