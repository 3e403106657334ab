//! A report as `JUnit` XML: one test suite for each target, with a test case for each check and each flow of a real Helm
//! binary, and one for its client models, with a test case for each flow.
//!
//! Only a violated MUST and a deviation that is no longer observed are a `<failure>`. An inconclusive result is an
//! `<error>` if it decides the exit code, otherwise `<skipped>` with its reason, as a requirement that does not apply.
//! Everything else passes; a warning has its finding in the output.

mod totals;

use std::collections::BTreeSet;

use helm_oci_suite::requirement::outcome::Outcome;
use junit_report::{Duration, OffsetDateTime, Report, TestCase, TestResult, TestSuite};
use thiserror::Error;
use time::format_description::well_known::Rfc3339;

use self::totals::{Totals, with_totals};
use crate::layout;
use crate::text;
use crate::view::{
    CaseResult, CheckView, Depth, ExchangesView, FlowView, Header, LeftoverGroup, ObstacleView,
    ProblemView, REACHABLE, ReportRow, ReportView, ResultSentence, TargetView,
};

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
    Totals(#[source] quick_xml::Error),
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
    let mut totals: Vec<Totals> = Vec::new();
    let mut add = |suite: TestSuite, milliseconds: u64| {
        totals.push(Totals {
            skipped: suite
                .testcases
                .iter()
                .filter(|case| case.is_skipped())
                .count(),
            milliseconds,
        });
        report.add_testsuite(suite);
    };
    for target in &view.targets {
        let name = names.unique(&attribute(target.name));
        let cases = test_cases(target, &name);
        let about = content(&about(&view.header, target));
        let milliseconds = target.milliseconds;
        add(suite(name.clone(), cases, Some(about)), milliseconds);
        if !target.models.flows.is_empty() {
            let name = names.unique(&format!("{name} client models"));
            let flows = target.models.flows.iter();
            let cases = flows.map(|flow| flow_case(flow, &name, attribute(flow.id), true));
            add(suite(name.clone(), cases.collect(), None), 0);
        }
    }
    if !view.problems.is_empty() {
        let cases = view.problems.iter().map(deviation_case).collect();
        add(suite(names.unique("deviations"), cases, None), 0);
    }
    let mut xml = Vec::new();
    report.write_xml(&mut xml).map_err(RenderError::Xml)?;
    xml.push(b'\n');
    let xml = String::from_utf8(xml).expect("XML written from strings is UTF-8");
    with_totals(&xml, &totals).map_err(RenderError::Totals)
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
        cases.push(flow_case(flow, suite, name, false));
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
        result: Judged {
            case: CaseResult::Error,
            outcome: Outcome::Inconclusive,
            sentence: &obstacle.sentence,
            cause: None,
        }
        .result(&body([&obstacle.row])),
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
        result: Judged {
            case: check.case(),
            outcome: check.outcome,
            sentence: &check.sentence,
            cause: check.cause,
        }
        .result(&about),
        classname: Some(format!("{suite}.{}", attribute(check.area))),
        filepath: None,
        system_out: has_output
            .then(|| output(printed, &check.exchanges))
            .flatten(),
        system_err: None,
    }
}

/// A flow of a client model or of a real Helm binary.
fn flow_case(flow: &FlowView<'_>, suite: &str, name: String, is_model: bool) -> TestCase {
    let area = flow.id.split('/').next().unwrap_or_default();
    TestCase {
        name,
        time: duration(flow.milliseconds),
        result: Judged {
            case: flow.case(is_model),
            outcome: flow.outcome,
            sentence: &flow.sentence,
            cause: flow.cause,
        }
        .result(&body(&flow.rows)),
        classname: Some(format!("{suite}.{}", attribute(area))),
        filepath: None,
        system_out: output(&body(&flow.streams), &flow.exchanges),
        system_err: None,
    }
}

/// A result that is not written yet.
struct Judged<'s, 'a> {
    case: CaseResult,
    outcome: Outcome,
    sentence: &'s ResultSentence<'a>,
    cause: Option<&'a str>,
}

impl Judged<'_, '_> {
    /// The result; its message names the requirement whose finding has the cause.
    fn result(&self, about: &str) -> TestResult {
        // The outcome of what CI skips although it is inconclusive.
        let outcome = match (self.case, self.outcome, self.cause) {
            (CaseResult::Skipped, Outcome::Inconclusive, None) => Outcome::Skipped,
            (_, outcome, _) => outcome,
        };
        let type_ = outcome.name().to_owned();
        let message = layout::sentence(self.sentence, ATTRIBUTE);
        let message = match self.cause {
            Some(cause) => attribute(&format!("same cause as {cause}: {message}")),
            None => message,
        };
        let cause = Some(content(about));
        match self.case {
            CaseResult::Passed => TestResult::Success,
            CaseResult::Failed => TestResult::Failure {
                type_,
                message,
                cause,
            },
            CaseResult::Error => TestResult::Error {
                type_,
                message,
                cause,
            },
            CaseResult::Skipped => TestResult::SkippedWithCause {
                type_,
                message,
                cause: None,
            },
        }
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
