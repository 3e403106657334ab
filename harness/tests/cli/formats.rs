//! Reports for CI systems, events while a run is running, and the differences between two records.

use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{Ran, Serve, json, program};

/// The selection: a few requirements suffice.
const ONLY: [&str; 4] = ["--only", "tags/lexical-order", "--only", "upload/*"];

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn file(folder: &TempDir, name: &str) -> (PathBuf, String) {
    let path = folder.path().join(name);
    let name = path.to_str().expect("a path of text").to_owned();
    (path, name)
}

/// Runs the program with the file of a step summary.
fn with_summary(arguments: &[&str], path: &str) -> Ran {
    let mut command = program(arguments);
    command.env("GITHUB_STEP_SUMMARY", path);
    Ran::of_command(command, "")
}

/// Examines a registry with this fault, and returns its record.
fn record(folder: &TempDir, name: &str, fault: &[&str]) -> String {
    let serve = Serve::with(fault);
    let (_, path) = file(folder, name);
    let ran = Ran::of(&[&["run", &serve.url, "--quiet", "--json", &path], &ONLY[..]].concat());
    assert!(matches!(ran.code, Some(0 | 1)), "{}", ran.err);
    path
}

#[test]
fn a_run_has_the_same_findings_in_each_format() {
    let serve = Serve::with(&["--fault", "head-blob-not-allowed"]);
    let folder = folder();
    let [sarif, quality, tap] = ["sarif", "quality", "tap"].map(|name| file(&folder, name));
    let files = [
        ["--sarif", &sarif.1],
        ["--code-quality", &quality.1],
        ["--tap", &tap.1],
    ];
    let ran = Ran::of(
        &[
            &["run", &serve.url, "--annotations"],
            &ONLY[..],
            files.as_flattened(),
        ]
        .concat(),
    );
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    let id = "upload/present-blob-answered";
    let result = &json(&sarif.0)["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], id);
    let rule = &json(&sarif.0)["runs"][0]["tool"]["driver"]["rules"][0];
    let help = rule["help"]["markdown"].as_str().expect("a page");
    assert!(help.contains("## Why Helm needs it"), "{help}");
    let entry = &json(&quality.0)[0];
    assert_eq!(entry["check_name"], id);
    assert_eq!(
        entry["fingerprint"],
        result["partialFingerprints"]["primaryLocationLineHash"]
    );
    let tap = std::fs::read_to_string(&tap.0).expect("it was written");
    let is_own = |line: &str| line.starts_with("not ok ") && line.contains(&format!(": {id} "));
    assert!(tap.lines().any(is_own), "{tap}");
    let (report, commands) = ran.out.rsplit_once("::\n::error ").expect("an annotation");
    assert!(report.starts_with("::stop-commands::"), "{report}");
    assert!(
        commands.starts_with(&format!("title={id} on http%3A//127.0.0.1")),
        "{commands}"
    );
}

#[test]
fn annotations_need_standard_output() {
    let ran = Ran::of(&["run", "--json", "-", "--annotations"]);
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    assert!(
        ran.err.contains("write the other report to a file"),
        "{}",
        ran.err
    );
}

#[test]
fn a_step_summary_is_appended_to_the_file_of_the_step() {
    let folder = folder();
    let (path, name) = file(&folder, "summary.md");
    let arguments = [&["run", "--quiet", "--step-summary"], &ONLY[..]].concat();
    for _ in 0..2 {
        let ran = with_summary(&arguments, &name);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
    }
    let page = std::fs::read_to_string(&path).expect("it was written");
    assert_eq!(page.matches("# Helm charts in OCI registries\n").count(), 2);
    let unset = with_summary(&arguments, "");
    assert_eq!(unset.code, Some(2));
    assert!(
        unset
            .err
            .contains("environment variable GITHUB_STEP_SUMMARY"),
        "{}",
        unset.err
    );
}

#[test]
fn events_follow_the_run() {
    let serve = Serve::with(&["--fault", "head-blob-not-allowed"]);
    let folder = folder();
    let ((events, path), (report, record)) = (file(&folder, "events"), file(&folder, "json"));
    let arguments = [
        "run", &serve.url, "--quiet", "--events", &path, "--json", &record,
    ];
    let flows = ["--only", "flow/push-4.2"];
    let ran = Ran::of(&[&arguments, &ONLY[..], &flows].concat());
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let text = std::fs::read_to_string(&events).expect("it was written");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object"))
        .collect();
    let names: Vec<&str> = lines
        .iter()
        .map(|line| line["event"].as_str().expect("a name"))
        .collect();
    assert_eq!(names[..3], ["started", "target", "checks"]);
    assert_eq!(names[names.len() - 2..], ["finding", "finished"]);
    assert_eq!(lines[lines.len() - 1]["exit_code"], 1);
    let times: Vec<u64> = lines
        .iter()
        .filter_map(|line| line["at"].as_u64())
        .collect();
    assert!(times.is_sorted() && times.len() == lines.len(), "{times:?}");
    let record = json(&report);
    let count = |name| names.iter().filter(|own| **own == name).count();
    let checks = record["targets"][0]["checks"].as_array().expect("checks");
    assert_eq!(count("check-finished"), checks.len());
    assert_eq!(count("flow-finished"), 1);
}

#[test]
fn a_record_is_valid_under_the_published_schema() {
    let folder = folder();
    let path = record(
        &folder,
        "record.json",
        &["--fault", "head-blob-not-allowed"],
    );
    let schema = include_str!("../../../reports/schema/run-record.json");
    let schema: Value = serde_json::from_str(schema).expect("the schema is JSON");
    let validator = jsonschema::draft202012::new(&schema).expect("the schema compiles");
    let record = json(path.as_ref());
    let errors: Vec<String> = validator
        .iter_errors(&record)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn a_diff_fails_a_gate_if_something_regressed() {
    let folder = folder();
    let clean = record(&folder, "clean.json", &[]);
    let faulty = record(
        &folder,
        "faulty.json",
        &["--fault", "head-blob-not-allowed"],
    );
    let other = record(&folder, "other.json", &["--fault", "reverses-tags"]);
    let ((written, json_path), (page, page_path)) =
        (file(&folder, "d.json"), file(&folder, "d.md"));
    let files = ["--json", &json_path, "--markdown", &page_path];
    let ran = Ran::of(&[&["diff", &clean, &faulty], &files[..]].concat());
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    let head = [
        "Regressed",
        "upload/present-blob-answered: satisfied → violated",
    ];
    assert!(
        head.iter().all(|words| ran.out.contains(words)),
        "{}",
        ran.out
    );
    let requirements = &json(&written)["targets"][0]["requirements"];
    let regressed = requirements["regressed"].as_array().expect("a list");
    let ids: Vec<&Value> = regressed.iter().map(|change| &change["id"]).collect();
    assert!(
        ids.contains(&&Value::from("upload/present-blob-answered")),
        "{ids:?}"
    );
    let page = std::fs::read_to_string(page).expect("it was written");
    assert!(page.contains("## Regressed"), "{page}");

    let ran = Ran::of(&["diff", &faulty, &clean]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("Fixed") && !ran.out.contains("Regressed"),
        "{}",
        ran.out
    );
    let ran = Ran::of(&["diff", &clean, &clean]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("no difference in "), "{}", ran.out);
    let ran = Ran::of(&["diff", &clean, &other, "--quiet"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "a SHOULD");
}

#[test]
fn a_diff_is_inconclusive_if_the_later_run_is() {
    let folder = folder();
    let clean = record(&folder, "clean.json", &[]);
    let (_, absent) = file(&folder, "absent.json");
    let ran = Ran::of(&["run", "http://127.0.0.1:1", "--quiet", "--json", &absent]);
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    let ran = Ran::of(&["diff", &clean, &absent]);
    assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("not examined in the new run: "),
        "{}",
        ran.out
    );
}
