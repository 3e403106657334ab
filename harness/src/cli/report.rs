//! Where reports go, and how they look: the same flags wherever a command ends with a record.

use std::fs::{File, OpenOptions};
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use helm_oci_reports::record::RunRecord;
use helm_oci_reports::{junit, terminal};

use super::error::CliError;
use super::{environment, output};

/// Which reports are written.
#[derive(Debug, Args)]
pub(super) struct ReportArguments {
    /// Write the run record as JSON; `-` for standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a `JUnit` report; `-` for standard output.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Show every check, and more about each finding.
    #[arg(short, long)]
    verbose: bool,
    /// When to use colour.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    color: Color,
    /// Print no report and no progress; the exit code and the files tell.
    #[arg(short, long, conflicts_with = "verbose")]
    pub(super) quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// How a report looks, without its details.
    pub(super) fn style(self) -> terminal::Style {
        let color = match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => output::stdout_is_terminal() && !environment::wants_no_color(),
        };
        terminal::Style {
            color,
            verbose: false,
            width: output::width().unwrap_or(terminal::Style::default().width),
        }
    }
}

impl ReportArguments {
    /// Opens the files of reports before anything is run, so that a wrong path costs nothing.
    pub(super) fn open(&self) -> Result<Reports, CliError> {
        let to_stdout = |path: &Option<PathBuf>| path.as_deref() == Some(Path::new("-"));
        if to_stdout(&self.json) && to_stdout(&self.junit) {
            return Err(CliError::TwoReports);
        }
        let stdout_is_taken = to_stdout(&self.json) || to_stdout(&self.junit);
        Ok(Reports {
            json: self.json.as_deref().map(Sink::open).transpose()?,
            junit: self.junit.as_deref().map(Sink::open).transpose()?,
            terminal: !self.quiet && !stdout_is_taken,
            style: self.style(),
        })
    }

    fn style(&self) -> terminal::Style {
        terminal::Style {
            verbose: self.verbose,
            ..self.color.style()
        }
    }
}

/// Where the reports go.
pub(super) struct Reports {
    json: Option<Sink>,
    junit: Option<Sink>,
    terminal: bool,
    style: terminal::Style,
}

impl Reports {
    pub(super) fn write(&mut self, record: &RunRecord) -> Result<(), CliError> {
        if let Some(json) = &mut self.json {
            json.write(&record.to_json())?;
        }
        if let Some(sink) = &mut self.junit {
            sink.write(&junit::render(record)?)?;
        }
        if self.terminal {
            output::print(&terminal::render(record, self.style))?;
        }
        Ok(())
    }
}

enum Sink {
    Stdout,
    File(PathBuf, File),
}

impl Sink {
    fn open(path: &Path) -> Result<Self, CliError> {
        if path == Path::new("-") {
            return Ok(Self::Stdout);
        }
        // What an earlier run wrote stays until there is something to put in its place.
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path);
        let file = file.map_err(|source| CliError::Write {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self::File(path.to_owned(), file))
    }

    fn write(&mut self, text: &str) -> Result<(), CliError> {
        match self {
            Self::Stdout => output::print(text),
            Self::File(path, file) => file
                .set_len(0)
                .and_then(|()| file.rewind())
                .and_then(|()| file.write_all(text.as_bytes()))
                .map_err(|source| CliError::Write {
                    path: path.clone(),
                    source,
                }),
        }
    }
}
