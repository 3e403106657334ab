//! `gc`: removes what earlier runs left in a registry.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use helm_oci_reports::view::leftovers;
use helm_oci_suite::session::Session;
use helm_oci_suite::session::target::Target;

use super::error::CliError;
use super::target::TargetArguments;
use super::{Selection, output};
use crate::clock;
use crate::exit_code::ExitCode;
use crate::launch;
use crate::run::cleanup::{Holdings, Made, SearchError, catalog, delete, holdings, is_of_a_run};
use crate::run::repositories::needed;
use crate::run::{self, Interrupt};
use crate::target::repositories;
use crate::target::resolved::ResolvedTarget;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The registry: http(s)://HOST[:PORT][/NAMESPACE], as it was given to the runs.
    #[arg(value_name = "TARGET")]
    target: String,
    /// Show what would be removed, and remove nothing.
    #[arg(long)]
    dry_run: bool,
    /// Look for the repositories of the run with this seed only, without the registry's list of repositories.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    selection: Selection,
    /// Look for the repositories in this file only, one a line.
    #[arg(long, value_name = "FILE", conflicts_with = "seed")]
    repositories: Option<PathBuf>,
    #[command(flatten)]
    reach: TargetArguments,
}

pub(super) async fn gc(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let target = arguments.reach.resolve_one(&arguments.target)?;
    if !target.kind.is_persistent() {
        return Err(CliError::NothingStays { name: target.name });
    }
    let given = arguments.given(&target).await?;
    let interrupt = Interrupt::on_signals();
    let ended = tokio::select! {
        ended = sweep(&target, given, arguments.dry_run) => ended?,
        () = interrupt.wait() => {
            output::note("error: interrupted; what was not told to be deleted is still there\n");
            ExitCode::Interrupted
        }
    };
    Ok(ended)
}

impl Arguments {
    /// The repositories to look into, where the registry is not to be asked for them.
    async fn given(&self, target: &ResolvedTarget) -> Result<Option<Vec<String>>, CliError> {
        if let Some(path) = self
            .repositories
            .as_ref()
            .filter(|_| !self.selection.is_narrowed())
        {
            return read(path, target.kind.namespace()).map(Some);
        }
        let Some(seed) = self.seed else {
            if self.selection.is_narrowed() {
                return Err(CliError::SelectionWithoutSeed);
            }
            return Ok(None);
        };
        let requirements = self.selection.requirements()?;
        let names = needed(&requirements, target.kind.namespace(), seed).await;
        Ok(Some(names))
    }
}

/// The names in a file, all of which must be of runs: nothing else is ever touched.
fn read(path: &Path, namespace: Option<&str>) -> Result<Vec<String>, CliError> {
    let names = repositories::read(path)?;
    match names.iter().find(|name| !is_of_a_run(namespace, name)) {
        Some(name) => Err(CliError::NotOfARun {
            name: name.clone(),
            path: path.to_owned(),
        }),
        None => Ok(names),
    }
}

async fn sweep(
    resolved: &ResolvedTarget,
    given: Option<Vec<String>>,
    is_dry: bool,
) -> Result<ExitCode, CliError> {
    let ResolvedTarget {
        name,
        kind,
        label,
        connection,
        policy,
    } = resolved;
    let launched = match launch::launch(kind, label, connection).await {
        Ok(launched) => launched,
        Err(error) => return Ok(untold(&error)),
    };
    let target = run::target(clock::seed(), &launched);
    let target = Target {
        registry: policy.rate_limited(target.registry.clone()),
        ..target
    };
    let looking = Target {
        registry: policy.budgeted(target.registry.clone()),
        ..target.clone()
    };
    let looking = Session::new(looking, "gc");
    let found = find(&looking, given, kind.namespace()).await;
    let made = match found {
        Ok(made) => made,
        Err(error) => return Ok(untold(&error)),
    };
    output::print(&shown(&made, name, is_dry))?;
    if is_dry || made.is_empty() {
        return Ok(ExitCode::Acceptable);
    }
    let session = Session::new(target, "gc");
    let left = delete(&session, made, policy.clean_up).await;
    if left.is_empty() {
        output::print("all of it is deleted\n")?;
        return Ok(ExitCode::Acceptable);
    }
    let lines = leftovers::lines(&left).join("\n  ");
    output::print(&format!("left over:\n  {lines}\n"))?;
    Ok(ExitCode::Inconclusive)
}

/// What is there of earlier runs.
async fn find(
    session: &Session,
    given: Option<Vec<String>>,
    namespace: Option<&str>,
) -> Result<Made, SearchError> {
    let mut names = match given {
        Some(names) => names,
        None => catalog(session).await?,
    };
    names.retain(|name| is_of_a_run(namespace, name));
    holdings(session, &names).await
}

fn untold(error: &dyn std::error::Error) -> ExitCode {
    output::note(&format!("error: {}\n", crate::error::chain(error)));
    ExitCode::Inconclusive
}

/// What there is to remove, a repository a line.
fn shown(made: &Made, name: &str, is_dry: bool) -> String {
    if made.is_empty() {
        return format!("{name} holds nothing of earlier runs that has a tag\n");
    }
    let does = if is_dry { "would delete" } else { "deletes" };
    let mut text = format!("{does} on {name}:\n");
    for (repository, holdings) in made {
        let _ = writeln!(text, "  {repository}: {}", counts(holdings));
    }
    text
}

fn counts(holdings: &Holdings) -> String {
    let tags: Vec<&str> = holdings.tags.keys().map(String::as_str).collect();
    format!(
        "{} manifests, {} blobs, tags {}",
        holdings.manifests.len(),
        holdings.blobs.len(),
        tags.join(" ")
    )
}
