//! The `JUnit` report, read back with an independent parser and compared with the record.

mod support;

use std::collections::BTreeSet;

use helm_oci_reports::junit::{self, RenderError};
use helm_oci_reports::record::RunRecord;
use helm_oci_reports::view::ReportView;
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::verdict::Obstacle;
use roxmltree::{Document, Node};

fn render(record: &RunRecord) -> Result<String, RenderError> {
    junit::render(&ReportView::of(record))
}

fn rendered(record: &RunRecord) -> String {
    render(record).expect("the record renders")
}

fn elements<'a>(
    node: Node<'a, 'a>,
    name: &'static str,
) -> impl DoubleEndedIterator<Item = Node<'a, 'a>> {
    node.descendants()
        .filter(move |node| node.has_tag_name(name))
}

fn number<T: std::str::FromStr>(node: Node, attribute: &str) -> T {
    let value = node
        .attribute(attribute)
        .unwrap_or_else(|| panic!("no attribute {attribute}"));
    value
        .parse()
        .unwrap_or_else(|_| panic!("{attribute} is {value}"))
}

/// The text of an element; a split CDATA section is several nodes.
fn text(node: Node) -> String {
    node.descendants()
        .filter(Node::is_text)
        .filter_map(|node| node.text())
        .collect()
}

#[test]
fn counts_in_attributes_are_counts_of_elements() {
    let record = support::record();
    let xml = rendered(&record);
    let document = Document::parse(&xml).expect("it is XML");
    let suites: Vec<Node> = elements(document.root(), "testsuite").collect();
    assert_eq!(suites.len(), record.targets.len() + 1, "and the deviations");
    for (suite, target) in suites.iter().zip(&record.targets) {
        let cases = elements(*suite, "testcase").count();
        assert_eq!(
            cases,
            target.checks.len()
                + target
                    .helm_versions
                    .iter()
                    .map(|helm| helm.flows.len())
                    .sum::<usize>()
                + usize::from(target.obstacle.is_some())
        );
        assert_eq!(number::<usize>(*suite, "tests"), cases);
        assert_eq!(
            number::<usize>(*suite, "failures"),
            elements(*suite, "failure").count()
        );
        assert_eq!(
            number::<usize>(*suite, "errors"),
            elements(*suite, "error").count()
        );
        // The cases ran concurrently.
        let milliseconds = target.milliseconds;
        let seconds = format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000);
        assert_eq!(suite.attribute("time"), Some(seconds.as_str()));
        assert_eq!(suite.attribute("timestamp"), Some("2026-11-22T12:00:00Z"));
    }
}

#[test]
fn every_outcome_has_its_element() {
    let record = support::record();
    let xml = rendered(&record);
    let document = Document::parse(&xml).expect("it is XML");
    let suites = elements(document.root(), "testsuite");
    for (suite, target) in suites.zip(&record.targets) {
        let cases = elements(suite, "testcase").skip(usize::from(target.obstacle.is_some()));
        for (case, check) in cases.zip(&target.checks) {
            let name = case.attribute("name").expect("a name");
            assert!(
                name.starts_with(&check.id),
                "the order is the record's: {name}"
            );
            let children: Vec<&str> = case
                .children()
                .filter(Node::is_element)
                .map(|node| node.tag_name().name())
                .collect();
            let expected: &[&str] = match check.outcome {
                Outcome::Pass | Outcome::Present | Outcome::Absent => &[],
                Outcome::Warn | Outcome::Known | Outcome::Intermittent => &["system-out"],
                Outcome::Stale => &["failure"],
                Outcome::Fail if check.exchanges.is_empty() => &["failure"],
                Outcome::Fail => &["failure", "system-out"],
                Outcome::Inconclusive => &["error", "system-out"],
                Outcome::Skipped => &["skipped"],
            };
            assert_eq!(children, expected, "{}", check.id);
        }
    }
}

#[test]
fn a_problem_of_the_deviations_file_is_a_failure() {
    let xml = rendered(&support::record());
    let document = Document::parse(&xml).expect("it is XML");
    let suite = elements(document.root(), "testsuite").next_back();
    let suite = suite.expect("the deviations");
    assert_eq!(suite.attribute("name"), Some("deviations"));
    let case = elements(suite, "testcase").next().expect("an entry");
    assert_eq!(case.attribute("name"), Some("zot*/tags/sorted"));
    let failure = elements(case, "failure").next().expect("it fails");
    assert_eq!(
        failure.attribute("message"),
        Some("matches no target of this run; remove it")
    );
}

#[test]
fn names_are_unique() {
    let xml = rendered(&support::record());
    let document = Document::parse(&xml).expect("it is XML");
    let mut suites = BTreeSet::new();
    let mut cases = BTreeSet::new();
    for suite in elements(document.root(), "testsuite") {
        assert!(suites.insert(suite.attribute("name").expect("a name")));
        for case in elements(suite, "testcase") {
            let id = (
                case.attribute("classname").expect("a class"),
                case.attribute("name").expect("a name"),
            );
            assert!(cases.insert(id), "{id:?}");
        }
    }
    assert!(cases.contains(&("distribution:2.8.3.api", "api/version-check")));
    assert!(cases.contains(&("distribution:2.8.3 #2.api", "api/version-check #3")));
}

#[test]
fn a_failure_holds_every_row() {
    let xml = rendered(&support::record());
    let document = Document::parse(&xml).expect("it is XML");
    let case = elements(document.root(), "testcase")
        .find(|case| case.attribute("name") == Some("push/manifest-put-201"))
        .expect("the test case");
    let failure = elements(case, "failure").next().expect("a failure");
    assert_eq!(
        failure.attribute("message"),
        Some("expected 201 Created or 401 with a challenge; actual 200 OK")
    );
    insta::assert_snapshot!("failure_body", text(failure));
    insta::assert_snapshot!(
        "failure_output",
        text(elements(case, "system-out").next().expect("output"))
    );
}

#[test]
fn an_unreachable_target_is_one_error() {
    let xml = rendered(&support::record());
    let document = Document::parse(&xml).expect("it is XML");
    let suite = elements(document.root(), "testsuite")
        .nth(2)
        .expect("a suite");
    let cases: Vec<Node> = elements(suite, "testcase").collect();
    assert_eq!(cases.len(), 1);
    assert_eq!(cases[0].attribute("name"), Some("target/reachable"));
    assert_eq!(
        cases[0].attribute("classname"),
        Some("registry.invalid.target")
    );
    let error = elements(cases[0], "error").next().expect("an error");
    let message = error.attribute("message").expect("a message");
    assert!(
        message.starts_with("connection failed: GET /v2/"),
        "{message}"
    );
}

#[test]
fn an_obstacle_in_the_middle_keeps_the_checks_before_it() {
    let mut record = support::of_outcomes(&[Outcome::Pass, Outcome::Inconclusive]);
    record.targets[0].obstacle = Some(Obstacle::new(
        helm_oci_suite::verdict::ObstacleKind::Transport,
        "the container died",
    ));
    let xml = rendered(&record);
    let document = Document::parse(&xml).expect("it is XML");
    assert_eq!(elements(document.root(), "testcase").count(), 3);
    assert_eq!(elements(document.root(), "error").count(), 2);
}

#[test]
fn hostile_text_is_escaped() {
    let xml = rendered(&support::record());
    let steering: BTreeSet<char> = xml
        .chars()
        .filter(|character| {
            (character.is_control() && *character != '\n')
                || matches!(character, '\u{202a}'..='\u{202e}' | '\u{fffe}' | '\u{ffff}')
        })
        .collect();
    assert!(steering.is_empty(), "{steering:?}");
    let document = Document::parse(&xml).expect("it is XML");
    let failure = elements(document.root(), "failure")
        .find(|failure| text(*failure).contains("version check"))
        .expect("the hostile failure");
    assert!(text(failure).contains(r"<b>&\u{1b}[31mred\u{1b}]0;title\u{7} ]]> \u{0}"));
    let message = failure.attribute("message").expect("a message");
    assert!(
        message.contains(r#"]]> \u{0}\u{b}\u{9b}2J\u{202e}txt.\u{fffe} "'\r\nsecond line"#),
        "{message}"
    );
    for element in document.descendants() {
        for attribute in element.attributes() {
            assert!(
                attribute.value().chars().count() < 400,
                "{}",
                attribute.name()
            );
        }
        assert!(text(element).len() < 20_000 || element.has_children());
    }
}

#[test]
fn a_long_output_is_cut() {
    let mut record = support::of_outcomes(&[Outcome::Fail]);
    let check = &mut record.targets[0].checks[0];
    let exchange = support::record().targets[1].checks[0].exchanges[0].clone();
    let mut long = exchange;
    let response = long.response.as_mut().expect("a response");
    response.headers = vec![("x".into(), "y".repeat(10_000)); 500];
    response.body.as_mut().expect("a body").excerpt = Some("]]>".repeat(10_000));
    check.exchanges = vec![long; 100];
    let finding = check.finding.as_mut().expect("a finding");
    finding.exchanges = (0..100).collect();
    finding.expected = vec!["z".repeat(10_000); 100];
    let xml = rendered(&record);
    Document::parse(&xml).expect("it is XML");
    assert!(xml.len() < 100_000, "{}", xml.len());
}

#[test]
fn durations_that_overflow_are_limited() {
    let mut record = support::of_outcomes(&[Outcome::Pass; 2000]);
    for (number, check) in record.targets[0].checks.iter_mut().enumerate() {
        check.id = format!("push/{number}");
        check.milliseconds = u64::MAX;
    }
    Document::parse(&rendered(&record)).expect("it is XML");
}

#[test]
fn an_empty_run_is_an_empty_report() {
    let mut record = support::record();
    record.targets.clear();
    record.deviations.clear();
    let xml = rendered(&record);
    let document = Document::parse(&xml).expect("it is XML");
    assert!(document.root_element().has_tag_name("testsuites"));
    assert_eq!(elements(document.root(), "testsuite").count(), 0);
}

#[test]
fn an_invalid_start_is_refused() {
    let mut record = support::record();
    record.run.started = "yesterday".into();
    let error = render(&record).expect_err("the start is invalid");
    assert!(matches!(error, RenderError::Started { .. }));
    assert_eq!(
        error.to_string(),
        "invalid start of the run \"yesterday\"; expected an RFC 3339 timestamp"
    );
}

#[test]
fn the_same_record_gives_the_same_text() {
    assert_eq!(rendered(&support::record()), rendered(&support::record()));
}

#[test]
fn the_whole_report() {
    insta::assert_snapshot!(rendered(&support::record()));
}
