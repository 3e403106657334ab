//! Text that others wrote, made fit to show: registries are hostile, and so is a record from a file.
//!
//! Characters that steer a terminal, reorder a line or are no XML are spelled out, never passed on and
//! never dropped: the reader sees that they came.

use std::fmt::Write;

/// How many columns a tab takes.
const TAB: &str = "    ";

/// `text` on as many lines as it has, without anything that steers.
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

/// `text` on one line, without anything that steers.
pub(crate) fn line(text: &str) -> String {
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
            write!(shown, "\\u{{{:x}}}", u32::from(steering)).expect("a string grows");
        }
        other => shown.push(other),
    }
}

/// Whether a character acts instead of being seen, or is forbidden in XML 1.0.
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

/// At most `limit` characters of `text`, followed by how many were left out.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some((end, _)) => {
            format!(
                "{}… ({} more characters)",
                &text[..end],
                text[end..].chars().count()
            )
        }
    }
}

/// `text` in at most `width` columns; an ellipsis says that something is missing.
pub(crate) fn fit(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut shown: String = text.chars().take(width.saturating_sub(1)).collect();
    shown.push('…');
    shown
}

/// How many columns `text` takes, one a character.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().count()
}

/// `text` in lines of at most `width` columns, broken at spaces where there are any.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut wrapped = Vec::new();
    for line in text.lines() {
        let mut rest = line;
        while let Some((end, next)) = rest.char_indices().nth(width) {
            let head = &rest[..end];
            let at = if next == ' ' {
                end
            } else {
                head.rfind(' ')
                    .filter(|at| !head[..*at].trim().is_empty())
                    .unwrap_or(end)
            };
            wrapped.push(rest[..at].trim_end().to_owned());
            rest = rest[at..].trim_start();
        }
        wrapped.push(rest.to_owned());
    }
    wrapped
}

/// A number with its noun, which takes an `s` unless there is one of it.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("{count} {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

/// A time for people: milliseconds below a second, seconds with one decimal above.
pub(crate) fn duration(milliseconds: u64) -> String {
    if milliseconds < 1000 {
        format!("{milliseconds} ms")
    } else {
        format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_spelled_out() {
        assert_eq!(
            line("a\u{1b}[31mb\u{9b}c\u{202e}d\0"),
            r"a\u{1b}[31mb\u{9b}c\u{202e}d\u{0}"
        );
        assert_eq!(line("one\r\ntwo\tthree"), r"one\r\ntwo\tthree");
        assert_eq!(
            block("one\r\ntwo\tthree\rfour\u{ffff}"),
            "one\ntwo    three\\rfour\\u{ffff}"
        );
        assert_eq!(
            line("grüße ✓ 漢字"),
            "grüße ✓ 漢字",
            "what is only foreign stays"
        );
    }

    #[test]
    fn cuts_count_characters() {
        assert_eq!(cut("ééé", 3), "ééé");
        assert_eq!(cut("éééé", 3), "ééé… (1 more characters)");
        assert_eq!(fit("éééé", 3), "éé…");
        assert_eq!(fit("ééé", 3), "ééé");
    }

    #[test]
    fn lines_break_at_spaces_or_where_they_must() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("  indented\nlines", 20), ["  indented", "lines"]);
        assert_eq!(wrap("é é é", 3), ["é é", "é"]);
        assert!(wrap("", 10).is_empty());
    }

    #[test]
    fn durations_change_unit_at_a_second() {
        assert_eq!(duration(999), "999 ms");
        assert_eq!(duration(1000), "1.0 s");
        assert_eq!(duration(61_250), "61.2 s");
    }
}
