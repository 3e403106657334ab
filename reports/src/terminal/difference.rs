//! The difference between two snapshots: first what Helm reads, then the rest.

use super::Style;
use super::page::{Ink, Page};
use crate::text;
use crate::view::{DiffKind, DifferenceView, FileView, IGNORED, READ};

/// Renders a difference for a terminal.
pub fn difference(view: &DifferenceView<'_>, style: Style) -> String {
    let mut page = Page::new(style);
    files(&mut page, READ, &view.read);
    files(&mut page, IGNORED, &view.ignored);
    page.paragraph(0, &view.summary, Ink::Plain);
    page.finish()
}

/// Each file with its lines; nothing if there are no files.
pub(super) fn files(page: &mut Page, title: &str, files: &[FileView<'_>]) {
    if files.is_empty() {
        return;
    }
    page.rule(title);
    for file in files {
        page.line(0, file.name, Ink::Bold);
        for line in &file.lines {
            let ink = match line.kind {
                DiffKind::Added => Ink::Green,
                DiffKind::Removed => Ink::Red,
                DiffKind::Hunk => Ink::Dim,
                DiffKind::Context => Ink::Plain,
            };
            // A line is never broken, so that it can be searched for.
            let line = page.paint(ink, &text::line(line.text));
            page.painted(2, &line);
        }
        page.blank();
    }
}
