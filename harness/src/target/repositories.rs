//! A file of repository names, one a line; empty lines and what follows a `#` say nothing.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a file of names cannot be used.
#[derive(Debug, Error)]
pub enum RepositoryFileError {
    /// It cannot be read.
    #[error("cannot read the file of repositories {}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A line is no name.
    #[error("line {line} of {} is no name of a repository; write one a line, without the host", .path.display())]
    NoName {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// A name comes twice.
    #[error("{} names {name} twice", .path.display())]
    Twice {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
    },
}

/// Reads the names, in the order of the file.
pub fn read(path: &Path) -> Result<Vec<String>, RepositoryFileError> {
    let text = std::fs::read_to_string(path).map_err(|source| RepositoryFileError::Unreadable {
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
        if !is_repository(name) {
            return Err(RepositoryFileError::NoName {
                path: path.to_owned(),
                line: position + 1,
            });
        }
        if !known.insert(name) {
            return Err(RepositoryFileError::Twice {
                path: path.to_owned(),
                name: name.to_owned(),
            });
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

/// True if a text fits the grammar of repository names.
pub(crate) fn is_repository(name: &str) -> bool {
    name.split('/').all(is_component)
}

/// True if a path component fits the grammar of repository names.
fn is_component(component: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    edge(component.chars().next()) && edge(component.chars().last()) && component.chars().all(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("names");
        std::fs::write(&path, text).expect("it can be written");
        read(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn names_are_read_and_what_is_none_is_told() {
        let names = of("# ours\nteam/a\n\n  team/b-1 # the second\n");
        assert_eq!(names, Ok(vec!["team/a".to_owned(), "team/b-1".to_owned()]));
        for (text, words) in [
            ("team/a\nhttps://r.example/b\n", "line 2 of"),
            ("Team/a\n", "line 1 of"),
            ("a\nb\na\n", "names a twice"),
        ] {
            let error = of(text).expect_err(text);
            assert!(error.contains(words), "{error}");
        }
        let missing = read(Path::new("/nonexistent/names")).expect_err("it is not there");
        assert!(missing.to_string().contains("/nonexistent/names"));
    }
}
