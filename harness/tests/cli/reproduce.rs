//! The script of a finding exits with 1 where the defect is, and with 0 on a registry without it.

use std::collections::BTreeSet;
use std::process::Command;

use helm_oci_fixtures::fault::Fault;
use helm_oci_suite::checks;
use helm_oci_suite::proof::on_all_cores;
use helm_oci_suite::requirement::{Requirement, Setup};

use crate::program::{Ran, Serve};

/// The part of the faults that is examined unless `HELM_OCI_REPRODUCERS` is `all`.
const SAMPLE: usize = 9;

/// The faults whose findings no script reproduces: they concern TLS, the connection, requests that are sent concurrently,
/// cookies, or the content of a token response, which a record does not hold.
const NOT_REPRODUCIBLE: &[&str] = &[
    "accepts-any-password",
    "closes-after-each-response",
    "closes-on-client-hello",
    "head-forbidden-in-new-repository",
    "keeps-one-upload-session",
    "limits-blob-gets",
    "limits-upload-sessions",
    "link-downgraded",
    "loses-tags-of-overlapping-pushes",
    "loses-the-first-tag-of-later-pages",
    "moves-blobs-between-repositories",
    "realm-downgraded",
    "redirects-blobs-ten-times",
    "redirects-blobs-to-plain-http",
    "redirects-blobs-to-private-store",
    "refresh-token-is-an-object",
    "refuses-dashes-in-parent-segments",
    "refuses-dashes-in-parent-segments-with-400",
    "refuses-long-authorization",
    "refuses-long-authorization-with-431",
    "sends-bodies-after-head",
    "signs-upload-query",
    "silent-on-client-hello",
    "stale-tag-get",
    "stale-tag-head",
    "store-refuses-authorization",
    "token-answer-is-html",
    "token-issued-at-is-empty",
    "token-issued-at-is-unix-text",
    "token-issued-at-is-unix-time",
    "token-issued-at-without-zone",
    "token-lifetime-is-a-fraction",
    "token-lifetime-is-text",
    "token-post-without-access-token",
    "token-scope-is-a-list",
    "token-under-other-name",
    "upload-location-downgraded",
];

/// The password of the reference registry.
const PASSWORD: &str = "s3cr:et";

/// Each fault with the first requirement that it must violate.
fn findings() -> Vec<(Fault, &'static Requirement)> {
    let mut seen = BTreeSet::new();
    let requirements = checks::all().into_iter();
    let pairs = requirements.flat_map(|own| own.faults.iter().map(move |fault| (*fault, own)));
    pairs
        .filter(|(fault, _)| seen.insert(fault.to_string()))
        .collect()
}

/// Runs a script against a registry; returns its exit code and what it printed.
fn execute(script: &str, registry: &str) -> (Option<i32>, String) {
    let mut shell = Command::new("sh");
    shell
        .env("REGISTRY", registry)
        .env("USERNAME", "alice")
        .env("PASSWORD", PASSWORD);
    let ran = Ran::of_command(shell, script);
    (ran.code, ran.out + &ran.err)
}

/// The problem of the script of one finding, if there is one.
fn problem(fault: Fault, requirement: &Requirement) -> Option<String> {
    let auth = match requirement.proven_on {
        Setup::Open | Setup::PlainHttp => "open",
        Setup::Basic => "basic",
        Setup::Bearer => "bearer",
    };
    let serve = |fault: &[&str]| Serve::with(&[&["--auth", auth], fault].concat());
    let faulty = serve(&["--fault", &fault.to_string()]);
    let folder = tempfile::tempdir().expect("a directory");
    let record = folder.path().join("record.json");
    let record = record.to_str().expect("a path of text");
    let id = requirement.id;
    let mut run = vec!["run", &faulty.url, "--only", id, "--json", record];
    if auth != "open" {
        run.extend(["--username", "alice", "--password-stdin"]);
    }
    Ran::with_input(&run, PASSWORD);
    let ran = Ran::of(&["reproduce", id, "--record", record]);
    let is_excepted = NOT_REPRODUCIBLE.contains(&fault.to_string().as_str());
    if ran.code != Some(0) || is_excepted {
        let is_expected = ran.code == Some(2) && is_excepted;
        return (!is_expected).then(|| format!("{fault}, {id}: {:?} {}", ran.code, ran.err));
    }
    let (present, shown) = execute(&ran.out, &faulty.url);
    let (absent, shown_without) = execute(&ran.out, &serve(&[]).url);
    ((present, absent) != (Some(1), Some(0))).then(|| {
        format!("{fault}, {id}: {present:?} with the fault, {absent:?} without it\n{shown}\n{shown_without}")
    })
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the environment is how CI asks for all of them"
)]
fn a_script_distinguishes_a_registry_with_the_defect_from_one_without() {
    let all = std::env::var("HELM_OCI_REPRODUCERS").is_ok_and(|value| value == "all");
    let findings = findings();
    let findings: Vec<_> = findings
        .into_iter()
        .step_by(if all { 1 } else { SAMPLE })
        .collect();
    let problems = on_all_cores(findings.len(), |at| problem(findings[at].0, findings[at].1));
    let problems: Vec<String> = problems.into_iter().flatten().collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn what_is_not_violated_cannot_be_reproduced() {
    let folder = tempfile::tempdir().expect("a directory");
    let record = folder.path().join("record.json");
    let record = record.to_str().expect("a path of text");
    Ran::of(&["run", "--only", "tags/complete", "--json", record]);
    for (id, expected) in [
        (
            "tags/complete",
            "has no violation of tags/complete; violated are: none",
        ),
        ("tags/complet", "did you mean `tags/complete`?"),
    ] {
        let ran = Ran::of(&["reproduce", id, "--record", record]);
        assert_eq!(ran.code, Some(2), "{}", ran.err);
        assert!(ran.err.contains(expected), "{}", ran.err);
    }
}

/// Texts with which a registry would have a shell create the file `owned`: each in another kind of quotation. They hold
/// no space, so that they are valid in URLs as well.
const HOSTILE: &[&str] = &[
    "$(touch${IFS}owned)",
    "`touch${IFS}owned`",
    "'$(touch${IFS}owned)'",
    "\";touch${IFS}owned;\"",
];

/// Appends a text to each `Location` of the evidence of a record.
fn poison(value: &mut serde_json::Value, hostile: &str) {
    match value {
        serde_json::Value::Array(pair) if pair.first().is_some_and(|name| name == "location") => {
            let location = pair[1].as_str().expect("a value of text").to_owned();
            pair[1] = (location + hostile).into();
        }
        serde_json::Value::Array(values) => {
            for own in values {
                poison(own, hostile);
            }
        }
        serde_json::Value::Object(members) => {
            for own in members.values_mut() {
                poison(own, hostile);
            }
        }
        _ => {}
    }
}

#[test]
fn a_registry_cannot_run_commands_by_a_script() {
    let id = "origins/location-on-the-registry";
    let faulty = Serve::with(&["--fault", "upload-location-on-other-host"]);
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("record.json");
    let record = path.to_str().expect("a path of text");
    Ran::of(&["run", &faulty.url, "--only", id, "--json", record]);
    let text = std::fs::read_to_string(&path).expect("a record");
    for hostile in HOSTILE {
        let mut value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        poison(&mut value, hostile);
        std::fs::write(&path, value.to_string()).expect("a writable file");
        let script = Ran::of(&["reproduce", id, "--record", record]);
        assert_eq!(script.code, Some(0), "{}", script.err);
        assert!(script.out.contains("touch"), "{}", script.out);
        let mut shell = Command::new("sh");
        shell
            .env("REGISTRY", &faulty.url)
            .current_dir(folder.path());
        let ran = Ran::of_command(shell, &script.out);
        // The assertion is reached, and the registry returns another `Location`.
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert!(!folder.path().join("owned").exists(), "{}", script.out);
    }
}
