//! Where reports go, and how they look: the same flags wherever a command ends with a record.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use helm_oci_reports::record::RunRecord;
use helm_oci_reports::view::{MatrixView, ReportView};
use helm_oci_reports::{junit, markdown, terminal};

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
    /// Write a page as Markdown, on which the targets stand side by side; `-` for standard output.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
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

/// How targets stand on the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// One after the other.
    InTurn,
    /// Side by side, unless everything is to be shown.
    SideBySide,
}

/// Where the reports go.
pub(super) struct Reports {
    json: Option<Sink>,
    junit: Option<Sink>,
    markdown: Option<Sink>,
    terminal: bool,
    style: terminal::Style,
}

impl Reports {
    pub(super) fn write(&mut self, record: &RunRecord, layout: Layout) -> Result<(), CliError> {
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
                Layout::SideBySide if !self.style.verbose => {
                    terminal::matrix(&MatrixView::of(&report), self.style)
                }
                _ => terminal::render(&report, self.style),
            })?;
        }
        Ok(())
    }
}

/// Whether one of these reports goes to standard output; two in one place would destroy each other.
pub(super) fn on_stdout(reports: &[&Option<PathBuf>]) -> Result<bool, CliError> {
    let mut seen: Vec<&Path> = Vec::new();
    for path in reports.iter().filter_map(|path| path.as_deref()) {
        if seen.contains(&path) {
            let path = path.to_owned();
            return Err(if path == Path::new("-") {
                CliError::TwoReports
            } else {
                CliError::SameFile { path }
            });
        }
        seen.push(path);
    }
    Ok(seen.contains(&Path::new("-")))
}

/// A file, or standard output.
pub(super) enum Sink {
    Stdout,
    File(PathBuf, File),
}

impl Sink {
    pub(super) fn open(path: &Path) -> Result<Self, CliError> {
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

    pub(super) fn write(&mut self, text: &str) -> Result<(), CliError> {
        match self {
            Self::Stdout => output::print(text),
            Self::File(path, file) => replace(file, text).map_err(|source| CliError::Write {
                path: path.clone(),
                source,
            }),
        }
    }
}

/// Puts a text in the place of what a file held. A pipe or a device, such as `/dev/stdout`, holds nothing.
fn replace(file: &mut File, text: &str) -> io::Result<()> {
    if file.metadata()?.is_file() {
        file.set_len(0)?;
        file.rewind()?;
    }
    file.write_all(text.as_bytes())
}
