//! The page under construction: it indents, wraps and paints, and escapes foreign text.

use helm_oci_suite::prediction::table::FlowVerdict;
use helm_oci_suite::requirement::outcome::Outcome;

use super::{NARROWEST, Style};
use crate::layout::{self, Paragraph, TranscriptLine};
use crate::text;
use crate::view::{self, Depth, Label, ReportRow};

/// The width of the column of labels, with the space after them. A longer label widens it.
pub(super) const LABEL: usize = 11;

/// The longest paragraph, in characters.
const PARAGRAPH: usize = 1000;

/// The colour or weight of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
    Cyan,
    Magenta,
}

impl Ink {
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Red => "1;31",
            Self::Green => "32",
            Self::Yellow => "33",
            Self::Cyan => "36",
            Self::Magenta => "35",
        }
    }

    /// The ink of an outcome.
    pub(super) const fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Pass => Self::Green,
            Outcome::Fail | Outcome::Stale => Self::Red,
            Outcome::Warn | Outcome::Known => Self::Yellow,
            Outcome::Present | Outcome::Absent => Self::Cyan,
            Outcome::Skipped => Self::Dim,
            Outcome::Intermittent | Outcome::Inconclusive => Self::Magenta,
        }
    }

    /// The ink of a verdict on a flow.
    pub(super) const fn of_flow(verdict: FlowVerdict) -> Self {
        match verdict {
            FlowVerdict::Works => Self::Green,
            FlowVerdict::Breaks => Self::Red,
            FlowVerdict::Unknown => Self::Magenta,
        }
    }
}

/// The sign of an outcome with its ink; a space where there is no outcome.
pub(super) fn outcome_sign(outcome: Option<Outcome>) -> (Ink, &'static str) {
    outcome.map_or((Ink::Plain, " "), |outcome| {
        (Ink::of(outcome), view::outcome_sign(outcome))
    })
}

/// The sign of a verdict on a flow with its ink; a space where there is no verdict.
pub(super) fn verdict_sign(verdict: Option<FlowVerdict>) -> (Ink, &'static str) {
    verdict.map_or((Ink::Plain, " "), |verdict| {
        (Ink::of_flow(verdict), view::flow_sign(verdict))
    })
}

/// Lines that have been laid out.
pub(super) struct Page {
    pub(super) style: Style,
    out: String,
}

impl Page {
    pub(super) fn new(style: Style) -> Self {
        Self {
            style: Style {
                width: style.width.max(NARROWEST),
                ..style
            },
            out: String::new(),
        }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// The depth of the report.
    pub(super) const fn depth(&self) -> Depth {
        if self.style.verbose {
            Depth::Full
        } else {
            Depth::Brief
        }
    }

    /// Paints text that is escaped already.
    pub(super) fn paint(&self, ink: Ink, text: &str) -> String {
        if self.style.color && ink != Ink::Plain && !text.is_empty() {
            format!("\u{1b}[{}m{text}\u{1b}[0m", ink.code())
        } else {
            text.to_owned()
        }
    }

    /// The sign of an outcome, painted.
    pub(super) fn mark(&self, outcome: Outcome) -> String {
        self.paint(Ink::of(outcome), view::outcome_sign(outcome))
    }

    /// An empty line.
    pub(super) fn blank(&mut self) {
        self.out.push('\n');
    }

    /// One line that is laid out and painted already.
    pub(super) fn painted(&mut self, indent: usize, text: &str) {
        self.out
            .push_str(format!("{:indent$}{text}", "").trim_end());
        self.out.push('\n');
    }

    /// One line, cut to the width.
    pub(super) fn line(&mut self, indent: usize, text: &str, ink: Ink) {
        let text = text::fit(&text::line(text), self.style.width.saturating_sub(indent));
        let text = self.paint(ink, text.trim_end());
        self.painted(indent, &text);
    }

    /// A heading after an empty line.
    pub(super) fn heading(&mut self, text: &str) {
        self.blank();
        self.line(0, text, Ink::Bold);
    }

    /// A line across the page with a name in it.
    pub(super) fn rule(&mut self, name: &str) {
        let name = text::fit(&text::line(name), self.style.width - 8);
        let rest = "━".repeat(self.style.width - 4 - text::columns(&name));
        let line = format!("━━ {} {rest}", self.paint(Ink::Bold, &name));
        self.painted(0, &line);
    }

    /// Text on as many lines as it needs.
    pub(super) fn paragraph(&mut self, indent: usize, text: &str, ink: Ink) {
        let text = text::cut(&text::line(text), PARAGRAPH);
        for line in text::wrap(&text, self.style.width - indent) {
            self.line(indent, &line, ink);
        }
    }

    /// Text next to a painted sign, on as many lines as it needs.
    pub(super) fn marked(&mut self, mark: &str, text: &str, ink: Ink) {
        let text = text::cut(&text::line(text), PARAGRAPH);
        let lines = text::wrap(&text, self.style.width - 2);
        for (position, line) in lines.iter().enumerate() {
            let line = self.paint(ink, line);
            if position == 0 {
                self.painted(0, &format!("{mark} {line}"));
            } else {
                self.painted(2, &line);
            }
        }
    }

    /// Text in the column next to the labels.
    pub(super) fn labelled(&mut self, label: Label, text: &str) {
        self.inked(label, text, Ink::Plain);
    }

    /// The same, painted.
    pub(super) fn inked(&mut self, label: Label, text: &str, ink: Ink) {
        let Paragraph { label, text } = layout::labelled(label, text, PARAGRAPH);
        let width = LABEL.max(label.len() + 2);
        self.columns(width, label, &text, ink);
    }

    /// Several texts with one label.
    pub(super) fn list<T: AsRef<str>>(&mut self, label: Label, texts: impl IntoIterator<Item = T>) {
        for (position, text) in texts.into_iter().enumerate() {
            let Paragraph { label, text } = layout::labelled(label, text.as_ref(), PARAGRAPH);
            let label = if position == 0 { label } else { "" };
            self.columns(LABEL, label, &text, Ink::Plain);
        }
    }

    /// Text that continues the entry before it.
    pub(super) fn continued(&mut self, text: &str) {
        self.columns(LABEL, "", &text::line(text), Ink::Plain);
    }

    /// Escaped text on as many lines as it needs, in a column next to a label.
    pub(super) fn columns(&mut self, width: usize, label: &str, text: &str, ink: Ink) {
        let lines = text::wrap(text, self.style.width - 2 - width);
        for (position, line) in lines.iter().enumerate() {
            let label = if position == 0 { label } else { "" };
            let label = self.paint(Ink::Dim, &text::pad(label, width));
            let line = self.paint(ink, line);
            self.painted(2, &format!("{label}{line}"));
        }
    }

    /// Items on as many lines as they need, from `column` on; `before` precedes the first.
    pub(super) fn items(&mut self, before: &str, column: usize, items: &[(Ink, String)]) {
        let mut line = before.to_owned();
        let mut used = column;
        for (position, (ink, item)) in items.iter().enumerate() {
            let needed = text::columns(item) + if position == 0 { 0 } else { 3 };
            if used + needed > self.style.width && used > column {
                self.painted(2, &line);
                line = " ".repeat(column - 2);
                used = column;
            } else if position > 0 {
                line.push_str(" · ");
            }
            line.push_str(&self.paint(*ink, item));
            used += needed;
        }
        self.painted(2, &line);
    }

    /// Items with a label.
    pub(super) fn labelled_items(&mut self, label: Label, items: &[(Ink, String)]) {
        let label = self.paint(Ink::Dim, &text::pad(label.name(), LABEL));
        self.items(&label, 2 + LABEL, items);
    }

    /// The rows that the depth of the report includes.
    pub(super) fn rows(&mut self, rows: &[ReportRow<'_>]) {
        let depth = self.depth();
        for row in rows.iter().filter(|row| row.depth <= depth) {
            self.paragraphs(&layout::paragraphs(row));
        }
    }

    /// Paragraphs next to their labels.
    pub(super) fn paragraphs(&mut self, paragraphs: &[Paragraph]) {
        for Paragraph { label, text } in paragraphs {
            self.columns(LABEL, label, text, Ink::Plain);
        }
    }

    /// A transcript; a line that is broken has its mark in the first part only.
    pub(super) fn transcript(&mut self, lines: &[TranscriptLine]) {
        for (position, TranscriptLine { mark, text }) in lines.iter().enumerate() {
            let label = if position == 0 {
                Label::ShownBy.name()
            } else {
                ""
            };
            let wrapped = text::wrap(text, self.style.width - 2 - LABEL - mark.len());
            let ink = if mark.is_empty() {
                Ink::Dim
            } else {
                Ink::Plain
            };
            for (row, part) in wrapped.iter().enumerate() {
                let (label, mark) = if row == 0 { (label, *mark) } else { ("", "  ") };
                let label = self.paint(Ink::Dim, &text::pad(label, LABEL));
                let part = self.paint(ink, part);
                self.painted(2, &format!("{label}{mark}{part}"));
            }
        }
    }
}
