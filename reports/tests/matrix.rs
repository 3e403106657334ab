//! Targets in columns, and merged records.

mod support;

use helm_oci_reports::junit;
use helm_oci_reports::markdown;
use helm_oci_reports::record::{MergeError, RunRecord, TargetRecord, merge};
use helm_oci_reports::terminal::{self, Style};
use helm_oci_reports::view::{MatrixView, ReportView};
use helm_oci_suite::requirement::outcome::Outcome;

/// The page on the terminal.
fn on_terminal(record: &RunRecord) -> String {
    let report = ReportView::of(record);
    terminal::matrix(&MatrixView::of(&report), Style::default())
}

/// The page as Markdown.
fn as_markdown(record: &RunRecord) -> String {
    let report = ReportView::of(record);
    markdown::matrix(&MatrixView::of(&report))
}

/// A record of one target with one check of each of these outcomes.
fn target(name: &str, outcomes: &[Outcome]) -> TargetRecord {
    let mut record = support::of_outcomes(outcomes);
    let mut target = record.targets.remove(0);
    name.clone_into(&mut target.name);
    for (position, check) in target.checks.iter_mut().enumerate() {
        check.id = format!("upload/rule-{position}");
        check.fix = check.finding.as_ref().map(|_| "Return 201.".to_owned());
    }
    target
}

/// A record with these targets.
fn of(targets: Vec<TargetRecord>) -> RunRecord {
    let mut record = support::of_outcomes(&[]);
    record.footer.checks = targets.iter().map(|target| target.checks.len()).sum();
    record.targets = targets;
    record
}

/// Checks that differ, one that fails everywhere, and one that is skipped on one target and passes on others.
fn differing() -> RunRecord {
    use Outcome::{Fail, Inconclusive, Pass, Skipped, Warn};
    of(vec![
        target("reference", &[Pass, Pass, Warn, Skipped, Pass]),
        target("zot:2.1.20", &[Pass, Fail, Warn, Pass, Pass]),
        target("mine", &[Pass, Pass, Warn, Pass, Inconclusive]),
    ])
}

#[test]
fn the_terminal_shows_differences_first() {
    insta::assert_snapshot!(on_terminal(&differing()));
}

#[test]
fn markdown_shows_the_same() {
    insta::assert_snapshot!(as_markdown(&differing()));
}

#[test]
fn hostile_text_neither_steers_nor_breaks_a_table() {
    let record = support::record();
    let page = as_markdown(&record);
    let shown = on_terminal(&record);
    for text in [&page, &shown] {
        assert!(
            text.chars().all(|c| c == '\n' || !c.is_control()),
            "{text:?}"
        );
    }
    assert!(!page.contains("<b>"), "{page}");
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        assert!(line.ends_with(" |"), "{line}");
    }
}

#[test]
fn a_skipped_check_makes_no_difference() {
    let page = as_markdown(&differing());
    assert!(!page.contains("upload/rule-3"), "{page}");
    assert!(page.contains("2 more requirements"), "{page}");
}

fn shard(name: &str, shard: Option<&str>) -> (String, RunRecord) {
    let mut record = of(vec![target(name, &[Outcome::Pass])]);
    record.run.shard = shard.map(ToOwned::to_owned);
    record.run.seed = 7;
    (format!("{name}.json"), record)
}

#[test]
fn shards_are_merged_and_a_missing_one_is_named() {
    let both = || vec![shard("a", Some("1/2")), shard("b", Some("2/2"))];
    let merged = merge(both()).expect("they belong together");
    let names: Vec<&str> = merged.targets.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!((merged.run.shard, merged.footer.checks), (None, 2));

    let mut one = both();
    one.truncate(1);
    let missing = MergeError::Missing {
        shard: "2/2".into(),
    };
    assert_eq!(merge(one), Err(missing));

    let of_others = vec![shard("a", Some("1/2")), shard("b", Some("2/3"))];
    assert!(matches!(merge(of_others), Err(MergeError::Shards { .. })));
}

#[test]
fn records_of_different_runs_are_refused() {
    let twice = vec![shard("a", None), shard("a", None)];
    assert!(matches!(merge(twice), Err(MergeError::Twice { .. })));

    let mut other = shard("b", None);
    other.1.suite.version = "9.9.9".into();
    let versions = merge(vec![shard("a", None), other]);
    assert!(matches!(versions, Err(MergeError::Versions { .. })));

    let mut other = shard("b", None);
    other.1.run.only = vec!["pull/*".into()];
    let selections = merge(vec![shard("a", None), other]);
    assert!(matches!(selections, Err(MergeError::Selections { .. })));

    assert_eq!(merge(vec![]), Err(MergeError::Nothing));
}

#[test]
fn a_target_keeps_the_seed_of_its_run() {
    let mut other = shard("b", None);
    other.1.run.seed = 8;
    let merged = merge(vec![shard("a", None), other]).expect("they belong together");
    let seeds: Vec<Option<u64>> = merged.targets.iter().map(|target| target.seed).collect();
    assert_eq!((merged.run.seed, seeds), (7, vec![None, Some(8)]));
    for page in [on_terminal(&merged), as_markdown(&merged)] {
        assert!(page.contains("seed 7, 8 for b"), "{page}");
    }
    let xml = junit::render(&ReportView::of(&merged)).expect("it renders");
    let lines: Vec<&str> = xml.lines().filter(|line| line.contains("seed ")).collect();
    assert_eq!(lines, ["seed 7", "seed 8"]);
}

#[test]
fn every_reason_for_a_failed_run_is_shown() {
    let record = support::record();
    let stale = "now conforms; remove this deviation";
    let flat = |page: String| page.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown = flat(on_terminal(&record));
    assert!(shown.contains(stale), "{shown}");
    let page = flat(as_markdown(&record).replace('\\', ""));
    let problem = &record.deviations[0];
    for words in [stale, &problem.requirement, &problem.what] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let flow = record.flows().find(|flow| flow.outcome == Outcome::Fail);
    let flow = flow.expect("a flow of a real Helm binary fails");
    let message = flow.error.as_deref().expect("it has a message");
    for (text, id) in [
        (&shown, "FAIL helm 3.10.1: push"),
        (&page, flow.id.as_str()),
    ] {
        assert!(
            text.contains(message) && text.contains(id),
            "{message}: {text}"
        );
    }
    let page = as_markdown(&differing());
    let open = page.split("## Findings").nth(1).expect("findings");
    assert!(
        open.contains("`upload/rule-4`"),
        "the inconclusive one: {open}"
    );
}
