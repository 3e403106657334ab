//! Escapes untrusted text: a registry may be hostile, and so may a record that is read from a file.
//!
//! A character that controls a terminal, reorders a line or is forbidden in XML is replaced by its escape. It is not
//! dropped, so the reader sees that it was sent.

use std::fmt::Write;

use super::words::plural;

/// The columns of a tab.
const TAB: &str = "    ";

/// Escapes `text` and keeps its lines.
pub(crate) fn block(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\n' => shown.push('\n'),
            '\r' if characters.peek() == Some(&'\n') => {}
            '\t' => shown.push_str(TAB),
            other => push(&mut shown, other),
        }
    }
    shown
}

/// Escapes `text` into one line.
pub fn line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        push(&mut shown, character);
    }
    shown
}

fn push(shown: &mut String, character: char) {
    match character {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        steering if is_steering(steering) => {
            write!(shown, "\\u{{{:x}}}", u32::from(steering))
                .expect("a write to a String cannot fail");
        }
        other => shown.push(other),
    }
}

/// True if a character acts instead of being visible, or is forbidden in XML 1.0.
pub(crate) fn is_steering(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{fffe}'..='\u{ffff}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// The first `limit` characters of `text`, followed by the number of characters left out.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some((end, _)) => format!(
            "{}… ({})",
            &text[..end],
            plural(text[end..].chars().count(), "more character")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steering_characters_are_escaped() {
        assert_eq!(
            line("a\u{1b}[31mb\u{9b}c\u{202e}d\0"),
            r"a\u{1b}[31mb\u{9b}c\u{202e}d\u{0}"
        );
        assert_eq!(line("one\r\ntwo\tthree"), r"one\r\ntwo\tthree");
        assert_eq!(
            block("one\r\ntwo\tthree\rfour\u{ffff}"),
            "one\ntwo    three\\rfour\\u{ffff}"
        );
    }

    #[test]
    fn visible_characters_of_every_script_are_kept() {
        assert_eq!(line("grüße ✓ 漢字"), "grüße ✓ 漢字");
    }

    #[test]
    fn cut_counts_characters() {
        assert_eq!(cut("ééé", 3), "ééé");
        assert_eq!(cut("éééé", 3), "ééé… (1 more character)");
        assert_eq!(cut("ééééé", 3), "ééé… (2 more characters)");
    }
}
