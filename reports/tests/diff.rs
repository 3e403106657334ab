//! The differences between two records of one registry over time.

mod support;

use helm_oci_reports::compare::{RecordDiff, RequirementChange};
use helm_oci_reports::markdown;
use helm_oci_reports::record::{CheckRecord, RunRecord};
use helm_oci_reports::terminal::{self, Style};
use helm_oci_reports::view::DiffView;
use helm_oci_suite::prediction::table::FlowVerdict;
use helm_oci_suite::requirement::Level;
use helm_oci_suite::requirement::outcome::Outcome;
use serde_json::Value;

/// A record of one target.
fn single() -> RunRecord {
    let mut record = support::record();
    record.targets.truncate(1);
    record
}

fn check<'r>(record: &'r mut RunRecord, id: &str) -> &'r mut CheckRecord {
    let mut checks = record.targets[0].checks.iter_mut();
    checks.find(|check| check.id == id).expect("the check")
}

/// An earlier and a later record, with each kind of change.
fn pair() -> (RunRecord, RunRecord) {
    let (mut old, new) = (single(), single());
    old.run.started = "2026-10-01T08:00:00Z".into();
    let pass = |check: &mut CheckRecord| {
        (check.outcome, check.finding, check.fix) = (Outcome::Pass, None, None);
        check.breaks.clear();
    };
    pass(check(&mut old, "push/manifest-put-201"));
    // It violated what it satisfies now, and differed where it still differs.
    let location = check(&mut old, "push/location-stays-home").clone();
    let created = check(&mut old, "push/blob-created");
    (created.outcome, created.finding) = (Outcome::Fail, location.finding);
    let finding = check(&mut old, "push/location-stays-home").finding.as_mut();
    finding.expect("a finding").actual = "http://other.example".into();
    check(&mut old, "tags/sorted").outcome = Outcome::Present;
    check(&mut old, "tags/paging-complete").outcome = Outcome::Pass;
    check(&mut old, "delete/tag-gone").id = "delete/earlier".into();
    for cell in &mut old.targets[0].eras {
        if cell.verdict == FlowVerdict::Breaks {
            cell.verdict = FlowVerdict::Works;
            cell.because.clear();
        }
    }
    (old, new)
}

fn ids(changes: &[RequirementChange]) -> Vec<&str> {
    changes.iter().map(|change| change.id.as_str()).collect()
}

#[test]
fn each_change_has_a_direction() {
    let (old, new) = pair();
    let diff = RecordDiff::between(&old, &new);
    let target = &diff.targets[0];
    let requirements = &target.requirements;
    assert_eq!(ids(&requirements.regressed), ["push/manifest-put-201"]);
    assert_eq!(ids(&requirements.fixed), ["push/blob-created"]);
    assert_eq!(ids(&target.evidence), ["push/location-stays-home"]);
    assert_eq!(
        ids(&requirements.other),
        ["tags/sorted", "tags/paging-complete"],
        "a MAY affects nobody, and an inconclusive result shows no violation"
    );
    assert!(!target.flows.regressed.is_empty() && target.flows.fixed.is_empty());
    assert_eq!(target.new_requirements[0].id, "delete/tag-gone");
    assert_eq!(target.gone_requirements[0].id, "delete/earlier");
    assert!(diff.has_regressed() && diff.is_inconclusive());
    let back = RecordDiff::between(&new, &old);
    let requirements = &back.targets[0].requirements;
    assert_eq!(ids(&requirements.regressed), ["push/blob-created"]);
    assert_eq!(ids(&requirements.fixed), ["push/manifest-put-201"]);
    assert!(!back.targets[0].flows.fixed.is_empty());
}

#[test]
fn equal_records_have_no_difference() {
    let record = single();
    let mut later = record.clone();
    later.run.seed = 8;
    let diff = RecordDiff::between(&record, &later);
    assert!(!diff.has_regressed() && !diff.is_inconclusive());
    let text = terminal::diff(&DiffView::of(&diff), Style::default());
    assert!(text.contains("no difference in 14 requirements"), "{text}");
}

#[test]
fn what_is_fixed_fails_no_gate() {
    let [faulty, clean] = [Outcome::Fail, Outcome::Pass].map(|one| support::of_outcomes(&[one]));
    let diff = RecordDiff::between(&faulty, &clean);
    assert_eq!(
        ids(&diff.targets[0].requirements.fixed),
        ["push/blob-created"]
    );
    assert!(!diff.has_regressed() && !diff.is_inconclusive());
    assert!(RecordDiff::between(&clean, &faulty).has_regressed());
}

#[test]
fn a_deviations_file_hides_no_regression() {
    let (mut old, mut new) = (single(), single());
    check(&mut old, "tags/complete").outcome = Outcome::Pass;
    let diff = RecordDiff::between(&old, &new);
    assert_eq!(
        ids(&diff.targets[0].requirements.regressed),
        ["tags/complete"]
    );
    check(&mut new, "tags/complete").level = Level::May;
    let diff = RecordDiff::between(&old, &new);
    assert!(!diff.has_regressed());
}

#[test]
fn targets_are_matched_by_name_unless_each_record_has_one() {
    let (old, mut new) = pair();
    new.targets[0].name = "distribution:3.0.0".into();
    let diff = RecordDiff::between(&old, &new);
    assert_eq!((diff.targets.len(), diff.gone_targets.len()), (1, 0));
    let mut several = support::record();
    several.targets.remove(1);
    let diff = RecordDiff::between(&several, &new);
    assert_eq!(diff.targets.len(), 0);
    assert_eq!(
        diff.gone_targets,
        ["distribution:2.8.3", "registry.invalid"]
    );
    assert_eq!(diff.new_targets, ["distribution:3.0.0"]);
    assert!(diff.is_inconclusive());
    let diff = RecordDiff::between(&single(), &several);
    assert_eq!(diff.targets.len(), 1);
    assert_eq!(diff.new_targets, ["registry.invalid"]);
}

#[test]
fn the_terminal_shows_what_regressed_first() {
    let (old, new) = pair();
    let mut diff = RecordDiff::between(&old, &new);
    diff.old.unread = vec!["3 cells (unknown variant `2.x`)".into()];
    insta::assert_snapshot!(terminal::diff(&DiffView::of(&diff), Style::default()));
}

#[test]
fn markdown_shows_the_same_as_the_terminal() {
    let (old, new) = pair();
    let diff = RecordDiff::between(&old, &new);
    insta::assert_snapshot!(markdown::diff(&DiffView::of(&diff)));
}

#[test]
fn hostile_text_is_escaped() {
    const ATTACK: &str = "\u{1b}[31m\u{202e}\n# x <b>`[a](b)";
    let (old, mut new) = pair();
    new.targets[0].name = ATTACK.into();
    new.suite.version = ATTACK.into();
    check(&mut new, "push/manifest-put-201").title = ATTACK.into();
    let mut diff = RecordDiff::between(&old, &new);
    diff.new.unread = vec![ATTACK.into()];
    let view = DiffView::of(&diff);
    let (text, page, json) = (
        terminal::diff(&view, Style::default()),
        markdown::diff(&view),
        diff.to_json(),
    );
    for shown in [&text, &page, &json] {
        let is_steering = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!shown.contains(is_steering), "{shown}");
    }
    assert!(!page.contains("\n# x"), "{page}");
    let value: Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(value["schema"], 1);
    assert_eq!(value["targets"][0]["new"]["name"], ATTACK);
}
