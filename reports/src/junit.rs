//! A record as `JUnit` XML: one test suite for each target, one test case for each check and each flow of a real
//! Helm.
//!
//! Only a violated Must and a deviation that is listed and not there are a `<failure>`; what could not be told is an `<error>`, what does not concern the
//! registry is `<skipped>` with its reason. Everything else passes, a warning with its finding in the output.

use std::collections::BTreeSet;

use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::verdict::Obstacle;
use helm_oci_suite::wire::exchange::Exchange;
use junit_report::{Duration, OffsetDateTime, Report, TestCase, TestResult, TestSuite};
use thiserror::Error;
use time::format_description::well_known::Rfc3339;

use crate::facts::{self, Fact};
use crate::leftovers;
use crate::record::{CheckRecord, DeviationProblem, FlowRecord, RunRecord, TargetRecord};
use crate::text;
use crate::transcript::{self, Depth};

/// The name of the test case that stands for a target nothing could be seen of.
const REACHABLE: &str = "target/reachable";

/// How much of a name or of a message is kept.
const ATTRIBUTE: usize = 300;

/// How much of a body or of an output is kept.
const CONTENT: usize = 16 * 1024;

/// Why a record could not be rendered.
#[derive(Debug, Error)]
pub enum RenderError {
    /// The record does not say when the run began.
    #[error("the run began at {started:?}, which is not a time as RFC 3339 writes it")]
    Started {
        /// What it says instead.
        started: String,
        /// What is wrong with it.
        #[source]
        cause: time::error::Parse,
    },
    /// The XML could not be written.
    #[error("the XML could not be written")]
    Xml(#[source] junit_report::Error),
}

/// Renders a record as `JUnit` XML.
pub fn render(record: &RunRecord) -> Result<String, RenderError> {
    let timestamp = OffsetDateTime::parse(&record.run.started, &Rfc3339).map_err(|cause| {
        RenderError::Started {
            started: text::cut(&record.run.started, ATTRIBUTE),
            cause,
        }
    })?;
    let mut targets = Names::default();
    let mut report = Report::new();
    for target in &record.targets {
        let name = targets.unique(&attribute(&target.name));
        // Not `TestSuite::new`: it would look at the clock.
        report.add_testsuite(TestSuite {
            package: attribute(&record.suite.name),
            timestamp,
            hostname: "localhost".to_owned(),
            testcases: test_cases(target, &name),
            system_out: Some(content(&about(record, target))),
            system_err: None,
            name,
        });
    }
    if !record.deviations.is_empty() {
        report.add_testsuite(TestSuite {
            name: targets.unique("deviations"),
            package: attribute(&record.suite.name),
            timestamp,
            hostname: "localhost".to_owned(),
            testcases: record.deviations.iter().map(deviation_case).collect(),
            system_out: None,
            system_err: None,
        });
    }
    let mut xml = Vec::new();
    report.write_xml(&mut xml).map_err(RenderError::Xml)?;
    xml.push(b'\n');
    Ok(String::from_utf8(xml).expect("XML written from strings is UTF-8"))
}

/// An entry of the list of deviations that is wrong by itself.
fn deviation_case(problem: &DeviationProblem) -> TestCase {
    let DeviationProblem {
        requirement,
        target,
        what,
    } = problem;
    TestCase {
        name: attribute(&format!("{target}/{requirement}")),
        time: Duration::ZERO,
        result: TestResult::Failure {
            type_: "deviation".to_owned(),
            message: attribute(what),
            cause: None,
        },
        classname: Some("deviations".to_owned()),
        filepath: None,
        system_out: None,
        system_err: None,
    }
}

/// What the suite looked at, and what it could not clear away.
fn about(record: &RunRecord, target: &TargetRecord) -> String {
    let mut lines = vec![format!("{} {}", record.suite.name, record.suite.version)];
    lines.push(format!("seed {}", target.seed.unwrap_or(record.run.seed)));
    let identity = &target.identity;
    lines.push(format!("kind: {}", identity.kind));
    for (label, value) in [
        ("url", &identity.url),
        ("image", &identity.image),
        ("image id", &identity.image_id),
        ("version", &identity.version),
        ("program", &identity.program),
        ("program digest", &identity.program_digest),
        ("server", &identity.server),
    ] {
        lines.extend(value.as_ref().map(|value| format!("{label}: {value}")));
    }
    let left = leftovers::lines(&target.leftovers).into_iter();
    lines.extend(left.map(|line| format!("left behind: {line}")));
    lines.iter().map(|line| text::line(line) + "\n").collect()
}

fn test_cases(target: &TargetRecord, suite: &str) -> Vec<TestCase> {
    let mut names = Names::default();
    let mut cases = Vec::new();
    if let Some(obstacle) = &target.obstacle {
        let name = names.unique(REACHABLE);
        cases.push(unreachable(target, obstacle, suite, name));
    }
    for check in &target.checks {
        let name = names.unique(&attribute(&check.id));
        cases.push(test_case(check, suite, name));
    }
    for flow in target.helms.iter().flat_map(|helm| &helm.flows) {
        let name = names.unique(&attribute(&flow.id));
        cases.push(flow_case(flow, suite, name));
    }
    cases
}

fn unreachable(target: &TargetRecord, obstacle: &Obstacle, suite: &str, name: String) -> TestCase {
    let shown = transcript::at(&target.exchanges, &obstacle.exchanges);
    let cause = body(&facts::obstacle(Some(obstacle)));
    TestCase {
        name,
        time: duration(target.milliseconds),
        result: TestResult::Error {
            type_: Outcome::Inconclusive.name().to_owned(),
            message: obstacle_message(Some(obstacle)),
            cause: Some(content(&cause)),
        },
        classname: Some(format!("{suite}.target")),
        filepath: None,
        system_out: output(&[], &shown, target.exchanges.len()),
        system_err: None,
    }
}

fn test_case(check: &CheckRecord, suite: &str, name: String) -> TestCase {
    let type_ = check.outcome.name().to_owned();
    let (result, findings) = match check.outcome {
        Outcome::Pass | Outcome::Present | Outcome::Absent => (TestResult::Success, Vec::new()),
        Outcome::Warn | Outcome::Known => (TestResult::Success, about_violation(check)),
        Outcome::Stale => {
            let mut about = heading(check);
            about.extend(facts::deviation(check));
            let result = TestResult::Failure {
                type_,
                message: facts::STALE.to_owned(),
                cause: Some(content(&body(&about))),
            };
            (result, Vec::new())
        }
        Outcome::Fail => {
            let cause = Some(content(&body(&about_violation(check))));
            let message = finding_message(check);
            (
                TestResult::Failure {
                    type_,
                    message,
                    cause,
                },
                Vec::new(),
            )
        }
        Outcome::Inconclusive => {
            let cause = Some(content(&body(&about_obstacle(check))));
            let message = obstacle_message(check.obstacle.as_ref());
            (
                TestResult::Error {
                    type_,
                    message,
                    cause,
                },
                Vec::new(),
            )
        }
        Outcome::Skipped => {
            let message = attribute(check.reason.as_deref().unwrap_or("no reason was recorded"));
            (
                TestResult::SkippedWithCause {
                    type_,
                    message,
                    cause: None,
                },
                Vec::new(),
            )
        }
    };
    let shown = match check.outcome {
        Outcome::Fail | Outcome::Known | Outcome::Warn | Outcome::Inconclusive => {
            transcript::pointed(check)
        }
        Outcome::Pass | Outcome::Stale | Outcome::Present | Outcome::Absent | Outcome::Skipped => {
            Vec::new()
        }
    };
    TestCase {
        name,
        time: duration(check.milliseconds),
        result,
        classname: Some(format!("{suite}.{}", attribute(&check.area))),
        filepath: None,
        system_out: output(&findings, &shown, check.exchanges.len()),
        system_err: None,
    }
}

/// A flow of a real Helm.
fn flow_case(flow: &FlowRecord, suite: &str, name: String) -> TestCase {
    let type_ = flow.outcome.name().to_owned();
    let cause = || Some(content(&body(&facts::flow(flow))));
    let result = match flow.outcome {
        Outcome::Fail => TestResult::Failure {
            type_,
            message: facts::flow_message(flow, ATTRIBUTE),
            cause: cause(),
        },
        Outcome::Inconclusive => TestResult::Error {
            type_,
            message: obstacle_message(flow.obstacle.as_ref()),
            cause: cause(),
        },
        Outcome::Skipped => TestResult::SkippedWithCause {
            type_,
            message: attribute(flow.reason.as_deref().unwrap_or("no reason was recorded")),
            cause: None,
        },
        Outcome::Pass
        | Outcome::Known
        | Outcome::Stale
        | Outcome::Warn
        | Outcome::Present
        | Outcome::Absent => TestResult::Success,
    };
    let area = flow.id.split('/').next().unwrap_or_default();
    TestCase {
        name,
        time: duration(flow.milliseconds),
        result,
        classname: Some(format!("{suite}.{}", attribute(area))),
        filepath: None,
        system_out: flow_output(flow),
        system_err: None,
    }
}

/// Both streams of the last run, and the exchange at which Helm gave up.
fn flow_output(flow: &FlowRecord) -> Option<String> {
    let mut facts = Vec::new();
    if let Some(run) = flow.runs.last() {
        for (label, stream) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
            if !stream.is_empty() {
                facts.push(Fact::new(label, stream));
            }
        }
    }
    let shown = transcript::at(&flow.exchanges, flow.gave_up.as_slice());
    output(&facts, &shown, flow.exchanges.len())
}

/// Everything known about a violation.
fn about_violation(check: &CheckRecord) -> Vec<Fact> {
    let mut facts = heading(check);
    facts.extend(facts::finding(check));
    facts.extend(facts::deviation(check));
    facts.extend(facts::sources(check));
    facts.extend(facts::breaks(check));
    facts.extend(facts::covers(check));
    facts
}

/// Everything known about a check that could not tell.
fn about_obstacle(check: &CheckRecord) -> Vec<Fact> {
    let mut facts = heading(check);
    facts.extend(facts::obstacle(check.obstacle.as_ref()));
    facts.extend(facts::sources(check));
    facts.extend(facts::covers(check));
    facts
}

fn heading(check: &CheckRecord) -> Vec<Fact> {
    vec![
        Fact::new("level", facts::severity(check)),
        Fact::new("title", &check.title),
    ]
}

/// What was expected and what came, on one line.
fn finding_message(check: &CheckRecord) -> String {
    match &check.finding {
        None => "no finding was recorded".to_owned(),
        Some(finding) => {
            // Each half is cut by itself, so that a long expectation does not hide what came.
            let expected = text::cut(&text::line(&finding.expected.join(" or ")), ATTRIBUTE / 2);
            let actual = text::cut(&text::line(&finding.actual), ATTRIBUTE / 2);
            format!("expected {expected}; actual {actual}")
        }
    }
}

fn obstacle_message(obstacle: Option<&Obstacle>) -> String {
    match obstacle {
        None => "no obstacle was recorded".to_owned(),
        Some(obstacle) => attribute(&format!(
            "{}: {}",
            facts::words(obstacle.kind),
            obstacle.what
        )),
    }
}

/// Facts as lines of plain text, each under its label.
fn body(facts: &[Fact]) -> String {
    let mut body = String::new();
    for Fact { label, text } in facts {
        for (position, line) in text.lines().enumerate() {
            let label = if position == 0 { *label } else { "" };
            body.push_str(format!("{label:<9} {line}").trim_end());
            body.push('\n');
        }
    }
    body
}

/// What a test case prints: a finding that fails nothing, and the exchanges that show it.
fn output(findings: &[Fact], shown: &[(usize, &Exchange)], total: usize) -> Option<String> {
    let mut output = body(findings);
    for line in transcript::lines(shown, total, Depth::Full) {
        output.push_str(&line);
        output.push('\n');
    }
    (!output.is_empty()).then(|| content(&output))
}

fn duration(milliseconds: u64) -> Duration {
    // Durations are added up, and a record can claim anything.
    Duration::milliseconds(i64::from(u32::try_from(milliseconds).unwrap_or(u32::MAX)))
}

/// Text for an attribute: one line, not too long.
fn attribute(text: &str) -> String {
    text::cut(&text::line(text), ATTRIBUTE)
}

/// Text for a CDATA section, which `junit-report` writes as it is given: its end mark is split.
fn content(text: &str) -> String {
    text::cut(text, CONTENT).replace("]]>", "]]]]><![CDATA[>")
}

/// Names that were given already.
#[derive(Debug, Default)]
struct Names(BTreeSet<String>);

impl Names {
    /// `name`, numbered if it was given before.
    fn unique(&mut self, name: &str) -> String {
        let mut number = 1;
        let mut candidate = name.to_owned();
        while !self.0.insert(candidate.clone()) {
            number += 1;
            candidate = format!("{name} #{number}");
        }
        candidate
    }
}
