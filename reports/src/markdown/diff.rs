//! The differences between two records of one registry over time.

use super::comparison::{capability, flow, requirement, section};
use super::{code, escaped, line};
use crate::view::{DiffView, Label, TargetDiffView, headings};

/// Renders a diff as Markdown.
pub fn diff(view: &DiffView<'_>) -> String {
    let mut page = String::new();
    line(&mut page, &format!("**{}**\n", escaped(&view.conclusion)));
    for (label, run) in [Label::Old, Label::New].into_iter().zip(&view.runs) {
        line(&mut page, &format!("- {}: {}", label.name(), escaped(run)));
    }
    for sentence in view.unpaired.iter().chain(&view.unread) {
        line(&mut page, &format!("- {}", escaped(sentence)));
    }
    for target in &view.targets {
        line(&mut page, &format!("\n# {}", code(&target.name)));
        self::target(&mut page, target);
    }
    page
}

fn target(page: &mut String, target: &TargetDiffView<'_>) {
    for sentence in target.obstacles.iter().chain(&target.same) {
        line(page, &format!("\n{}", escaped(sentence)));
    }
    for group in &target.groups {
        line(page, &format!("\n## {}\n", group.heading));
        group.flows.iter().for_each(|one| flow(page, one));
        let requirements = group.requirements.iter();
        requirements.for_each(|one| requirement(page, one));
    }
    let capabilities = &target.capabilities;
    section(page, headings::CAPABILITIES, capabilities, capability);
    for (heading, listed) in &target.listed {
        line(page, &format!("\n## {heading}\n"));
        for one in *listed {
            let (id, level, state) = (code(&one.id), one.level, one.state);
            line(page, &format!("- {id} {level}: {state}"));
        }
    }
}
