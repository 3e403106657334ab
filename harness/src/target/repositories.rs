//! A file of repository names, one on each line. Empty lines, and text after a `#`, are ignored.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use helm_oci_suite::oci::RepositoryName;
use thiserror::Error;

use crate::input;

/// An invalid or unreadable file of repository names.
#[derive(Debug, Error)]
pub enum RepositoryFileError {
    /// The file cannot be read.
    #[error("cannot read the repositories in {}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A line is not a name.
    #[error("{}, line {line}: invalid repository name{}; write one name on each line, without the host", .path.display(), quoted(.text))]
    InvalidName {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// The text of the line.
        text: String,
    },
    /// A name is repeated.
    #[error("{} lists {name} twice; remove one of the lines", .path.display())]
    Twice {
        /// The file.
        path: PathBuf,
        /// The name.
        name: RepositoryName,
    },
}

/// Reads the names, in the order of the file.
pub fn read(path: &Path) -> Result<Vec<RepositoryName>, RepositoryFileError> {
    let text = input::read(path).map_err(|source| RepositoryFileError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let mut names = Vec::new();
    let mut known = BTreeSet::new();
    for (position, line) in text.lines().enumerate() {
        let name = line.split('#').next().unwrap_or(line).trim();
        if name.is_empty() {
            continue;
        }
        let name: RepositoryName = name.parse().map_err(|_| RepositoryFileError::InvalidName {
            path: path.to_owned(),
            line: position + 1,
            text: name.to_owned(),
        })?;
        if !known.insert(name.clone()) {
            return Err(RepositoryFileError::Twice {
                path: path.to_owned(),
                name,
            });
        }
        names.push(name);
    }
    Ok(names)
}

/// The text of a line, quoted after a space. Empty for a text that may be a URL with a password.
fn quoted(text: &str) -> String {
    if text.contains(['@', ':']) {
        return String::new();
    }
    format!(" `{}`", input::problem(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Vec<RepositoryName>, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("names");
        std::fs::write(&path, text).expect("it can be written");
        read(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn names_are_read_and_invalid_lines_are_reported() {
        let names = of("# ours\nteam/a\n\n  team/b-1 # the second\n");
        assert_eq!(names.expect("both are valid"), ["team/a", "team/b-1"]);
        for (text, words) in [
            (
                "team/a\nhttps://me:secret@r.example/b\n",
                "line 2: invalid repository name; write",
            ),
            ("Team/a\n", "line 1: invalid repository name `Team/a`;"),
            (
                "b\na..b # dots\n",
                "line 2: invalid repository name `a..b`;",
            ),
            ("a\nb\na\n", "lists a twice"),
        ] {
            let error = of(text).expect_err(text);
            assert!(error.contains(words), "{error}");
        }
        let missing = read(Path::new("/nonexistent/names")).expect_err("it is not there");
        assert!(missing.to_string().contains("/nonexistent/names"));
    }
}
