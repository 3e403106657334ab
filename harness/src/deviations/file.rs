//! The file, read and checked before anything is run.

use std::path::{Path, PathBuf};

use helm_oci_suite::checks;
use helm_oci_suite::requirement::Level;
use semver::VersionReq;
use serde::Deserialize;
use thiserror::Error;
use toml::value::Datetime;

use super::Deviation;

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

/// Why a list of deviations cannot be used.
#[derive(Debug, Error)]
pub enum DeviationError {
    /// It cannot be read or written.
    #[error("cannot open {path}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It is no TOML, or has other keys.
    #[error("{path} is no list of deviations: {what}", path = .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        what: String,
    },
    /// One entry is wrong.
    #[error("{path}, deviation {number} (`{requirement}` on `{target}`): {what}", path = .path.display())]
    Entry {
        /// The file.
        path: PathBuf,
        /// Which entry, from 1.
        number: usize,
        /// The requirement it names.
        requirement: String,
        /// The target it names.
        target: String,
        /// What is wrong, and what to do.
        what: String,
    },
}

/// Reads a list of deviations.
pub fn read(path: &Path) -> Result<Vec<Deviation>, DeviationError> {
    let text = std::fs::read_to_string(path).map_err(|source| DeviationError::File {
        path: path.to_owned(),
        source,
    })?;
    parse(path, &text)
}

/// Reads the text of a list; `path` is for the words of an error.
pub(super) fn parse(path: &Path, text: &str) -> Result<Vec<Deviation>, DeviationError> {
    let file: File = toml::from_str(text).map_err(|error| DeviationError::Malformed {
        path: path.to_owned(),
        what: error.to_string().trim_end().to_owned(),
    })?;
    let mut deviations: Vec<Deviation> = Vec::with_capacity(file.deviation.len());
    for (position, entry) in file.deviation.into_iter().enumerate() {
        let (requirement, target) = (entry.requirement.clone(), entry.target.clone());
        let twice = |known: &Deviation, own: &Deviation| {
            (known.requirement.id, &known.target, &known.versions)
                == (own.requirement.id, &own.target, &own.versions)
        };
        let checked = check(entry).and_then(|own| {
            if deviations.iter().any(|known| twice(known, &own)) {
                Err("it stands there twice; take one out".to_owned())
            } else {
                Ok(own)
            }
        });
        deviations.push(checked.map_err(|what| DeviationError::Entry {
            path: path.to_owned(),
            number: position + 1,
            requirement,
            target,
            what,
        })?);
    }
    Ok(deviations)
}

/// Whether a list takes this as the place where a deviation is followed up.
pub fn is_link(text: &str) -> bool {
    let schemes = ["https://", "http://"];
    schemes.iter().any(|scheme| text.starts_with(scheme))
}

/// One entry, or what is wrong with it.
fn check(entry: Entry) -> Result<Deviation, String> {
    let id = &entry.requirement;
    let requirement = checks::find(id).ok_or_else(|| {
        let nearest = checks::nearest(id).unwrap_or("none");
        format!("there is no such requirement; the nearest is `{nearest}`, `list` shows all")
    })?;
    if requirement.level == Level::May {
        return Err("it is a MAY, which fails no run: take the entry out".to_owned());
    }
    if entry.target.trim().is_empty() {
        return Err("`target` is empty: write the name of a target, or `*` for all".to_owned());
    }
    if entry.reason.trim().is_empty() {
        return Err("`reason` is empty: say why it is tolerated".to_owned());
    }
    if !is_link(&entry.link) {
        return Err("`link` is no URL: say where it is followed up".to_owned());
    }
    let Datetime {
        date: Some(day),
        time: None,
        ..
    } = entry.expires
    else {
        return Err("`expires` is no day: write it as 2027-03-31".to_owned());
    };
    let versions = entry.versions.as_deref().map(|text| {
        VersionReq::parse(text).map_err(|error| {
            format!("`versions` is no range such as `>=2.1, <2.2`: `{text}`: {error}")
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
            .expect_err("it is wrong")
            .to_string()
    }

    #[test]
    fn an_entry_is_read() {
        let read = parse(Path::new("known.toml"), GOOD).expect("it is right");
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
    fn what_is_wrong_is_named_with_the_next_step() {
        for (from, to, words) in [
            (
                "tags/complete",
                "tags/complet",
                "the nearest is `tags/complete`",
            ),
            ("tags/complete", "legacy/bare-manifest-type", "it is a MAY"),
            ("\"zot\"", "\" \"", "`target` is empty"),
            ("no Link", "", "`reason` is empty"),
            ("https://example.org/1", "later", "`link` is no URL"),
            ("2027-03-31", "2027-03-31T10:00:00", "`expires` is no day"),
            (">=2.1", "next", "`versions` is no range"),
            ("reason =", "because =", "unknown field `because`"),
        ] {
            let said = error(&GOOD.replace(from, to));
            assert!(said.contains(words), "{said}");
            assert!(said.starts_with("known.toml"), "{said}");
        }
        let said = error(&GOOD.repeat(2));
        assert!(
            said.contains("deviation 2 (`tags/complete` on `zot`): it stands there twice"),
            "{said}"
        );
    }
}
