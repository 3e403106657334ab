//! `gc`: deletes the content that earlier runs left in a registry.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use helm_oci_reports::text::plural;
use helm_oci_reports::view::leftovers;
use helm_oci_suite::session::Session;
use helm_oci_suite::session::target::Target;
use thiserror::Error;

use super::output::OutputError;
use super::selection::SelectionError;
use super::target::{TargetArguments, TargetsError};
use super::{Selection, output};
use crate::clock;
use crate::exit_code::ExitCode;
use crate::launch::{self, LaunchError};
use crate::run::cleanup::{
    RepositoryContent, SearchError, Stored, catalog, content_of, delete, is_of_a_run,
};
use crate::run::repositories::needed;
use crate::run::{self, Interrupt};
use crate::target::repositories::{self, RepositoryFileError};
use crate::target::resolved::ResolvedTarget;

/// An error of `gc`.
#[derive(Debug, Error)]
pub(super) enum GcCommandError {
    #[error("{name} is ephemeral; gc needs the URL of a persistent registry")]
    Ephemeral { name: String },
    #[error("{name} in {path} is not a repository of a run and would not be deleted; remove it from the file", path = .path.display())]
    ForeignRepository { name: String, path: PathBuf },
    #[error(
        "--only, --skip, --level, --era and --failed require --seed; add --seed, or remove them"
    )]
    SelectionWithoutSeed,
    #[error(transparent)]
    Targets(#[from] TargetsError),
    #[error(transparent)]
    Selection(#[from] SelectionError),
    #[error(transparent)]
    Repositories(#[from] RepositoryFileError),
    #[error(transparent)]
    Output(#[from] OutputError),
    #[error(transparent)]
    Launch(#[from] LaunchError),
    #[error(transparent)]
    Search(#[from] SearchError),
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The registry, as http(s)://HOST[:PORT][/NAMESPACE], with the namespace of the runs.
    #[arg(value_name = "TARGET")]
    target: String,
    /// Show the content that would be deleted, and delete nothing.
    #[arg(long)]
    dry_run: bool,
    /// Delete the repositories of the run with seed N only, without querying the registry's list of repositories.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    selection: Selection,
    /// Delete the repositories listed in FILE only, one on each line.
    #[arg(long, value_name = "FILE", conflicts_with = "seed")]
    repositories: Option<PathBuf>,
    #[command(flatten)]
    reach: TargetArguments,
}

pub(super) async fn gc(arguments: &Arguments) -> Result<ExitCode, GcCommandError> {
    let target = arguments.reach.resolve_one(&arguments.target)?;
    if !target.kind.is_persistent() {
        return Err(GcCommandError::Ephemeral { name: target.name });
    }
    let given = arguments.given(&target).await?;
    let interrupt = Interrupt::on_signals();
    let ended = tokio::select! {
        ended = sweep(&target, given, arguments.dry_run) => ended?,
        () = interrupt.wait() => {
            output::note("error: interrupted; the remaining content was not deleted\n");
            ExitCode::Interrupted
        }
    };
    Ok(ended)
}

impl Arguments {
    /// The repositories that the options name; `None` if the registry has to list them.
    async fn given(&self, target: &ResolvedTarget) -> Result<Option<Vec<String>>, GcCommandError> {
        if let Some(path) = self
            .repositories
            .as_ref()
            .filter(|_| !self.selection.is_narrowed())
        {
            return read(path, target.kind.namespace()).map(Some);
        }
        let Some(seed) = self.seed else {
            if self.selection.is_narrowed() {
                return Err(GcCommandError::SelectionWithoutSeed);
            }
            return Ok(None);
        };
        let requirements = self.selection.requirements()?;
        let names = needed(&requirements, target.kind.namespace(), seed).await;
        Ok(Some(names))
    }
}

/// Reads names from a file. All must be repositories of runs: others are never deleted.
fn read(path: &Path, namespace: Option<&str>) -> Result<Vec<String>, GcCommandError> {
    let names = repositories::read(path)?;
    match names.iter().find(|name| !is_of_a_run(namespace, name)) {
        Some(name) => Err(GcCommandError::ForeignRepository {
            name: name.to_string(),
            path: path.to_owned(),
        }),
        None => Ok(names.into_iter().map(String::from).collect()),
    }
}

async fn sweep(
    resolved: &ResolvedTarget,
    given: Option<Vec<String>>,
    is_dry: bool,
) -> Result<ExitCode, GcCommandError> {
    let ResolvedTarget {
        name,
        kind,
        label,
        connection,
        policy,
    } = resolved;
    let launched = launch::launch(kind, label, connection).await?;
    let target = run::target(clock::seed(), &launched);
    let target = Target {
        registry: policy.rate_limited(target.registry.clone()),
        ..target
    };
    let budgeted = Target {
        registry: policy.budgeted(target.registry.clone()),
        ..target.clone()
    };
    let search = Session::new(budgeted, "gc");
    let made = find(&search, given, kind.namespace()).await?;
    output::print(&listing(&made, name, is_dry))?;
    if is_dry || made.is_empty() {
        return Ok(ExitCode::Acceptable);
    }
    let session = Session::new(target, "gc");
    let left = delete(&session, made, policy.clean_up).await;
    if left.is_empty() {
        output::print("everything is deleted\n")?;
        return Ok(ExitCode::Acceptable);
    }
    let lines = leftovers::lines(&left).join("\n  ");
    output::print(&format!("left over:\n  {lines}\n"))?;
    Ok(ExitCode::Inconclusive)
}

/// Finds the content of earlier runs.
async fn find(
    session: &Session,
    given: Option<Vec<String>>,
    namespace: Option<&str>,
) -> Result<Stored, SearchError> {
    let mut names = match given {
        Some(names) => names,
        None => catalog(session).await?,
    };
    names.retain(|name| is_of_a_run(namespace, name));
    content_of(session, &names).await
}

/// The content to delete, one repository on each line.
fn listing(made: &Stored, name: &str, is_dry: bool) -> String {
    if made.is_empty() {
        return format!("{name} contains no tagged content of earlier runs\n");
    }
    let verb = if is_dry { "would delete" } else { "deleting" };
    let mut text = format!("{verb} on {name}:\n");
    for (repository, holdings) in made {
        let _ = writeln!(text, "  {repository}: {}", counts(holdings));
    }
    text
}

fn counts(holdings: &RepositoryContent) -> String {
    let tags: Vec<&str> = holdings.tags.keys().map(String::as_str).collect();
    format!(
        "{}, {}, tags {}",
        plural(holdings.manifests.len(), "manifest"),
        plural(holdings.blobs.len(), "blob"),
        tags.join(" ")
    )
}
