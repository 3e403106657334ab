//! Helms: which there are, of which era, and whether `HELM_EXPERIMENTAL_OCI` does anything for them.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use helm_oci_suite::helm::era::Era;
use semver::Version;

use super::{Finding, Surroundings};
use crate::helm::{self, Helm};

const ABOUT: &str = "helm";

/// A binary that was asked which Helm it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Met {
    pub(super) path: PathBuf,
    /// Its version, or what it is instead.
    pub(super) version: Result<Version, String>,
}

/// Asks the Helms on the search path, and these.
pub(super) async fn meet(surroundings: &Surroundings, given: Vec<PathBuf>) -> Vec<Met> {
    let mut paths = helm::on_path(&surroundings.search_path());
    paths.extend(given);
    let mut known = BTreeSet::new();
    paths.retain(|path| known.insert(fs::canonicalize(path).unwrap_or_else(|_| path.clone())));
    let mut met = Vec::new();
    for path in paths {
        let version = match Helm::meet(&path).await {
            Ok(helm) => Ok(helm.version),
            Err(error) => Err(crate::error::chain(&error)),
        };
        met.push(Met { path, version });
    }
    met
}

/// What these Helms mean; `gate` is `HELM_EXPERIMENTAL_OCI`.
pub(super) fn findings(met: &[Met], gate: Option<&str>) -> Vec<Finding> {
    if met.is_empty() {
        let seen = "no Helm on PATH";
        let advice =
            "`run` without --helm needs none; elsewhere name binaries or folders with --helm";
        return vec![Finding::ok(ABOUT, format!("{seen}: {advice}"))];
    }
    met.iter().map(|one| finding(one, gate)).collect()
}

fn finding(met: &Met, gate: Option<&str>) -> Finding {
    let version = match &met.version {
        Ok(version) => version,
        Err(why) => {
            let advice = "put a Helm 3.0 or later in its place, or do not name it";
            return Finding::problem(ABOUT, why, advice);
        }
    };
    let era = Era::of(version).map_or_else(String::new, |era| format!(", era {era}"));
    let who = format!("{} is {version}{era}", met.path.display());
    let is_gated = (version.major, version.minor) < (3, 8);
    match (is_gated, gate) {
        (true, None) => Finding::warning(
            ABOUT,
            format!("{who}; it needs HELM_EXPERIMENTAL_OCI, which is not set"),
            "where you use it, `export HELM_EXPERIMENTAL_OCI=1`; this program sets it by itself",
        ),
        (true, Some(value)) => Finding::ok(
            ABOUT,
            format!("{who}; it needs HELM_EXPERIMENTAL_OCI, which is `{value}`"),
        ),
        (false, Some(_)) => Finding::ok(
            ABOUT,
            format!("{who}; it takes no notice of HELM_EXPERIMENTAL_OCI, which is set"),
        ),
        (false, None) => Finding::ok(ABOUT, who),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Grade;

    fn met(version: &str) -> Met {
        Met {
            path: "/bin/helm".into(),
            version: Ok(version.parse().expect("a version")),
        }
    }

    #[test]
    fn the_gate_is_needed_before_3_8_and_ignored_after() {
        let graded = |version: &str, gate: Option<&str>| {
            let found = findings(&[met(version)], gate);
            assert_eq!(found.len(), 1);
            (found[0].grade, found[0].seen.clone())
        };
        assert_eq!(
            graded("3.7.2", None),
            (
                Grade::Warning,
                "/bin/helm is 3.7.2, era 3.7; it needs HELM_EXPERIMENTAL_OCI, which is not set"
                    .to_owned()
            )
        );
        assert_eq!(graded("3.7.2", Some("1")).0, Grade::Ok);
        assert_eq!(
            graded("3.8.0", None),
            (Grade::Ok, "/bin/helm is 3.8.0, era 3.8-3.17".to_owned())
        );
        let (grade, seen) = graded("4.2.4", Some("1"));
        assert_eq!(grade, Grade::Ok);
        assert!(
            seen.ends_with("takes no notice of HELM_EXPERIMENTAL_OCI, which is set"),
            "{seen}"
        );
    }

    #[test]
    fn what_is_no_helm_is_a_problem_and_no_helm_is_none() {
        let impostor = Met {
            path: "/bin/helm".into(),
            version: Err("/bin/helm crashes".to_owned()),
        };
        let found = findings(&[impostor], None);
        assert_eq!(
            (found[0].grade, &*found[0].seen),
            (Grade::Problem, "/bin/helm crashes")
        );
        assert_eq!(findings(&[], None)[0].grade, Grade::Ok);
    }
}
