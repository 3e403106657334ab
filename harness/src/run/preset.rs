//! The checks that a run leaves out by itself.

use clap::ValueEnum;
use helm_oci_suite::requirement::Requirement;

use super::Job;
use crate::target::kind::Kind;

/// The extent of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// All but the checks that transfer large charts.
    Quick,
    /// All of them.
    Full,
}

impl Preset {
    /// The preset of a run without one, the same for all its targets: somebody may pay for the traffic of a registry that
    /// was not launched for the run.
    pub fn of(jobs: &[Job]) -> Self {
        let is_url = |job: &Job| matches!(job.target.kind, Kind::Url(_));
        if jobs.iter().any(is_url) {
            Self::Quick
        } else {
            Self::Full
        }
    }

    /// The reason why it leaves a check out, if it does.
    pub(super) fn leaves_out(self, requirement: &Requirement) -> Option<String> {
        let mebibytes = requirement.mebibytes;
        let is_left_out = self == Self::Quick && mebibytes > 0;
        is_left_out.then(|| format!("transfers {mebibytes} MiB; `--preset full` includes it"))
    }
}
