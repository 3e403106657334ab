//! `snapshot`: what a registry answers, as files; and whether it still answers so.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use helm_oci_reports::snapshot::{Difference, Snapshot};
use helm_oci_reports::terminal;
use helm_oci_reports::view::{DifferenceView, leftovers};

use super::error::CliError;
use super::report::Color;
use super::target::TargetArguments;
use super::{output, progress};
use crate::clock;
use crate::error::chain;
use crate::exit_code::{self, ExitCode};
use crate::run::{Events, Interrupt, Job};
use crate::snapshot::{self, FolderError, Subject, Taken};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    /// What to take a snapshot of: a target as `run` takes it, to which the charts of every era are pushed; or
    /// `oci://HOST/REPOSITORY:TAG`, a chart that is there, which is only read.
    #[arg(value_name = "TARGET", required = true)]
    target: Option<String>,
    /// The folder in which the target gets a folder of its own.
    #[arg(long, value_name = "DIR", required = true)]
    out: Option<PathBuf>,
    #[command(flatten)]
    of: OfArguments,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Take it again, and show what differs from the files: first what Helm cares about.
    #[command(after_help = exit_code::HELP)]
    Check(AgainArguments),
    /// Take it again, and write the files anew.
    #[command(after_help = exit_code::HELP)]
    Accept(AgainArguments),
}

#[derive(Debug, Args)]
struct AgainArguments {
    /// The target, as it was given when the snapshot was taken; its version may differ.
    #[arg(value_name = "TARGET")]
    target: String,
    /// The folder in which the target has its folder.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// When to use colour.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    color: Color,
    #[command(flatten)]
    of: OfArguments,
}

#[derive(Debug, Args)]
struct OfArguments {
    /// The name of the target's folder, if not that of the target without its version.
    #[arg(long = "as", value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    reach: TargetArguments,
}

pub(super) async fn snapshot(arguments: &Arguments) -> Result<ExitCode, CliError> {
    match (&arguments.action, &arguments.target, &arguments.out) {
        (Some(Action::Check(again)), ..) => check(again).await,
        (Some(Action::Accept(again)), ..) => accept(again).await,
        (None, Some(target), Some(out)) => {
            let of = Of::parse(target, &arguments.of)?;
            let folder = out.join(&of.name);
            snapshot::make(&folder)?;
            let taken = match of.take().await {
                Ok(taken) => taken,
                Err(code) => {
                    // This removes an empty folder only.
                    let _ = std::fs::remove_dir(&folder);
                    return Ok(code);
                }
            };
            snapshot::write(&folder, &taken.snapshot)?;
            let files = taken.snapshot.files().len();
            output::print(&format!("{}: {files} files written\n", folder.display()))?;
            Ok(ExitCode::Acceptable)
        }
        (None, ..) => Err(CliError::Nothing),
    }
}

async fn check(again: &AgainArguments) -> Result<ExitCode, CliError> {
    let (of, before, folder) = again.before()?;
    let after = match of.take().await {
        Ok(taken) => taken.snapshot,
        Err(code) => return Ok(code),
    };
    let difference = Difference::between(&before, &after);
    if difference.is_empty() {
        let files = after.files().len();
        output::print(&format!("{}: as it was, {files} files\n", folder.display()))?;
        return Ok(ExitCode::Acceptable);
    }
    let style = again.color.style();
    output::print(&terminal::difference(
        &DifferenceView::of(&difference),
        style,
    ))?;
    Ok(ExitCode::Violation)
}

async fn accept(again: &AgainArguments) -> Result<ExitCode, CliError> {
    let (of, before, folder) = again.before()?;
    let after = match of.take().await {
        Ok(taken) => taken.snapshot,
        Err(code) => return Ok(code),
    };
    snapshot::write(&folder, &after)?;
    let difference = Difference::between(&before, &after);
    let changed = difference.files().into_iter();
    let lines = changed.map(|file| format!("{}: changed\n", folder.join(file).display()));
    let mut text: String = lines.collect();
    if text.is_empty() {
        text = format!("{}: nothing changed\n", folder.display());
    }
    output::print(&text)?;
    Ok(ExitCode::Acceptable)
}

impl AgainArguments {
    /// The target, its snapshot as it was, and where that is.
    fn before(&self) -> Result<(Of, Snapshot, PathBuf), CliError> {
        let of = Of::parse(&self.target, &self.of)?;
        let folder = self.dir.join(&of.name);
        let before = snapshot::read(&folder)?;
        Ok((of, before, folder))
    }
}

/// What a snapshot is taken of, and what its folder is called.
struct Of {
    job: Job,
    subject: Subject,
    name: String,
}

impl Of {
    fn parse(given: &str, of: &OfArguments) -> Result<Self, CliError> {
        let run = format!("{}-{}", clock::seed(), std::process::id());
        let chart = chart(given);
        let target = chart.as_ref().map_or(given, |(host, _)| host);
        let specs = vec![of.reach.spec(target)];
        let job = Job::new(of.reach.resolve(specs, &run)?.remove(0));
        let own = match &chart {
            Some(_) => snapshot::safe(given.split_once("://").map_or(given, |(_, rest)| rest)),
            None => snapshot::name(target),
        };
        Ok(Self {
            job,
            subject: match chart {
                Some((_, subject)) => subject,
                None => Subject::Golden {
                    seed: clock::seed(),
                },
            },
            name: of.name.as_deref().map_or(own, snapshot::safe),
        })
    }

    /// Takes the snapshot; otherwise reports the reason, and returns the exit code.
    async fn take(&self) -> Result<Taken, ExitCode> {
        let work = async |_: &Events, interrupt: &Interrupt| {
            snapshot::take(&self.job, &self.subject, interrupt).await
        };
        let taken = progress::watch(true, "nothing was written", work).await?;
        let taken = taken.map_err(|error| {
            output::note(&format!("error: no snapshot: {}\n", chain(&error)));
            ExitCode::Inconclusive
        })?;
        if !taken.leftovers.is_empty() {
            let lines = leftovers::lines(&taken.leftovers).join("\n  ");
            output::note(&format!("left over:\n  {lines}\n"));
        }
        Ok(taken)
    }
}

/// Host and chart of `oci://host/repository:tag` or `…@digest`; a URL without either is a target.
fn chart(given: &str) -> Option<(String, Subject)> {
    let (scheme, rest) = given.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    let (repository, reference) = match path.split_once('@') {
        // The digest decides, as in Helm 3.17 and later.
        Some((name, digest)) => (name.split(':').next().unwrap_or(name), digest.to_owned()),
        // A registry holds no `+` in a tag; Helm writes `_`.
        None => path
            .split_once(':')
            .map(|(name, tag)| (name, tag.replace('+', "_")))?,
    };
    let subject = Subject::Chart {
        repository: repository.to_owned(),
        reference,
    };
    Some((format!("{scheme}://{host}"), subject))
}

impl From<FolderError> for CliError {
    fn from(error: FolderError) -> Self {
        Self::Snapshot(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_has_a_tag_or_a_digest_and_a_target_has_neither() {
        for (given, expected) in [
            (
                "oci://r.example:5000/ns/chart:0.2.0+b.5",
                Some(("oci://r.example:5000", "ns/chart", "0.2.0_b.5")),
            ),
            (
                "oci://r.example/ns/chart:1@sha256:ab",
                Some(("oci://r.example", "ns/chart", "sha256:ab")),
            ),
            ("oci://r.example:5000/ns", None),
            ("https://r.example:5000", None),
            ("distribution:2.8.3", None),
        ] {
            let expected = expected.map(|(host, repository, reference)| {
                let subject = Subject::Chart {
                    repository: repository.to_owned(),
                    reference: reference.to_owned(),
                };
                (host.to_owned(), subject)
            });
            assert_eq!(chart(given), expected, "{given}");
        }
    }
}
