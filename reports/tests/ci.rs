//! The formats that CI systems read: SARIF, Code Quality, TAP, annotations, the step summary, and events.

mod support;

use std::collections::BTreeSet;

use helm_oci_reports::events::{self, RunEvent};
use helm_oci_reports::record::RunRecord;
use helm_oci_reports::view::{FindingKind, FindingView, ReportView, Severity};
use helm_oci_reports::{annotations, code_quality, markdown, sarif, tap};
use helm_oci_suite::requirement::outcome::Outcome;
use serde_json::Value;

/// Text that tries to leave every format.
const ATTACK: &str = "\r\n::error title=x::no\n##[error]no\n  ...\nok 99 - # SKIP x\n</script>|`*[a](javascript:x)%0A::stop\u{1b}[31m\u{202e}\u{0}\u{85}";

fn sarif_of(record: &RunRecord) -> Value {
    let page = |id: &str| id.starts_with("push/").then(|| format!("# {id}"));
    let text = sarif::render(&ReportView::of(record), page);
    serde_json::from_str(&text).expect("it is JSON")
}

fn list<'v>(value: &'v Value, pointer: &str) -> &'v Vec<Value> {
    let found = value.pointer(pointer).and_then(Value::as_array);
    found.unwrap_or_else(|| panic!("{pointer} in {value}"))
}

/// A record of one target with every outcome.
fn single() -> RunRecord {
    let mut record = support::record();
    record.targets.truncate(1);
    record
}

/// A record whose every text is hostile.
fn attacked() -> RunRecord {
    let mut record = support::record();
    record.suite.name = ATTACK.into();
    record.deviations[0].what = ATTACK.into();
    for target in &mut record.targets {
        target.name = format!("{ATTACK}/../{}", target.name);
        if let Some(obstacle) = &mut target.obstacle {
            obstacle.what = ATTACK.into();
        }
        for check in &mut target.checks {
            check.id = format!("{ATTACK}/{}", check.id);
            check.title = ATTACK.into();
            check.reason = check.reason.as_ref().map(|_| ATTACK.into());
            check.fix = Some(ATTACK.into());
            if let Some(finding) = &mut check.finding {
                finding.expected = vec![ATTACK.into()];
                finding.actual = ATTACK.repeat(1000);
            }
            if let Some(deviation) = &mut check.deviation {
                deviation.reason = ATTACK.into();
            }
        }
        let helm_versions = target.helm_versions.iter_mut();
        for flow in helm_versions.flat_map(|helm| &mut helm.flows) {
            flow.error = Some(ATTACK.into());
        }
    }
    record
}

#[test]
fn whatever_decides_the_exit_code_is_a_finding() {
    use FindingKind::{Deviation, Flow, Inconclusive, NotExamined, Requirement};
    let record = support::record();
    let view = ReportView::of(&record);
    let findings = view.findings();
    let has = |kind, severity, id: &str| {
        let is_it =
            |one: &FindingView<'_, '_>| (one.kind, one.severity, one.id) == (kind, severity, id);
        assert!(findings.iter().any(is_it), "{kind:?} {severity:?} {id}");
    };
    has(Requirement, Severity::Error, "push/manifest-put-201");
    has(Requirement, Severity::Warning, "push/location-stays-home");
    has(Requirement, Severity::Note, "tags/complete");
    has(Requirement, Severity::Error, "tags/n-honoured");
    has(Flow, Severity::Error, "helm-4.2.4/flow/show");
    has(Deviation, Severity::Error, "tags/sorted");
    has(NotExamined, Severity::Error, "target/reachable");
    has(Inconclusive, Severity::Warning, "tags/paging-complete");
    has(Inconclusive, Severity::Warning, "manifests/put");
    has(Inconclusive, Severity::Warning, "helm-4.2.4/flow/pull");
    let explained = findings.iter().any(|one| one.id.ends_with("/flow/push"));
    assert!(!explained, "the finding of the requirement states it");
    let clean = support::of_outcomes(&[Outcome::Pass, Outcome::Skipped, Outcome::Absent]);
    assert_eq!(ReportView::of(&clean).findings(), []);
}

#[test]
fn a_finding_has_the_same_fingerprint_in_every_run() {
    let mut later = single();
    later.run.started = "2027-01-01T00:00:00Z".into();
    later.run.seed = 8;
    later.targets[0].checks.remove(0);
    let of = |record: &RunRecord| -> Vec<String> {
        let view = ReportView::of(record);
        let findings = view.findings();
        findings.iter().map(FindingView::fingerprint).collect()
    };
    let prints = of(&single());
    assert_eq!(prints, of(&later));
    let all = of(&support::record());
    let unique: BTreeSet<&String> = all.iter().collect();
    assert_eq!(unique.len(), all.len());
}

#[test]
fn a_target_is_a_relative_path() {
    let mut record = support::of_outcomes(&[Outcome::Fail]);
    for (name, path) in [
        ("https://r.example:8443/charts", "r.example-8443/charts"),
        ("distribution:2.8.3", "distribution-2.8.3"),
        ("/etc/../passwd", "etc/passwd"),
        ("://", "target"),
        ("grüße", "gr--e"),
    ] {
        record.targets[0].name = name.into();
        let view = ReportView::of(&record);
        assert_eq!(view.findings()[0].path(), path);
    }
}

#[test]
fn sarif_has_a_result_for_each_finding_about_the_registry() {
    let log = sarif_of(&single());
    let results = list(&log, "/runs/0/results");
    let rules = list(&log, "/runs/0/tool/driver/rules");
    for result in results {
        let position = result["ruleIndex"].as_u64().expect("a position");
        let position = usize::try_from(position).expect("a small number");
        assert_eq!(rules[position]["id"], result["ruleId"]);
    }
    let of = |id: &str| {
        let found = results.iter().find(|result| result["ruleId"] == id);
        found.unwrap_or_else(|| panic!("no result of {id}"))
    };
    let own = of("push/manifest-put-201");
    assert_eq!(own["level"], "error");
    let message = own["message"]["text"].as_str().expect("a message");
    for words in ["200 OK", "Helm 3.18-4.3+", "fix: Return 201 Created"] {
        assert!(message.contains(words), "{words}: {message}");
    }
    assert_eq!(own["webRequest"]["method"], "PUT");
    assert_eq!(own["webResponse"]["statusCode"], 200);
    assert_eq!(own["suppressions"], serde_json::json!([]));
    let place = &own["locations"][0];
    let uri = &place["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "distribution-2.8.3");
    let url = &place["logicalLocations"][0]["fullyQualifiedName"];
    assert_eq!(url, "http://127.0.0.1:32768");
    assert_eq!(of("push/location-stays-home")["level"], "warning");
    let known = of("tags/complete");
    assert_eq!(known["level"], "note");
    let why = known["suppressions"][0]["justification"].as_str();
    let why = why.expect("a justification");
    assert!(
        why.contains("fixed in the next release") && why.contains("/issues/1936"),
        "{why}"
    );
    let rule = rules
        .iter()
        .find(|rule| rule["id"] == "push/manifest-put-201");
    assert_eq!(
        rule.expect("its rule")["help"]["markdown"],
        "# push/manifest-put-201"
    );
    let rule = rules.iter().find(|rule| rule["id"] == "tags/complete");
    assert_eq!(rule.expect("its rule")["help"]["text"], "complete");
    let notified = list(&log, "/runs/0/invocations/0/toolExecutionNotifications");
    let notified: Vec<&Value> = notified.iter().map(|one| &one["message"]["text"]).collect();
    assert!(
        notified
            .iter()
            .any(|text| text.to_string().contains("tags/paging-complete"))
    );
}

#[test]
fn sarif_of_a_clean_run_has_an_empty_list_of_results() {
    let log = sarif_of(&support::of_outcomes(&[Outcome::Pass]));
    assert_eq!(list(&log, "/runs/0/results").len(), 0);
    assert_eq!(
        log["runs"][0]["invocations"][0]["executionSuccessful"],
        true
    );
}

#[test]
fn code_quality_has_an_entry_for_each_finding() {
    let record = support::record();
    let view = ReportView::of(&record);
    let text = code_quality::render(&view);
    let entries: Vec<Value> = serde_json::from_str(&text).expect("a list");
    assert_eq!(entries.len(), view.findings().len());
    let severities: BTreeSet<&str> = entries
        .iter()
        .map(|entry| {
            assert!(entry["location"]["path"].is_string(), "{entry}");
            assert_eq!(entry["location"]["lines"]["begin"], 1);
            assert_eq!(entry["fingerprint"].as_str().map(str::len), Some(64));
            assert!(entry["check_name"].is_string() && entry["description"].is_string());
            entry["severity"].as_str().expect("a severity")
        })
        .collect();
    assert_eq!(severities, BTreeSet::from(["critical", "info", "minor"]));
}

#[test]
fn tap_has_a_line_for_each_check_and_flow() {
    insta::assert_snapshot!(tap::render(&ReportView::of(&single())));
}

#[test]
fn a_step_summary_states_what_is_wrong() {
    insta::assert_snapshot!(markdown::summary(&ReportView::of(&support::record())));
}

#[test]
fn annotations_have_a_line_for_each_finding() {
    let record = single();
    let text = annotations::render(&ReportView::of(&record));
    let first = text.lines().next().expect("a line");
    assert!(
        first.starts_with(
            "::error title=push/manifest-put-201 on distribution%3A2.8.3::“a manifest PUT"
        ),
        "{first}"
    );
    for name in ["::error ", "::warning ", "::notice "] {
        assert!(text.lines().any(|line| line.starts_with(name)), "{name}");
    }
}

#[test]
fn a_report_before_annotations_holds_no_command() {
    let record = attacked();
    let view = ReportView::of(&record);
    let text = annotations::after(&view, "  ::error::no\n", 0xbad);
    let (stopped, commands) = text.split_once("::0000000000000bad::\n").expect("an end");
    assert_eq!(
        stopped,
        "::stop-commands::0000000000000bad\n  ::error::no\n"
    );
    assert_eq!(commands, annotations::render(&view));
    let clean = support::of_outcomes(&[Outcome::Pass]);
    assert_eq!(annotations::after(&ReportView::of(&clean), "", 1), "");
}

#[test]
fn events_are_one_object_on_each_line() {
    let record = single();
    let view = ReportView::of(&record);
    let lines: Vec<Value> = events::findings(&view)
        .iter()
        .map(|event| serde_json::from_str(&event.line(12)).expect("an object"))
        .collect();
    assert_eq!(lines.len(), view.findings().len());
    assert_eq!(lines[0]["event"], "finding");
    assert_eq!(lines[0]["at"], 12);
    assert_eq!(lines[0]["id"], "push/manifest-put-201");
    let checked = RunEvent::CheckFinished {
        target: ATTACK,
        id: "tags/complete",
        outcome: Outcome::Fail,
        milliseconds: 3,
    };
    let line = checked.line(4);
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(line.contains("\"event\":\"check-finished\""), "{line}");
    assert!(line.contains("\"outcome\":\"fail\""), "{line}");
}

#[test]
fn hostile_text_leaves_no_format() {
    let record = attacked();
    let view = ReportView::of(&record);
    let tap = tap::render(&view);
    let annotations = annotations::render(&view);
    let summary = markdown::summary(&view);
    let events: String = events::findings(&view)
        .iter()
        .map(|event| event.line(0))
        .collect();
    let sarif = sarif::render(&view, |_| None);
    let quality = code_quality::render(&view);
    for (name, text) in [
        ("TAP", &tap),
        ("annotations", &annotations),
        ("summary", &summary),
        ("events", &events),
        ("SARIF", &sarif),
        ("Code Quality", &quality),
    ] {
        let is_steering = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!text.contains(is_steering), "{name}");
        assert!(
            text.contains("::error title=x") || text.contains("%3A%3Aerror"),
            "{name}"
        );
    }
    let findings = view.findings().len();
    assert_eq!(annotations.lines().count(), findings);
    assert!(annotations.lines().all(|line| {
        let rest = line
            .strip_prefix("::")
            .and_then(|rest| rest.split_once("::"));
        !rest.expect("a command").0.contains(',')
    }));
    assert!(!annotations.contains("%0A"), "a line feed of the registry");
    let is_point = |line: &&str| line.starts_with("ok ") || line.starts_with("not ok ");
    let points = tap.lines().filter(is_point);
    let plan = tap.lines().nth(1).expect("a plan");
    assert_eq!(plan, format!("1..{}", points.clone().count()));
    let skips: Vec<&str> = points.filter(|line| line.contains(" # SKIP ")).collect();
    assert!(!skips.is_empty());
    assert!(
        skips.iter().all(|line| line.starts_with("ok ")),
        "{skips:#?}"
    );
    assert!(!summary.contains("\n::error"));
    for (place, _) in summary.match_indices("[a](javascript") {
        // Code holds no link.
        let line = &summary[summary[..place].rfind('\n').unwrap_or(0)..place];
        let ticks = line.replace("\\`", "").matches('`').count();
        assert_eq!(ticks % 2, 1, "{line}");
    }
    assert!(!sarif.contains("](javascript"));
    assert_eq!(events.lines().count(), findings);
}
