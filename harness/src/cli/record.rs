//! Run records in files.

use std::io;
use std::path::{Path, PathBuf};

use helm_oci_reports::record::{RecordError, RunRecord};
use thiserror::Error;

use crate::input;

/// A file that is not a usable run record.
#[derive(Debug, Error)]
pub(super) enum RecordFileError {
    #[error("cannot read the record {path}", path = .path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot use {path}", path = .path.display())]
    Invalid {
        path: PathBuf,
        #[source]
        source: RecordError,
    },
}

/// Reads a run record from a file.
pub(super) fn read(path: &Path) -> Result<RunRecord, RecordFileError> {
    let text = input::read_record(path).map_err(|source| RecordFileError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    RunRecord::from_json(&text).map_err(|source| RecordFileError::Invalid {
        path: path.to_owned(),
        source,
    })
}
