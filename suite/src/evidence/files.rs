//! Evidence files: those that are part of the program, and those of a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::Evidence;
use super::agreement::Exception;

/// The files of this repository.
const EMBEDDED: &[&str] = &[
    include_str!("../../evidence/helm-3.2.4.json"),
    include_str!("../../evidence/helm-3.6.2.json"),
    include_str!("../../evidence/helm-3.7.2.json"),
    include_str!("../../evidence/helm-3.10.1.json"),
    include_str!("../../evidence/helm-3.12.3.json"),
    include_str!("../../evidence/helm-3.17.3.json"),
    include_str!("../../evidence/helm-3.18.6.json"),
    include_str!("../../evidence/helm-3.21.1.json"),
    include_str!("../../evidence/helm-3.22.0.json"),
    include_str!("../../evidence/helm-4.0.4.json"),
    include_str!("../../evidence/helm-4.2.4.json"),
    include_str!("../../evidence/helm-4.3.1.json"),
];

/// The exceptions of this repository.
const EMBEDDED_EXCEPTIONS: &str = include_str!("../../evidence/exceptions.json");

/// The file with the exceptions, in the folder of the evidence.
const EXCEPTIONS: &str = "exceptions.json";

/// The evidence with the known disagreements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The evidence of each Helm version, oldest first.
    pub evidence: Vec<Evidence>,
    /// The disagreements with declarations or predictions that are known, each with its reason.
    pub exceptions: Vec<Exception>,
}

/// An error of reading evidence.
#[derive(Debug, Error)]
pub enum EvidenceError {
    /// A file or folder is not readable.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The content of a file is not evidence.
    #[error("{} is not valid evidence; record it again with `observe`", .path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// The problem.
        #[source]
        source: serde_json::Error,
    },
    /// The content of a file is not a list of exceptions.
    #[error("{} is not a valid list of exceptions", .path.display())]
    Exceptions {
        /// The file.
        path: PathBuf,
        /// The problem.
        #[source]
        source: serde_json::Error,
    },
}

/// The evidence that is part of the program.
pub fn recorded() -> Recorded {
    let read = |text| serde_json::from_str(text).expect("a test reads each file of the repository");
    let mut evidence: Vec<Evidence> = EMBEDDED.iter().copied().map(read).collect();
    evidence.sort_by(|one, other| one.helm.cmp(&other.helm));
    Recorded {
        evidence,
        exceptions: serde_json::from_str(EMBEDDED_EXCEPTIONS)
            .expect("a test reads the list of exceptions"),
    }
}

/// Reads a folder as `observe` writes it, with its `exceptions.json` if there is one.
pub fn read(folder: &Path) -> Result<Recorded, EvidenceError> {
    let evidence = load(folder)?;
    let path = folder.join(EXCEPTIONS);
    let exceptions = match fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str(&text)
            .map_err(|source| EvidenceError::Exceptions { path, source })?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(source) => return Err(EvidenceError::Read { path, source }),
    };
    Ok(Recorded {
        evidence,
        exceptions,
    })
}

/// Reads every file of a Helm version in a folder, such as `helm-3.8.2.json`, oldest version first.
pub fn load(folder: &Path) -> Result<Vec<Evidence>, EvidenceError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        |source| EvidenceError::Read { path, source }
    };
    let mut loaded: Vec<Evidence> = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("helm-")
            && path
                .extension()
                .is_some_and(|extension| extension == "json")
        {
            let text = fs::read_to_string(&path).map_err(unreadable(&path))?;
            let evidence = serde_json::from_str(&text).map_err(|source| EvidenceError::Parse {
                path: path.clone(),
                source,
            })?;
            loaded.push(evidence);
        }
    }
    loaded.sort_by(|one, other| one.helm.cmp(&other.helm));
    Ok(loaded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_evidence_files_are_embedded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("evidence");
        let read = read(&folder).expect("the evidence in the repository reads");
        assert!(recorded() == read, "EMBEDDED does not list every file");
    }

    #[test]
    fn exceptions_are_optional() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let none = read(&folder).expect("a folder without evidence");
        assert_eq!((none.evidence, none.exceptions), (Vec::new(), Vec::new()));
        let absent = read(&folder.join("absent")).expect_err("no folder");
        assert!(matches!(absent, EvidenceError::Read { .. }));
    }
}
