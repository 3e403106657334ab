//! Text of a record in a page: escaped, cut where it is long, with code between backticks.

use maud::{Markup, html};

use crate::layout::ENTRY;
use crate::text;

/// Text on one line.
pub(crate) fn shown(text: &str) -> String {
    text::cut(&text::line(text), ENTRY)
}

/// Text on several lines.
pub(crate) fn block(text: &str) -> String {
    text::cut(&text::block(text), ENTRY)
}

/// Text in which backticks enclose code.
pub(crate) fn prose(text: &str) -> Markup {
    ticks(&shown(text))
}

/// Escaped text in which backticks enclose code.
pub(crate) fn ticks(text: &str) -> Markup {
    let parts: Vec<&str> = text.split('`').collect();
    html! {
        @if parts.len().is_multiple_of(2) {
            (text)
        } @else {
            @for (position, part) in parts.iter().enumerate() {
                @if position % 2 == 1 { code { (part) } } @else { (part) }
            }
        }
    }
}

/// The id of an element: letters, digits, and a hyphen for everything else.
pub(crate) fn slug(text: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || c == '.' {
            c
        } else {
            '-'
        }
    };
    text.chars().take(120).map(safe).collect()
}

/// The id of the row of a requirement or a flow.
pub(crate) fn row(id: &str) -> String {
    format!("r-{}", slug(id))
}

/// The id of a finding.
pub(crate) fn finding(id: &str) -> String {
    format!("f-{}", slug(id))
}

/// The id of the section of a target.
pub(crate) fn target(letter: &str) -> String {
    format!("target-{letter}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_enclose_code_if_they_are_even() {
        let markup = |text| prose(text).into_string();
        assert_eq!(markup("a `<b>` c"), "a <code>&lt;b&gt;</code> c");
        assert_eq!(markup("a ` c"), "a ` c");
    }

    #[test]
    fn ids_hold_no_markup() {
        assert_eq!(row("flow/push-3.8"), "r-flow-push-3.8");
        assert_eq!(finding("a\" onload=x>"), "f-a--onload-x-");
    }
}
