//! The tables as Markdown, for a page of Helm's documentation. Such pages are MDX, so markup is written as references to
//! characters, and there are no comments.

use std::fmt::Write;

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::prediction::table::FlowVerdict;

use super::words::{ACTIVITIES, LIMITS};
use super::{Listed, Listing, words};
use crate::history::{Entry, RegistryNotes};
use crate::text;
use crate::view::flow_sign;

/// The longest text of a cell, in characters.
const CELL: usize = 200;

/// The tables.
pub(super) fn render(listing: &Listing<'_>) -> String {
    let mut page = String::new();
    line(&mut page, LIMITS);
    line(&mut page, "");
    row(
        &mut page,
        [
            "Registry",
            "Examined",
            "All commands work with",
            "Does not work",
            "Before a push",
            "Known issues",
        ]
        .map(ToOwned::to_owned),
    );
    row(&mut page, ["---"; 6].map(ToOwned::to_owned));
    for listed in &listing.registries {
        row(&mut page, summary(listing, listed));
    }
    line(&mut page, "");
    line(
        &mut page,
        "✓ works with every Helm version that has the command, ✗ breaks with the versions named, ? unknown. `helm chart` is the command of Helm 3.0 to 3.6.",
    );
    line(&mut page, "");
    let names = ACTIVITIES.iter().map(|activity| activity.name.to_owned());
    row(
        &mut page,
        std::iter::once("Registry".to_owned()).chain(names),
    );
    let rules = ACTIVITIES.iter().map(|_| ":-:".to_owned());
    row(&mut page, std::iter::once("---".to_owned()).chain(rules));
    for listed in &listing.registries {
        let cells = ACTIVITIES
            .iter()
            .map(|activity| command(listed.entry, activity.flows));
        row(
            &mut page,
            std::iter::once(escaped(&listed.registry.name)).chain(cells),
        );
    }
    page
}

fn line(page: &mut String, text: &str) {
    writeln!(page, "{text}").expect("a write to a String cannot fail");
}

fn row(page: &mut String, cells: impl IntoIterator<Item = String>) {
    let cells: Vec<String> = cells.into_iter().collect();
    line(page, &format!("| {} |", cells.join(" | ")));
}

fn summary(listing: &Listing<'_>, listed: &Listed<'_>) -> [String; 6] {
    let (registry, entry) = (listed.registry, listed.entry);
    let notes = registry.notes.as_ref();
    let name = escaped(&registry.name);
    let documentation = notes.and_then(|notes| notes.documentation.as_deref());
    let name = documentation.map_or_else(|| name.clone(), |url| linked(&name, url));
    let name = match notes.and_then(|notes| notes.kind) {
        Some(kind) => format!("{name} ({kind})"),
        None => name,
    };
    let page = listing
        .site
        .url
        .map(|_| listing.address(&format!("registry/{}.html", listed.slug)));
    let version = entry
        .version
        .as_ref()
        .map(|version| format!("{}, ", escaped(version)));
    let mut examined = format!("{}{}", version.unwrap_or_default(), entry.date());
    if let Some(page) = page {
        examined = linked(&examined, &page);
    }
    if listed.is_stale {
        examined.push_str(" (stale)");
    }
    [
        name,
        examined,
        works(entry),
        broken(entry),
        notes.map(before).unwrap_or_default(),
        notes.map(issues).unwrap_or_default(),
    ]
}

/// The Helm versions with which every flow works.
fn works(entry: &Entry) -> String {
    let eras = entry.eras().into_iter();
    let eras: Vec<Era> = eras
        .filter(|era| era.verdict == FlowVerdict::Works)
        .map(|era| era.era)
        .collect();
    if eras.is_empty() {
        String::new()
    } else {
        format!("Helm {} ✓", words::spans(&eras))
    }
}

/// The flows that do not work, with the Helm versions.
fn broken(entry: &Entry) -> String {
    let rows = entry
        .troubled_flows()
        .into_iter()
        .flat_map(|(flows, verdicts)| {
            [FlowVerdict::Breaks, FlowVerdict::Unknown].map(|verdict| {
                let eras = Era::ALL
                    .iter()
                    .zip(&verdicts)
                    .filter(|(_, own)| **own == Some(verdict));
                let eras: Vec<Era> = eras.map(|(era, _)| *era).collect();
                (!eras.is_empty()).then(|| {
                    format!(
                        "{} {}: Helm {}",
                        flow_sign(verdict),
                        words::flows(&flows),
                        words::spans(&eras)
                    )
                })
            })
        });
    let rows: Vec<String> = rows.flatten().collect();
    rows.join("<br />")
}

fn before(notes: &RegistryNotes) -> String {
    let facts = notes
        .before_push
        .facts()
        .map(|(label, fact)| format!("{label}: {}", escaped(fact)));
    facts.collect::<Vec<_>>().join("<br />")
}

fn issues(notes: &RegistryNotes) -> String {
    let issues = notes
        .issues
        .iter()
        .map(|issue| linked(&escaped(&issue.title), &issue.url));
    issues.collect::<Vec<_>>().join(", ")
}

/// The worst verdict on the flows of a command, with the Helm versions that it concerns.
fn command(entry: &Entry, flows: &[Flow]) -> String {
    let cells = || entry.cells.iter().filter(|cell| flows.contains(&cell.flow));
    let eras = |verdict| {
        let own = cells().filter(move |cell| cell.verdict == verdict);
        own.map(|cell| cell.era).collect::<Vec<Era>>()
    };
    let (breaks, unknown) = (eras(FlowVerdict::Breaks), eras(FlowVerdict::Unknown));
    if !breaks.is_empty() {
        format!("✗ {}", words::spans(&breaks))
    } else if !unknown.is_empty() {
        format!("? {}", words::spans(&unknown))
    } else if cells().next().is_some() {
        "✓".to_owned()
    } else {
        String::new()
    }
}

/// A link to the web whose text is Markdown; anything else is the text.
fn linked(text: &str, url: &str) -> String {
    let url = text::line(url);
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return text.to_owned();
    }
    let safe = |c: char| match c {
        '(' | ')' | '<' | '>' | '|' | '{' | '}' | '"' | '\\' | ' ' | '`' => {
            format!("%{:02X}", u32::from(c))
        }
        other => other.to_string(),
    };
    format!("[{text}]({})", url.chars().map(safe).collect::<String>())
}

/// Text without markup of Markdown or of MDX.
fn escaped(text: &str) -> String {
    let mut shown = String::new();
    for character in text::cut(&text::line(text), CELL).chars() {
        if "\\`*_{}[]<>#|~!&".contains(character) {
            write!(shown, "&#{};", u32::from(character)).expect("a write to a String cannot fail");
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_no_markup() {
        assert_eq!(
            escaped("a|b {x} <i>\u{1b}"),
            "a&#124;b &#123;x&#125; &#60;i&#62;&#92;u&#123;1b&#125;"
        );
        assert_eq!(
            linked("a", "https://x.example/(b)|{c}"),
            "[a](https://x.example/%28b%29%7C%7Bc%7D)"
        );
    }
}
