//! `explain`: the handbook page of one requirement.

use std::path::{Path, PathBuf};

use clap::Args;
use helm_oci_suite::checks;
use helm_oci_suite::requirement::Requirement;
use thiserror::Error;

use super::output::{self, OutputError};
use crate::exit_code::ExitCode;
use crate::handbook::{self, curl};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The id of the requirement, such as pull/manifest-bytes.
    id: String,
    /// Write the request bodies of the curl commands into DIR.
    #[arg(long, value_name = "DIR")]
    bodies: Option<PathBuf>,
}

/// An error of `explain`.
#[derive(Debug, Error)]
pub(super) enum ExplainCommandError {
    #[error("unknown requirement `{id}`; did you mean `{nearest}`? `list` prints all")]
    UnknownRequirement { id: String, nearest: &'static str },
    #[error(transparent)]
    Output(#[from] OutputError),
}

pub(super) fn explain(arguments: &Arguments) -> Result<ExitCode, ExplainCommandError> {
    let requirement =
        checks::find(&arguments.id).ok_or_else(|| ExplainCommandError::UnknownRequirement {
            id: arguments.id.clone(),
            nearest: checks::nearest_id(&arguments.id).unwrap_or("none"),
        })?;
    if let Some(folder) = &arguments.bodies {
        write_bodies(requirement, folder)?;
    }
    let page = handbook::page(requirement, 1);
    let declared = format!("Declared at {}:{}.\n", requirement.file, requirement.line);
    output::print(&format!("{page}{declared}"))?;
    Ok(ExitCode::Acceptable)
}

fn write_bodies(requirement: &Requirement, folder: &Path) -> Result<(), OutputError> {
    std::fs::create_dir_all(folder).map_err(|source| OutputError::file(folder, source))?;
    for (name, body) in curl::recipe(requirement).bodies {
        let path = folder.join(name);
        std::fs::write(&path, body).map_err(|source| OutputError::file(&path, source))?;
    }
    Ok(())
}
