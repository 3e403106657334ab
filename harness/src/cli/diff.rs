//! `diff`: compares two run records of one registry over time.

use std::path::PathBuf;

use clap::Args;
use helm_oci_reports::compare::RecordDiff;
use helm_oci_reports::view::DiffView;
use helm_oci_reports::{markdown, terminal};
use thiserror::Error;

use super::output::{self, OutputError};
use super::record::{self, RecordFileError};
use super::report::{Color, ReportError, on_stdout, with_errors};
use super::sink::{Sink, write};
use crate::exit_code::ExitCode;

/// An error of `diff`.
#[derive(Debug, Error)]
pub(super) enum DiffCommandError {
    #[error(transparent)]
    Record(#[from] RecordFileError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Output(#[from] OutputError),
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Compare with this earlier record, written by `run --json`.
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// Show what changed in this later record. Targets are matched by name; the only targets of both records always are.
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Write the differences as JSON to FILE, or to standard output if FILE is `-`.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the differences as Markdown to FILE, or to standard output if FILE is `-`.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Use colour always, never, or if standard output is a terminal.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    color: Color,
    /// Print nothing; only set the exit code and write the files.
    #[arg(short, long)]
    quiet: bool,
}

pub(super) fn diff(arguments: &Arguments) -> Result<ExitCode, DiffCommandError> {
    let old = record::read_whole(&arguments.old)?;
    let new = record::read_whole(&arguments.new)?;
    let on_stdout = on_stdout(&[&arguments.json, &arguments.markdown])?;
    let open = |path: &Option<PathBuf>| path.as_deref().map(Sink::open).transpose();
    let (mut json, mut page) = (open(&arguments.json)?, open(&arguments.markdown)?);
    let mut diff = RecordDiff::between(&old.record, &new.record);
    (diff.old.unread, diff.new.unread) = (old.unread, new.unread);
    let view = DiffView::of(&diff);
    let print = || {
        if arguments.quiet || on_stdout {
            return Ok(());
        }
        output::print(&terminal::diff(&view, arguments.color.style()))
    };
    let written: [Result<(), OutputError>; 3] = [
        write(&mut json, || Ok(diff.to_json())),
        write(&mut page, || Ok(markdown::diff(&view))),
        print(),
    ];
    Ok(with_errors(written, code(&diff)))
}

/// The exit code for a gate: a regression fails it, and so does a record that cannot show that there is none.
fn code(diff: &RecordDiff) -> ExitCode {
    if diff.has_regressed() {
        ExitCode::Violation
    } else if diff.is_inconclusive() {
        ExitCode::Inconclusive
    } else {
        ExitCode::Acceptable
    }
}
