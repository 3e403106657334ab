//! The report of a registry with one defect: it fits on a screen, and has one finding.

use helm_oci_conformance::prove::{SETUPS, record_of};
use helm_oci_fixtures::fault::Fault;
use helm_oci_reports::record::RunRecord;
use helm_oci_reports::terminal::{self, Style};
use helm_oci_reports::view::ReportView;
use helm_oci_suite::checks;
use helm_oci_suite::proof::on_all_cores;
use helm_oci_suite::requirement::Setup;
use helm_oci_suite::requirement::outcome::Outcome;

/// The most lines of any report.
const LONGEST: usize = 60;

/// The most lines of half of the reports.
const MEDIAN: usize = 40;

/// One fault of so many is examined.
const EACH: usize = 8;

/// Two defects that have nothing to do with each other.
const PAIRS: [[Fault; 2]; 4] = [
    [Fault::HeadBlobNotAllowed, Fault::ServesManifestsAsJson],
    [Fault::HeadBlobNotAllowed, Fault::TagListNotAllowed],
    [Fault::LimitsTagLength, Fault::HeadManifestNotAllowed],
    [Fault::AltersBlobs, Fault::CutsTagLists],
];

fn page(record: &RunRecord) -> String {
    terminal::render(&ReportView::of(record), Style::default())
}

fn blocks(page: &str) -> usize {
    page.lines()
        .filter(|line| line.starts_with("✗ FAIL"))
        .count()
}

/// Each defect on the set-ups on which a requirement is proven against it.
fn cases() -> Vec<(Fault, Setup)> {
    let all = checks::all();
    let defects = Fault::ALL.iter().filter(|fault| !fault.is_legal());
    let cases = defects.flat_map(|fault| {
        let setups = SETUPS.iter().filter(|setup| {
            let mut all = all.iter();
            all.any(|own| own.proven_on == **setup && own.faults.contains(fault))
        });
        setups.map(|setup| (*fault, *setup))
    });
    cases.collect()
}

#[test]
fn a_defect_is_one_finding_on_one_screen() {
    let cases: Vec<(Fault, Setup)> = cases().into_iter().step_by(EACH).collect();
    let pages = on_all_cores(cases.len(), |at| {
        let (fault, setup) = cases[at];
        page(&record_of(&checks::all(), setup, &[fault]))
    });
    let mut lengths: Vec<usize> = pages.iter().map(|page| page.lines().count()).collect();
    for ((fault, setup), page) in cases.iter().zip(&pages) {
        let lines = page.lines().count();
        assert!(
            lines <= LONGEST,
            "{fault} on {setup:?}: {lines} lines\n{page}"
        );
        assert!(blocks(page) <= 1, "{fault} on {setup:?}\n{page}");
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median <= MEDIAN, "{median} lines");
}

#[test]
fn two_defects_are_two_findings() {
    for faults in PAIRS {
        let violated = |faults: &[Fault]| {
            let record = record_of(&checks::all(), Setup::Open, faults);
            let checks = record.targets[0].checks.iter();
            let violated = checks.filter(|check| check.finding.is_some());
            violated.map(|check| check.id.clone()).collect::<Vec<_>>()
        };
        let [one, other] = faults.map(|fault| violated(&[fault]));
        let record = record_of(&checks::all(), Setup::Open, &faults);
        let view = ReportView::of(&record);
        let target = &view.targets[0];
        for cause in &target.causes {
            let mut ids: Vec<&str> = cause.also.iter().map(|at| target.checks[*at].id).collect();
            ids.push(target.checks[cause.finding].id);
            let only = |own: &[String], other: &[String]| {
                let is_only = |id: &&&str| {
                    let is_in = |all: &[String]| all.iter().any(|one| one == **id);
                    is_in(own) && !is_in(other)
                };
                ids.iter().filter(is_only).count()
            };
            let mixed = only(&one, &other) > 0 && only(&other, &one) > 0;
            assert!(!mixed, "{faults:?}: {ids:?}");
        }
        let failing = target.causes.iter();
        let failing = failing.filter(|cause| cause.summary.outcome == Outcome::Fail);
        assert!(failing.count() >= 2, "{faults:?}\n{}", page(&record));
    }
}

#[test]
fn every_violated_requirement_is_named() {
    for (fault, setup) in cases().into_iter().skip(3).step_by(EACH * 4) {
        let record = record_of(&checks::all(), setup, &[fault]);
        let page = page(&record);
        let checks = record.targets[0].checks.iter();
        let violated =
            checks.filter(|check| matches!(check.outcome, Outcome::Fail | Outcome::Warn));
        for check in violated {
            assert!(page.contains(&check.id), "{fault}: {}\n{page}", check.id);
        }
    }
}
