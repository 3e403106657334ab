//! Run records in files.

use std::io;
use std::path::{Path, PathBuf};

use helm_oci_reports::record::{ReadRecord, RecordError, RunRecord};
use helm_oci_reports::text;
use thiserror::Error;

use super::output;
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

/// Reads a run record from a file, and reports what could not be read of one of an older schema.
pub(super) fn read(path: &Path) -> Result<RunRecord, RecordFileError> {
    let ReadRecord {
        record,
        schema,
        unread,
    } = read_whole(path)?;
    if !unread.is_empty() {
        let (path, unread) = (path.display(), unread.join("; "));
        let note = format!("{path} has schema {schema}; not read: {unread}");
        output::note(&format!("{}\n", text::line(&note)));
    }
    Ok(record)
}

/// Reads a run record from a file, with what could not be read.
pub(super) fn read_whole(path: &Path) -> Result<ReadRecord, RecordFileError> {
    let text = input::read_record(path).map_err(|source| RecordFileError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    RunRecord::read(&text).map_err(|source| RecordFileError::Invalid {
        path: path.to_owned(),
        source,
    })
}
