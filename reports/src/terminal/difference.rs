//! What became of a snapshot: the part that Helm cares about, then the rest.

use super::page::{Ink, Page};
use super::{NARROWEST, Style};
use crate::snapshot::{Change, Difference};
use crate::text;

/// Renders a difference for a terminal.
pub fn difference(difference: &Difference, style: Style) -> String {
    let mut page = Page::new(Style {
        width: style.width.max(NARROWEST),
        ..style
    });
    changes(&mut page, "what Helm cares about", &difference.cares);
    changes(&mut page, "what Helm ignores", &difference.ignores);
    page.paragraph(0, &summary(difference), Ink::Plain);
    page.finish()
}

/// Nothing, or each file with its lines.
pub(super) fn changes(page: &mut Page, title: &str, changes: &[Change]) {
    if changes.is_empty() {
        return;
    }
    page.rule(title);
    for change in changes {
        page.line(0, &change.file, Ink::Bold);
        for line in change.diff.lines() {
            let ink = match line.as_bytes().first() {
                Some(b'+') => Ink::Green,
                Some(b'-') => Ink::Red,
                Some(b'@') => Ink::Dim,
                _ => Ink::Plain,
            };
            // A line is never broken, so that it can be searched for; content was made safe when it was taken.
            let line = page.paint(ink, &text::line(line));
            page.painted(2, &line);
        }
        page.blank();
    }
}

fn summary(difference: &Difference) -> String {
    let files = text::plural(difference.files().len(), "file");
    let what = match (difference.cares.is_empty(), difference.ignores.is_empty()) {
        (true, _) => "nothing that Helm cares about",
        (false, true) => "only what Helm cares about",
        (false, false) => "what Helm cares about, and what it ignores",
    };
    format!("{files} changed: {what}. `snapshot accept` takes it as it is now.")
}
