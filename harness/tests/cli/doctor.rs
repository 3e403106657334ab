//! `doctor`, in an environment created for the test.

use std::path::Path;

use serde_json::Value;

use crate::program::{Serve, executable, program};

/// Runs `doctor` with this folder as home and as search path, and returns its exit code and findings.
fn diagnosis(folder: &Path, arguments: &[&str]) -> (Option<i32>, Vec<(String, String, String)>) {
    let ended = program(&[&["doctor", "--json"], arguments].concat())
        .env_clear()
        .current_dir(folder)
        .env("PATH", folder)
        .env("HOME", folder)
        .env("DOCKER_HOST", "unix:///nonexistent/docker.sock")
        .output()
        .expect("the program runs");
    let diagnosis: Value = serde_json::from_slice(&ended.stdout).expect("it prints JSON");
    let findings = diagnosis["findings"].as_array().expect("findings");
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let row = |finding: &Value| {
        (
            text(finding, "grade"),
            text(finding, "about"),
            text(finding, "seen"),
        )
    };
    (ended.status.code(), findings.iter().map(row).collect())
}

#[test]
fn a_bare_machine_has_no_problem() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, findings) = diagnosis(folder.path(), &[]);
    assert_eq!(code, Some(0), "{findings:?}");
    let about: Vec<_> = findings.iter().map(|(_, about, _)| &**about).collect();
    let expected = [
        "engine",
        "helm",
        "plugin",
        "credentials",
        "credentials",
        "proxy",
        "clock",
    ];
    assert_eq!(about, expected);
    assert_eq!(
        findings[0].0, "warning",
        "no engine is reachable: {findings:?}"
    );
}

#[test]
fn helm_binaries_are_found_on_the_path_and_in_named_folders() {
    let folder = tempfile::tempdir().expect("a folder");
    executable(folder.path(), "helm", "#!/bin/sh\necho v3.17.3\n");
    executable(
        folder.path(),
        "others/helm-3.7.2",
        "#!/bin/sh\necho v3.7.2\n",
    );
    let (code, findings) = diagnosis(folder.path(), &["--helm", "others"]);
    assert_eq!(code, Some(0), "{findings:?}");
    let helm_binaries: Vec<_> = findings
        .iter()
        .filter(|(_, about, _)| about == "helm")
        .collect();
    assert_eq!(helm_binaries.len(), 2, "{findings:?}");
    assert!(
        helm_binaries[0].2.ends_with("is Helm 3.17.3, era 3.8-3.17"),
        "{helm_binaries:?}"
    );
    assert_eq!(
        helm_binaries[1].0, "warning",
        "HELM_EXPERIMENTAL_OCI is not set"
    );
}

#[test]
fn a_problem_ends_with_exit_code_3() {
    let folder = tempfile::tempdir().expect("a folder");
    executable(
        folder.path(),
        ".docker/config.json",
        r#"{"credsStore": "gone"}"#,
    );
    let (code, findings) = diagnosis(folder.path(), &[]);
    assert_eq!(code, Some(3), "{findings:?}");

    let folder = tempfile::tempdir().expect("a folder");
    let (code, findings) = diagnosis(folder.path(), &["--helm", "/nowhere/helm"]);
    assert_eq!(code, Some(3), "{findings:?}");
    let is_reported = |(grade, _, seen): &(String, String, String)| {
        grade == "problem" && seen.starts_with("cannot run /nowhere/helm")
    };
    assert!(findings.iter().any(is_reported), "{findings:?}");
}

#[test]
fn the_clock_of_a_registry_is_compared() {
    let folder = tempfile::tempdir().expect("a folder");
    let serve = Serve::with(&[]);
    let (code, findings) = diagnosis(folder.path(), &[&serve.url]);
    assert_eq!(code, Some(0), "{findings:?}");
    let (grade, about, seen) = findings.last().expect("a finding");
    assert_eq!((&**grade, &**about), ("ok", "clock"));
    assert!(seen.contains(" agrees within 60 s"), "{seen}");

    let (code, findings) = diagnosis(folder.path(), &["http://127.0.0.1:1"]);
    assert_eq!(code, Some(3), "{findings:?}");
}
