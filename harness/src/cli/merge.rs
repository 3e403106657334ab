//! `merge`: the records of several runs as one, and its reports.

use std::path::PathBuf;

use clap::Args;
use helm_oci_reports::merge;
use helm_oci_reports::record::RunRecord;

use super::error::CliError;
use super::report::{Layout, ReportArguments};
use crate::exit_code::ExitCode;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Records that `--json` wrote: those of all shards of a matrix, or of any runs of one version.
    #[arg(value_name = "RECORD", required = true)]
    records: Vec<PathBuf>,
    #[command(flatten)]
    reports: ReportArguments,
}

pub(super) fn merge(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let records = arguments.records.iter().map(|path| {
        let record = read(path)?;
        Ok((path.display().to_string(), record))
    });
    let mut merged = merge::merge(records.collect::<Result<_, CliError>>()?)?;
    let code = ExitCode::of(&merged.targets, &merged.deviations);
    merged.footer.exit_code = code.number();
    arguments
        .reports
        .open()?
        .write(&merged, Layout::SideBySide)?;
    Ok(code)
}

/// A record that was written before.
pub(super) fn read(path: &PathBuf) -> Result<RunRecord, CliError> {
    let unreadable = |source| CliError::Read {
        path: path.clone(),
        source,
    };
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    RunRecord::from_json(&text).map_err(|source| CliError::Record {
        path: path.clone(),
        source,
    })
}
