//! `explain`: all there is to know about one requirement.

use std::path::{Path, PathBuf};

use clap::Args;
use helm_oci_suite::checks;
use helm_oci_suite::requirement::Requirement;

use super::error::CliError;
use super::output;
use crate::exit_code::ExitCode;
use crate::handbook::{self, curl};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The requirement, such as pull/manifest-bytes.
    id: String,
    /// Write the bodies that the commands by hand send into this folder.
    #[arg(long, value_name = "DIR")]
    bodies: Option<PathBuf>,
}

pub(super) fn explain(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let requirement = checks::find(&arguments.id).ok_or_else(|| CliError::UnknownRequirement {
        id: arguments.id.clone(),
        nearest: checks::nearest(&arguments.id).unwrap_or("none"),
    })?;
    if let Some(folder) = &arguments.bodies {
        write_bodies(requirement, folder)?;
    }
    let page = handbook::page(requirement, 1);
    let declared = format!("Declared at {}:{}.\n", requirement.file, requirement.line);
    output::print(&format!("{page}{declared}"))?;
    Ok(ExitCode::Acceptable)
}

fn write_bodies(requirement: &Requirement, folder: &Path) -> Result<(), CliError> {
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        move |source| CliError::Write { path, source }
    };
    std::fs::create_dir_all(folder).map_err(unwritable(folder))?;
    for (name, body) in curl::recipe(requirement).bodies {
        let path = folder.join(name);
        std::fs::write(&path, body).map_err(unwritable(&path))?;
    }
    Ok(())
}
