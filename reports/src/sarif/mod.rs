//! A report as SARIF 2.1.0: one result for each finding, whose rule is the violated requirement with its page as help.
//!
//! The location is the target as a relative path: GitHub rejects results at a URL, and a merged record names no file. The
//! logical location has the name and the URL.

mod exchange;

use std::collections::BTreeMap;

use helm_oci_suite::requirement::Level;
use serde_json::{Map, Value, json};

use crate::json;
use crate::text;
use crate::view::{FindingKind, FindingView, ReportView};

/// The place of the schema, as SARIF tools expect it.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The longest message, in characters.
const MESSAGE: usize = 1000;

/// Renders a report as SARIF. `page` returns the page of a requirement as Markdown.
pub fn render(view: &ReportView<'_>, page: impl Fn(&str) -> Option<String>) -> String {
    let findings = view.findings();
    let (results, notifications): (Vec<_>, Vec<_>) =
        findings.iter().partition(|finding| is_result(finding));
    let rules = Rules::of(&results);
    let summary = &view.summary;
    json::write(&json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": shown(view.header.suite),
                "version": shown(view.header.version),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.values(&page),
            } },
            "invocations": [{
                // A violation is a result, and no failure of the program.
                "executionSuccessful": summary.exit_code <= 1,
                "exitCode": summary.exit_code,
                "toolExecutionNotifications": notifications.iter().map(|one| notification(one)).collect::<Vec<_>>(),
            }],
            "results": results.iter().map(|finding| rules.result(finding)).collect::<Vec<_>>(),
        }],
    }))
}

/// True for a finding about the registry; the others are notifications about the run.
const fn is_result(finding: &FindingView<'_, '_>) -> bool {
    match finding.kind {
        FindingKind::Requirement | FindingKind::Flow | FindingKind::Deviation => true,
        FindingKind::NotExamined | FindingKind::Inconclusive => false,
    }
}

/// The rules in the order of their first result, and their positions by id.
struct Rules<'f, 'v, 'a> {
    first: Vec<&'f FindingView<'v, 'a>>,
    positions: BTreeMap<&'a str, usize>,
}

impl<'f, 'v, 'a> Rules<'f, 'v, 'a> {
    fn of(results: &[&'f FindingView<'v, 'a>]) -> Self {
        let mut rules = Self {
            first: Vec::new(),
            positions: BTreeMap::new(),
        };
        for finding in results {
            if !rules.positions.contains_key(finding.id) {
                rules.positions.insert(finding.id, rules.first.len());
                rules.first.push(finding);
            }
        }
        rules
    }

    fn values(&self, page: impl Fn(&str) -> Option<String>) -> Vec<Value> {
        let rules = self.first.iter();
        rules
            .map(|finding| rule(finding, page(finding.id)))
            .collect()
    }

    fn result(&self, finding: &FindingView<'_, '_>) -> Value {
        let mut result = Map::new();
        let mut set = |name: &str, value| result.insert(name.to_owned(), value);
        set("ruleId", json!(shown(finding.id)));
        set("ruleIndex", json!(self.positions[finding.id]));
        set("level", json!(finding.severity.name()));
        set("message", message(&finding.sentence));
        set("locations", json!([location(finding)]));
        // GitHub reads no other name.
        let fingerprints = json!({ "primaryLocationLineHash": finding.fingerprint() });
        set("partialFingerprints", fingerprints);
        set("suppressions", suppressions(finding));
        if let Some(exchange) = finding.check.and_then(|check| check.exchanges.main()) {
            set("webRequest", exchange::request(exchange));
            set("webResponse", exchange::response(exchange));
        }
        Value::Object(result)
    }
}

/// The requirement behind a finding. Without a page its help is what the record states.
fn rule(finding: &FindingView<'_, '_>, page: Option<String>) -> Value {
    let title = shown(finding.title);
    let fix = finding.check.and_then(|check| check.fix).map(shown);
    let known = [Some(title.as_str()), fix.as_deref()];
    let known: Vec<&str> = known.into_iter().flatten().collect();
    let known = known.join(". ");
    // `explain` prints the page on a terminal as it is. Without a page nothing is markup.
    let help = match page {
        Some(page) => json!({ "text": page, "markdown": page }),
        None => json!({ "text": known }),
    };
    let area = finding.id.split('/').next().unwrap_or_default();
    json!({
        "id": shown(finding.id),
        "shortDescription": { "text": title },
        "fullDescription": { "text": known },
        "help": help,
        "defaultConfiguration": { "level": of_requirement(finding) },
        "properties": { "tags": ["helm", "oci", shown(area)] },
    })
}

/// The level of the requirement, whatever a deviations file tolerates.
fn of_requirement(finding: &FindingView<'_, '_>) -> &'static str {
    match finding.check.map(|check| check.level) {
        None | Some(Level::Must) => "error",
        Some(Level::Should) => "warning",
        Some(Level::May) => "note",
    }
}

fn location(finding: &FindingView<'_, '_>) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": finding.path() },
            "region": { "startLine": 1 },
        },
        "logicalLocations": [{
            "name": shown(finding.target),
            "fullyQualifiedName": shown(finding.url.unwrap_or(finding.target)),
            "kind": "resource",
        }],
    })
}

/// An empty list states that the result is not suppressed.
fn suppressions(finding: &FindingView<'_, '_>) -> Value {
    let known = finding.tolerated.iter().map(
        |why| json!({ "kind": "external", "status": "accepted", "justification": shown(why) }),
    );
    known.collect()
}

fn notification(finding: &FindingView<'_, '_>) -> Value {
    json!({
        "level": finding.severity.name(),
        "message": message(&format!("{}: {}: {}", finding.target, finding.id, finding.sentence)),
        "locations": [location(finding)],
    })
}

fn message(text: &str) -> Value {
    json!({ "text": shown(text) })
}

/// Text on one line without links: text in brackets before parentheses is a link, also in plain text.
fn shown(text: &str) -> String {
    text::cut(&text::line(text), MESSAGE).replace("](", "] (")
}
