//! The errors of all commands, and the exit code of each.

use std::io;

use thiserror::Error;

use super::compare::CompareCommandError;
use super::deviations::DeviationsCommandError;
use super::diff::DiffCommandError;
use super::doctor::DoctorCommandError;
use super::explain::ExplainCommandError;
use super::gc::GcCommandError;
use super::list::ListCommandError;
use super::matrix::MatrixCommandError;
use super::merge::MergeCommandError;
use super::observe::ObserveCommandError;
use super::output::OutputError;
use super::plan::PlanCommandError;
use super::prove::ProveCommandError;
use super::reproduce::ReproduceCommandError;
use super::run::RunCommandError;
use super::serve::ServeCommandError;
use super::site::SiteCommandError;
use super::snapshot::SnapshotCommandError;
use crate::exit_code::ExitCode;

/// An error of a command.
#[derive(Debug, Error)]
pub(super) enum CommandError {
    #[error(transparent)]
    Run(#[from] RunCommandError),
    #[error(transparent)]
    Matrix(#[from] MatrixCommandError),
    #[error(transparent)]
    Merge(#[from] MergeCommandError),
    #[error(transparent)]
    Plan(#[from] PlanCommandError),
    #[error(transparent)]
    Gc(#[from] GcCommandError),
    #[error(transparent)]
    List(#[from] ListCommandError),
    #[error(transparent)]
    Explain(#[from] ExplainCommandError),
    #[error(transparent)]
    Reproduce(#[from] ReproduceCommandError),
    #[error(transparent)]
    Serve(#[from] ServeCommandError),
    #[error(transparent)]
    Prove(#[from] ProveCommandError),
    #[error(transparent)]
    Observe(#[from] ObserveCommandError),
    #[error(transparent)]
    Deviations(#[from] DeviationsCommandError),
    #[error(transparent)]
    Doctor(#[from] DoctorCommandError),
    #[error(transparent)]
    Compare(#[from] CompareCommandError),
    #[error(transparent)]
    Diff(#[from] DiffCommandError),
    #[error(transparent)]
    Site(#[from] SiteCommandError),
    #[error(transparent)]
    Snapshot(#[from] SnapshotCommandError),
    #[error(transparent)]
    Completions(#[from] OutputError),
    #[error("the asynchronous runtime did not start")]
    Runtime(#[source] io::Error),
}

impl CommandError {
    /// The exit code of the program.
    pub(super) const fn exit_code(&self) -> ExitCode {
        match self {
            Self::Gc(error) => match error {
                // The registry could not be reached or searched.
                GcCommandError::Launch(_) | GcCommandError::Search(_) => ExitCode::Inconclusive,
                GcCommandError::Ephemeral { .. }
                | GcCommandError::ForeignRepository { .. }
                | GcCommandError::SelectionWithoutRun
                | GcCommandError::Targets(_)
                | GcCommandError::Selection(_)
                | GcCommandError::Repositories(_)
                | GcCommandError::Output(_) => ExitCode::Usage,
            },
            Self::Snapshot(error) => match error {
                // The registry could not be reached or read.
                SnapshotCommandError::NotTaken(_) => ExitCode::Inconclusive,
                SnapshotCommandError::MissingArguments
                | SnapshotCommandError::Targets(_)
                | SnapshotCommandError::Folder(_)
                | SnapshotCommandError::Output(_) => ExitCode::Usage,
            },
            Self::Observe(error) => match error {
                // A flow could not be run.
                ObserveCommandError::Incomplete(_) => ExitCode::Inconclusive,
                ObserveCommandError::Helm(_)
                | ObserveCommandError::NoSuchHelm { .. }
                | ObserveCommandError::NotRecorded { .. }
                | ObserveCommandError::Evidence(_)
                | ObserveCommandError::Output(_) => ExitCode::Usage,
            },
            Self::Run(_)
            | Self::Matrix(_)
            | Self::Merge(_)
            | Self::Plan(_)
            | Self::List(_)
            | Self::Explain(_)
            | Self::Reproduce(_)
            | Self::Serve(_)
            | Self::Prove(_)
            | Self::Deviations(_)
            | Self::Doctor(_)
            | Self::Compare(_)
            | Self::Diff(_)
            | Self::Site(_)
            | Self::Completions(_)
            | Self::Runtime(_) => ExitCode::Usage,
        }
    }
}
