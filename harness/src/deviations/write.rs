//! The list brought up to what a record shows, with the smallest change: order and comments of the file stay.

use std::path::Path;

use helm_oci_reports::record::{CheckRecord, RunRecord, TargetRecord};
use helm_oci_suite::requirement::outcome::Outcome;
use toml_edit::{ArrayOfTables, Date, DocumentMut, Item, Table, value};

use super::file::parse;
use super::{Deviation, DeviationError};

/// What new entries say beyond the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// Why they are tolerated; empty if somebody has to write it yet.
    pub reason: String,
    /// Where they are followed up; empty likewise.
    pub link: String,
    /// The last day.
    pub expires: Date,
    /// The day of the change, as `2026-11-23`.
    pub today: String,
}

/// What was changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// Entries for violations that no entry spoke of.
    pub added: usize,
    /// Entries that had expired, for violations that are still there.
    pub renewed: usize,
    /// Entries for what is violated no more.
    pub removed: usize,
}

/// The text of the list, brought up to the record: what fails is listed, what is stale is not.
pub fn update(
    path: &Path,
    text: &str,
    record: &RunRecord,
    fill: &Fill,
) -> Result<(String, Changes), DeviationError> {
    let malformed = |what: String| DeviationError::Malformed {
        path: path.to_owned(),
        what,
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
        .ok_or_else(|| malformed("write its entries as [[deviation]]".to_owned()))?;
    renew(entries, &known, record, fill, &mut changes);
    remove(entries, &known, record, &mut changes);
    for (target, check) in violations(record) {
        let is_listed = |deviation: &Deviation| speaks_of(deviation, target, check);
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

/// What fails the run, or would without the list.
fn violations(record: &RunRecord) -> impl Iterator<Item = (&TargetRecord, &CheckRecord)> {
    record
        .checks()
        .filter(|(_, check)| matches!(check.outcome, Outcome::Fail | Outcome::Known))
}

fn speaks_of(deviation: &Deviation, target: &TargetRecord, check: &CheckRecord) -> bool {
    deviation.requirement.id == check.id && deviation.concerns(&target.name, &target.identity)
}

/// Gives entries that have expired a later day, where what they say is still so.
fn renew(
    entries: &mut ArrayOfTables,
    known: &[Deviation],
    record: &RunRecord,
    fill: &Fill,
    changes: &mut Changes,
) {
    for (table, deviation) in entries.iter_mut().zip(known) {
        // An entry that has expired tolerates nothing: the violation of a SHOULD is a warning then.
        let is_seen = |outcome| matches!(outcome, Outcome::Fail | Outcome::Known | Outcome::Warn);
        let is_there = record
            .checks()
            .any(|(target, check)| is_seen(check.outcome) && speaks_of(deviation, target, check));
        if is_there && deviation.expires < fill.today {
            let expires = table.get_mut("expires").and_then(Item::as_value_mut);
            let expires = expires.expect("it was read");
            let decor = expires.decor().clone();
            *expires = fill.expires.into();
            *expires.decor_mut() = decor;
            changes.renewed += 1;
        }
    }
}

/// Takes out what was looked at and is seen nowhere.
fn remove(
    entries: &mut ArrayOfTables,
    known: &[Deviation],
    record: &RunRecord,
    changes: &mut Changes,
) {
    let is_stale = |deviation: &Deviation| {
        let mut outcomes = record
            .checks()
            .filter(|(target, check)| speaks_of(deviation, target, check))
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
