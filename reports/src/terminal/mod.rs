//! Views for the person at the terminal.
//!
//! Colour alone carries no information, and no line is wider than the terminal. The verdict in words comes last, where
//! the eye rests.

mod blocks;
mod causes;
mod checks;
mod comparison;
mod diff;
mod difference;
mod eras;
mod helm;
mod matrix;
mod models;
mod page;
mod progress;
mod summary;

pub use self::comparison::{bisection, comparison};
pub use self::diff::diff;
pub use self::difference::difference;
pub use self::matrix::matrix;
pub use self::progress::progress;

use self::page::{Ink, Page};
use crate::view::{CapabilityView, Header, IdentityLabel, Label, ReportView, TargetView};

/// The narrowest terminal with a layout of its own; the table of eras needs it.
const NARROWEST: usize = 80;

/// The style of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// True for colours.
    pub color: bool,
    /// True for every check instead of a line for each area, and for more about each finding.
    pub verbose: bool,
    /// The columns of the terminal; fewer than 80 count as 80.
    pub width: usize,
}

impl Default for Style {
    /// Plain, brief, 100 columns.
    fn default() -> Self {
        Self {
            color: false,
            verbose: false,
            width: 100,
        }
    }
}

/// Renders a report for a terminal, one target after the other.
pub fn render(view: &ReportView<'_>, style: Style) -> String {
    let mut page = Page::new(style);
    header(&mut page, &view.header);
    for (position, target) in view.targets.iter().enumerate() {
        if position > 0 || style.verbose {
            page.blank();
        }
        page.rule(target.name);
        identity(&mut page, target);
        if target.checks.is_empty() {
            blocks::unreachable(&mut page, target);
        } else {
            causes::summary(&mut page, target);
            page.blank();
            checks::by_area(&mut page, target);
            blocks::unreachable(&mut page, target);
            findings(&mut page, target);
            blocks::inconclusive(&mut page, target);
            blocks::intermittent(&mut page, target);
            if let Some(table) = &target.eras {
                eras::table(&mut page, table, target);
            }
        }
        models::section(&mut page, &target.models);
        helm::section(&mut page, &target.helm);
        if let Some(soak) = &target.soak {
            page.heading(&soak.heading);
            for line in &soak.lines {
                page.line(2, line, Ink::Plain);
            }
        }
        page.blank();
        summary::target(&mut page, target);
    }
    summary::run(&mut page, view);
    page.finish()
}

fn header(page: &mut Page, header: &Header<'_>) {
    page.paragraph(0, &header.parts().join(" · "), Ink::Dim);
}

/// A block for each cause; in a full report one for each violated requirement.
fn findings(page: &mut Page, target: &TargetView<'_>) {
    if page.style.verbose {
        for check in target.findings() {
            blocks::finding(page, check);
            if let Some(cause) = check.cause {
                page.labelled(Label::SameCause, cause);
            }
        }
        return;
    }
    for cause in &target.causes {
        causes::finding(page, target, cause);
    }
}

fn identity(page: &mut Page, target: &TargetView<'_>) {
    let facts = target.identity.iter();
    // The digest of a program is for comparing records.
    let facts = facts.filter(|fact| fact.label != IdentityLabel::ProgramDigest);
    let values: Vec<&str> = facts.map(|fact| fact.value).collect();
    page.paragraph(2, &values.join(" · "), Ink::Dim);
    if let Some(advice) = target.advice {
        page.inked(Label::Advice, advice, Ink::Yellow);
    }
    if page.style.verbose {
        for capability in &target.capabilities {
            self::capability(page, capability);
        }
    }
}

fn capability(page: &mut Page, capability: &CapabilityView<'_>) {
    let CapabilityView { name, evidence, .. } = capability;
    let text = format!("{name} ({evidence}){}", capability.consequence());
    page.labelled(capability.label(), &text);
}
