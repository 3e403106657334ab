//! The checks that a run leaves out by itself.

use clap::ValueEnum;
use helm_oci_suite::requirement::Requirement;

use crate::target::kind::Kind;
use crate::target::resolved::ResolvedTarget;

/// The extent of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// All but the checks that transfer large charts.
    Quick,
    /// All of them.
    #[default]
    Full,
}

impl Preset {
    /// The preset of a command that states none, the same for all its targets: without a selection of requirements it is
    /// quick if a target was not launched for the command, because somebody may pay for the traffic of that registry.
    pub fn of<'a>(targets: impl IntoIterator<Item = &'a ResolvedTarget>, is_only: bool) -> Self {
        let is_url = |target: &ResolvedTarget| matches!(target.kind, Kind::Url(_));
        if !is_only && targets.into_iter().any(is_url) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;
    use crate::target::resolved::ParsedTarget;
    use crate::target::spec::TargetSpec;

    #[test]
    fn a_target_at_a_url_makes_all_targets_quick_unless_requirements_are_selected() {
        let targets = |names: &[&str]| -> Vec<ResolvedTarget> {
            let resolve = |name: &&str| {
                let target = ParsedTarget::parse(TargetSpec::named(name)).expect("it is a target");
                let target = target.resolve("run".to_owned(), None, &Environment::of(&[]));
                target.expect("there is nothing to read")
            };
            names.iter().map(resolve).collect()
        };
        let (url, zot) = ("http://127.0.0.1:1", "zot");
        for (names, is_only, expected) in [
            (&[zot][..], false, Preset::Full),
            (&[zot, url], false, Preset::Quick),
            (&[zot, url], true, Preset::Full),
            (&[], false, Preset::Full),
        ] {
            assert_eq!(Preset::of(&targets(names), is_only), expected, "{names:?}");
        }
    }
}
