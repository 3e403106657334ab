//! Options for reports, and their output. Every command that ends with a record has them.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use helm_oci_reports::record::RunRecord;
use helm_oci_reports::view::{MatrixView, ReportView};
use helm_oci_reports::{html, junit, markdown, terminal};
use thiserror::Error;

use super::output::OutputError;
use super::sink::{Sink, write};
use super::{environment, output};
use crate::exit_code::ExitCode;

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
    /// Write the report as one HTML page to FILE, or to standard output if FILE is `-`.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
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
        let on_stdout = on_stdout(&[&self.json, &self.junit, &self.markdown, &self.html])?;
        Ok(Reports {
            json: self.json.as_deref().map(Sink::open).transpose()?,
            junit: self.junit.as_deref().map(Sink::open).transpose()?,
            markdown: self.markdown.as_deref().map(Sink::open).transpose()?,
            html: self.html.as_deref().map(Sink::open).transpose()?,
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
    html: Option<Sink>,
    terminal: bool,
    style: terminal::Style,
}

impl Reports {
    /// Writes the reports, and returns the exit code.
    pub(super) fn write(mut self, record: &RunRecord, layout: Layout, code: ExitCode) -> ExitCode {
        let report = ReportView::of(record);
        let written: [Result<(), ReportError>; 5] = [
            write(&mut self.json, || Ok(record.to_json())),
            write(&mut self.junit, || Ok(junit::render(&report)?)),
            write(&mut self.markdown, || {
                Ok(markdown::matrix(&MatrixView::of(&report)))
            }),
            write(&mut self.html, || Ok(html::report(&report))),
            self.print(&report, layout).map_err(Into::into),
        ];
        with_errors(written, code)
    }

    fn print(&self, report: &ReportView<'_>, layout: Layout) -> Result<(), OutputError> {
        if !self.terminal {
            return Ok(());
        }
        output::print(&match layout {
            Layout::Matrix if !self.style.verbose => {
                terminal::matrix(&MatrixView::of(report), self.style)
            }
            _ => terminal::render(report, self.style),
        })
    }
}

/// Prints the errors of files that could not be written. They change the exit code only of a run without findings.
pub(super) fn with_errors<E: std::error::Error>(
    written: impl IntoIterator<Item = Result<(), E>>,
    code: ExitCode,
) -> ExitCode {
    let mut code = code;
    for error in written.into_iter().filter_map(Result::err) {
        output::error(&error);
        if code == ExitCode::Acceptable {
            code = ExitCode::Usage;
        }
    }
    code
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
