//! Reports as HTML pages. `.ci/check-page.mjs` opens them in a browser.

mod support;

use helm_oci_reports::html;
use helm_oci_reports::record::RunRecord;
use helm_oci_reports::view::ReportView;
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::verdict::Finding;

fn page(record: &RunRecord) -> String {
    html::report(&ReportView::of(record))
}

/// A record of one target with every outcome.
fn single() -> RunRecord {
    let mut record = support::record();
    record.targets.truncate(1);
    record
}

#[test]
fn a_page_is_one_file_that_loads_nothing() {
    let page = page(&support::record());
    assert!(page.starts_with("<!DOCTYPE html>"));
    assert!(page.contains("default-src 'none'; style-src 'sha256-"));
    for foreign in [
        "<link rel=\"stylesheet\"",
        " src=",
        "url(http",
        "@import",
        "fetch(",
        "unsafe-inline",
        " style=\"",
    ] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    for (start, end) in [("<script>", "</script>"), ("<style>", "</style>")] {
        assert_eq!(page.matches(start).count(), 1, "{start}");
        assert_eq!(page.matches(end).count(), 1, "{end}");
    }
}

#[test]
fn hostile_text_is_escaped_and_cut() {
    const ATTACK: &str = "</script></style><script>alert(1)</script><img src=x onerror=alert(1)>\" onclick=\"x\u{1b}[31m\u{202e}\u{0}";
    let mut record = support::record();
    for target in &mut record.targets {
        target.name = ATTACK.into();
        for check in &mut target.checks {
            check.title = ATTACK.into();
            check.id = format!("{ATTACK}/{}", check.id);
            check.area = ATTACK.into();
            for source in &mut check.sources {
                source.anchor = ATTACK.into();
            }
            if let Some(Finding {
                expected, actual, ..
            }) = &mut check.finding
            {
                *expected = vec![ATTACK.repeat(100_000)];
                *actual = ATTACK.repeat(100_000);
            }
        }
    }
    let page = page(&record);
    for attack in [
        "<script>alert",
        "<img",
        "\" onclick",
        "\u{1b}",
        "\u{202e}",
        "\u{0}",
    ] {
        assert!(!page.contains(attack), "{attack:?}");
    }
    assert!(page.contains(r"\u{1b}[31m\u{202e}\u{0}"));
    assert!(page.len() < 1_000_000, "{}", page.len());
}

#[test]
fn a_link_of_a_record_leads_to_the_web_only() {
    let mut record = single();
    let mut links = record.targets[0]
        .checks
        .iter_mut()
        .filter_map(|check| check.deviation.as_mut());
    links.next().expect("a deviation").link = "javascript:alert(1)".into();
    let page = page(&record);
    assert!(!page.contains("href=\"javascript"));
    assert!(page.contains("javascript:alert(1)"));
}

#[test]
fn every_outcome_has_its_sign_and_its_word() {
    let page = page(&support::of_outcomes(Outcome::ALL));
    for sign in [
        "✓ pass",
        "✗ fail",
        "≠ stale",
        "~ known",
        "! warn",
        "+ present",
        "- absent",
        "· skipped",
        "≈ intermittent",
        "? inconclusive",
    ] {
        assert!(page.contains(sign), "{sign}");
    }
}

#[test]
fn every_link_into_the_page_has_a_place() {
    for record in [support::record(), single()] {
        let page = page(&record);
        let ids: Vec<&str> = values(&page, " id=\"");
        for place in values(&page, "href=\"#")
            .into_iter()
            .filter(|place| !place.contains('='))
        {
            assert!(ids.contains(&place) || place.starts_with("r-"), "{place}");
        }
    }
}

/// The values of an attribute.
fn values<'a>(page: &'a str, start: &str) -> Vec<&'a str> {
    let parts = page.split(start).skip(1);
    parts.filter_map(|part| part.split('"').next()).collect()
}

#[test]
fn what_was_not_verified_is_counted_and_listed() {
    let page = page(&single());
    assert!(page.contains("not verified"));
    assert!(page.contains("deletes are disabled"));
}

#[test]
fn a_matrix_has_a_column_for_each_registry() {
    let page = page(&support::record());
    for letter in ["target-A", "target-B", "target-C"] {
        assert!(page.contains(&format!("id=\"{letter}\"")), "{letter}");
    }
}
