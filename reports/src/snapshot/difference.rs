//! The difference between two snapshots: first what Helm reads, then what it ignores.

use std::collections::BTreeSet;

use serde::Serialize;
use similar::TextDiff;

use super::{IGNORES, READS, Snapshot};

/// The number of equal lines around a changed one.
const CONTEXT: usize = 3;

/// The difference between two snapshots.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SnapshotDifference {
    /// Changes that Helm reads, in the order of files.
    #[serde(rename = "cares")]
    pub read: Vec<FileChange>,
    /// Changes that Helm ignores.
    #[serde(rename = "ignores")]
    pub ignored: Vec<FileChange>,
}

/// The change of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileChange {
    /// Its name.
    pub file: String,
    /// The change in the format of `diff -u`, without the header.
    pub diff: String,
}

impl SnapshotDifference {
    /// The difference from `before` to `after`.
    pub fn between(before: &Snapshot, after: &Snapshot) -> Self {
        let names = before.files().keys().chain(after.files().keys());
        let names: BTreeSet<&String> = names.collect();
        let mut difference = Self::default();
        for name in names {
            let text =
                |snapshot: &Snapshot| snapshot.files().get(name).cloned().unwrap_or_default();
            let (old, new) = (text(before), text(after));
            let read = change(name, &without(&old, IGNORES), &without(&new, IGNORES));
            difference.read.extend(read);
            let ignored = change(name, &without(&old, READS), &without(&new, READS));
            difference
                .ignored
                .extend(ignored.filter(|change| has_ignored(&change.diff)));
        }
        difference
    }

    /// True if nothing differs.
    pub fn is_empty(&self) -> bool {
        self.read.is_empty() && self.ignored.is_empty()
    }

    /// The names of the files that differ, each once.
    pub fn files(&self) -> Vec<&str> {
        let all = self.read.iter().chain(&self.ignored);
        let mut names: Vec<&str> = all.map(|change| change.file.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn change(file: &str, old: &str, new: &str) -> Option<FileChange> {
    if old == new {
        return None;
    }
    let diff = TextDiff::from_lines(old, new);
    let diff = diff.unified_diff().context_radius(CONTEXT).to_string();
    Some(FileChange {
        file: file.to_owned(),
        diff,
    })
}

/// The lines that do not begin with `mark`.
fn without(text: &str, mark: &str) -> String {
    let lines = text.split_inclusive('\n');
    lines.filter(|line| !line.starts_with(mark)).collect()
}

/// True if a changed line is one that Helm ignores; the other changed lines are in the part that Helm reads.
fn has_ignored(diff: &str) -> bool {
    let mut lines = diff.lines();
    lines.any(|line| {
        line.strip_prefix(['+', '-'])
            .is_some_and(|rest| rest.starts_with(IGNORES))
    })
}
