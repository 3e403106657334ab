//! Versions of registries in their order. No scheme is assumed: parts of digits are numbers, everything else is text.

use std::cmp::Ordering;

/// A version that has an order: it begins with a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    numbers: Vec<u64>,
    /// The rest, such as `rc2`: a version with text after its numbers comes before the release.
    rest: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Text(String),
    Number(u64),
}

impl Version {
    /// Reads `2.8.3`, `v3.0.0-rc1`, `3.70.1-02`. None for a word such as `latest`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
        let (head, tail) = text.split_at(end.unwrap_or(text.len()));
        let numbers: Result<Vec<u64>, _> = head
            .trim_end_matches('.')
            .split('.')
            .map(str::parse)
            .collect();
        let mut numbers = numbers.ok()?;
        while numbers.len() > 1 && numbers.last() == Some(&0) {
            numbers.pop();
        }
        Some(Self {
            numbers,
            rest: parts(tail),
        })
    }
}

/// The runs of digits and of letters; punctuation separates them.
fn parts(text: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let words = text.split(|c: char| !c.is_alphanumeric());
    for word in words.filter(|word| !word.is_empty()) {
        let mut rest = word;
        while !rest.is_empty() {
            let is_number = rest.starts_with(|c: char| c.is_ascii_digit());
            let end = rest.find(|c: char| c.is_ascii_digit() != is_number);
            let (part, more) = rest.split_at(end.unwrap_or(rest.len()));
            parts.push(match part.parse() {
                Ok(number) if is_number => Part::Number(number),
                _ => Part::Text(part.to_owned()),
            });
            rest = more;
        }
    }
    parts
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        // Text makes an earlier version, a number a later one: 3.0.0-rc1, 3.0.0, 3.0.0-02.
        let rank = |version: &Self| match version.rest.first() {
            Some(Part::Text(_)) => 0,
            None => 1,
            Some(Part::Number(_)) => 2,
        };
        let numbers = self.numbers.cmp(&other.numbers);
        numbers
            .then(rank(self).cmp(&rank(other)))
            .then(self.rest.cmp(&other.rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_the_order_of_their_releases() {
        let ordered = [
            "2.7",
            "2.8.3",
            "v2.8.10",
            "3.0.0-alpha.1",
            "3.0.0-rc2",
            "3.0.0-rc10",
            "3.0.0",
            "3.0.0-02",
            "2024.11.03.1",
        ];
        let read = ordered.map(|text| Version::read(text).expect("it begins with a number"));
        assert!(read.is_sorted(), "{read:?}");
        assert_eq!(Version::read("v3"), Version::read("3.0.0"));
        for word in ["latest", "", "v", "main-7", "."] {
            assert_eq!(Version::read(word), None, "{word}");
        }
    }
}
