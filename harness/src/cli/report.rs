//! Options for reports, and their output. Every command that ends with a record has them.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use helm_oci_reports::record::RunRecord;
use helm_oci_reports::view::{MatrixView, ReportView};
use helm_oci_reports::{annotations, code_quality, html, junit, markdown, sarif, tap, terminal};
use helm_oci_suite::checks;
use thiserror::Error;

use super::output::OutputError;
use super::sink::{Sink, write};
use super::{environment, output};
use crate::exit_code::ExitCode;
use crate::handbook;

/// A report that cannot be written.
#[derive(Debug, Error)]
pub(super) enum ReportError {
    #[error("only one report can be written to standard output")]
    TwoOnStdout,
    #[error("two reports would be written to {path}; give each a file of its own", path = .path.display())]
    SameFile { path: PathBuf },
    #[error("--annotations writes to standard output; write the other report to a file")]
    AnnotationsOnStdout,
    #[error(
        "--step-summary needs the environment variable {variable}, which GitHub Actions sets to the path of a file"
    )]
    NoStepSummary { variable: &'static str },
    #[error("cannot create the JUnit report")]
    Junit(#[from] junit::RenderError),
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// The reports of a command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reports")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
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
    /// Write the findings as SARIF to FILE, or to standard output if FILE is `-`.
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,
    /// Write the findings as GitLab Code Quality to FILE, or to standard output if FILE is `-`.
    #[arg(long, value_name = "FILE")]
    code_quality: Option<PathBuf>,
    /// Write a TAP report to FILE, or to standard output if FILE is `-`.
    #[arg(long, value_name = "FILE")]
    tap: Option<PathBuf>,
    /// Print the findings as annotations of GitHub Actions as well.
    #[arg(long)]
    annotations: bool,
    /// Append the report in brief as Markdown to the file that the variable `GITHUB_STEP_SUMMARY` names.
    #[arg(long)]
    step_summary: bool,
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
    /// Opens the files before anything is run, so that an invalid path is reported at once. `others` are files of the same
    /// command.
    pub(super) fn open(&self, others: &[&Option<PathBuf>]) -> Result<Reports, ReportError> {
        let files = [
            &self.json,
            &self.junit,
            &self.markdown,
            &self.html,
            &self.sarif,
            &self.code_quality,
            &self.tap,
        ];
        let on_stdout = on_stdout(&[&files, others].concat())?;
        if self.annotations && on_stdout {
            return Err(ReportError::AnnotationsOnStdout);
        }
        let open = |path: &Option<PathBuf>| path.as_deref().map(Sink::open).transpose();
        Ok(Reports {
            json: open(&self.json)?,
            junit: open(&self.junit)?,
            markdown: open(&self.markdown)?,
            html: open(&self.html)?,
            sarif: open(&self.sarif)?,
            code_quality: open(&self.code_quality)?,
            tap: open(&self.tap)?,
            step_summary: self.step_summary.then(step_summary).transpose()?,
            annotations: self.annotations,
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
    sarif: Option<Sink>,
    code_quality: Option<Sink>,
    tap: Option<Sink>,
    step_summary: Option<Sink>,
    annotations: bool,
    terminal: bool,
    style: terminal::Style,
}

impl Reports {
    /// Writes the reports, and returns the exit code.
    pub(super) fn write(mut self, record: &RunRecord, layout: Layout, code: ExitCode) -> ExitCode {
        let report = ReportView::of(record);
        let page = |id: &str| checks::find(id).map(|known| handbook::page(known, 1));
        let written: [Result<(), ReportError>; 9] = [
            write(&mut self.json, || Ok(record.to_json())),
            write(&mut self.junit, || Ok(junit::render(&report)?)),
            write(&mut self.markdown, || {
                Ok(markdown::matrix(&MatrixView::of(&report)))
            }),
            write(&mut self.html, || Ok(html::report(&report))),
            write(&mut self.sarif, || Ok(sarif::render(&report, page))),
            write(&mut self.code_quality, || Ok(code_quality::render(&report))),
            write(&mut self.tap, || Ok(tap::render(&report))),
            write(&mut self.step_summary, || Ok(markdown::summary(&report))),
            self.print(&report, layout).map_err(Into::into),
        ];
        with_errors(written, code)
    }

    fn print(&self, report: &ReportView<'_>, layout: Layout) -> Result<(), OutputError> {
        let mut text = String::new();
        if self.terminal {
            text = match layout {
                Layout::Matrix if !self.style.verbose => {
                    terminal::matrix(&MatrixView::of(report), self.style)
                }
                _ => terminal::render(report, self.style),
            };
        }
        if self.annotations {
            text = annotations::after(report, &text, output::token());
        }
        output::print(&text)
    }
}

/// The summary of this step of GitHub Actions.
fn step_summary() -> Result<Sink, ReportError> {
    let (variable, path) = environment::step_summary();
    let path = path.ok_or(ReportError::NoStepSummary { variable })?;
    Ok(Sink::open_to_append(&path)?)
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
