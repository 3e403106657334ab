//! A report as `JUnit` XML: one test suite for each target, with a test case for each check and each flow of a real Helm
//! binary, and one for its client models, with a test case for each flow.
//!
//! Only a violated MUST and a deviation that is no longer observed are a `<failure>`. An inconclusive result is an
//! `<error>` if it decides the exit code, otherwise `<skipped>` with its reason, as a requirement that does not apply.
//! Everything else passes; a warning has its finding in the output.

mod times;

use std::collections::BTreeSet;

use helm_oci_suite::requirement::outcome::Outcome;
use junit_report::{Duration, OffsetDateTime, Report, TestCase, TestResult, TestSuite};
use thiserror::Error;
use time::format_description::well_known::Rfc3339;

use self::times::with_times;
use crate::layout;
use crate::text;
use crate::view::{
    CheckView, Depth, ExchangesView, FlowView, Header, LeftoverGroup, ObstacleView, ProblemView,
    ReportRow, ReportView, ResultSentence, TargetView,
};

/// The name of the test case of a target that could not be examined.
const REACHABLE: &str = "target/reachable";

/// The longest name or message, in characters.
const ATTRIBUTE: usize = 300;

/// The longest body or output, in characters.
const CONTENT: usize = 16 * 1024;

/// The width of labels.
const LABEL: usize = 9;

/// The reason for which a report could not be rendered.
#[derive(Debug, Error)]
pub enum RenderError {
    /// The record holds no valid start of the run.
    #[error("invalid start of the run {started:?}; expected an RFC 3339 timestamp")]
    Started {
        /// The invalid start.
        started: String,
        /// The cause.
        #[source]
        cause: time::error::Parse,
    },
    /// The XML could not be written.
    #[error("the JUnit report could not be written")]
    Xml(#[source] junit_report::Error),
    /// The XML could not be read again.
    #[error("the JUnit report could not be completed")]
    Times(#[source] quick_xml::Error),
}

/// Renders a report as `JUnit` XML.
pub fn render(view: &ReportView<'_>) -> Result<String, RenderError> {
    let started = view.header.started;
    let timestamp =
        OffsetDateTime::parse(started, &Rfc3339).map_err(|cause| RenderError::Started {
            started: text::cut(started, ATTRIBUTE),
            cause,
        })?;
    // Not `TestSuite::new`: it reads the clock.
    let suite = |name: String, testcases, system_out| TestSuite {
        name,
        package: attribute(view.header.suite),
        timestamp,
        hostname: "localhost".to_owned(),
        testcases,
        system_out,
        system_err: None,
    };
    let mut names = UniqueNames::default();
    let mut report = Report::new();
    let mut times: Vec<u64> = Vec::new();
    for target in &view.targets {
        let name = names.unique(&attribute(target.name));
        let cases = test_cases(target, &name);
        let about = content(&about(&view.header, target));
        report.add_testsuite(suite(name.clone(), cases, Some(about)));
        times.push(target.milliseconds);
        if !target.models.flows.is_empty() {
            let name = names.unique(&format!("{name} client models"));
            let flows = target.models.flows.iter();
            let cases = flows.map(|flow| model_case(flow, &name));
            report.add_testsuite(suite(name.clone(), cases.collect(), None));
            times.push(0);
        }
    }
    if !view.problems.is_empty() {
        let cases = view.problems.iter().map(deviation_case).collect();
        report.add_testsuite(suite(names.unique("deviations"), cases, None));
    }
    let mut xml = Vec::new();
    report.write_xml(&mut xml).map_err(RenderError::Xml)?;
    xml.push(b'\n');
    let xml = String::from_utf8(xml).expect("XML written from strings is UTF-8");
    times.push(0);
    with_times(&xml, &times).map_err(RenderError::Times)
}

/// A problem of the deviations file.
fn deviation_case(problem: &ProblemView<'_>) -> TestCase {
    let ProblemView {
        requirement,
        target,
        what,
    } = *problem;
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

/// The identity of a target, and its leftovers.
fn about(header: &Header<'_>, target: &TargetView<'_>) -> String {
    let mut lines = vec![
        format!("{} {}", header.suite, header.version),
        format!("seed {}", target.seed),
    ];
    let facts = target.identity.iter();
    lines.extend(facts.map(|fact| format!("{}: {}", fact.label.name(), fact.value)));
    lines.extend(target.advice.map(|advice| format!("advice: {advice}")));
    let left = target.leftovers.iter().flat_map(LeftoverGroup::lines);
    lines.extend(left.map(|line| format!("leftover: {line}")));
    lines.iter().map(|line| text::line(line) + "\n").collect()
}

fn test_cases(target: &TargetView<'_>, suite: &str) -> Vec<TestCase> {
    let mut names = UniqueNames::default();
    let mut cases = Vec::new();
    if let Some(obstacle) = &target.obstacle {
        let name = names.unique(REACHABLE);
        cases.push(unreachable(target, obstacle, suite, name));
    }
    for check in &target.checks {
        let name = names.unique(&attribute(check.id));
        cases.push(check_case(check, suite, name));
    }
    for flow in &target.helm.flows {
        let name = names.unique(&attribute(flow.id));
        cases.push(flow_case(flow, suite, name));
    }
    cases
}

fn unreachable(
    target: &TargetView<'_>,
    obstacle: &ObstacleView<'_>,
    suite: &str,
    name: String,
) -> TestCase {
    TestCase {
        name,
        time: duration(target.milliseconds),
        result: result(
            Outcome::Inconclusive,
            &obstacle.sentence,
            &body([&obstacle.row]),
        ),
        classname: Some(format!("{suite}.target")),
        filepath: None,
        system_out: output("", &obstacle.exchanges),
        system_err: None,
    }
}

fn check_case(check: &CheckView<'_>, suite: &str, name: String) -> TestCase {
    let introduction = check.introduction();
    let depth = match check.outcome {
        Outcome::Stale => Depth::Brief,
        _ => Depth::Full,
    };
    let rows = check.rows.iter().filter(|row| row.depth <= depth);
    let about = body(introduction.iter().chain(rows));
    // A finding that fails nothing goes into the output.
    let printed = match check.outcome {
        Outcome::Warn | Outcome::Known | Outcome::Intermittent => about.as_str(),
        _ => "",
    };
    let has_output = matches!(
        check.outcome,
        Outcome::Fail
            | Outcome::Known
            | Outcome::Warn
            | Outcome::Intermittent
            | Outcome::Inconclusive
    );
    TestCase {
        name,
        time: duration(check.milliseconds),
        result: caused(result(judged(check), &check.sentence, &about), check.cause),
        classname: Some(format!("{suite}.{}", attribute(check.area))),
        filepath: None,
        system_out: has_output
            .then(|| output(printed, &check.exchanges))
            .flatten(),
        system_err: None,
    }
}

/// The outcome as CI should see it: an inconclusive check that does not decide the run is skipped.
const fn judged(check: &CheckView<'_>) -> Outcome {
    match check.outcome {
        Outcome::Inconclusive if !check.leaves_run_open => Outcome::Skipped,
        outcome => outcome,
    }
}

/// A flow of a client model. One that fails because of a violated requirement is an echo of that failure: it names it, and
/// counts as skipped.
fn model_case(flow: &FlowView<'_>, suite: &str) -> TestCase {
    let mut case = flow_case(flow, suite, attribute(flow.id));
    case.result = match case.result {
        TestResult::Failure { type_, message, .. } if flow.cause.is_some() => {
            TestResult::SkippedWithCause {
                type_,
                message,
                cause: None,
            }
        }
        other => other,
    };
    case
}

/// A flow of a client model or of a real Helm binary.
fn flow_case(flow: &FlowView<'_>, suite: &str, name: String) -> TestCase {
    let area = flow.id.split('/').next().unwrap_or_default();
    TestCase {
        name,
        time: duration(flow.milliseconds),
        result: caused(
            result(flow.outcome, &flow.sentence, &body(&flow.rows)),
            flow.cause,
        ),
        classname: Some(format!("{suite}.{}", attribute(area))),
        filepath: None,
        system_out: output(&body(&flow.streams), &flow.exchanges),
        system_err: None,
    }
}

/// The result with its cause, if the finding of another requirement has it. The failure of that requirement
/// fails the run already, so an error is skipped.
fn caused(result: TestResult, cause: Option<&str>) -> TestResult {
    let Some(cause) = cause else { return result };
    let with_cause = |message: String| attribute(&format!("same cause as {cause}: {message}"));
    match result {
        TestResult::Failure {
            type_,
            message,
            cause,
        } => TestResult::Failure {
            type_,
            message: with_cause(message),
            cause,
        },
        TestResult::Error { type_, message, .. } => TestResult::SkippedWithCause {
            type_,
            message: with_cause(message),
            cause: None,
        },
        other => other,
    }
}

fn result(outcome: Outcome, sentence: &ResultSentence<'_>, about: &str) -> TestResult {
    let type_ = outcome.name().to_owned();
    let message = layout::sentence(sentence, ATTRIBUTE);
    let cause = Some(content(about));
    match outcome {
        Outcome::Pass
        | Outcome::Present
        | Outcome::Absent
        | Outcome::Warn
        | Outcome::Known
        | Outcome::Intermittent => TestResult::Success,
        Outcome::Fail | Outcome::Stale => TestResult::Failure {
            type_,
            message,
            cause,
        },
        Outcome::Inconclusive => TestResult::Error {
            type_,
            message,
            cause,
        },
        Outcome::Skipped => TestResult::SkippedWithCause {
            type_,
            message,
            cause: None,
        },
    }
}

/// Rows as lines of plain text, each after its label.
fn body<'r, 'a: 'r>(rows: impl IntoIterator<Item = &'r ReportRow<'a>>) -> String {
    let mut body = String::new();
    for paragraph in rows.into_iter().flat_map(layout::paragraphs) {
        for (position, line) in paragraph.text.lines().enumerate() {
            let label = if position == 0 { paragraph.label } else { "" };
            body.push_str(format!("{label:<LABEL$} {line}").trim_end());
            body.push('\n');
        }
    }
    body
}

/// The output of a test case: text, and the exchanges that show the result.
fn output(text: &str, exchanges: &ExchangesView<'_>) -> Option<String> {
    let mut output = text.to_owned();
    for line in layout::transcript(exchanges, Depth::Full) {
        output.push_str(line.mark);
        output.push_str(&line.text);
        output.push('\n');
    }
    (!output.is_empty()).then(|| content(&output))
}

fn duration(milliseconds: u64) -> Duration {
    // Durations are added up, and a record can hold any number.
    Duration::milliseconds(i64::from(u32::try_from(milliseconds).unwrap_or(u32::MAX)))
}

/// Text for an attribute: one line, cut.
fn attribute(text: &str) -> String {
    text::cut(&text::line(text), ATTRIBUTE)
}

/// Text for a CDATA section. `junit-report` writes it unchanged, so its end mark is split.
fn content(text: &str) -> String {
    text::cut(text, CONTENT).replace("]]>", "]]]]><![CDATA[>")
}

/// Names that are in use.
#[derive(Debug, Default)]
struct UniqueNames(BTreeSet<String>);

impl UniqueNames {
    /// `name`, with a number if it is in use.
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
