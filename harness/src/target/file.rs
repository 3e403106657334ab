//! A targets file: the registries of a matrix, with their versions and configurations.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

use crate::input;
use crate::target::spec::TargetSpec;

/// The file, as TOML.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    target: Vec<Entry>,
}

/// One entry: a target, or one for each version and each configuration.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Entry {
    /// Each is appended to the target, after a colon.
    versions: Option<Vec<String>>,
    /// Each is appended to that; an empty text changes nothing.
    with: Option<Vec<String>>,
    #[serde(flatten)]
    rest: toml::Table,
}

/// A targets file that cannot be used.
#[derive(Debug, Error)]
pub enum TargetFileError {
    /// The file cannot be read.
    #[error("cannot read the targets file {path}", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The file is not TOML, or has an unknown key.
    #[error("{path} is not a valid targets file: {reason}", path = .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The problem, with its line.
        reason: String,
    },
    /// Two entries have the same name.
    #[error("{path} contains the target `{name}` twice; give one of them another `name`", path = .path.display())]
    Duplicate {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// An entry for several targets has a single name.
    #[error("{path}: `{name}` has several versions or configurations; remove its `name`, or split the entry", path = .path.display())]
    NameOfSeveral {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// A list of versions or of configurations is empty.
    #[error("{path}: `{key}` of `{name}` is empty; list something, or remove the key", path = .path.display())]
    EmptyList {
        /// The file.
        path: PathBuf,
        /// The name of the entry.
        name: String,
        /// The key.
        key: &'static str,
    },
    /// An entry has no target.
    #[error("{path}: an entry{of} has no `target`; add one, such as target = \"zot:2.1.20\"", path = .path.display(), of = named(.name))]
    Nameless {
        /// The file.
        path: PathBuf,
        /// The name of the entry; empty if it has none.
        name: String,
    },
    /// The file has no entries.
    #[error("{path} contains no target; add an entry [[target]] with target = \"zot:2.1.20\"", path = .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

fn named(name: &str) -> String {
    match name {
        "" => String::new(),
        name => format!(" (`{name}`)"),
    }
}

/// Reads a targets file. Paths in it are relative to its folder.
pub fn read(path: &Path) -> Result<Vec<TargetSpec>, TargetFileError> {
    let text = input::read(path).map_err(|source| TargetFileError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut specs = parse(path, &text)?;
    for spec in &mut specs {
        spec.relative_to(folder);
    }
    Ok(specs)
}

fn parse(path: &Path, text: &str) -> Result<Vec<TargetSpec>, TargetFileError> {
    let malformed = |error: &toml::de::Error| TargetFileError::Malformed {
        path: path.to_owned(),
        reason: input::problem(error),
    };
    let file: File = toml::from_str(text).map_err(|error| malformed(&error))?;
    let mut specs = Vec::new();
    let mut names = BTreeSet::new();
    for entry in file.target {
        let spec: TargetSpec = entry.rest.try_into().map_err(|error| malformed(&error))?;
        if spec.target.is_empty() {
            let name = spec.name.unwrap_or_default();
            return Err(TargetFileError::Nameless {
                path: path.to_owned(),
                name,
            });
        }
        for spec in expand(
            path,
            &spec,
            entry.versions.as_deref(),
            entry.with.as_deref(),
        )? {
            let name = spec.display_name().to_owned();
            if !names.insert(name.clone()) {
                let path = path.to_owned();
                return Err(TargetFileError::Duplicate { path, name });
            }
            specs.push(spec);
        }
    }
    if specs.is_empty() {
        return Err(TargetFileError::Empty {
            path: path.to_owned(),
        });
    }
    Ok(specs)
}

/// One target for each version and each configuration.
fn expand(
    path: &Path,
    spec: &TargetSpec,
    versions: Option<&[String]>,
    with: Option<&[String]>,
) -> Result<Vec<TargetSpec>, TargetFileError> {
    let empty = |key| TargetFileError::EmptyList {
        path: path.to_owned(),
        name: spec.display_name().to_owned(),
        key,
    };
    let versions = match versions {
        None => vec![String::new()],
        Some([]) => return Err(empty("versions")),
        Some(versions) => versions
            .iter()
            .map(|version| format!(":{version}"))
            .collect(),
    };
    let with = match with {
        None => vec![String::new()],
        Some([]) => return Err(empty("with")),
        Some(with) => with.to_vec(),
    };
    if let (Some(name), true) = (&spec.name, versions.len() * with.len() > 1) {
        return Err(TargetFileError::NameOfSeveral {
            path: path.to_owned(),
            name: name.clone(),
        });
    }
    let pairs = versions
        .iter()
        .flat_map(|version| with.iter().map(move |with| (version, with)));
    let specs = pairs.map(|(version, with)| TargetSpec {
        target: format!("{}{version}{with}", spec.target),
        ..spec.clone()
    });
    Ok(specs.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<TargetSpec>, String> {
        parse(Path::new("targets.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn versions_and_configurations_are_multiplied() {
        let specs = read_text(
            r#"
            [[target]]
            target = "distribution"
            versions = ["2.8.3", "3.0.0"]
            with = ["", "+htpasswd+tls"]

            [[target]]
            name = "mine"
            target = "image:registry.example/mine:1"
            port = 8080
            env = { LISTEN = ":{port}" }
            "#,
        )
        .expect("it reads");
        let targets: Vec<&str> = specs.iter().map(|spec| spec.target.as_str()).collect();
        let expected = [
            "distribution:2.8.3",
            "distribution:2.8.3+htpasswd+tls",
            "distribution:3.0.0",
            "distribution:3.0.0+htpasswd+tls",
            "image:registry.example/mine:1",
        ];
        assert_eq!(targets, expected);
        assert_eq!(specs[4].name.as_deref(), Some("mine"));
        assert_eq!(specs[4].env["LISTEN"], ":{port}");
    }

    #[test]
    fn each_mistake_is_reported() {
        for (text, words) in [
            ("", "missing field `target`"),
            ("target = []", "contains no target"),
            (
                "[[target]]\ntarget = \"zot\"\nprot = 1",
                "unknown field `prot`",
            ),
            (
                "[[target]]\ntarget = \"zot\"\n[[target]]\ntarget = \"zot\"",
                "contains the target `zot` twice",
            ),
            (
                "[[target]]\nname = \"a\"\ntarget = \"zot\"\nversions = [\"1\", \"2\"]",
                "`a` has several",
            ),
            (
                "[[target]]\nname = \"mine\"\nport = 80",
                "an entry (`mine`) has no `target`",
            ),
            (
                "[[target]]\ntarget = \"zot\"\nversions = []",
                "`versions` of `zot` is empty",
            ),
            (
                "[[target]]\ntarget = \"zot\"\nwith = []",
                "`with` of `zot` is empty",
            ),
            (
                "[[target]]\ntarget = \"image:x\"\nport = \"x\"",
                "expected a whole number up to 65535",
            ),
            (
                "[[target]]\ntarget = \"zot\"\nmax-requests = 0",
                "expected a whole number from 1",
            ),
            ("[[target]", "TOML parse error at line 1"),
        ] {
            let error = read_text(text).expect_err(text);
            assert!(
                error.contains(words) && error.contains("targets.toml"),
                "{error}"
            );
        }
    }
}
