//! The output of `list --coverage`: the coverage of each item of the specification documents.

use std::fmt::Write as _;

use helm_oci_suite::coverage::{
    CoverageEntry, CoverageStatus, Statement, covered, entries, statements,
};
use helm_oci_suite::helm::flow::Flow;
use serde_json::{Value, json};

/// The documents, with the ranks of their items.
const RANKS: &[(&str, &[&str])] = &[
    (
        "suite/spec/helm-client-behaviour.md",
        &["MUST", "SHOULD", "MAY"],
    ),
    ("suite/spec/registry-pitfalls.md", &["A", "B", "C"]),
];

/// The coverage as text.
pub(super) fn text() -> String {
    let entries = entries();
    let mut text = "Codes, such as REG-API-09 or B16, are items of these documents in the repository of this program.\n\n"
        .to_owned();
    for (document, ranks) in RANKS {
        let _ = writeln!(text, "{document}\n");
        let of_document = |entry: &&CoverageEntry| ranks.contains(&entry.item.rank);
        for entry in entries.iter().filter(of_document) {
            let _ = writeln!(text, "{}", line(entry));
        }
        let _ = writeln!(text);
    }
    let _ = writeln!(text, "suite/spec/seed.md\n");
    for Statement {
        id,
        text: statement,
        leads,
    } in statements()
    {
        let _ = writeln!(text, "{id:11} {:7} {leads}  ({statement})", "");
    }
    let _ = writeln!(text);
    for (document, ranks) in RANKS {
        for rank in *ranks {
            let (covered, all) = covered(&entries, rank);
            let tenths = covered * 1000 / all.max(1);
            let share = format!("{}.{} %", tenths / 10, tenths % 10);
            let _ = writeln!(
                text,
                "{document:36} {rank:6} {covered:3} of {all:3} covered, {share}"
            );
        }
    }
    text
}

fn line(entry: &CoverageEntry) -> String {
    let item = &entry.item;
    let status = match &entry.status {
        CoverageStatus::Covered(requirements) => requirements.join(", "),
        CoverageStatus::LeftOut(reason) => format!("left out: {reason}"),
        CoverageStatus::Open => "open".to_owned(),
    };
    format!("{:11} {:7} {status}  ({})", item.id, item.rank, item.text)
}

/// The coverage as JSON.
pub(super) fn json() -> String {
    let items: Vec<Value> = entries().iter().map(item).collect();
    let statements: Vec<Value> = statements().iter().map(statement).collect();
    let entries = json!({ "items": items, "statements": statements });
    let mut text = serde_json::to_string_pretty(&entries).expect("the coverage serialises");
    text.push('\n');
    text
}

fn item(entry: &CoverageEntry) -> Value {
    let item = &entry.item;
    let mut value = json!({ "id": item.id, "rank": item.rank, "says": item.text });
    match &entry.status {
        CoverageStatus::Covered(requirements) => value["covered_by"] = json!(requirements),
        CoverageStatus::LeftOut(reason) => value["left_out"] = json!(reason),
        CoverageStatus::Open => {}
    }
    value
}

fn statement(statement: &Statement) -> Value {
    let requirements: Vec<&str> = statement.requirements().map(|one| one.id).collect();
    let flows: Vec<&str> = statement.flows().map(Flow::name).collect();
    json!({
        "id": statement.id,
        "says": statement.text,
        "leads": statement.leads,
        "requirements": requirements,
        "flows": flows,
    })
}
