//! A file of repository names, one on each line. Empty lines, and text after a `#`, are ignored.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A file of names that cannot be used.
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
    #[error("{}, line {line}: invalid repository name; write one name on each line, without the host", .path.display())]
    InvalidName {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
    },
    /// A name is repeated.
    #[error("{} lists {name} twice; remove one of the lines", .path.display())]
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
            return Err(RepositoryFileError::InvalidName {
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

/// True if a text matches the grammar of repository names in the distribution-spec.
pub(crate) fn is_repository(name: &str) -> bool {
    name.split('/').all(is_component)
}

fn is_component(component: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let mut separators = component.split(is_word).filter(|text| !text.is_empty());
    component.starts_with(is_word)
        && component.ends_with(is_word)
        && separators
            .all(|text| matches!(text, "." | "_" | "__") || text.bytes().all(|byte| byte == b'-'))
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
    fn names_are_read_and_invalid_lines_are_reported() {
        let names = of("# ours\nteam/a\n\n  team/b-1 # the second\n");
        assert_eq!(names, Ok(vec!["team/a".to_owned(), "team/b-1".to_owned()]));
        for (text, words) in [
            ("team/a\nhttps://r.example/b\n", "line 2: invalid"),
            ("Team/a\n", "line 1: invalid"),
            ("a\nb\na\n", "lists a twice"),
        ] {
            let error = of(text).expect_err(text);
            assert!(error.contains(words), "{error}");
        }
        let missing = read(Path::new("/nonexistent/names")).expect_err("it is not there");
        assert!(missing.to_string().contains("/nonexistent/names"));
    }

    #[test]
    fn names_follow_the_grammar_of_the_distribution_spec() {
        for valid in ["a", "a.b", "a_b/a__b", "a---b", "0"] {
            assert!(is_repository(valid), "{valid}");
        }
        for invalid in ["", "a..b", "a___b", "a._b", "a-", ".a", "a//b", "A"] {
            assert!(!is_repository(invalid), "{invalid}");
        }
    }
}
