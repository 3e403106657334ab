//! `plan`: what a run would do, without doing it.

use clap::Args;

use super::error::CliError;
use super::target::TargetArguments;
use super::{Selection, output};
use crate::clock;
use crate::exit_code::ExitCode;
use crate::run::repositories;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The target, as `run` takes it.
    #[arg(value_name = "TARGET", default_value = "reference")]
    target: String,
    #[command(flatten)]
    selection: Selection,
    /// Print the repositories that a run writes to, one a line: for registries in which they must exist before.
    #[arg(long, required = true)]
    repositories: bool,
    /// The seed of the run; its names depend on it.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    reach: TargetArguments,
}

pub(super) async fn plan(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let target = arguments.reach.resolve_one(&arguments.target)?;
    let seed = arguments.seed.unwrap_or_else(clock::seed);
    let requirements = arguments.selection.requirements()?;
    let names = repositories::needed(&requirements, target.kind.namespace(), seed).await;
    output::print(&(names.join("\n") + "\n"))?;
    if arguments.seed.is_none() {
        output::note(&format!(
            "these are the names of a run with --seed {seed}\n"
        ));
    }
    Ok(ExitCode::Acceptable)
}
