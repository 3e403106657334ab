//! A report as TAP version 14: one line for each check and each flow, with YAML diagnostics where one is not satisfied.
//!
//! What fails nothing although it is violated is `TODO`: a warning, and a known deviation.

use std::fmt::Write;

use helm_oci_suite::requirement::outcome::Outcome;

use crate::json;
use crate::layout;
use crate::text;
use crate::view::{
    CaseResult, CheckView, Depth, ExchangesView, FlowView, REACHABLE, ReportRow, ReportView,
    ResultSentence, TargetView,
};

/// The longest description or reason, in characters.
const LINE: usize = 300;

/// Renders a report as TAP.
pub fn render(view: &ReportView<'_>) -> String {
    let mut points = Points::default();
    for target in &view.targets {
        of_target(&mut points, target);
    }
    for problem in &view.problems {
        let name = format!("{}: {}", problem.target, problem.requirement);
        points.add(&name, &Directive::NotOk, &[]);
        points.diagnostics(&[("message", vec![problem.what.to_owned()])]);
    }
    let header = text::cut(&text::line(&view.header.parts().join(" · ")), LINE);
    let (plan, lines) = (points.count, points.lines);
    format!("TAP version 14\n1..{plan}\n# {header}\n{lines}")
}

/// The test points.
#[derive(Default)]
struct Points {
    count: usize,
    lines: String,
}

/// The result of a test point, with its reason.
enum Directive {
    Ok,
    NotOk,
    Skip(String),
    Todo(String),
}

impl Points {
    fn add(&mut self, name: &str, directive: &Directive, title: &[&str]) {
        self.count += 1;
        let words: Vec<&str> = std::iter::once(name).chain(title.iter().copied()).collect();
        let (ok, end) = match directive {
            Directive::Ok => ("ok", String::new()),
            Directive::NotOk => ("not ok", String::new()),
            Directive::Skip(reason) => ("ok", format!(" # SKIP {}", escaped(reason))),
            Directive::Todo(reason) => ("not ok", format!(" # TODO {}", escaped(reason))),
        };
        let (count, words) = (self.count, escaped(&words.join(" ")));
        self.push(&format!("{ok} {count} - {words}{end}"));
    }

    /// Writes a block of YAML; a string of JSON is one of YAML.
    fn diagnostics(&mut self, members: &[(&str, Vec<String>)]) {
        self.push("  ---");
        for (name, values) in members {
            match values.as_slice() {
                [one] => self.push(&format!("  {name}: {}", json::string(one))),
                all => {
                    self.push(&format!("  {name}:"));
                    for value in all {
                        self.push(&format!("    - {}", json::string(value)));
                    }
                }
            }
        }
        self.push("  ...");
    }

    fn push(&mut self, line: &str) {
        writeln!(self.lines, "{line}").expect("a write to a String cannot fail");
    }
}

fn of_target(points: &mut Points, target: &TargetView<'_>) {
    if let Some(obstacle) = &target.obstacle {
        points.add(
            &format!("{}: {REACHABLE}", target.name),
            &Directive::NotOk,
            &[],
        );
        points.diagnostics(&diagnostics([&obstacle.row], &obstacle.exchanges));
    }
    for check in &target.checks {
        of_check(points, target, check);
    }
    let models = target.models.flows.iter().map(|flow| (flow, true));
    let flows = target.helm.flows.iter().map(|flow| (flow, false));
    for (flow, is_model) in models.chain(flows) {
        of_flow(points, target, flow, flow.case(is_model));
    }
}

fn of_check(points: &mut Points, target: &TargetView<'_>, check: &CheckView<'_>) {
    let directive = match (check.case(), check.outcome) {
        (CaseResult::Skipped, _) => Directive::Skip(reason(&check.sentence, check.cause)),
        (CaseResult::Failed | CaseResult::Error, _) => Directive::NotOk,
        (CaseResult::Passed, Outcome::Warn) => {
            Directive::Todo("a violated SHOULD fails a strict run only".to_owned())
        }
        (CaseResult::Passed, Outcome::Known) => Directive::Todo("known deviation".to_owned()),
        (CaseResult::Passed, _) => Directive::Ok,
    };
    let name = format!("{}: {}", target.name, check.id);
    points.add(&name, &directive, &[check.title]);
    if matches!(directive, Directive::NotOk | Directive::Todo(_)) {
        let rows = check.rows.iter().filter(|row| row.depth == Depth::Brief);
        points.diagnostics(&diagnostics(rows, &check.exchanges));
    }
}

fn of_flow(points: &mut Points, target: &TargetView<'_>, flow: &FlowView<'_>, case: CaseResult) {
    let directive = match case {
        CaseResult::Passed => Directive::Ok,
        CaseResult::Failed | CaseResult::Error => Directive::NotOk,
        CaseResult::Skipped => Directive::Skip(reason(&flow.sentence, flow.cause)),
    };
    points.add(&format!("{}: {}", target.name, flow.id), &directive, &[]);
    if matches!(directive, Directive::NotOk) {
        points.diagnostics(&diagnostics(&flow.rows, &flow.exchanges));
    }
}

/// The reason for which a test point is skipped.
fn reason(sentence: &ResultSentence<'_>, cause: Option<&str>) -> String {
    let reason = layout::sentence(sentence, LINE);
    match cause {
        Some(cause) => format!("same cause as {cause}: {reason}"),
        None => reason,
    }
}

/// Rows and the exchange that shows a result, by label.
fn diagnostics<'r, 'a: 'r>(
    rows: impl IntoIterator<Item = &'r ReportRow<'a>>,
    exchanges: &ExchangesView<'_>,
) -> Vec<(&'static str, Vec<String>)> {
    let mut members: Vec<(&str, Vec<String>)> = Vec::new();
    for row in rows {
        let entries = row.entries.iter().take(layout::ENTRIES);
        let texts = entries.map(|entry| text::cut(&text::block(&entry.to_string()), layout::ENTRY));
        match members
            .iter_mut()
            .find(|(name, _)| *name == row.label.name())
        {
            Some((_, known)) => known.extend(texts),
            None => members.push((row.label.name(), texts.collect())),
        }
    }
    let lines = layout::transcript(exchanges, Depth::Brief);
    let lines: Vec<String> = lines
        .iter()
        .map(|line| format!("{}{}", line.mark, line.text))
        .collect();
    if !lines.is_empty() {
        members.push(("exchange", lines));
    }
    members
}

/// Text in which nothing begins a directive.
fn escaped(text: &str) -> String {
    let text = text::cut(&text::line(text), LINE);
    text.replace('\\', "\\\\").replace('#', "\\#")
}
