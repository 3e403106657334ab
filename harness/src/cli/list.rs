//! `list`: the requirements, their coverage of the documents, or the eras.

use clap::Args;
use helm_oci_suite::requirement::source::Specification;
use helm_oci_suite::requirement::{Level, Requirement};
use serde::Serialize;
use thiserror::Error;

use super::output::OutputError;
use super::selection::SelectionError;
use super::{Selection, coverage, eras, output};
use crate::exit_code::ExitCode;
use crate::handbook;

#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// Show the coverage of the specification documents: the requirements that cover each item, or the reason why none
    /// does.
    #[arg(long, conflicts_with = "Selection")]
    coverage: bool,
    /// Show the eras: Helm versions with one behaviour on the wire, their transport library, the versions with and
    /// without evidence, and tools that contain them.
    #[arg(long, conflicts_with_all = ["Selection", "coverage", "markdown"])]
    eras: bool,
    /// Print the requirements handbook as Markdown: `suite/REQUIREMENTS.md`.
    #[arg(long, conflicts_with_all = ["Selection", "coverage", "json"])]
    markdown: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Entry {
    id: &'static str,
    level: Level,
    specification: Specification,
    title: &'static str,
    covers: &'static [&'static str],
}

/// An error of `list`.
#[derive(Debug, Error)]
pub(super) enum ListCommandError {
    #[error(transparent)]
    Selection(#[from] SelectionError),
    #[error(transparent)]
    Output(#[from] OutputError),
}

pub(super) fn list(arguments: &Arguments) -> Result<ExitCode, ListCommandError> {
    if arguments.markdown {
        output::print(&handbook::handbook())?;
        return Ok(ExitCode::Acceptable);
    }
    if arguments.coverage {
        output::print(&if arguments.json {
            coverage::json()
        } else {
            coverage::text()
        })?;
        return Ok(ExitCode::Acceptable);
    }
    if arguments.eras {
        let eras = eras::eras();
        output::print(&if arguments.json {
            eras::json(&eras)
        } else {
            eras::text(&eras)
        })?;
        return Ok(ExitCode::Acceptable);
    }
    let requirements = match arguments.selection.requirements() {
        Err(error @ SelectionError::NothingFailed { .. }) => {
            output::note(&format!("{error}\n"));
            return Ok(ExitCode::Acceptable);
        }
        requirements => requirements?,
    };
    output::print(&if arguments.json {
        json(&requirements)
    } else {
        text(&requirements)
    })?;
    Ok(ExitCode::Acceptable)
}

fn json(requirements: &[&'static Requirement]) -> String {
    let entries: Vec<Entry> = requirements
        .iter()
        .map(|requirement| Entry {
            id: requirement.id,
            level: requirement.level,
            specification: requirement.specification(),
            title: requirement.title,
            covers: requirement.covers,
        })
        .collect();
    let mut text = serde_json::to_string_pretty(&entries).expect("a list serialises");
    text.push('\n');
    text
}

fn text(requirements: &[&'static Requirement]) -> String {
    let widest = requirements
        .iter()
        .map(|requirement| requirement.id.len())
        .max()
        .unwrap_or(0);
    let line = |requirement: &&Requirement| {
        let Requirement {
            id, level, title, ..
        } = requirement;
        format!(
            "{id:widest$}  {:6}  {:19}  {title}\n",
            level.to_string(),
            requirement.specification().to_string()
        )
    };
    requirements.iter().map(line).collect()
}
