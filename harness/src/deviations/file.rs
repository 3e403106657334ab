//! The deviations file. It is validated before a run starts.

use std::path::{Path, PathBuf};

use helm_oci_suite::checks;
use helm_oci_suite::requirement::Level;
use semver::VersionReq;
use serde::Deserialize;
use thiserror::Error;
use toml::value::Datetime;

use super::Deviation;
use crate::input;

/// The file, as TOML.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    deviation: Vec<Entry>,
}

/// One entry.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    requirement: String,
    target: String,
    versions: Option<String>,
    reason: String,
    link: String,
    expires: Datetime,
}

/// A deviations file that cannot be used.
#[derive(Debug, Error)]
pub enum DeviationError {
    /// The file cannot be read.
    #[error("cannot read the deviations file {path}", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The file is not TOML, or has an unknown key.
    #[error("{path} is not a valid deviations file: {reason}", path = .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The problem, with its line.
        reason: String,
    },
    /// One entry is invalid.
    #[error("{path}, deviation {number} (`{requirement}` on `{target}`): {error}", path = .path.display())]
    Entry {
        /// The file.
        path: PathBuf,
        /// The number of the entry, from 1.
        number: usize,
        /// The requirement in it.
        requirement: String,
        /// The target in it.
        target: String,
        /// The problem.
        error: EntryError,
    },
}

/// An invalid entry of a deviations file.
#[derive(Debug, Error)]
pub enum EntryError {
    /// The requirement does not exist.
    #[error("unknown requirement; did you mean `{nearest}`? `list` prints all")]
    UnknownRequirement {
        /// The most similar id.
        nearest: &'static str,
    },
    /// The requirement fails no run.
    #[error("the requirement is a MAY and never fails a run; remove the entry")]
    May,
    /// The target is empty.
    #[error("`target` is empty; write the name of a target, or `*` for all")]
    NoTarget,
    /// The reason is empty.
    #[error("`reason` is empty; state why the violation is tolerated")]
    NoReason,
    /// The link is not a URL.
    #[error("`link` is not a URL; link the issue that tracks the violation")]
    NoLink,
    /// The expiry date is not a date.
    #[error("`expires` is not a date; write it as 2027-03-31")]
    NoDate,
    /// The versions are not a range.
    #[error("`versions` is not a version range such as `>=2.1, <2.2`: `{text}`: {error}")]
    Versions {
        /// The text, as given.
        text: String,
        /// The problem.
        error: semver::Error,
    },
    /// An earlier entry has the same requirement, target and versions.
    #[error("an earlier entry has the same requirement, target and versions; remove one of them")]
    Duplicate,
}

/// Reads a deviations file.
pub fn read(path: &Path) -> Result<Vec<Deviation>, DeviationError> {
    let text = input::read(path).map_err(|source| DeviationError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    parse(path, &text)
}

/// Parses the text of a deviations file; `path` is for errors.
pub(super) fn parse(path: &Path, text: &str) -> Result<Vec<Deviation>, DeviationError> {
    let file: File = toml::from_str(text).map_err(|error| DeviationError::Malformed {
        path: path.to_owned(),
        reason: input::problem(&error),
    })?;
    let mut deviations: Vec<Deviation> = Vec::with_capacity(file.deviation.len());
    for (position, entry) in file.deviation.into_iter().enumerate() {
        let (requirement, target) = (entry.requirement.clone(), entry.target.clone());
        let is_same = |known: &Deviation, own: &Deviation| {
            (known.requirement.id, &known.target, &known.versions)
                == (own.requirement.id, &own.target, &own.versions)
        };
        let checked = check(entry).and_then(|own| {
            if deviations.iter().any(|known| is_same(known, &own)) {
                Err(EntryError::Duplicate)
            } else {
                Ok(own)
            }
        });
        deviations.push(checked.map_err(|error| DeviationError::Entry {
            path: path.to_owned(),
            number: position + 1,
            requirement,
            target,
            error,
        })?);
    }
    Ok(deviations)
}

/// True if a text can be the link of an entry.
pub fn is_link(text: &str) -> bool {
    let schemes = ["https://", "http://"];
    schemes.iter().any(|scheme| text.starts_with(scheme))
}

/// Validates one entry.
fn check(entry: Entry) -> Result<Deviation, EntryError> {
    let id = &entry.requirement;
    let requirement = checks::find(id).ok_or_else(|| EntryError::UnknownRequirement {
        nearest: checks::nearest_id(id).unwrap_or("none"),
    })?;
    if requirement.level == Level::May {
        return Err(EntryError::May);
    }
    if entry.target.trim().is_empty() {
        return Err(EntryError::NoTarget);
    }
    if entry.reason.trim().is_empty() {
        return Err(EntryError::NoReason);
    }
    if !is_link(&entry.link) {
        return Err(EntryError::NoLink);
    }
    let Datetime {
        date: Some(day),
        time: None,
        ..
    } = entry.expires
    else {
        return Err(EntryError::NoDate);
    };
    let versions = entry.versions.as_deref().map(|text| {
        VersionReq::parse(text).map_err(|error| EntryError::Versions {
            text: text.to_owned(),
            error,
        })
    });
    Ok(Deviation {
        requirement,
        target: entry.target,
        versions: versions.transpose()?,
        reason: entry.reason,
        link: entry.link,
        expires: day.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
# The first.
[[deviation]]
requirement = "tags/complete"
target = "zot"
versions = ">=2.1, <2.2"
reason = "no Link"
link = "https://example.org/1"
expires = 2027-03-31
"#;

    fn error(text: &str) -> String {
        parse(Path::new("known.toml"), text)
            .expect_err("it is invalid")
            .to_string()
    }

    #[test]
    fn an_entry_is_read() {
        let read = parse(Path::new("known.toml"), GOOD).expect("it is valid");
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].requirement.id, "tags/complete");
        assert_eq!(read[0].expires, "2027-03-31");
        assert!(
            parse(Path::new("known.toml"), "")
                .expect("empty")
                .is_empty()
        );
    }

    #[test]
    fn each_mistake_is_reported_with_the_next_step() {
        for (from, to, words) in [
            (
                "tags/complete",
                "tags/complet",
                "did you mean `tags/complete`?",
            ),
            ("tags/complete", "legacy/bare-manifest-type", "is a MAY"),
            ("\"zot\"", "\" \"", "`target` is empty"),
            ("no Link", "", "`reason` is empty"),
            ("https://example.org/1", "later", "`link` is not a URL"),
            (
                "2027-03-31",
                "2027-03-31T10:00:00",
                "`expires` is not a date",
            ),
            (">=2.1", "next", "`versions` is not a version range"),
            ("reason =", "because =", "unknown field `because`"),
        ] {
            let error = error(&GOOD.replace(from, to));
            assert!(error.contains(words), "{error}");
            assert!(error.starts_with("known.toml"), "{error}");
        }
        let error = error(&GOOD.repeat(2));
        assert!(
            error.contains("deviation 2 (`tags/complete` on `zot`): an earlier entry"),
            "{error}"
        );
    }
}
