//! Helm binaries: their versions and eras, and the effect of `HELM_EXPERIMENTAL_OCI` on them.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use helm_oci_suite::helm::era::Era;
use semver::Version;

use super::Finding;
use crate::environment::Environment;
use crate::helm::{self, Helm};

const ABOUT: &str = "helm";

/// A binary that was run to print its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binary {
    pub(super) path: PathBuf,
    /// Its version, or the error.
    pub(super) version: Result<Version, String>,
}

/// Runs the Helm binaries on the search path, and these.
pub(super) async fn probe(environment: &Environment, given: Vec<PathBuf>) -> Vec<Binary> {
    let mut paths = helm::on_path(&environment.search_path());
    paths.extend(given);
    let mut known = BTreeSet::new();
    paths.retain(|path| known.insert(fs::canonicalize(path).unwrap_or_else(|_| path.clone())));
    let mut binaries = Vec::new();
    for path in paths {
        let version = match Helm::probe(&path).await {
            Ok(helm) => Ok(helm.version),
            Err(error) => Err(crate::error::chain(&error)),
        };
        binaries.push(Binary { path, version });
    }
    binaries
}

/// Findings on these binaries; `gate` is the value of `HELM_EXPERIMENTAL_OCI`.
pub(super) fn findings(binaries: &[Binary], gate: Option<&str>) -> Vec<Finding> {
    if binaries.is_empty() {
        let seen = "no Helm on the PATH; only `run --helm` and `observe` need one";
        return vec![Finding::ok(ABOUT, seen)];
    }
    binaries.iter().map(|one| finding(one, gate)).collect()
}

fn finding(binary: &Binary, gate: Option<&str>) -> Finding {
    let version = match &binary.version {
        Ok(version) => version,
        Err(error) => {
            let advice = "replace it by Helm 3.0 or later, or remove it from --helm and the PATH";
            return Finding::problem(ABOUT, error, advice);
        }
    };
    let era = Era::of(version).map_or_else(String::new, |era| format!(", era {era}"));
    let helm = format!("{} is Helm {version}{era}", binary.path.display());
    let is_gated = (version.major, version.minor) < (3, 8);
    match (is_gated, gate) {
        (true, None) => Finding::warning(
            ABOUT,
            format!("{helm}; it requires HELM_EXPERIMENTAL_OCI, which is not set"),
            "set HELM_EXPERIMENTAL_OCI=1 wherever you use this Helm; this program sets it by itself",
        ),
        (true, Some(value)) => Finding::ok(
            ABOUT,
            format!("{helm}; it requires HELM_EXPERIMENTAL_OCI, which is `{value}`"),
        ),
        (false, Some(_)) => Finding::ok(
            ABOUT,
            format!("{helm}; it ignores HELM_EXPERIMENTAL_OCI, which is set"),
        ),
        (false, None) => Finding::ok(ABOUT, helm),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Grade;

    fn binary(version: &str) -> Binary {
        Binary {
            path: "/bin/helm".into(),
            version: Ok(version.parse().expect("a version")),
        }
    }

    #[test]
    fn the_gate_is_needed_before_3_8_and_ignored_after() {
        let graded = |version: &str, gate: Option<&str>| {
            let found = findings(&[binary(version)], gate);
            assert_eq!(found.len(), 1);
            (found[0].grade, found[0].seen.clone())
        };
        assert_eq!(
            graded("3.7.2", None),
            (
                Grade::Warning,
                "/bin/helm is Helm 3.7.2, era 3.7; it requires HELM_EXPERIMENTAL_OCI, which is not set"
                    .to_owned()
            )
        );
        assert_eq!(graded("3.7.2", Some("1")).0, Grade::Ok);
        assert_eq!(
            graded("3.8.0", None),
            (
                Grade::Ok,
                "/bin/helm is Helm 3.8.0, era 3.8-3.17".to_owned()
            )
        );
        let (grade, seen) = graded("4.2.4", Some("1"));
        assert_eq!(grade, Grade::Ok);
        assert!(
            seen.ends_with("it ignores HELM_EXPERIMENTAL_OCI, which is set"),
            "{seen}"
        );
    }

    #[test]
    fn a_binary_that_is_not_helm_is_a_problem_and_a_missing_helm_is_not() {
        let impostor = Binary {
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
