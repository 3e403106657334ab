//! Two snapshots held against each other: first what Helm cares about, then what it ignores.

use serde::Serialize;
use similar::TextDiff;

use super::{IGNORES, READS, Snapshot};

/// How many equal lines stand around a changed one.
const CONTEXT: usize = 3;

/// What differs between two snapshots.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What Helm cares about, in the order of files.
    pub cares: Vec<Change>,
    /// What it ignores.
    pub ignores: Vec<Change>,
}

/// One file that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Its name.
    pub file: String,
    /// The difference, as `diff -u` writes it, without its head.
    pub diff: String,
}

impl Difference {
    /// What became of `before`.
    pub fn between(before: &Snapshot, after: &Snapshot) -> Self {
        let names = before.files().keys().chain(after.files().keys());
        let names: std::collections::BTreeSet<&String> = names.collect();
        let mut difference = Self::default();
        for name in names {
            let text =
                |snapshot: &Snapshot| snapshot.files().get(name).cloned().unwrap_or_default();
            let (old, new) = (text(before), text(after));
            let read = change(name, &without(&old, IGNORES), &without(&new, IGNORES));
            difference.cares.extend(read);
            let ignored = change(name, &without(&old, READS), &without(&new, READS));
            difference
                .ignores
                .extend(ignored.filter(|change| has_ignored(&change.diff)));
        }
        difference
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.cares.is_empty() && self.ignores.is_empty()
    }

    /// The names of the files that differ, each once.
    pub fn files(&self) -> Vec<&str> {
        let all = self.cares.iter().chain(&self.ignores);
        let mut names: Vec<&str> = all.map(|change| change.file.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn change(file: &str, old: &str, new: &str) -> Option<Change> {
    if old == new {
        return None;
    }
    let diff = TextDiff::from_lines(old, new);
    let diff = diff.unified_diff().context_radius(CONTEXT).to_string();
    Some(Change {
        file: file.to_owned(),
        diff,
    })
}

/// The lines that do not begin so.
fn without(text: &str, mark: &str) -> String {
    let lines = text.split_inclusive('\n');
    lines.filter(|line| !line.starts_with(mark)).collect()
}

/// Whether a line that Helm ignores is among the changed ones: others were told already.
fn has_ignored(diff: &str) -> bool {
    let mut lines = diff.lines();
    lines.any(|line| {
        line.strip_prefix(['+', '-'])
            .is_some_and(|rest| rest.starts_with(IGNORES))
    })
}
