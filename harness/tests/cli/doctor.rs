//! `doctor`, in surroundings made for it.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::program::{Serve, program};

/// What `doctor` says in a home of its own, where nothing but this folder is on the search path.
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

/// Makes a program, by a process of its own: what this one had open for writing when another test forked could
/// not be run.
fn put(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
    let made = Command::new("/bin/sh")
        .args(["-c", r#"printf '%s' "$1" > "$0" && chmod 755 "$0""#])
        .args([path.as_os_str(), text.as_ref()])
        .status();
    assert!(made.expect("a shell runs").success());
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
    assert_eq!(findings[0].0, "warning", "no engine answers: {findings:?}");
}

#[test]
fn helms_are_found_on_the_path_and_where_they_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), "helm", "#!/bin/sh\necho v3.17.3\n");
    put(
        folder.path(),
        "others/helm-3.7.2",
        "#!/bin/sh\necho v3.7.2\n",
    );
    let (code, findings) = diagnosis(folder.path(), &["--helm", "others"]);
    assert_eq!(code, Some(0), "{findings:?}");
    let helms: Vec<_> = findings
        .iter()
        .filter(|(_, about, _)| about == "helm")
        .collect();
    assert_eq!(helms.len(), 2, "{findings:?}");
    assert!(helms[0].2.ends_with("is 3.17.3, era 3.8-3.17"), "{helms:?}");
    assert_eq!(helms[1].0, "warning", "the gate is not set");
}

#[test]
fn what_cannot_work_ends_with_3() {
    let folder = tempfile::tempdir().expect("a folder");
    put(
        folder.path(),
        ".docker/config.json",
        r#"{"credsStore": "gone"}"#,
    );
    let (code, findings) = diagnosis(folder.path(), &[]);
    assert_eq!(code, Some(3), "{findings:?}");

    let folder = tempfile::tempdir().expect("a folder");
    let (code, findings) = diagnosis(folder.path(), &["--helm", "/nowhere/helm"]);
    assert_eq!(code, Some(3), "{findings:?}");
    let told = |(grade, _, seen): &(String, String, String)| {
        grade == "problem" && seen.starts_with("cannot run /nowhere/helm")
    };
    assert!(findings.iter().any(told), "{findings:?}");
}

#[test]
fn the_clock_of_a_registry_is_compared_with_ours() {
    let folder = tempfile::tempdir().expect("a folder");
    let serve = Serve::with(&[]);
    let (code, findings) = diagnosis(folder.path(), &[&serve.url]);
    assert_eq!(code, Some(0), "{findings:?}");
    let (grade, about, seen) = findings.last().expect("a finding");
    assert_eq!((&**grade, &**about), ("ok", "clock"));
    assert!(seen.contains(" agrees, within 60 s"), "{seen}");

    let (code, findings) = diagnosis(folder.path(), &["http://127.0.0.1:1"]);
    assert_eq!(code, Some(3), "{findings:?}");
}
