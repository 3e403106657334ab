//! A comparison as Markdown, for a pull request or a page.

use std::fmt::Write;

use super::{CapabilityChange, Comparison, Does, FlowChange, RequirementChange};
use crate::facts;
use crate::markdown::escaped;
use crate::snapshot::Change;
use crate::terminal::compare::{NOTHING_IN_COMMON, ability, alike, eras, ignored, moves, verdict};
use crate::text;

/// Renders a comparison as Markdown.
pub fn markdown(comparison: &Comparison) -> String {
    let mut page = String::new();
    let (a, b) = (&comparison.a, &comparison.b);
    line(
        &mut page,
        &format!("# {} → {}", code(&a.name), code(&b.name)),
    );
    for party in [a, b] {
        if let Some(why) = &party.obstacle {
            line(
                &mut page,
                &format!(
                    "\n{} could not be examined: {}",
                    code(&party.name),
                    escaped(why)
                ),
            );
        }
    }
    if comparison.is_empty() && !comparison.is_open() {
        line(&mut page, &format!("\n{}", escaped(&alike(comparison))));
    }
    if comparison.looked.requirements == 0 {
        line(&mut page, &format!("\n{NOTHING_IN_COMMON}"));
    }
    section(&mut page, "What works otherwise", &comparison.flows, flow);
    let requirements = &comparison.requirements;
    section(
        &mut page,
        "What is done otherwise",
        requirements,
        requirement,
    );
    section(
        &mut page,
        "What is offered",
        &comparison.capabilities,
        capability,
    );
    let cares = &comparison.answers.cares;
    section(&mut page, "What is answered otherwise", cares, change);
    if !comparison.answers.ignores.is_empty() {
        let ignored = ignored(&comparison.answers.ignores);
        line(
            &mut page,
            &format!("\n## What Helm ignores\n\n{}", escaped(&ignored)),
        );
    }
    if comparison.untold > 0 {
        let count = text::plural(comparison.untold, "requirement");
        line(
            &mut page,
            &format!("\n{count} could not be told on one of them."),
        );
    }
    page
}

fn section<T>(page: &mut String, title: &str, all: &[T], one: fn(&mut String, &T)) {
    if all.is_empty() {
        return;
    }
    line(page, &format!("\n## {title}\n"));
    for item in all {
        one(page, item);
    }
}

fn flow(page: &mut String, change: &FlowChange) {
    let FlowChange { flow, a, b, .. } = change;
    let because: Vec<String> = change.because.iter().map(|id| code(id)).collect();
    let because = if because.is_empty() {
        String::new()
    } else {
        format!(": {}", because.join(", "))
    };
    let (from, to) = (verdict(*a), verdict(*b));
    let eras = eras(&change.eras);
    line(
        page,
        &format!(
            "- {} with Helm {eras}: {from} → **{to}**{because}",
            code(flow.name())
        ),
    );
}

fn requirement(page: &mut String, change: &RequirementChange) {
    let RequirementChange {
        id,
        title,
        severity,
        ..
    } = change;
    line(
        page,
        &format!(
            "- {} {} ({}; {})",
            code(id),
            escaped(title),
            escaped(severity),
            moves(change)
        ),
    );
    let did = |does: &Does| {
        let words = does.actual.as_deref().map(escaped);
        words.map_or_else(
            || does.state.name().to_owned(),
            |words| format!("{}: {words}", does.state.name()),
        )
    };
    line(page, &format!("  - A {}", did(&change.a)));
    line(page, &format!("  - B {}", did(&change.b)));
    if let Some(source) = change.law().filter(|_| change.is_violated()) {
        line(
            page,
            &format!("  - says {}", escaped(&facts::source(source))),
        );
    }
    for brk in &change.helm {
        let words = facts::brk(brk).replace('\n', ": ");
        line(page, &format!("  - helm {}", escaped(&words)));
    }
}

fn capability(page: &mut String, change: &CapabilityChange) {
    let CapabilityChange {
        name,
        a,
        b,
        evidence,
    } = change;
    line(
        page,
        &format!(
            "- {}: {} ({}) → {} ({})",
            code(name),
            ability(*a),
            escaped(&evidence[0]),
            ability(*b),
            escaped(&evidence[1])
        ),
    );
}

fn change(page: &mut String, change: &Change) {
    // A fence longer than any run of backticks inside.
    let longest = change.diff.split(|c| c != '`').map(str::len).max();
    let fence = "`".repeat(longest.unwrap_or(0).max(2) + 1);
    line(page, &format!("{}\n\n{fence}diff", code(&change.file)));
    for row in change.diff.lines() {
        line(page, &text::line(row));
    }
    line(page, &format!("{fence}\n"));
}

/// A word as code.
fn code(given: &str) -> String {
    format!("`{}`", text::line(given).replace('`', "'"))
}

fn line(page: &mut String, text: &str) {
    writeln!(page, "{text}").expect("a string grows");
}
