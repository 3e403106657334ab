//! The checks that a run leaves out by itself.

use clap::ValueEnum;
use helm_oci_reports::record::TargetKind;
use helm_oci_suite::requirement::Requirement;

/// The extent of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// All but the checks that transfer large charts.
    Quick,
    /// All of them.
    Full,
}

impl Preset {
    /// The preset of a target without one: nobody pays for the traffic of a registry that was launched for the run.
    pub(super) const fn of(kind: TargetKind) -> Self {
        match kind {
            TargetKind::Url => Self::Quick,
            TargetKind::Reference | TargetKind::Container | TargetKind::Process => Self::Full,
        }
    }

    /// The reason why it leaves a check out, if it does.
    pub(super) fn leaves_out(self, requirement: &Requirement) -> Option<String> {
        let mebibytes = requirement.mebibytes;
        let is_left_out = self == Self::Quick && mebibytes > 0;
        is_left_out.then(|| format!("transfers {mebibytes} MiB; `--preset full` includes it"))
    }
}
