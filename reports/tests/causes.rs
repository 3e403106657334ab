//! Causes: one defect is one finding, and nothing that it violates or blocks is hidden.

mod support;

use helm_oci_reports::record::{BreakRecord, RunRecord};
use helm_oci_reports::terminal::{self, Style};
use helm_oci_reports::view::{ReportView, TargetView};
use helm_oci_reports::{junit, markdown, view::MatrixView};
use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::prediction::table::{Cause, Cell, FlowVerdict};
use helm_oci_suite::requirement::outcome::Outcome;

const FINDING: &str = "pull/manifest-type";
const ALSO: &str = "pull/manifest-bytes";
const BLOCKED: &str = "tags/sorted";
const OTHER: &str = "upload/location-sent";

/// A defect that violates two requirements and blocks a third, and another defect.
fn record() -> RunRecord {
    use Outcome::{Fail, Inconclusive};
    let mut record = support::of_outcomes(&[Fail, Fail, Inconclusive, Fail]);
    let target = &mut record.targets[0];
    let named = target
        .checks
        .iter_mut()
        .zip([FINDING, ALSO, BLOCKED, OTHER]);
    for (check, id) in named {
        id.clone_into(&mut check.id);
    }
    target.checks[1].cause = Some(FINDING.to_owned());
    target.checks[2].cause = Some(FINDING.to_owned());
    target.checks[0].breaks = (0..5).map(symptom).collect();
    target.eras = [(Era::Oras3, Flow::Pull), (Era::Hardened3, Flow::Show)]
        .map(|(era, flow)| cell(era, flow))
        .into();
    record
}

fn symptom(number: usize) -> BreakRecord {
    BreakRecord {
        eras: vec!["3.18-3.21.0".to_owned()],
        versions: ">=3.18.0".to_owned(),
        flows: vec!["pull".to_owned()],
        condition: None,
        symptom: format!("message {number}"),
    }
}

fn cell(era: Era, flow: Flow) -> Cell {
    Cell {
        era,
        flow,
        verdict: FlowVerdict::Breaks,
        because: vec![Cause {
            requirement: ALSO.to_owned(),
            versions: ">=3.18.0".to_owned(),
            symptom: String::new(),
        }],
    }
}

fn with_target<T>(record: &RunRecord, read: impl Fn(&TargetView<'_>) -> T) -> T {
    read(&ReportView::of(record).targets[0])
}

fn page(record: &RunRecord, verbose: bool) -> String {
    let style = Style {
        verbose,
        ..Style::default()
    };
    terminal::render(&ReportView::of(record), style)
}

#[test]
fn a_cause_has_what_shows_it_and_what_it_blocks() {
    let record = record();
    let causes = with_target(&record, |target| {
        let ids = |positions: &[usize]| -> Vec<String> {
            let positions = positions.iter();
            positions
                .map(|at| target.checks[*at].id.to_owned())
                .collect()
        };
        let causes = target.causes.iter();
        let causes = causes.map(|one| (ids(&[one.finding]), ids(&one.also), ids(&one.blocked)));
        causes.collect::<Vec<_>>()
    });
    let named = |ids: &[&str]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        causes,
        [
            (named(&[FINDING]), named(&[ALSO]), named(&[BLOCKED])),
            (named(&[OTHER]), vec![], vec![])
        ]
    );
}

#[test]
fn the_summary_says_what_is_wrong_for_whom_and_what_to_change() {
    let sentences = with_target(&record(), |target| {
        let causes = target.causes.iter();
        causes.map(|one| one.summary.sentence()).collect::<Vec<_>>()
    });
    let title = &record().targets[0].checks[0].title;
    assert_eq!(
        sentences[0],
        format!(
            "“{title}” is violated: 200 OK; every flow breaks with Helm 3.18-3.21.4; \
             required is 201 Created"
        )
    );
    assert!(
        sentences[1].contains("no Helm flow breaks"),
        "{}",
        sentences[1]
    );
}

#[test]
fn one_defect_is_one_block_that_names_everything() {
    let record = record();
    let brief = page(&record, false);
    assert_eq!(brief.matches("✗ FAIL").count(), 2, "{brief}");
    for id in [FINDING, ALSO, BLOCKED, OTHER] {
        assert!(brief.contains(id), "{id}: {brief}");
    }
    assert!(brief.contains("3 more with --verbose"), "{brief}");
    assert!(!brief.contains("INCONCLUSIVE"), "{brief}");
    let first = brief.find("is violated").expect("a summary");
    assert!(first < brief.find("✗ FAIL").expect("a block"), "{brief}");
    let verbose = page(&record, true);
    assert_eq!(verbose.matches("✗ FAIL").count(), 3, "{verbose}");
    assert_eq!(verbose.matches("? INCONCLUSIVE").count(), 1, "{verbose}");
}

#[test]
fn the_verdict_counts_causes() {
    let verdict = with_target(&record(), |target| target.verdict.sentence.clone());
    assert_eq!(
        verdict,
        "2 defects violate 3 MUST requirements, 1 check blocked by the same cause; \
         affects Helm 3.18-3.21.4"
    );
}

#[test]
fn a_cause_that_is_no_finding_hides_nothing() {
    let mut record = record();
    for wrong in ["tags/sorted", "pull/unknown", ALSO] {
        record.targets[0].checks[1].cause = Some(wrong.to_owned());
        let page = page(&record, false);
        assert_eq!(page.matches("✗ FAIL").count(), 3, "{wrong}: {page}");
    }
}

#[test]
fn junit_and_markdown_name_the_cause() {
    let record = record();
    let report = ReportView::of(&record);
    let xml = junit::render(&report).expect("it renders");
    let same = format!("same cause as {FINDING}: ");
    assert_eq!(xml.matches(&same).count(), 2, "{xml}");
    assert_eq!(
        xml.matches("<failure").count(),
        3,
        "each violated MUST fails"
    );
    assert_eq!(
        xml.matches("<error").count(),
        0,
        "what is blocked is skipped"
    );
    let page = markdown::matrix(&MatrixView::of(&report));
    assert!(
        page.contains(&format!("(same cause as `{FINDING}`)")),
        "{page}"
    );
}
