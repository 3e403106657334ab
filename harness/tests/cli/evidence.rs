//! `prove --evidence` and `observe --check`.

use std::fs;

use serde_json::Value;

use crate::program::{Ran, executable};

/// A fault that breaks pushes.
const FAULT: &str = "drops-upload-location";

#[test]
fn the_built_in_evidence_agrees_with_the_suite() {
    let ran = Ran::of(&["prove", "--evidence", "--fault", FAULT]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(
        ran.out.starts_with("Evidence of Helm 3.2.4, "),
        "{}",
        ran.out
    );
    let json = Ran::of(&["prove", "--fault", FAULT, "--json", "--evidence"]);
    let measured: Value = serde_json::from_str(&json.out).expect("it prints JSON");
    assert!(measured["all"]["cells"].as_u64() > Some(50), "{measured}");
    assert_eq!(measured["disagreements"], serde_json::json!([]));
}

#[test]
fn contradicting_evidence_ends_with_exit_code_4() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("a path of text");
    let text = format!(
        r#"{{"helm": "3.10.1", "binary": "sha256:ab", "suite": "0.1.0",
            "flows": {{"open": ["push", "pull"]}}, "faults": {{"{FAULT}": []}}}}"#
    );
    fs::write(folder.path().join("helm-3.10.1.json"), text).expect("it can be written");
    let ran = Ran::of(&["prove", "--evidence", path, "--fault", FAULT]);
    assert_eq!(ran.code, Some(4), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("3.10.1/push"), "{}", ran.out);
    assert!(ran.out.contains("1 disagreements"), "{}", ran.out);
}

#[test]
fn missing_or_malformed_evidence_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("a path of text");
    let ran = Ran::of(&["prove", "--evidence", path]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(ran.err.contains("no observation to compare"), "{}", ran.err);
    fs::write(folder.path().join("helm-3.10.1.json"), "{}").expect("it can be written");
    let ran = Ran::of(&["prove", "--evidence", path]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(ran.err.contains("is not valid evidence"), "{}", ran.err);
}

/// Runs `observe --check` of one flow with one fault, with a script as Helm.
fn checked(script: &str, against: &str) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    executable(folder.path(), "helm", &format!("#!/bin/sh\n{script}\n"));
    let helm_binaries = folder.path().to_str().expect("a path of text");
    let part = ["--flow", "push", "--fault", FAULT, "--check", against];
    Ran::of(&[&["observe", "--helm-dir", helm_binaries], &part[..]].concat())
}

#[test]
fn a_helm_that_contradicts_the_evidence_ends_with_exit_code_4() {
    let recorded = concat!(env!("CARGO_MANIFEST_DIR"), "/../suite/evidence");
    let script = r#"case "$*" in version*) echo v3.10.1;; registry*) ;; *) echo "Error: nay" >&2; exit 1;; esac"#;
    let ran = checked(script, recorded);
    assert_eq!(ran.code, Some(4), "{}{}", ran.out, ran.err);
    let words = "helm 3.10.1, push with no fault on Open:\n  recorded: works\n  observed: ";
    assert!(ran.out.contains(words), "{}", ran.out);
    assert!(ran.err.contains("another binary"), "{}", ran.err);
}

#[test]
fn a_helm_without_evidence_is_an_error_before_it_is_run() {
    let nowhere = tempfile::tempdir().expect("a folder");
    let against = nowhere.path().to_str().expect("a path of text");
    let ran = checked("echo v3.10.1", against);
    assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
    let words = "no evidence of Helm 3.10.1 in ";
    assert!(ran.err.contains(words), "{}", ran.err);
}
