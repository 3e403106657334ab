//! Evidence: the expected and the observed response next to each other, and the rows of a result.

use helm_oci_suite::requirement::source;
use maud::{Markup, html};
use similar::{ChangeTag, TextDiff};

use super::words;
use crate::layout::ENTRIES;
use crate::view::{Label, ReportRow, RowEntry};

/// The rows of a result. Expectation and observation come first, next to each other.
pub(crate) fn rows(rows: &[ReportRow<'_>]) -> Markup {
    let find = |label| rows.iter().find(|row| row.label == label);
    let is_other = |row: &&ReportRow<'_>| !matches!(row.label, Label::Expected | Label::Actual);
    html! {
        @match (find(Label::Expected), find(Label::Actual)) {
            (Some(expected), Some(actual)) => (pair(expected, actual)),
            (None, Some(only)) | (Some(only), None) => dl.rows { (row(only)) },
            (None, None) => {},
        }
        @if rows.iter().any(|row| is_other(&row)) {
            dl.rows { @for other in rows.iter().filter(is_other) { (row(other)) } }
        }
    }
}

/// A label with its entries.
pub(super) fn row(row: &ReportRow<'_>) -> Markup {
    html! {
        dt class=[(row.label == Label::Fix).then_some("fix")] { (row.label.name()) }
        @for entry in row.entries.iter().take(ENTRIES) { dd { (self::entry(entry)) } }
        @if row.entries.len() > ENTRIES { dd { "and " (row.entries.len() - ENTRIES) " more" } }
    }
}

fn entry(entry: &RowEntry<'_>) -> Markup {
    match entry {
        RowEntry::Source(cited) => {
            let (document, version, anchor) = (&cited.document, &cited.version, &cited.anchor);
            let url = source::link(document, version, anchor);
            let place = format!("{document} {version}, {anchor}");
            citation(&entry.to_string(), &place, url.as_deref())
        }
        RowEntry::Break(_) => effect(&entry.to_string()),
        RowEntry::Message(_) => html! { pre.says { (words::block(&entry.to_string())) } },
        RowEntry::Link(url) => link(url, url),
        RowEntry::Explanation(explanation) => html! {
            a href={ "#" (words::row(&explanation.requirement)) } { (words::prose(&entry.to_string())) }
        },
        _ => {
            html! { @for line in words::block(&entry.to_string()).lines() { (words::ticks(line)) br; } }
        }
    }
}

/// A citation whose document and place are a link.
fn citation(text: &str, place: &str, url: Option<&str>) -> Markup {
    html! {
        @match (url, text.strip_prefix(place)) {
            (Some(url), Some(rest)) => { (link(url, place)) (words::prose(rest)) },
            _ => (words::prose(text)),
        }
    }
}

/// The versions and flows, and below them the message of Helm.
fn effect(text: &str) -> Markup {
    let (first, message) = text.split_once('\n').unwrap_or((text, ""));
    html! {
        (words::prose(first))
        @if !message.is_empty() { pre.says { (words::block(message)) } }
    }
}

/// A link to the web; anything else is text.
pub(crate) fn link(url: &str, text: &str) -> Markup {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    html! {
        @if is_web { a href=(url) rel="noreferrer" { (words::shown(text)) } } @else { (words::shown(text)) }
    }
}

/// Both sides; the words that differ are marked.
fn pair(expected: &ReportRow<'_>, actual: &ReportRow<'_>) -> Markup {
    let texts = |row: &ReportRow<'_>| -> Vec<String> {
        let entries = row.entries.iter().take(ENTRIES);
        entries
            .map(|entry| words::shown(&entry.to_string()))
            .collect()
    };
    let (expected, actual) = (texts(expected), texts(actual).join("; "));
    let nearest = expected.iter().max_by(|one, other| {
        let likeness = |text| TextDiff::from_words(text, actual.as_str()).ratio();
        likeness(one.as_str()).total_cmp(&likeness(other.as_str()))
    });
    html! {
        div.pair {
            div {
                p.side { "Expected" }
                ul.any {
                    @for one in &expected { li { (marked(one, &actual, ChangeTag::Delete)) } }
                }
            }
            div.seen {
                p.side { "Observed" }
                p { (marked(nearest.map_or("", String::as_str), &actual, ChangeTag::Insert)) }
            }
        }
    }
}

/// The words of one side of a difference. Those of the other side are left out, and its own are marked; nothing is
/// marked in texts that have no word in common.
fn marked(old: &str, new: &str, own: ChangeTag) -> Markup {
    let diff = TextDiff::from_words(old, new);
    let mut parts: Vec<(bool, String)> = Vec::new();
    for change in diff.iter_all_changes() {
        let is_own = change.tag() == own;
        if !is_own && change.tag() != ChangeTag::Equal {
            continue;
        }
        match parts.last_mut() {
            Some((marked, text)) if *marked == is_own => text.push_str(change.value()),
            _ => parts.push((is_own, change.value().to_owned())),
        }
    }
    let is_alike =
        |(marked, text): &(bool, String)| !marked && text.chars().any(char::is_alphanumeric);
    let has_marks = parts.iter().any(is_alike);
    html! {
        @for (marked, text) in &parts {
            @if *marked && has_marks && !text.trim().is_empty() {
                mark { (words::ticks(text)) }
            } @else {
                (words::ticks(text))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_that_differ_are_marked() {
        let (old, new) = ("status 404", "status 405 Not Allowed");
        assert_eq!(
            marked(old, new, ChangeTag::Delete).into_string(),
            "status <mark>404</mark>"
        );
        assert_eq!(
            marked(old, new, ChangeTag::Insert).into_string(),
            "status <mark>405 Not Allowed</mark>"
        );
        assert_eq!(
            marked("one", "<two>", ChangeTag::Insert).into_string(),
            "&lt;two&gt;"
        );
    }
}
