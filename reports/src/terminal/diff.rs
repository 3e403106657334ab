//! The differences between two records of one registry over time.

use super::Style;
use super::comparison::{capability, flow, requirement, section};
use super::page::{Ink, Page};
use crate::view::{DiffView, Label, TargetDiffView, headings};

/// Renders a diff for a terminal.
pub fn diff(view: &DiffView<'_>, style: Style) -> String {
    let mut page = Page::new(style);
    for (label, run) in [Label::Old, Label::New].into_iter().zip(&view.runs) {
        page.labelled(label, run);
    }
    for target in &view.targets {
        page.rule(&target.name);
        self::target(&mut page, target);
    }
    page.blank();
    for sentence in view.unpaired.iter().chain(&view.unread) {
        page.paragraph(2, sentence, Ink::Magenta);
    }
    page.labelled(Label::Verdict, &view.conclusion);
    page.finish()
}

fn target(page: &mut Page, target: &TargetDiffView<'_>) {
    for obstacle in &target.obstacles {
        page.paragraph(2, obstacle, Ink::Magenta);
    }
    if let Some(same) = &target.same {
        page.paragraph(2, same, Ink::Green);
    }
    for group in &target.groups {
        page.heading(group.heading);
        group.flows.iter().for_each(|one| flow(page, one));
        let requirements = group.requirements.iter();
        requirements.for_each(|one| requirement(page, one));
    }
    let capabilities = &target.capabilities;
    section(page, headings::CAPABILITIES, capabilities, capability);
    for (heading, listed) in &target.listed {
        page.heading(heading);
        for one in *listed {
            let line = format!("{} {}: {}", one.id, one.level, one.state);
            page.line(2, &line, Ink::Plain);
        }
    }
}
