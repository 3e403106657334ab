//! `gc`: deletes the content that earlier runs left in a registry.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use helm_oci_reports::text::{line, plural};
use helm_oci_reports::view::leftovers;
use helm_oci_suite::oci::RepositoryName;
use helm_oci_suite::session::Session;
use helm_oci_suite::session::target::{Target, name_of_run};
use thiserror::Error;

use super::output::OutputError;
use super::selection::SelectionError;
use super::target::{TargetArguments, TargetsError};
use super::{Selection, output};
use crate::clock;
use crate::exit_code::ExitCode;
use crate::launch::{self, LaunchError};
use crate::run::cleanup::{
    Found, NoCatalog, RepositoryContent, catalog, content_of, delete, is_of_a_run,
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
    #[error("--only, --skip, --level, --era and --failed require --run; add --run, or remove them")]
    SelectionWithoutRun,
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
    Search(#[from] NoCatalog),
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The registry, as http(s)://HOST[:PORT][/NAMESPACE], with the namespace of the runs.
    #[arg(value_name = "TARGET")]
    target: String,
    /// Show the content that would be deleted, and delete nothing.
    #[arg(long)]
    dry_run: bool,
    /// Delete only the repositories of the run with this name, such as hoc63cbe1e4, without querying the registry's
    /// list of repositories. Its repositories begin with the name.
    #[arg(long, value_name = "NAME", value_parser = run_name)]
    run: Option<String>,
    /// Delete only the repositories of the run with --planned and --seed N.
    #[arg(long, value_name = "N", conflicts_with = "run")]
    seed: Option<u64>,
    #[command(flatten)]
    selection: Selection,
    /// Delete only the repositories listed in FILE, one on each line.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["run", "seed"])]
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
        let run = self.run.clone();
        let Some(run) = run.or_else(|| self.seed.map(name_of_run)) else {
            if self.selection.is_narrowed() {
                return Err(GcCommandError::SelectionWithoutRun);
            }
            return Ok(None);
        };
        let requirements = self.selection.requirements()?;
        let names = needed(&requirements, target.kind.namespace(), &run).await;
        Ok(Some(names))
    }
}

/// Reads the name of a run.
fn run_name(text: &str) -> Result<String, &'static str> {
    if is_of_a_run(None, &format!("{text}/x")) && !text.contains('/') {
        return Ok(text.to_owned());
    }
    Err("write it as hoc with eight hexadecimal digits, as the names of its repositories begin")
}

/// Reads names from a file. All must be repositories of runs: others are never deleted.
fn read(path: &Path, namespace: Option<&RepositoryName>) -> Result<Vec<String>, GcCommandError> {
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
    let found = find(&search, given, kind.namespace()).await?;
    output::print(&listing(&found, name, is_dry))?;
    let is_whole = found.problems.is_empty();
    let ended = |is_clean| {
        if is_clean {
            ExitCode::Acceptable
        } else {
            ExitCode::Inconclusive
        }
    };
    if is_dry || found.stored.is_empty() {
        return Ok(ended(is_whole));
    }
    let session = Session::new(target, "gc");
    let left = delete(&session, found.stored, policy.clean_up.strategy).await;
    if left.is_empty() {
        output::print(&format!("everything with a tag is deleted; {UNTAGGED}\n"))?;
        return Ok(ended(is_whole));
    }
    let lines = leftovers::lines(&left).join("\n  ");
    output::print(&format!("left over:\n  {lines}\n"))?;
    Ok(ExitCode::Inconclusive)
}

/// The limit of what `gc` can find.
const UNTAGGED: &str = "manifests without a tag, and blobs that no manifest refers to, are not listed by any registry: \
                        its garbage collection removes them";

/// Finds the content of earlier runs.
async fn find(
    session: &Session,
    given: Option<Vec<String>>,
    namespace: Option<&RepositoryName>,
) -> Result<Found, NoCatalog> {
    let (mut names, problem) = match given {
        Some(names) => (names, None),
        None => catalog(session).await?,
    };
    names.retain(|name| is_of_a_run(namespace, name));
    let mut found = content_of(session, &names).await;
    found.problems.splice(0..0, problem);
    for problem in &mut found.problems {
        *problem = session.redact(problem);
    }
    Ok(found)
}

/// The content to delete, one repository on each line, and what could not be read.
fn listing(found: &Found, name: &str, is_dry: bool) -> String {
    let mut text = String::new();
    if found.stored.is_empty() {
        let untagged = match found.untagged {
            0 => String::new(),
            count => format!(
                " ({} without a tag; {UNTAGGED})",
                plural(count, "repository")
            ),
        };
        let known = match found.problems.as_slice() {
            [] => "",
            _ => " that could be read",
        };
        let _ = writeln!(
            text,
            "{name} lists no tag of an earlier run{known}{untagged}"
        );
    } else {
        let verb = if is_dry { "would delete" } else { "deleting" };
        let _ = writeln!(text, "{verb} on {name}:");
    }
    for (repository, holdings) in &found.stored {
        let _ = writeln!(text, "  {repository}: {}", counts(holdings));
    }
    if !found.problems.is_empty() {
        let _ = writeln!(text, "could not be read:");
    }
    for problem in &found.problems {
        let _ = writeln!(text, "  {}", line(problem));
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
