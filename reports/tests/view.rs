//! Views: they carry structured values, so that a format needs no second look at the record.

mod support;

use helm_oci_reports::view::{
    Depth, IdentityLabel, Label, MatrixView, ReportRow, ReportView, ResultSentence, RowEntry,
};
use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::prediction::table::FlowVerdict;
use helm_oci_suite::requirement::Level;
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::requirement::source::Specification;
use http::Method;

fn row<'v, 'a>(rows: &'v [ReportRow<'a>], label: Label) -> &'v ReportRow<'a> {
    let found = rows.iter().find(|row| row.label == label);
    found.unwrap_or_else(|| panic!("no row {label:?}"))
}

#[test]
fn a_check_carries_levels_sources_effects_and_exchanges() {
    let record = support::record();
    let view = ReportView::of(&record);
    let checks = &view.targets[0].checks;
    let check = checks
        .iter()
        .find(|check| check.id == "push/manifest-put-201");
    let check = check.expect("the check");
    assert_eq!((check.level, check.outcome), (Level::Must, Outcome::Fail));
    assert_eq!(check.specification, Some(Specification::Must));
    assert_eq!(row(&check.rows, Label::Expected).entries.len(), 2);
    let labels: Vec<Label> = check.rows.iter().map(|row| row.label).collect();
    assert!(
        labels
            .windows(2)
            .any(|pair| pair == [Label::Actual, Label::Fix]),
        "{labels:?}"
    );
    let sources = row(&check.rows, Label::Sources).entries.iter();
    let quoted: Vec<bool> = sources
        .map(|entry| match entry {
            RowEntry::Source(source) => source.quoted,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(quoted, [true, false]);
    let [RowEntry::Break(brk)] = &*row(&check.rows, Label::Helm).entries else {
        panic!("one effect on Helm");
    };
    assert_eq!((brk.eras.len(), brk.versions.as_str()), (4, ">=3.18.0"));
    assert_eq!(row(&check.rows, Label::Covers).depth, Depth::Full);
    assert_eq!(check.exchanges.total, 2);
    let [exchange] = &*check.exchanges.shown else {
        panic!("the finding refers to one exchange");
    };
    assert_eq!((exchange.number, exchange.method), (2, &Method::PUT));
    let response = exchange.response.as_ref().expect("a response");
    assert_eq!(response.status, 200);
    let hidden = response.message.headers.iter();
    let hidden: Vec<&str> = hidden
        .filter(|header| header.depth == Depth::Full)
        .map(|header| header.name)
        .collect();
    assert_eq!(hidden, ["x-frame-options"]);
}

#[test]
fn a_target_carries_its_identity_its_tables_and_its_counts() {
    let record = support::record();
    let view = ReportView::of(&record);
    let target = &view.targets[0];
    assert_eq!(target.fact(IdentityLabel::Kind), Some("container"));
    assert_eq!(target.fact(IdentityLabel::Program), None);
    let areas: Vec<(&str, usize)> = target
        .areas
        .iter()
        .map(|area| (area.name, area.positions.len()))
        .collect();
    assert_eq!(
        areas,
        [
            ("api", 2),
            ("push", 4),
            ("tags", 5),
            ("manifests", 1),
            ("delete", 2)
        ]
    );
    let eras = target.eras.as_ref().expect("a table");
    let push = eras.rows.iter().find(|row| row.flow == Flow::Push);
    let verdicts = &push.expect("a row").verdicts;
    assert_eq!(verdicts.first(), Some(&None), "3.0-3.6 has no such flow");
    assert_eq!(verdicts.last(), Some(&Some(FlowVerdict::Breaks)));
    assert_eq!(eras.causes[0].era, Era::Chart);
    assert_eq!(eras.unknown, ["tags/paging-complete"]);
    assert_eq!(target.tally.count(Outcome::Skipped), 3);
    assert_eq!(target.skipped[0].1, 2, "two checks share a reason");
    assert_eq!(target.leftovers.len(), 2);
    assert_eq!(target.effort.expect("requests").concurrency, 8);
    assert_eq!(target.verdict.outcome, Outcome::Fail);
}

#[test]
fn flows_of_real_helm_binaries_are_grouped_by_message_and_cause() {
    let record = support::record();
    let view = ReportView::of(&record);
    let helm = &view.targets[0].helm;
    assert_eq!(helm.versions, ["3.2.4", "3.10.1", "4.2.4"]);
    let affected: Vec<_> = helm.groups.iter().map(|group| &group.affected).collect();
    assert_eq!(
        *affected[0],
        [
            ("3.10.1", vec![Flow::Push, Flow::RePush]),
            ("4.2.4", vec![Flow::Push])
        ]
    );
    assert_eq!(helm.unexplained, ["helm-4.2.4/flow/show"]);
    assert_eq!(helm.contradicted, ["helm-4.2.4/flow/re-push"]);
    assert!(matches!(
        helm.groups[0].first.sentence,
        ResultSentence::Failure {
            because: Some(_),
            ..
        }
    ));
}

#[test]
fn findings_are_ordered_by_severity() {
    use Outcome::{Fail, Known, Pass, Stale, Warn};
    let record = support::of_outcomes(&[Known, Pass, Warn, Fail, Stale, Fail]);
    let view = ReportView::of(&record);
    let findings = view.targets[0].findings();
    let outcomes: Vec<Outcome> = findings.map(|check| check.outcome).collect();
    assert_eq!(outcomes, [Fail, Fail, Stale, Warn, Known]);
}

#[test]
fn more_variants_than_targets_are_not_announced() {
    let mut record = support::of_outcomes(&[Outcome::Fail]);
    let first = record.targets[0].clone();
    for number in 1..3 {
        let mut target = first.clone();
        target.name = format!("target-{number}");
        let finding = target.checks[0].finding.as_mut().expect("a finding");
        finding.actual = format!("{number}");
        record.targets.push(target);
    }
    let report = ReportView::of(&record);
    let matrix = MatrixView::of(&report);
    let row = matrix.requirements().next().expect("a row");
    assert_eq!(row.variants().len(), 3);
    let style = helm_oci_reports::terminal::Style::default();
    let page = helm_oci_reports::terminal::matrix(&matrix, style);
    assert!(!page.contains("more variant"), "{page}");
}
