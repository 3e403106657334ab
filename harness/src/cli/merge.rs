//! `merge`: combines run records.

use std::path::PathBuf;

use clap::Args;
use helm_oci_reports::record::{MergeError, merge as merge_records};
use thiserror::Error;

use super::record::{self, RecordFileError};
use super::report::{Layout, ReportArguments, ReportError};
use crate::exit_code::ExitCode;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Run records, written by `--json`: for example those of all shards of a matrix. All must come from the same
    /// version of this program.
    #[arg(value_name = "RECORD", required = true)]
    records: Vec<PathBuf>,
    #[command(flatten)]
    reports: ReportArguments,
}

/// An error of `merge`.
#[derive(Debug, Error)]
pub(super) enum MergeCommandError {
    #[error(transparent)]
    Record(#[from] RecordFileError),
    #[error(transparent)]
    Merge(#[from] MergeError),
    #[error(transparent)]
    Report(#[from] ReportError),
}

pub(super) fn merge(arguments: &Arguments) -> Result<ExitCode, MergeCommandError> {
    let records = arguments.records.iter().map(|path| {
        let record = record::read(path)?;
        Ok((path.display().to_string(), record))
    });
    let mut merged = merge_records(records.collect::<Result<_, RecordFileError>>()?)?;
    let code = ExitCode::of(&merged.targets, &merged.deviations, merged.run.strict);
    merged.footer.exit_code = code.number();
    let reports = arguments.reports.open(&[])?;
    Ok(reports.write(&merged, Layout::Matrix, code))
}
