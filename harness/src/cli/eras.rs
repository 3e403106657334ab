//! `list --eras`: each era with its library, its evidence and the tools that contain it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use helm_oci_suite::evidence;
use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::releases::{self, Release};
use helm_oci_suite::helm::tools::{self, Tool};
use semver::Version;
use serde::Serialize;

/// One era as it is listed.
#[derive(Serialize)]
pub(super) struct Entry {
    era: Era,
    library: &'static str,
    /// The versions with evidence.
    observed: Vec<Version>,
    /// The released versions without.
    not_observed: Vec<Released>,
    tools: Vec<ToolEntry>,
}

#[derive(Serialize)]
struct Released {
    version: Version,
    date: &'static str,
}

#[derive(Serialize)]
struct ToolEntry {
    name: &'static str,
    helm: Version,
    source: &'static str,
    date: &'static str,
}

/// All eras, compared with the evidence in the program.
pub(super) fn eras() -> Vec<Entry> {
    let recorded = evidence::recorded().evidence;
    let observed: BTreeSet<Version> = recorded.into_iter().map(|own| own.helm).collect();
    Era::ALL.iter().map(|era| entry(*era, &observed)).collect()
}

fn entry(era: Era, observed: &BTreeSet<Version>) -> Entry {
    let without_evidence = |release: &Release| !observed.contains(&release.version);
    let not_observed = releases::of(era).into_iter().filter(without_evidence);
    let of_era = observed
        .iter()
        .filter(|version| era.span().contains(version));
    Entry {
        era,
        library: era.library(),
        observed: of_era.cloned().collect(),
        not_observed: not_observed
            .map(|Release { version, date }| Released { version, date })
            .collect(),
        tools: tools::of(era).map(tool_entry).collect(),
    }
}

fn tool_entry(tool: &Tool) -> ToolEntry {
    ToolEntry {
        name: tool.name,
        helm: tool.helm(),
        source: tool.source,
        date: tool.date,
    }
}

pub(super) fn json(entries: &[Entry]) -> String {
    let mut text = serde_json::to_string_pretty(entries).expect("a list serialises");
    text.push('\n');
    text
}

pub(super) fn text(entries: &[Entry]) -> String {
    let mut text = String::new();
    for entry in entries {
        let _ = writeln!(text, "{:15}{}", entry.era.name(), entry.library);
        let _ = writeln!(text, "  evidence     {}", versions(&entry.observed));
        if let Some(newest) = entry.not_observed.last() {
            let _ = writeln!(text, "  not observed {}", not_observed(entry, newest));
        }
        for (at, tool) in entry.tools.iter().enumerate() {
            let label = if at == 0 { "tools" } else { "" };
            let ToolEntry {
                name,
                helm,
                source,
                date,
            } = tool;
            let _ = writeln!(text, "  {label:12} {name}: Helm {helm} ({source}, {date})");
        }
    }
    text.push_str(
        "A version without evidence is predicted as the versions of its era with evidence.\n",
    );
    text
}

fn versions(versions: &[Version]) -> String {
    if versions.is_empty() {
        return "none".to_owned();
    }
    let names: Vec<String> = versions.iter().map(ToString::to_string).collect();
    names.join(", ")
}

/// The newest release without evidence, and the number of older ones.
fn not_observed(entry: &Entry, newest: &Released) -> String {
    let Released { version, date } = newest;
    match entry.not_observed.len() - 1 {
        0 => format!("{version} ({date})"),
        more => format!("{version} ({date}) and {more} older"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_era_lists_its_releases_without_evidence() {
        let observed = BTreeSet::from([Version::new(3, 21, 1), Version::new(4, 2, 4)]);
        let found = entry(Era::Hardened3, &observed);
        assert_eq!(found.observed, [Version::new(3, 21, 1)]);
        let missing = found.not_observed.iter().map(|own| own.version.to_string());
        let missing: Vec<String> = missing.collect();
        assert_eq!(missing, ["3.21.2", "3.21.3", "3.21.4"]);
        let text = text(&[found]);
        let expected = "  evidence     3.21.1\n  not observed 3.21.4 (2026-08-13) and 2 older\n";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn every_era_has_evidence() {
        for entry in eras() {
            assert!(!entry.observed.is_empty(), "{}", entry.era);
        }
    }
}
