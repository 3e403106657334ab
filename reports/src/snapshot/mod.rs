//! The responses of a registry as files that a person can review.
//!
//! Insta's format is made for values in tests and names their source line. These are plain text files whose names
//! describe their content. A line of an exchange begins with `reads` or `ignores`: whether Helm depends on it.

mod chart;
mod difference;
mod exchanges;
mod names;

use std::collections::BTreeMap;

pub use self::chart::{ChartPart, chart};
pub use self::difference::{FileChange, SnapshotDifference};
pub use self::exchanges::{SnapshotStep, StepExchange};
pub use self::names::Placeholders;
pub(crate) use self::names::without_ids;

/// The version of the form; a snapshot of another form cannot be compared.
pub const FORM: u32 = 3;

/// The file that names the form of the others.
const ABOUT: &str = "about.txt";

/// The beginning of a line that Helm reads.
const READS: &str = "  reads    ";

/// The beginning of a line that Helm ignores.
const IGNORES: &str = "  ignores  ";

/// Files by their names, with `/` between folders.
pub type SnapshotFiles = BTreeMap<String, String>;

/// The responses of a registry as files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    files: SnapshotFiles,
}

impl Snapshot {
    /// The snapshot of these charts and tag lists, by file name, and of these exchanges in their order.
    pub fn of(content: SnapshotFiles, exchanges: &[StepExchange]) -> Self {
        let mut snapshot = Self { files: content };
        exchanges::write(exchanges, &mut snapshot);
        snapshot.insert(ABOUT.to_owned(), about());
        snapshot
    }

    /// The snapshot in these files; none if they have another form.
    pub fn read(files: SnapshotFiles) -> Option<Self> {
        (files.get(ABOUT) == Some(&about())).then_some(Self { files })
    }

    /// Its files.
    pub const fn files(&self) -> &SnapshotFiles {
        &self.files
    }

    fn insert(&mut self, name: String, text: String) {
        self.files.insert(name, text);
    }
}

fn about() -> String {
    format!(
        "A snapshot of a registry by helm-oci-conformance, form {FORM}. In exchanges/, each line shows whether Helm\n\
         reads or ignores it. Words in braces replace values that differ from one run to the next.\n"
    )
}

fn reads(text: &str) -> String {
    format!("{READS}{text}")
}

fn ignores(text: &str) -> String {
    format!("{IGNORES}{text}")
}
