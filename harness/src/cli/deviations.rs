//! `--deviations`, `--strict`, and `deviations write`: what a run tolerates, and the list of it.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use helm_oci_reports::record::RunRecord;
use toml_edit::{Date, Datetime};

use super::error::CliError;
use super::output;
use crate::clock;
use crate::deviations::{self, Changes, Deviations, Fill};
use crate::exit_code::ExitCode;

/// How many days a new deviation is tolerated, if nothing else is said.
const DAYS: i64 = 90;

/// What fails a run.
#[derive(Debug, Args)]
pub(super) struct RulesArguments {
    /// Let the violation of a SHOULD fail the run as well.
    #[arg(long)]
    strict: bool,
    /// Tolerate the violations that this file lists, as TOML; an entry that is stale, expired or speaks of no target
    /// fails the run.
    #[arg(long, value_name = "FILE")]
    deviations: Option<PathBuf>,
}

impl RulesArguments {
    /// Whether a violated SHOULD fails the run.
    pub(super) const fn is_strict(&self) -> bool {
        self.strict
    }

    /// What is tolerated today.
    pub(super) fn deviations(&self) -> Result<Deviations, CliError> {
        let all = self.deviations.as_deref().map(deviations::read);
        Ok(Deviations {
            all: all.transpose()?.unwrap_or_default(),
            today: clock::today(),
            elsewhere: Vec::new(),
        })
    }
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Bring a list up to a record: what failed is added, what is seen no more taken out, the rest left as it stands.
    Write(WriteArguments),
}

#[derive(Debug, Args)]
struct WriteArguments {
    /// The record, as `run --json` writes it.
    #[arg(value_name = "RECORD")]
    record: PathBuf,
    /// The list, which need not be there yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Why new entries are tolerated; without it somebody has to write that into the file.
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// Where new entries are followed up; likewise.
    #[arg(long, value_name = "URL", value_parser = link)]
    link: Option<String>,
    /// The last day of new entries, and of expired ones that are still so; by default in 90 days.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day_to_come)]
    expires: Option<Date>,
}

pub(super) fn deviations(arguments: &Arguments) -> Result<ExitCode, CliError> {
    match &arguments.command {
        Command::Write(arguments) => write(arguments),
    }
}

fn write(arguments: &WriteArguments) -> Result<ExitCode, CliError> {
    let record = read_record(&arguments.record)?;
    let path = &arguments.out;
    let old = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        read => read.map_err(|source| CliError::ReadList {
            path: path.clone(),
            source,
        })?,
    };
    let fill = Fill {
        reason: arguments.reason.clone(),
        link: arguments.link.clone().unwrap_or_default(),
        expires: arguments.expires.unwrap_or_else(in_due_time),
        today: clock::today(),
    };
    let (new, changes) = deviations::update(path, &old, &record, &fill)?;
    if changes != Changes::default() {
        std::fs::write(path, new).map_err(|source| CliError::Write {
            path: path.clone(),
            source,
        })?;
    }
    output::print(&summary(path, changes, &fill))?;
    Ok(ExitCode::Acceptable)
}

fn in_due_time() -> Date {
    day(&clock::day_in(DAYS)).expect("the clock tells days")
}

/// A place where a deviation is followed up.
fn link(text: &str) -> Result<String, &'static str> {
    let link = deviations::is_link(text).then(|| text.to_owned());
    link.ok_or("write a URL, such as https://example.org/issues/1")
}

/// A day that is not over.
fn day_to_come(text: &str) -> Result<Date, &'static str> {
    let day = day(text)?;
    if day.to_string() < clock::today() {
        return Err("that day is over: no run would take the list");
    }
    Ok(day)
}

/// A day as TOML writes it.
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
        "{}: {added} added, {renewed} renewed, {removed} taken out\n",
        path.display()
    );
    if added > 0 && (fill.reason.is_empty() || fill.link.is_empty()) {
        words.push_str("write a `reason` and a `link` into each new entry: without them no run takes the list\n");
    }
    words
}

/// Reads a record from a file.
pub(super) fn read_record(path: &Path) -> Result<RunRecord, CliError> {
    let text = std::fs::read_to_string(path).map_err(|source| CliError::Read {
        path: path.to_owned(),
        source,
    })?;
    RunRecord::from_json(&text).map_err(|source| CliError::Record {
        path: path.to_owned(),
        source,
    })
}
