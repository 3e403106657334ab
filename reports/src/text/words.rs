//! Words for counts and times.

/// A count with its noun, in the plural unless the count is one: `1 problem`, `2 capabilities`.
pub fn plural(count: usize, noun: &str) -> String {
    if count == 1 {
        return format!("1 {noun}");
    }
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{count} {stem}ies"),
        _ => format!("{count} {noun}s"),
    }
}

/// The end of an abbreviated list, such as ` and 3 more`; empty if nothing was left out.
pub(crate) fn more(left_out: usize) -> String {
    match left_out {
        0 => String::new(),
        count => format!(" and {count} more"),
    }
}

/// A duration for people: milliseconds below a second, seconds with one decimal above.
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
    fn nouns_agree_with_their_count() {
        for (count, noun, words) in [
            (0, "problem", "0 problems"),
            (1, "problem", "1 problem"),
            (2, "problem", "2 problems"),
            (1, "capability", "1 capability"),
            (3, "capability", "3 capabilities"),
            (2, "day", "2 days"),
        ] {
            assert_eq!(plural(count, noun), words);
        }
    }

    #[test]
    fn durations_change_unit_at_a_second() {
        assert_eq!(duration(999), "999 ms");
        assert_eq!(duration(1000), "1.0 s");
        assert_eq!(duration(61_250), "61.2 s");
    }
}
