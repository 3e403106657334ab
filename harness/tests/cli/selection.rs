//! The selection of requirements, and the error of an empty selection.

use crate::program::{Ran, Serve};

/// The ids that `list` prints.
fn listed(selection: &[&str]) -> Vec<String> {
    let ran = Ran::of(&[&["list"], selection].concat());
    assert_eq!(ran.code, Some(0), "{selection:?}: {}", ran.err);
    let id = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    ran.out.lines().map(id).collect()
}

fn rejected(command: &[&str]) -> String {
    let ran = Ran::of(command);
    assert_eq!(ran.code, Some(2), "{command:?}: {}", ran.out);
    ran.err
}

#[test]
fn each_filter_narrows_the_selection() {
    let area = listed(&["--only", "tags"]);
    assert_eq!(area, listed(&["--only", "tags/*"]), "an area is a pattern");
    let musts = listed(&["--only", "tags", "--level", "must"]);
    assert!(musts.contains(&"tags/complete".to_owned()), "{musts:?}");
    assert!(!musts.contains(&"tags/lexical-order".to_owned()));
    let both = listed(&["--only", "tags", "--level", "must", "--level", "should"]);
    assert!(musts.len() < both.len() && both.len() < area.len());
    let one = ["--only", "tags/complete", "--only", "deletion"];
    assert_eq!(
        listed(&one).len(),
        1 + listed(&["--only", "deletion"]).len()
    );
}

#[test]
fn skipped_requirements_are_removed_from_the_selection() {
    let limits = listed(&["--only", "limits"]);
    let small = listed(&["--only", "limits", "--skip", "limits/chart-*"]);
    assert!(limits.contains(&"limits/chart-of-100-mebibytes".to_owned()));
    assert_eq!(small.len(), limits.len() - 2, "{small:?}");
    let rest = listed(&["--skip", "limits", "--skip", "flow"]);
    assert!(rest.iter().all(|id| !id.starts_with("limits/")));
    assert!(rest.iter().all(|id| !id.starts_with("flow/")));
    let err = rejected(&["list", "--skip", "limit/chart-of-36-mebibytes"]);
    assert!(err.contains("limits/chart-of-36-mebibytes"), "{err}");
    let err = rejected(&["list", "--only", "limits", "--skip", "limits"]);
    assert!(err.contains("`all but limits`"), "{err}");
}

#[test]
fn an_era_selects_the_requirements_that_affect_it() {
    let chart = listed(&["--era", "3.2"]);
    assert!(
        !chart.iter().any(|id| id.starts_with("tags/")),
        "3.2 lists no tags: {chart:?}"
    );
    let hardened = listed(&["--era", "4.2.4"]);
    let plain = listed(&["--era", "4.2.0"]);
    let location = "origins/location-on-the-registry".to_owned();
    assert!(hardened.contains(&location) && !plain.contains(&location));
    assert!(hardened.contains(&"flow/push-4.2".to_owned()));
    let (era, since) = (
        listed(&["--era", "4.2.1-4.2.4"]),
        "auth/pull-token-sees-404".to_owned(),
    );
    assert!(
        era.contains(&since) && !hardened.contains(&since),
        "4.2.4 requests a push token at once, and 4.2.3 does not"
    );
    let err = rejected(&["list", "--era", "2.17"]);
    assert!(err.contains("from 3.0 on"), "{err}");
}

#[test]
fn an_empty_selection_names_the_filter() {
    let err = rejected(&["run", "--only", "errors/*", "--level", "may"]);
    assert!(
        err.contains(
            "filter `level MAY` matches none of the 6 requirements and flows selected by `errors/*`"
        ),
        "{err}"
    );
}

#[test]
fn failed_requirements_can_be_run_again() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("record.json");
    let record = path.to_str().expect("a path of text");
    let again = ["--failed", record];
    let serve = Serve::with(&["--fault", "cuts-tag-lists"]);
    let ran = Ran::of(&["run", &serve.url, "--only", "tags", "--json", record]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    let failed = listed(&again);
    assert!(failed.contains(&"tags/complete".to_owned()), "{failed:?}");
    assert!(!failed.contains(&"tags/list-answers".to_owned()));
    let ran = Ran::of(&[&["run", "reference"], &again[..]].concat());
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("only failed before"), "{}", ran.out);
    let ran = Ran::of(&["run", "reference", "--only", "tags", "--json", record]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    let ran = Ran::of(&[&["run"], &again[..]].concat());
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(
        ran.err.contains("nothing to run: nothing failed"),
        "{}",
        ran.err
    );
    assert_eq!(listed(&again), [] as [&str; 0]);
    let err = rejected(&["run", "--failed", "nowhere.json"]);
    assert!(err.contains("cannot read the record nowhere.json"), "{err}");
}

#[test]
fn everything_is_run_again_on_a_target_that_could_not_be_examined() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("record.json");
    let record = path.to_str().expect("a path of text");
    let ran = Ran::of(&["run", "process:/nonexistent", "--json", record]);
    assert_eq!(ran.code, Some(3), "{}", ran.out);
    assert_eq!(listed(&["--failed", record]), listed(&[]));
}
