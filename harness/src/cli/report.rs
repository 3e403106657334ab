//! Options for reports, and their output. Every command that ends with a record has them.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use helm_oci_reports::record::RunRecord;
use helm_oci_reports::view::{MatrixView, ReportView};
use helm_oci_reports::{junit, markdown, terminal};
use thiserror::Error;

use super::output::OutputError;
use super::{environment, output};

/// A report that cannot be written.
#[derive(Debug, Error)]
pub(super) enum ReportError {
    #[error("only one report can be written to standard output")]
    TwoOnStdout,
    #[error("two reports would be written to {path}; give each a file of its own", path = .path.display())]
    SameFile { path: PathBuf },
    #[error("cannot create the JUnit report")]
    Junit(#[from] junit::RenderError),
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// The reports of a command.
#[derive(Debug, Args)]
pub(super) struct ReportArguments {
    /// Write the run record as JSON to FILE, or to standard output if FILE is `-`.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a JUnit report to FILE, or to standard output if FILE is `-`.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a comparison of the targets as Markdown to FILE, or to standard output if FILE is `-`.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Show every check, and the details of each finding.
    #[arg(short, long)]
    verbose: bool,
    /// Use colour always, never, or if standard output is a terminal.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    color: Color,
    /// Print neither report nor progress; only set the exit code and write the files.
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
    /// The style of a report without details.
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
    /// Opens the files before anything is run, so that an invalid path is reported at once.
    pub(super) fn open(&self) -> Result<Reports, ReportError> {
        let on_stdout = on_stdout(&[&self.json, &self.junit, &self.markdown])?;
        Ok(Reports {
            json: self.json.as_deref().map(Sink::open).transpose()?,
            junit: self.junit.as_deref().map(Sink::open).transpose()?,
            markdown: self.markdown.as_deref().map(Sink::open).transpose()?,
            terminal: !self.quiet && !on_stdout,
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

/// The layout of several targets on the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// A report for each target.
    Sequential,
    /// A table with a column for each target; with --verbose a report for each.
    Matrix,
}

/// The destinations of the reports.
pub(super) struct Reports {
    json: Option<Sink>,
    junit: Option<Sink>,
    markdown: Option<Sink>,
    terminal: bool,
    style: terminal::Style,
}

impl Reports {
    pub(super) fn write(&mut self, record: &RunRecord, layout: Layout) -> Result<(), ReportError> {
        if let Some(json) = &mut self.json {
            json.write(&record.to_json())?;
        }
        let report = ReportView::of(record);
        if let Some(sink) = &mut self.junit {
            sink.write(&junit::render(&report)?)?;
        }
        if let Some(sink) = &mut self.markdown {
            sink.write(&markdown::matrix(&MatrixView::of(&report)))?;
        }
        if self.terminal {
            output::print(&match layout {
                Layout::Matrix if !self.style.verbose => {
                    terminal::matrix(&MatrixView::of(&report), self.style)
                }
                _ => terminal::render(&report, self.style),
            })?;
        }
        Ok(())
    }
}

/// True if one of these reports goes to standard output. Two reports with the same destination are an error.
pub(super) fn on_stdout(reports: &[&Option<PathBuf>]) -> Result<bool, ReportError> {
    let mut seen: Vec<&Path> = Vec::new();
    for path in reports.iter().filter_map(|path| path.as_deref()) {
        if seen.contains(&path) {
            let path = path.to_owned();
            return Err(if path == Path::new("-") {
                ReportError::TwoOnStdout
            } else {
                ReportError::SameFile { path }
            });
        }
        seen.push(path);
    }
    Ok(seen.contains(&Path::new("-")))
}

/// The destination of a report: a file, or standard output.
pub(super) enum Sink {
    Stdout,
    File(PathBuf, File),
}

impl Sink {
    /// Opens a file, or standard output for `-`.
    pub(super) fn open(path: &Path) -> Result<Self, OutputError> {
        if path == Path::new("-") {
            return Ok(Self::Stdout);
        }
        // The report of an earlier run is kept until the new one is complete.
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path);
        let file = file.map_err(|source| OutputError::file(path, source))?;
        Ok(Self::File(path.to_owned(), file))
    }

    pub(super) fn write(&mut self, text: &str) -> Result<(), OutputError> {
        match self {
            Self::Stdout => output::print(text),
            Self::File(path, file) => {
                replace(file, text).map_err(|source| OutputError::file(path, source))
            }
        }
    }
}

/// Replaces the content of a file. A pipe or a device, such as `/dev/stdout`, is only written to.
fn replace(file: &mut File, text: &str) -> io::Result<()> {
    if file.metadata()?.is_file() {
        file.set_len(0)?;
        file.rewind()?;
    }
    file.write_all(text.as_bytes())
}
