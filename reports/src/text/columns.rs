//! The width of text in the columns of a terminal: a wide character takes two, a combining one none.

use textwrap::{Options, WordSplitter};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The variation selector that requests the coloured, wide form of the preceding character.
const EMOJI_PRESENTATION: char = '\u{fe0f}';

/// The number of columns that `text` occupies.
pub(crate) fn columns(text: &str) -> usize {
    text.width()
}

/// `text` in at most `width` columns; an ellipsis replaces the rest.
pub(crate) fn fit(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let mut shown = String::new();
    for character in text.chars() {
        // The presentation selector may widen what it follows, by one column at most.
        let own = match character {
            EMOJI_PRESENTATION => 1,
            other => other.width().unwrap_or(0),
        };
        let Some(rest) = left.checked_sub(own) else {
            break;
        };
        left = rest;
        shown.push(character);
    }
    shown.push('…');
    shown
}

/// `text` followed by spaces up to `width` columns.
pub(crate) fn pad(text: &str, width: usize) -> String {
    let gap = width.saturating_sub(columns(text));
    format!("{text}{:gap$}", "")
}

/// The lines of `text`, each in at most `width` columns: broken at spaces, or inside a word that is too long.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    // Names, versions and URLs hold hyphens and are searched for as a whole.
    let options = Options::new(width.max(1)).word_splitter(WordSplitter::NoHyphenation);
    let lines = text.lines().flat_map(|line| textwrap::wrap(line, &options));
    lines.map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_counts_columns_and_not_characters() {
        assert_eq!(columns("漢字"), 4);
        assert_eq!(columns("e\u{301}"), 1);
        assert_eq!(columns("grüße"), 5);
    }

    #[test]
    fn fit_respects_wide_and_combining_characters() {
        assert_eq!(fit("éééé", 3), "éé…");
        assert_eq!(fit("ééé", 3), "ééé");
        assert_eq!(fit("漢字漢字", 5), "漢字…");
        assert_eq!(fit("漢字漢字", 4), "漢…");
        assert_eq!(
            fit("e\u{301}e\u{301}e\u{301}", 3),
            "e\u{301}e\u{301}e\u{301}"
        );
        assert_eq!(fit("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
        assert!(columns(&fit("⚠️⚠️⚠️", 4)) <= 4);
    }

    #[test]
    fn pad_fills_up_to_a_column() {
        assert_eq!(pad("漢字", 6), "漢字  ");
        assert_eq!(pad("e\u{301}", 3), "e\u{301}  ");
        assert_eq!(pad("long", 2), "long");
    }

    #[test]
    fn wrap_breaks_at_spaces_or_inside_long_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(
            wrap("re-push push-changed", 10),
            ["re-push", "push-chang", "ed"]
        );
        assert_eq!(wrap("  indented\nlines", 20), ["  indented", "lines"]);
        assert_eq!(wrap("é é é", 3), ["é é", "é"]);
        assert!(wrap("", 10).is_empty());
    }

    #[test]
    fn wrap_respects_wide_and_combining_characters() {
        assert_eq!(wrap("漢字 漢字", 5), ["漢字", "漢字"]);
        assert_eq!(wrap("漢字漢字", 5), ["漢字", "漢字"]);
        let accented = "e\u{301}".repeat(4);
        assert_eq!(wrap(&accented, 4), [accented]);
    }
}
