//! The view of a difference between two snapshots.

use crate::snapshot::{FileChange, SnapshotDifference};
use crate::text::plural;

/// The view of a difference between two snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DifferenceView<'a> {
    /// The changes that Helm reads.
    pub read: Vec<FileView<'a>>,
    /// The changes that it ignores.
    pub ignored: Vec<FileView<'a>>,
    /// The summary in one sentence.
    pub summary: String,
}

/// The heading of changes that Helm reads.
pub const READ: &str = "Differences that Helm reads";

/// The heading of changes that Helm ignores.
pub const IGNORED: &str = "Differences that Helm ignores";

/// The change of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileView<'a> {
    /// Its name.
    pub name: &'a str,
    /// The lines of the difference.
    pub lines: Vec<DiffLine<'a>>,
}

/// One line of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiffLine<'a> {
    /// Its kind.
    pub kind: DiffKind,
    /// The line with its sign.
    pub text: &'a str,
}

/// A kind of line in a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiffKind {
    /// A line that is new.
    Added,
    /// A line that is gone.
    Removed,
    /// The positions of a hunk.
    Hunk,
    /// A line that is the same.
    Context,
}

impl<'a> DifferenceView<'a> {
    /// The view of a difference.
    pub fn of(difference: &'a SnapshotDifference) -> Self {
        Self {
            read: difference.read.iter().map(file).collect(),
            ignored: difference.ignored.iter().map(file).collect(),
            summary: summary(difference),
        }
    }
}

pub(super) fn file(change: &FileChange) -> FileView<'_> {
    let lines = change.diff.lines().map(|text| DiffLine {
        kind: match text.as_bytes().first() {
            Some(b'+') => DiffKind::Added,
            Some(b'-') => DiffKind::Removed,
            Some(b'@') => DiffKind::Hunk,
            _ => DiffKind::Context,
        },
        text,
    });
    FileView {
        name: &change.file,
        lines: lines.collect(),
    }
}

fn summary(difference: &SnapshotDifference) -> String {
    let files = plural(difference.files().len(), "file");
    let what = match (difference.read.is_empty(), difference.ignored.is_empty()) {
        (true, _) => "only in what Helm ignores",
        (false, true) => "only in what Helm reads",
        (false, false) => "in what Helm reads and in what it ignores",
    };
    format!("{files} changed {what}. Run `snapshot accept` to accept the changes.")
}
