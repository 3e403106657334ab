//! What a registry answered, as files that a person can review.
//!
//! Insta's format is made for values in tests and names their source line; these are plain text files whose
//! names say what they are. A line of an exchange begins with `reads` or `ignores`: whether Helm cares.

mod chart;
mod contract;
mod difference;
mod names;

use std::collections::BTreeMap;

pub use self::chart::{Part, chart};
pub use self::contract::{Said, Step};
pub use self::difference::{Change, Difference};
pub use self::names::Names;
pub(crate) use self::names::without_ids;

/// The version of the form; a snapshot of another one cannot be compared.
pub const FORM: u32 = 1;

/// The file that says which form the others have.
const ABOUT: &str = "about.txt";

/// What begins a line that Helm reads.
const READS: &str = "  reads    ";

/// What begins a line that Helm ignores.
const IGNORES: &str = "  ignores  ";

/// The files by their names, `/` between folders.
pub type Files = BTreeMap<String, String>;

/// What a registry answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    files: Files,
}

impl Snapshot {
    /// Of these charts and tag lists, by file name, and of these exchanges in their order.
    pub fn of(content: Files, said: &[Said]) -> Self {
        let mut snapshot = Self { files: content };
        contract::write(said, &mut snapshot);
        snapshot.insert(ABOUT.to_owned(), about());
        snapshot
    }

    /// As it was read from files; `None` if they have another form.
    pub fn read(files: Files) -> Option<Self> {
        (files.get(ABOUT) == Some(&about())).then_some(Self { files })
    }

    /// Its files.
    pub const fn files(&self) -> &Files {
        &self.files
    }

    fn insert(&mut self, name: String, text: String) {
        self.files.insert(name, text);
    }
}

fn about() -> String {
    format!(
        "A snapshot of a registry by helm-oci-conformance, form {FORM}. In exchanges/, a line says whether Helm\n\
         reads it or ignores it; words in braces stand for what differs from one run to the next.\n"
    )
}

fn reads(text: &str) -> String {
    format!("{READS}{text}")
}

fn ignores(text: &str) -> String {
    format!("{IGNORES}{text}")
}
