//! The built program: its exit codes, its output, and the secrets that it never prints.

mod by_hand;
mod catalogue;
mod compare;
mod credentials;
mod deviations;
mod doctor;
mod echo;
mod evidence;
mod formats;
mod gc;
mod interruption;
mod matrix;
mod peers;
mod policy;
mod program;
mod reproduce;
mod secrets;
mod selection;
mod site;
mod snapshot;
mod unreachable;

use serde_json::Value;

use crate::program::{Ran, Serve, json};

#[test]
fn a_conformant_registry_is_acceptable() {
    let ran = Ran::of(&["run", "--color", "always"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("reference") && ran.out.contains("\x1b["),
        "{}",
        ran.out
    );
    assert_eq!(ran.err, "", "standard error is not a terminal");
}

#[test]
fn a_conformant_registry_with_tls_and_logins_is_acceptable() {
    let ran = Ran::of(&[
        "run",
        "reference+tls",
        "reference+basic",
        "reference+bearer+tls",
        "reference+expiring",
    ]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let skipped = ran
        .out
        .matches("the registry requires no credentials")
        .count();
    assert_eq!(skipped, 1, "the others require credentials: {}", ran.out);
}

#[test]
fn a_violated_should_fails_a_strict_run_only() {
    let serve = Serve::with(&["--fault", "reverses-tags"]);
    let only = ["run", &serve.url, "--only", "tags/lexical-order"];
    let ran = Ran::of(&only);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("! WARN tags/lexical-order"), "{}", ran.out);
    assert!(
        ran.out.contains("(Helm SHOULD, OCI MUST)"),
        "both severities: {}",
        ran.out
    );
    let strict = Ran::of(&[&only[..], &["--strict"]].concat());
    assert_eq!(strict.code, Some(1), "{}{}", strict.out, strict.err);
    assert!(strict.out.contains("✗ FAIL tags/lexical-order"));
}

#[test]
fn a_fault_is_a_violation_with_a_finding() {
    let serve = Serve::with(&["--fault", "reformats-manifests"]);
    let directory = tempfile::tempdir().expect("a directory");
    let (report, xml) = (
        directory.path().join("report.json"),
        directory.path().join("report.xml"),
    );
    let paths = [&report, &xml].map(|path| path.to_str().expect("a path of text"));
    let only = ["--only", "pull/*", "--only", "manifests/*"];
    let ran = Ran::of(
        &[
            &["run", &serve.url, "--json", paths[0], "--junit", paths[1]],
            &only[..],
        ]
        .concat(),
    );
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    let record = json(&report);
    assert_eq!(record["footer"]["exit_code"], 1);
    assert_eq!(
        record["targets"][0]["leftovers"],
        serde_json::json!([]),
        "everything is deleted"
    );
    let failed: Vec<&Value> = checks(&record)
        .filter(|check| check["outcome"] == "fail")
        .collect();
    let own = failed
        .iter()
        .find(|check| check["id"] == "pull/manifest-bytes")
        .expect("it failed");
    assert!(
        !own["breaks"].as_array().expect("breaks").is_empty(),
        "{own}"
    );
    for check in failed {
        assert!(
            !check["exchanges"].as_array().expect("exchanges").is_empty(),
            "{check}"
        );
    }
    let xml = std::fs::read_to_string(xml).expect("the JUnit report was written");
    assert!(xml.contains("<failure"), "{xml}");
    assert_eq!(serve.interrupt(), Some(0));
}

#[test]
fn a_fault_in_front_of_an_upstream_is_found() {
    let upstream = Serve::with(&[]);
    let good = Serve::with(&["--upstream", &upstream.url]);
    let ran = Ran::of(&["run", &good.url]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let bad = Serve::with(&[
        "--upstream",
        &upstream.url,
        "--fault",
        "reformats-manifests",
    ]);
    let ran = Ran::of(&["run", &bad.url, "--only", "pull/manifest-bytes"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
}

#[test]
fn usage_errors_name_the_next_step() {
    for (arguments, words) in [
        (
            &["explain", "pull/manifest-bytez"][..],
            "did you mean `pull/manifest-bytes`?",
        ),
        (
            &["run", "--only", "pul/*"],
            "no requirement matches `pul/*`",
        ),
        (&["list", "--only", "nothing"], "no requirement matches"),
        (
            &["run", "zott"],
            "unknown target `zott`; valid targets: reference",
        ),
        (
            &["run", "distribution:latest"],
            "invalid version `latest` of distribution; use a release such as distribution:3.0.0",
        ),
        (
            &["run", "zot+ssl"],
            "unknown or repeated option `+ssl` for zot; valid options: htpasswd, tls, minimal, docker2s2, access-control",
        ),
        (&["run", "image:zot:latest"], "invalid image `zot:latest`"),
        (&["run", "process:"], "names no program"),
        (&["run", "reference", "reference"], "given twice"),
        (
            &["run", "--helm", "no-such-helm"],
            "give the path of the binary",
        ),
        (
            &["run", "--kubeconfig", "/nonexistent"],
            "cannot read the kubeconfig",
        ),
        (&["run", "https://me:canary@r.example"], "--password-stdin"),
        (&["run", "http://r.example/UPPER"], "grammar"),
        (&["run", "http://r.example/a..b"], "grammar"),
        (
            &["run", "--username", "me"],
            "exactly one target that is a URL",
        ),
        (
            &["run", "http://127.0.0.1:1", "--username", "me"],
            "HELM_OCI_PASSWORD",
        ),
        (
            &[
                "run",
                "http://127.0.0.1:1",
                "--username",
                "me",
                "--password-stdin",
            ],
            "empty",
        ),
        (&["run", "--password-stdin"], "--username"),
        (
            &["run", "--json", "-", "--junit", "-"],
            "only one report can be written",
        ),
        (
            &["run", "--json", "/tmp/x", "--junit", "/tmp/x"],
            "two reports would be written to /tmp/x",
        ),
        (
            &["snapshot", "http://127.0.0.1:1", "--out", "/dev/null/x"],
            "cannot write /dev/null/x/127.0.0.1_1",
        ),
        (
            &["run", "--json", "/nonexistent/report.json"],
            "cannot write /nonexistent/report.json",
        ),
        (
            &["run", "https://r.example", "--ca-file", "/nonexistent"],
            "/nonexistent",
        ),
        (
            &["serve", "--fault", "reformat-manifests"],
            "did you mean `reformats-manifests`?",
        ),
        (
            &["serve", "--upstream", "http://r.example/path"],
            "remove the path",
        ),
        (
            &["run", "--repositories", "/nonexistent"],
            "cannot read the repositories in /nonexistent",
        ),
        (
            &["run", "reference", "reference+tls", "--repositories", "x"],
            "use `matrix` with a file for each",
        ),
        (&["run", "--chart", "a:1"], "--read-only"),
        (
            &["run", "--read-only", "--chart", "nginx"],
            "invalid chart name `nginx`; use a name such as oci://",
        ),
        (
            &[
                "run",
                "http://r.example",
                "--read-only",
                "--chart",
                "oci://o.example/a:1",
            ],
            "is not on the target r.example",
        ),
        (
            &["gc", "zot"],
            "zot is ephemeral; gc needs the URL of a persistent registry",
        ),
        (&["run", "--jobs", "0"], "--jobs"),
        (
            &["run", "--requests-per-second", "0"],
            "give a whole number from 1",
        ),
        (
            &["run", "--max-requests", "0"],
            "give a whole number from 1",
        ),
        (
            &["run", "--clean-up-limit", "0"],
            "give a whole number from 1",
        ),
        (&["run", "http://r.example", "--read-only"], "--chart"),
        (&["explain", "REG-API-09"], "did you mean `api/"),
        (&["run", "--only", "tag"], "did you mean `tags`?"),
        (
            &["run", "--max-bytes", "20MB"],
            "invalid size `20MB`; use a number with K, M or G",
        ),
        (
            &["run", "--clean-up", "all"],
            "[possible values: auto, tag, digest, tags-first, none]",
        ),
        (&["walk"], "unrecognized subcommand"),
    ] {
        let ran = Ran::of(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(words), "{arguments:?}: {}", ran.err);
        assert!(
            ran.err.starts_with("error: ") && !ran.err.contains("canary"),
            "{}",
            ran.err
        );
        assert_eq!(ran.out, "", "{arguments:?}");
    }
}

#[test]
fn the_same_seed_makes_the_same_record() {
    let of = |seed: &str| {
        let ran = Ran::of(&["run", "--seed", seed, "--json", "-"]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let mut record: Value = serde_json::from_str(&ran.out).expect("JSON alone");
        remove_times(&mut record);
        record
    };
    assert_eq!(of("7"), of("7"));
    assert_ne!(of("7"), of("8"));
}

#[test]
fn each_command_prints_its_result() {
    for (arguments, words) in [
        (&["list", "--only", "pull/manifest-bytes"][..], "MUST"),
        (&["list", "--json"], "\"level\": \"must\""),
        (&["explain", "pull/manifest-bytes"], "## Why Helm needs it"),
        (&["explain", "names/two-segments"], "`…`: any text"),
        (&["serve", "--list-faults"], "reformats-manifests"),
        (&["completions", "bash"], "helm-oci-conformance"),
        (&["--help"], "Exit codes:"),
        (
            &[
                "prove",
                "--only",
                "pull/manifest-bytes",
                "--fault",
                "reformats-manifests",
            ],
            "all as declared",
        ),
    ] {
        let ran = Ran::of(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}{}", ran.out, ran.err);
        assert!(ran.out.contains(words), "{arguments:?}: {}", ran.out);
    }
}

fn checks(record: &Value) -> impl Iterator<Item = &Value> {
    record["targets"][0]["checks"]
        .as_array()
        .expect("checks")
        .iter()
}

/// Removes times from a record.
fn remove_times(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| name != "started" && name != "milliseconds");
            fields.values_mut().for_each(remove_times);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_times),
        _ => {}
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_be_written_hides_neither_report_nor_exit_code() {
    for (target, code, words) in [
        ("reference", 2, "verdict"),
        ("process:/nonexistent", 3, "NOT EXAMINED"),
    ] {
        let ran = Ran::of(&["run", target, "--only", "errors", "--json", "/dev/full"]);
        assert_eq!(ran.code, Some(code), "{}{}", ran.out, ran.err);
        assert!(ran.out.contains(words), "{}", ran.out);
        assert!(ran.err.contains("cannot write /dev/full"), "{}", ran.err);
    }
}

#[test]
fn what_a_user_expects_is_accepted() {
    for arguments in [
        &["plan", "--only", "upload/mount"][..],
        &["list", "--level", "MUST"],
        &["list", "--era", "v3.8.0"],
    ] {
        let ran = Ran::of(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.err);
        assert!(!ran.out.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_report_can_be_written_to_a_device_or_a_pipe() {
    let ran = Ran::of(&["run", "--only", "errors", "--json", "/dev/stdout", "-q"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.starts_with('{') && ran.out.ends_with("}\n"));
    assert_eq!(ran.err, "");
}
