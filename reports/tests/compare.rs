//! A comparison of two targets, and a bisection of a list of them.

mod support;

use helm_oci_reports::compare::{Bisection, TargetComparison};
use helm_oci_reports::record::TargetRecord;
use helm_oci_reports::snapshot::{
    Placeholders, Snapshot, SnapshotFiles, SnapshotStep, StepExchange,
};
use helm_oci_reports::terminal::{self, Style};
use helm_oci_reports::view::{BisectionView, ComparisonView, DifferenceView};
use helm_oci_reports::{html, markdown};
use helm_oci_suite::prediction::table::FlowVerdict;
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::verdict::{Obstacle, ObstacleKind};
use helm_oci_suite::wire::exchange::{Exchange, RequestRecord, ResponseRecord};
use http::{Method, StatusCode};

use crate::support::{of_outcomes, record};

static PUT: SnapshotStep = SnapshotStep {
    file: "push",
    description: "a manifest, pushed by tag",
};

/// A target with findings, and the same one without.
fn pair() -> (TargetRecord, TargetRecord) {
    let bad = record().targets.remove(0);
    let mut good = bad.clone();
    good.name = "distribution:3.0.0".into();
    good.eras.iter_mut().for_each(|cell| {
        cell.verdict = FlowVerdict::Works;
        cell.because.clear();
    });
    for check in &mut good.checks {
        (check.outcome, check.finding, check.obstacle) = (Outcome::Pass, None, None);
        check.reason = None;
    }
    for capability in &mut good.capabilities {
        capability.present = Some(true);
        capability.evidence = "it returned 202 for hoc0a1b2c3d/x at 127.0.0.1:5000".into();
    }
    (good, bad)
}

/// A snapshot with one exchange whose response has these headers.
fn snapshot(headers: &[(&str, &str)]) -> Snapshot {
    let headers = headers.iter();
    let headers = headers.map(|(name, value)| ((*name).into(), (*value).into()));
    let exchange = StepExchange {
        step: &PUT,
        place: "helm-3.8 mychart-0.1.0".into(),
        names: Placeholders::default(),
        exchange: Exchange {
            request: RequestRecord::new(Method::PUT, "/v2/a/manifests/1"),
            response: Ok(ResponseRecord {
                headers: headers.collect(),
                ..ResponseRecord::new(StatusCode::CREATED)
            }),
        },
    };
    Snapshot::of(SnapshotFiles::new(), &[exchange])
}

fn comparison() -> TargetComparison {
    let (good, bad) = pair();
    let before = snapshot(&[("docker-content-digest", "sha256:ab"), ("x-own", "1")]);
    let after = snapshot(&[("location", "/`````x\u{1b}[2J"), ("x-own", "2")]);
    TargetComparison::between(&good, &bad, Some((&before, &after)))
}

fn on_terminal(comparison: &TargetComparison) -> String {
    terminal::comparison(&ComparisonView::of(comparison), Style::default())
}

fn as_html(comparison: &TargetComparison) -> String {
    html::comparison(&ComparisonView::of(comparison))
}

fn as_markdown(comparison: &TargetComparison) -> String {
    markdown::comparison(&ComparisonView::of(comparison))
}

fn bisection_on_terminal(bisection: &Bisection) -> String {
    terminal::bisection(&BisectionView::of(bisection), Style::default())
}

#[test]
fn the_terminal_shows_differences_that_affect_users_first() {
    insta::assert_snapshot!(on_terminal(&comparison()));
}

#[test]
fn markdown_shows_the_same_and_escapes_markup() {
    insta::assert_snapshot!(as_markdown(&comparison()));
}

#[test]
fn the_page_has_both_behaviours_next_to_each_other_and_escapes_markup() {
    let comparison = comparison();
    let page = as_html(&comparison);
    for change in &comparison.requirements {
        let article = format!("<code>{}</code></h3>", change.id);
        let (_, article) = page.split_once(&article).expect("each has an article");
        let pair = article.find("class=\"pair\"").expect("both sides");
        let end = article.find("</article>").expect("its end");
        assert!(pair < end, "{}", change.id);
    }
    for change in &comparison.flows {
        let row = format!("<th scope=\"row\"><code>{}</code></th>", change.flow.name());
        assert!(page.contains(&row), "{row}");
    }
    assert_eq!(page.matches("<script").count(), 1, "only our own");
}

#[test]
fn steering_characters_are_escaped() {
    let hostile = record().targets.remove(1);
    let mut other = hostile.clone();
    for check in &mut other.checks {
        check.outcome = Outcome::Pass;
    }
    let comparison = TargetComparison::between(&other, &hostile, None);
    assert!(!comparison.requirements.is_empty());
    for text in [
        on_terminal(&comparison),
        as_markdown(&comparison),
        as_html(&comparison),
        comparison.to_json(),
    ] {
        let steers = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!text.contains(steers), "{text:?}");
    }
}

#[test]
fn a_target_does_not_differ_from_itself() {
    let (good, bad) = pair();
    for target in [&good, &bad] {
        let comparison = TargetComparison::between(target, target, None);
        assert!(comparison.is_empty(), "{comparison:?}");
    }
    assert!(!TargetComparison::between(&good, &good, None).is_inconclusive());
    assert!(TargetComparison::between(&good, &bad, None).is_inconclusive());
}

#[test]
fn known_deviations_make_no_difference() {
    use Outcome::{Fail, Known, Pass, Stale, Warn};
    let of = |outcome| of_outcomes(&[outcome]).targets.remove(0);
    for (a, b, differs) in [
        (Pass, Stale, false),
        (Fail, Known, false),
        (Warn, Fail, false),
        (Pass, Known, true),
        (Stale, Fail, true),
    ] {
        let comparison = TargetComparison::between(&of(a), &of(b), None);
        let differs_there = comparison
            .requirements
            .iter()
            .any(|one| one.a.state != one.b.state);
        assert_eq!(differs_there, differs, "{a:?} {b:?}");
    }
}

#[test]
fn values_that_differ_from_run_to_run_make_no_difference() {
    let (_, bad) = pair();
    let mut again = bad.clone();
    for check in &mut again.checks {
        if let Some(finding) = &mut check.finding {
            finding.actual = format!("{} at hoc0a1b2c3d/x", finding.actual);
        }
    }
    let mut other = again.clone();
    for check in &mut other.checks {
        if let Some(finding) = &mut check.finding {
            finding.actual = finding.actual.replace("hoc0a1b2c3d", "hocffffffff");
        }
    }
    assert!(TargetComparison::between(&again, &other, None).is_empty());
    let words = TargetComparison::between(&bad, &again, None).requirements;
    assert!(!words.is_empty() && words.iter().all(|change| change.a.state == change.b.state));
}

/// Bisects a list in which each target is good, bad, or unavailable; returns the examined positions in order.
fn bisect(list: &str) -> (Bisection, Vec<usize>) {
    let (good, bad) = pair();
    let names = list
        .char_indices()
        .map(|(position, _)| format!("v{position}"));
    let mut bisection = Bisection::new(names.collect());
    let mut examined = Vec::new();
    while let Some(position) = bisection.next() {
        assert!(!examined.contains(&position), "each at most once");
        examined.push(position);
        let record = match list.as_bytes()[position] {
            b'g' => good.clone(),
            b'b' => bad.clone(),
            _ => TargetRecord {
                obstacle: Some(Obstacle::new(ObstacleKind::Arrangement, "no image")),
                ..good.clone()
            },
        };
        bisection.record(position, record);
    }
    (bisection, examined)
}

#[test]
fn a_bisection_finds_the_first_target_with_few_examined() {
    for (list, examined, last, first, between) in [
        ("gb", &[0, 1][..], "v0", "v1", ""),
        ("ggggbbbb", &[0, 7, 4, 2, 3], "v3", "v4", ""),
        ("gbbbbbbb", &[0, 7, 4, 2, 1], "v0", "v1", ""),
        ("g-b", &[0, 2, 1], "v0", "v2", "v1"),
        ("-ggb-", &[0, 1, 4, 3, 2], "v2", "v3", ""),
        ("gg--b", &[0, 4, 2, 3, 1], "v1", "v4", "v2 v3"),
    ] {
        let (bisection, own) = bisect(list);
        assert_eq!(own, examined, "{list}");
        let changes = bisection.changes();
        assert!(!changes.is_empty(), "{list}");
        for change in &changes {
            let found = (&*change.last, &*change.first, &*change.between.join(" "));
            assert_eq!(found, (last, first, between), "{list}: {change:?}");
        }
        assert!(!bisection.is_inconclusive());
    }
}

#[test]
fn a_list_without_change_or_without_targets_has_no_changes() {
    let (bisection, examined) = bisect("ggggg");
    assert_eq!((examined, bisection.changes()), (vec![0, 4], vec![]));
    for list in ["-", "g-", "---"] {
        assert!(bisect(list).0.is_inconclusive(), "{list}");
    }
}

#[test]
fn a_bisection_names_unavailable_targets() {
    let (bisection, _) = bisect("-g-bb");
    insta::assert_snapshot!(bisection_on_terminal(&bisection));
}

#[test]
fn a_difference_of_snapshots_shows_first_what_helm_reads() {
    let comparison = comparison();
    insta::assert_snapshot!(terminal::difference(
        &DifferenceView::of(&comparison.responses),
        Style::default()
    ));
}

#[test]
fn targets_without_a_common_requirement_are_inconclusive() {
    let (good, _) = pair();
    let mut other = good.clone();
    for check in &mut other.checks {
        check.id.push_str("-of-another-selection");
    }
    let comparison = TargetComparison::between(&good, &other, None);
    assert!(comparison.is_inconclusive());
    let words = "no requirement was examined on both targets";
    let shown = on_terminal(&comparison);
    assert!(shown.contains(words), "{shown}");
    assert!(as_markdown(&comparison).contains(words));
    let (bisection, _) = bisect("-g");
    let shown = bisection_on_terminal(&bisection);
    assert!(!shown.contains("no change"), "{shown}");
}
