//! One target of a run, with the repositories in which the plan works there.

use std::sync::Arc;

use helm_oci_suite::session::write_mode::{ExistingContent, WriteMode};
use thiserror::Error;

use super::Plan;
use super::repositories::{self, TooFew};
use crate::target::chart_name::ChartName;
use crate::target::policy::WriteAccess;
use crate::target::resolved::ResolvedTarget;

/// One target of a run.
#[derive(Debug, Clone)]
pub struct Job {
    /// The target.
    pub target: ResolvedTarget,
    /// The repositories to which the run may write.
    pub write_mode: WriteMode,
    /// True if names follow from the seed on a persistent registry as well (`--planned`).
    pub is_planned: bool,
}

/// A target on which the plan cannot run.
#[derive(Debug, Error)]
pub enum AssignError {
    /// The given repositories do not suffice.
    #[error(transparent)]
    TooFew(#[from] TooFew),
    /// Real Helm binaries write to repositories of their own.
    #[error(
        "--helm cannot be combined with --read-only or --repositories, which apply to the target `{name}`; \
         run the Helm binaries in a run of their own"
    )]
    Helm {
        /// The target.
        name: String,
    },
}

impl Job {
    /// A target on which the work creates its own repositories, or none.
    pub const fn new(target: ResolvedTarget) -> Self {
        Self {
            target,
            write_mode: WriteMode::OwnRepositories,
            is_planned: false,
        }
    }

    /// A target with the repositories that the plan needs on it.
    pub async fn assigned(target: ResolvedTarget, plan: &Plan) -> Result<Self, AssignError> {
        let write_mode = match &target.policy.access {
            WriteAccess::Own => {
                return Ok(Self {
                    is_planned: plan.is_planned,
                    ..Self::new(target)
                });
            }
            WriteAccess::Given(given) => {
                let namespace = target.kind.namespace();
                let places =
                    repositories::assign(&plan.requirements, namespace, plan.seed, given).await?;
                WriteMode::GivenRepositories(Arc::new(places))
            }
            WriteAccess::ReadOnly(chart) => WriteMode::ReadOnly(existing_content(chart)),
        };
        if !plan.helm_binaries.all.is_empty() {
            return Err(AssignError::Helm { name: target.name });
        }
        Ok(Self {
            write_mode,
            ..Self::new(target)
        })
    }
}

/// The content that a read-only run reads.
fn existing_content(chart: &ChartName) -> ExistingContent {
    ExistingContent {
        repository: Some(chart.repository.clone()),
        tag: Some(chart.tag.clone()),
        chart: None,
    }
}
