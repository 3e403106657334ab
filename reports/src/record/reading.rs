//! A record as JSON, and the reasons for which a file is not one.

use helm_oci_suite::oci::in_words;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use thiserror::Error;

use super::{RunRecord, SCHEMA, older};
use crate::json;
use crate::text::plural;

/// A record that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRecord {
    /// The record.
    pub record: RunRecord,
    /// The schema of the file.
    pub schema: u32,
    /// What could not be read of a record of an older schema, a phrase each.
    pub unread: Vec<String>,
}

/// The reason for which a record could not be read.
#[derive(Debug, Error)]
pub enum RecordError {
    /// The file is not JSON of the record's shape.
    #[error("this is not a run record: {reason}")]
    Malformed {
        /// The problem, with its line.
        reason: String,
    },
    /// The file ends in the middle.
    #[error("the run record is truncated; the run or the copy of the file was interrupted")]
    Truncated(#[source] serde_json::Error),
    /// The run that wrote it did not finish.
    #[error("the run record has no footer; the run that wrote it did not finish")]
    Unfinished,
    /// The record does not hold what its footer counts.
    #[error(
        "the run record is incomplete: its footer counts {}, the record holds {found}",
        plural(*.counted, .noun)
    )]
    Incomplete {
        /// `check` or `flow`.
        noun: &'static str,
        /// The number in the footer.
        counted: usize,
        /// The number in the record.
        found: usize,
    },
    /// A newer suite wrote it.
    #[error(
        "the run record has schema {found}, and this program reads schema {SCHEMA}; use a newer version of the program"
    )]
    Newer {
        /// Its schema.
        found: u32,
    },
}

impl RunRecord {
    /// The record as JSON, with a newline at the end.
    pub fn to_json(&self) -> String {
        json::write(self)
    }

    /// Reads a record of this schema or an older one.
    pub fn read(text: &str) -> Result<ReadRecord, RecordError> {
        #[derive(Deserialize)]
        struct Head {
            schema: u32,
            footer: Option<IgnoredAny>,
        }
        let head: Head = serde_json::from_str(text).map_err(RecordError::from_reading)?;
        if head.schema > SCHEMA {
            return Err(RecordError::Newer { found: head.schema });
        }
        if head.footer.is_none() {
            return Err(RecordError::Unfinished);
        }
        if head.schema < SCHEMA {
            let value: Value = serde_json::from_str(text).map_err(RecordError::from_reading)?;
            let (value, unread) = older::upgraded(value);
            let mut record: Self =
                serde_json::from_value(value).map_err(RecordError::from_reading)?;
            // What could not be read is not counted.
            (record.footer.checks, record.footer.flows) = record.counts();
            return Ok(ReadRecord {
                record,
                schema: head.schema,
                unread,
            });
        }
        let record: Self = serde_json::from_str(text).map_err(RecordError::from_reading)?;
        let (checks, flows) = record.counts();
        for (noun, counted, found) in [
            ("check", record.footer.checks, checks),
            ("flow", record.footer.flows, flows),
        ] {
            if counted != found {
                return Err(RecordError::Incomplete {
                    noun,
                    counted,
                    found,
                });
            }
        }
        Ok(ReadRecord {
            record,
            schema: SCHEMA,
            unread: Vec::new(),
        })
    }

    /// The number of checks and of flows over all targets.
    fn counts(&self) -> (usize, usize) {
        (self.checks().count(), self.flows().count())
    }
}

impl RecordError {
    fn from_reading(error: serde_json::Error) -> Self {
        if error.is_eof() {
            Self::Truncated(error)
        } else {
            Self::Malformed {
                reason: in_words(&error.to_string()),
            }
        }
    }
}
