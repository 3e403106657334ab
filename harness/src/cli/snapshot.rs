//! `snapshot`: records registry responses as files, and compares them later.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use helm_oci_reports::snapshot::{Snapshot, SnapshotDifference};
use helm_oci_reports::terminal;
use helm_oci_reports::text::plural;
use helm_oci_reports::view::{DifferenceView, leftovers};
use thiserror::Error;

use super::output::OutputError;
use super::report::Color;
use super::target::{TargetArguments, TargetsError};
use super::{output, progress};
use crate::clock;
use crate::exit_code::{self, ExitCode};
use crate::run::{Events, Interrupt, Job};
use crate::snapshot::{self, FolderError, SnapshotError, Subject, Taken};

/// An error of `snapshot`.
#[derive(Debug, Error)]
pub(super) enum SnapshotCommandError {
    #[error("`snapshot` needs a target and --out")]
    MissingArguments,
    #[error(transparent)]
    Targets(#[from] TargetsError),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Output(#[from] OutputError),
    #[error("no snapshot")]
    NotTaken(#[source] SnapshotError),
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    /// Record this target, in the syntax of `run`: the charts of every era are pushed to it. Or record an existing chart,
    /// `oci://HOST/REPOSITORY:TAG`, which is only read.
    #[arg(value_name = "TARGET", required = true)]
    target: Option<String>,
    /// Write the snapshot to a subfolder of DIR, named after the target.
    #[arg(long, value_name = "DIR", required = true)]
    out: Option<PathBuf>,
    #[command(flatten)]
    subject: SubjectArguments,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Take the snapshot again, and show the differences from the files; those that affect Helm come first.
    #[command(after_help = exit_code::HELP)]
    Check(ExistingArguments),
    /// Take the snapshot again, and update the files.
    #[command(after_help = exit_code::HELP)]
    Accept(ExistingArguments),
}

#[derive(Debug, Args)]
struct ExistingArguments {
    /// The target of the snapshot. Its version may differ.
    #[arg(value_name = "TARGET")]
    target: String,
    /// Read the snapshot from a subfolder of DIR, named after the target.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Use colour always, never, or if standard output is a terminal.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    color: Color,
    #[command(flatten)]
    subject: SubjectArguments,
}

#[derive(Debug, Args)]
struct SubjectArguments {
    /// Name the subfolder NAME instead of the target without its version.
    #[arg(long = "as", value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    reach: TargetArguments,
}

pub(super) async fn snapshot(arguments: &Arguments) -> Result<ExitCode, SnapshotCommandError> {
    match (&arguments.action, &arguments.target, &arguments.out) {
        (Some(Action::Check(existing)), ..) => check(existing).await,
        (Some(Action::Accept(existing)), ..) => accept(existing).await,
        (None, Some(target), Some(out)) => {
            let request = Request::parse(target, &arguments.subject)?;
            let folder = out.join(&request.name);
            let _created = snapshot::create(&folder)?;
            let Some(taken) = request.take("no snapshot was written").await? else {
                return Ok(ExitCode::Interrupted);
            };
            snapshot::write(&folder, &taken.snapshot)?;
            let files = taken.snapshot.files().len();
            output::print(&format!(
                "{}: {} written\n",
                folder.display(),
                plural(files, "file")
            ))?;
            Ok(ExitCode::Acceptable)
        }
        (None, ..) => Err(SnapshotCommandError::MissingArguments),
    }
}

async fn check(existing: &ExistingArguments) -> Result<ExitCode, SnapshotCommandError> {
    let (request, before, folder) = existing.before()?;
    let Some(taken) = request.take("nothing was compared").await? else {
        return Ok(ExitCode::Interrupted);
    };
    let after = taken.snapshot;
    let difference = SnapshotDifference::between(&before, &after);
    if difference.is_empty() {
        let files = after.files().len();
        output::print(&format!(
            "{}: unchanged, {}\n",
            folder.display(),
            plural(files, "file")
        ))?;
        return Ok(ExitCode::Acceptable);
    }
    let style = existing.color.style();
    output::print(&terminal::difference(
        &DifferenceView::of(&difference),
        style,
    ))?;
    Ok(ExitCode::Violation)
}

async fn accept(existing: &ExistingArguments) -> Result<ExitCode, SnapshotCommandError> {
    let (request, before, folder) = existing.before()?;
    let Some(taken) = request.take("the files were not updated").await? else {
        return Ok(ExitCode::Interrupted);
    };
    let after = taken.snapshot;
    snapshot::write(&folder, &after)?;
    let difference = SnapshotDifference::between(&before, &after);
    let changed = difference.files().into_iter();
    let lines = changed.map(|file| format!("{}: changed\n", folder.join(file).display()));
    let mut text: String = lines.collect();
    if text.is_empty() {
        text = format!("{}: nothing changed\n", folder.display());
    }
    output::print(&text)?;
    Ok(ExitCode::Acceptable)
}

impl ExistingArguments {
    /// The request, the existing snapshot, and its folder.
    fn before(&self) -> Result<(Request, Snapshot, PathBuf), SnapshotCommandError> {
        let request = Request::parse(&self.target, &self.subject)?;
        let folder = self.dir.join(&request.name);
        let before = snapshot::read(&folder)?;
        Ok((request, before, folder))
    }
}

/// The subject of a snapshot, and the name of its folder.
struct Request {
    job: Job,
    subject: Subject,
    name: String,
}

impl Request {
    fn parse(given: &str, arguments: &SubjectArguments) -> Result<Self, TargetsError> {
        let run = format!("{}-{}", clock::seed(), std::process::id());
        let chart = chart(given);
        let target = chart.as_ref().map_or(given, |(host, _)| host);
        let specs = vec![arguments.reach.spec(target)];
        let job = Job::new(arguments.reach.resolve(specs, &run)?.remove(0));
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
            name: arguments.name.as_deref().map_or(own, snapshot::safe),
        })
    }

    /// Takes the snapshot; `None` after an interruption, which is reported with what `lost` states.
    async fn take(&self, lost: &str) -> Result<Option<Taken>, SnapshotCommandError> {
        let work = async |_: &Events, interrupt: &Interrupt| {
            snapshot::take(&self.job, &self.subject, interrupt).await
        };
        let lost = format!("{lost}, because not every response was recorded");
        let Ok(taken) = progress::watch(true, None, &lost, work).await else {
            return Ok(None);
        };
        let taken = taken.map_err(SnapshotCommandError::NotTaken)?;
        if !taken.leftovers.is_empty() {
            let lines = leftovers::lines(&taken.leftovers).join("\n  ");
            output::note(&format!("left over:\n  {lines}\n"));
        }
        Ok(Some(taken))
    }
}

/// Parses `oci://host/repository:tag` or `…@digest` into host and chart. A URL without tag and digest is a target.
fn chart(given: &str) -> Option<(String, Subject)> {
    let (scheme, rest) = given.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    let (repository, reference) = match path.split_once('@') {
        // The digest decides, as in Helm 3.17 and later.
        Some((name, digest)) => (name.split(':').next().unwrap_or(name), digest.to_owned()),
        // A tag cannot contain `+`; Helm writes `_`.
        None => path
            .split_once(':')
            .map(|(name, tag)| (name, tag.replace('+', "_")))?,
    };
    let subject = Subject::Chart {
        repository: repository.parse().ok()?,
        reference,
    };
    Some((format!("{scheme}://{host}"), subject))
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
                    repository: repository.parse().expect("a name"),
                    reference: reference.to_owned(),
                };
                (host.to_owned(), subject)
            });
            assert_eq!(chart(given), expected, "{given}");
        }
    }
}
