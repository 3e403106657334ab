//! Updates a deviations file from a run record. The order and the comments of the file are kept.

use std::path::Path;

use helm_oci_reports::record::{CheckRecord, RunRecord, TargetRecord};
use helm_oci_suite::requirement::outcome::Outcome;
use toml_edit::{ArrayOfTables, Date, DocumentMut, Item, Table, value};

use super::file::parse;
use super::{Deviation, DeviationError};

/// The values of new entries that the record does not contain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// The reason; empty if the user writes it later.
    pub reason: String,
    /// The link; empty if the user writes it later.
    pub link: String,
    /// The expiry date.
    pub expires: Date,
    /// The day of the update, such as `2026-11-23`.
    pub today: String,
}

/// The numbers of changed entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// New entries, for violations without an entry.
    pub added: usize,
    /// Expired entries with a later date, for violations that are still observed.
    pub renewed: usize,
    /// Removed entries, for violations that are no longer observed.
    pub removed: usize,
}

/// Returns the updated text of a deviations file, and the changes: violations are added, stale entries removed.
pub fn update(
    path: &Path,
    text: &str,
    record: &RunRecord,
    fill: &Fill,
) -> Result<(String, Changes), DeviationError> {
    let malformed = |reason: String| DeviationError::Malformed {
        path: path.to_owned(),
        reason,
    };
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| malformed(error.to_string()))?;
    let known = parse(path, text)?;
    let mut changes = Changes::default();
    let entries = document
        .entry("deviation")
        .or_insert(Item::ArrayOfTables(ArrayOfTables::new()))
        .as_array_of_tables_mut()
        .ok_or_else(|| malformed("write the entries as [[deviation]]".to_owned()))?;
    renew(entries, &known, record, fill, &mut changes);
    remove(entries, &known, record, &mut changes);
    for (target, check) in violations(record) {
        let is_listed = |deviation: &Deviation| matches(deviation, target, check);
        if !known.iter().any(is_listed) {
            entries.push(entry(target, check, fill));
            changes.added += 1;
        }
    }
    if changes == Changes::default() {
        return Ok((text.to_owned(), changes));
    }
    let written = document.to_string();
    let first = usize::from(text.is_empty() && written.starts_with('\n'));
    Ok((written[first..].to_owned(), changes))
}

/// The violations that fail the run, or would fail it without the file.
fn violations(record: &RunRecord) -> impl Iterator<Item = (&TargetRecord, &CheckRecord)> {
    record
        .checks()
        .filter(|(_, check)| matches!(check.outcome, Outcome::Fail | Outcome::Known))
}

fn matches(deviation: &Deviation, target: &TargetRecord, check: &CheckRecord) -> bool {
    deviation.requirement.id == check.id && deviation.applies_to(&target.name, &target.identity)
}

/// Sets a later date in expired entries whose violation is still observed.
fn renew(
    entries: &mut ArrayOfTables,
    known: &[Deviation],
    record: &RunRecord,
    fill: &Fill,
    changes: &mut Changes,
) {
    for (table, deviation) in entries.iter_mut().zip(known) {
        // An expired entry tolerates nothing: the violation of a SHOULD is then a warning.
        let is_violation =
            |outcome| matches!(outcome, Outcome::Fail | Outcome::Known | Outcome::Warn);
        let is_observed = record.checks().any(|(target, check)| {
            is_violation(check.outcome) && matches(deviation, target, check)
        });
        if is_observed && deviation.expires < fill.today {
            let expires = table.get_mut("expires").and_then(Item::as_value_mut);
            let expires = expires.expect("the entry is validated");
            let decor = expires.decor().clone();
            *expires = fill.expires.into();
            *expires.decor_mut() = decor;
            changes.renewed += 1;
        }
    }
}

/// Removes the entries whose violation was checked and not observed on any target.
fn remove(
    entries: &mut ArrayOfTables,
    known: &[Deviation],
    record: &RunRecord,
    changes: &mut Changes,
) {
    let is_stale = |deviation: &Deviation| {
        let mut outcomes = record
            .checks()
            .filter(|(target, check)| matches(deviation, target, check))
            .map(|(_, check)| check.outcome)
            .peekable();
        let holds = |outcome| matches!(outcome, Outcome::Stale | Outcome::Pass);
        outcomes.peek().is_some() && outcomes.all(holds)
    };
    for position in (0..known.len()).rev() {
        if is_stale(&known[position]) {
            entries.remove(position);
            changes.removed += 1;
        }
    }
}

fn entry(target: &TargetRecord, check: &CheckRecord, fill: &Fill) -> Table {
    let mut table = Table::new();
    table.insert("requirement", value(&check.id));
    table.insert("target", value(&target.name));
    table.insert("reason", value(&fill.reason));
    table.insert("link", value(&fill.link));
    table.insert("expires", value(toml_edit::Datetime::from(fill.expires)));
    table.decor_mut().set_prefix("\n");
    table
}
