//! The page that is written: indents, wraps and paints, and lets nothing through that steers.

use helm_oci_suite::requirement::outcome::Outcome;

use super::Style;
use crate::facts::Fact;
use crate::text;

/// How wide the words are that stand before a fact, with the space after them.
const LABEL: usize = 11;

/// How much of one paragraph is shown.
const PARAGRAPH: usize = 1000;

/// What text is painted with.
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
            Outcome::Inconclusive => Self::Magenta,
        }
    }
}

/// The sign of an outcome with its ink.
pub(super) const fn signature(outcome: Outcome) -> (Ink, &'static str) {
    (Ink::of(outcome), sign(outcome))
}

/// The sign of an outcome; no two are alike.
const fn sign(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "✓",
        Outcome::Fail => "✗",
        Outcome::Known => "~",
        Outcome::Stale => "≠",
        Outcome::Warn => "!",
        Outcome::Present => "+",
        Outcome::Absent => "-",
        Outcome::Skipped => "·",
        Outcome::Inconclusive => "?",
    }
}

/// Lines that have been laid out.
pub(super) struct Page {
    pub(super) style: Style,
    out: String,
}

impl Page {
    pub(super) const fn new(style: Style) -> Self {
        Self {
            style,
            out: String::new(),
        }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// Text that is safe and may be painted.
    pub(super) fn paint(&self, ink: Ink, text: &str) -> String {
        if self.style.color && ink != Ink::Plain && !text.is_empty() {
            format!("\u{1b}[{}m{text}\u{1b}[0m", ink.code())
        } else {
            text.to_owned()
        }
    }

    /// The sign of an outcome, painted.
    pub(super) fn mark(&self, outcome: Outcome) -> String {
        self.paint(Ink::of(outcome), sign(outcome))
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

    /// A word, and beside it text on as many lines as it needs.
    pub(super) fn labelled(&mut self, label: &str, text: &str) {
        self.inked(label, text, Ink::Plain);
    }

    /// The same, the text painted.
    pub(super) fn inked(&mut self, label: &str, text: &str, ink: Ink) {
        self.beside(LABEL, label, &text::cut(&text::line(text), PARAGRAPH), ink);
    }

    /// Safe text on as many lines as it needs, beside a label in a column of its own.
    pub(super) fn beside(&mut self, column: usize, label: &str, text: &str, ink: Ink) {
        let lines = text::wrap(text, self.style.width - 2 - column);
        for (position, line) in lines.iter().enumerate() {
            let label = if position == 0 { label } else { "" };
            let label = self.paint(Ink::Dim, &format!("{label:<column$}"));
            let line = self.paint(ink, line);
            self.painted(2, &format!("{label}{line}"));
        }
    }

    /// Items on as many lines as they need, from `column` on; `before` stands in front of the first.
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

    /// Facts, each beside its label.
    pub(super) fn facts(&mut self, facts: &[Fact]) {
        for Fact { label, text } in facts {
            self.beside(LABEL, label, text, Ink::Plain);
        }
    }

    /// A transcript; a line that is broken keeps its mark in its first part only.
    pub(super) fn transcript(&mut self, lines: &[String]) {
        for (position, line) in lines.iter().enumerate() {
            let label = if position == 0 { "shown by" } else { "" };
            let (mark, rest) = match line.split_at_checked(2) {
                Some((mark @ ("> " | "< "), rest)) => (mark, rest),
                _ => ("", line.as_str()),
            };
            let wrapped = text::wrap(rest, self.style.width - 2 - LABEL - mark.len());
            let ink = if mark.is_empty() {
                Ink::Dim
            } else {
                Ink::Plain
            };
            for (row, part) in wrapped.iter().enumerate() {
                let (label, mark) = if row == 0 { (label, mark) } else { ("", "  ") };
                let label = self.paint(Ink::Dim, &format!("{label:<LABEL$}"));
                let part = self.paint(ink, part);
                self.painted(2, &format!("{label}{mark}{part}"));
            }
        }
    }
}
