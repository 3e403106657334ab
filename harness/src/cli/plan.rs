//! `plan`: shows the repositories that a run needs, without running it.

use clap::Args;
use helm_oci_reports::text::plural;
use helm_oci_suite::session::target::name_of_run;
use thiserror::Error;

use super::output::OutputError;
use super::selection::SelectionError;
use super::target::{TargetArguments, TargetsError};
use super::{Selection, output};
use crate::clock;
use crate::exit_code::ExitCode;
use crate::run::repositories;

/// An error of `plan`.
#[derive(Debug, Error)]
pub(super) enum PlanCommandError {
    #[error(transparent)]
    Targets(#[from] TargetsError),
    #[error(transparent)]
    Selection(#[from] SelectionError),
    #[error(transparent)]
    Output(#[from] OutputError),
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The target of the run, in the syntax of `run`.
    #[arg(value_name = "TARGET", default_value = "reference")]
    target: String,
    #[command(flatten)]
    selection: Selection,
    /// Print nothing but the repositories to which a run writes, one on each line, for registries in which they have to
    /// be created first.
    #[arg(long)]
    repositories: bool,
    /// Print the repositories of a run with seed N. Their names depend on it.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    reach: TargetArguments,
}

pub(super) async fn plan(arguments: &Arguments) -> Result<ExitCode, PlanCommandError> {
    let target = arguments.reach.resolve_one(&arguments.target)?;
    let seed = arguments.seed.unwrap_or_else(clock::seed);
    let requirements = arguments.selection.requirements()?;
    let names =
        repositories::needed(&requirements, target.kind.namespace(), &name_of_run(seed)).await;
    if !arguments.repositories {
        let count = plural(names.len(), "repository");
        output::note(&format!("a run on {} writes to {count}:\n", target.name));
    }
    output::print(&(names.join("\n") + "\n"))?;
    if arguments.seed.is_none() {
        output::note(&format!(
            "these repositories are for a run with --seed {seed} --planned\n"
        ));
    }
    Ok(ExitCode::Acceptable)
}
