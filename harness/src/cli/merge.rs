//! `merge`: the records of several runs as one, and its reports.

use std::path::PathBuf;

use clap::Args;
use helm_oci_reports::record;

use super::deviations::read_record;
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
        let record = read_record(path)?;
        Ok((path.display().to_string(), record))
    });
    let mut merged = record::merge(records.collect::<Result<_, CliError>>()?)?;
    let code = ExitCode::of(&merged.targets, &merged.deviations);
    merged.footer.exit_code = code.number();
    arguments
        .reports
        .open()?
        .write(&merged, Layout::SideBySide)?;
    Ok(code)
}
