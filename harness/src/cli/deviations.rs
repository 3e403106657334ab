//! `--deviations` and `--strict`, which decide what fails a run; and `deviations write`.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use thiserror::Error;
use toml_edit::{Date, Datetime};

use super::output::{self, OutputError};
use super::record::{self, RecordFileError};
use crate::clock;
use crate::deviations::{self, Changes, DeviationError, Deviations, Fill};
use crate::exit_code::ExitCode;

/// The number of days for which a new deviation is tolerated by default.
const DAYS: i64 = 90;

/// The rules that decide what fails a run.
#[derive(Debug, Args)]
pub(super) struct RulesArguments {
    /// Fail the run on violations of a SHOULD as well.
    #[arg(long)]
    strict: bool,
    /// Tolerate the violations listed in FILE (TOML). Fail the run on an entry that is stale, expired or matches no
    /// target.
    #[arg(long, value_name = "FILE")]
    deviations: Option<PathBuf>,
}

impl RulesArguments {
    /// True if a violated SHOULD fails the run.
    pub(super) const fn is_strict(&self) -> bool {
        self.strict
    }

    /// The deviations that are tolerated today.
    pub(super) fn deviations(&self) -> Result<Deviations, DeviationError> {
        let all = self.deviations.as_deref().map(deviations::read);
        Ok(Deviations {
            all: all.transpose()?.unwrap_or_default(),
            today: clock::today(),
            elsewhere: Vec::new(),
        })
    }
}

/// An error of `deviations`.
#[derive(Debug, Error)]
pub(super) enum DeviationsCommandError {
    #[error(transparent)]
    Record(#[from] RecordFileError),
    #[error(transparent)]
    Deviations(#[from] DeviationError),
    #[error(transparent)]
    Output(#[from] OutputError),
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Update a deviations file from a record: add an entry for each violation, remove entries for deviations no longer
    /// observed, and keep the rest.
    Write(WriteArguments),
}

#[derive(Debug, Args)]
struct WriteArguments {
    /// The run record, written by `run --json`.
    #[arg(value_name = "RECORD")]
    record: PathBuf,
    /// Update FILE. It is created if it does not exist.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Set the reason of new entries. Without it you have to edit the file.
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// Set the link of new entries, such as the URL of an issue. Without it you have to edit the file.
    #[arg(long, value_name = "URL", value_parser = link)]
    link: Option<String>,
    /// Set the expiry date of new entries, and of expired entries that are still observed. The default is in 90 days.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = future_day)]
    expires: Option<Date>,
}

pub(super) fn deviations(arguments: &Arguments) -> Result<ExitCode, DeviationsCommandError> {
    match &arguments.command {
        Command::Write(arguments) => write(arguments),
    }
}

fn write(arguments: &WriteArguments) -> Result<ExitCode, DeviationsCommandError> {
    let record = record::read(&arguments.record)?;
    let path = &arguments.out;
    let old = match crate::input::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        read => read.map_err(|source| DeviationError::Unreadable {
            path: path.clone(),
            source,
        })?,
    };
    let fill = Fill {
        reason: arguments.reason.clone(),
        link: arguments.link.clone().unwrap_or_default(),
        expires: arguments.expires.unwrap_or_else(default_expiry),
        today: clock::today(),
    };
    let (new, changes) = deviations::update(path, &old, &record, &fill)?;
    if changes != Changes::default() {
        std::fs::write(path, new).map_err(|source| OutputError::file(path, source))?;
    }
    output::print(&summary(path, changes, &fill))?;
    Ok(ExitCode::Acceptable)
}

fn default_expiry() -> Date {
    day(&clock::day_in(DAYS)).expect("the clock returns a day")
}

/// Parses the link of an entry.
fn link(text: &str) -> Result<String, &'static str> {
    let link = deviations::is_link(text).then(|| text.to_owned());
    link.ok_or("use a URL, such as https://example.org/issues/1")
}

/// Parses a day that is not over.
fn future_day(text: &str) -> Result<Date, &'static str> {
    let day = day(text)?;
    if day.to_string() < clock::today() {
        return Err("the day is in the past, so that every run would reject the entry");
    }
    Ok(day)
}

/// Parses a day in the format of TOML.
fn day(text: &str) -> Result<Date, &'static str> {
    let read: Option<Datetime> = text.parse().ok();
    match read {
        Some(Datetime {
            date: Some(day),
            time: None,
            ..
        }) => Ok(day),
        _ => Err("write it as 2027-03-31"),
    }
}

fn summary(path: &Path, changes: Changes, fill: &Fill) -> String {
    let Changes {
        added,
        renewed,
        removed,
    } = changes;
    let mut words = format!(
        "{}: {added} added, {renewed} renewed, {removed} removed\n",
        path.display()
    );
    if added > 0 && (fill.reason.is_empty() || fill.link.is_empty()) {
        words.push_str(
            "add a `reason` and a `link` to each new entry; without them the file is rejected\n",
        );
    }
    words
}
