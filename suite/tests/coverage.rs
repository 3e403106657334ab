//! Every item of the documents is covered or left out for a reason, and most of them are covered.

use std::collections::BTreeSet;

use helm_oci_suite::checks;
use helm_oci_suite::coverage::{CoverageStatus, LEFT_OUT, covered, entries, statements};
use helm_oci_suite::helm::flow::Flow;

#[test]
fn every_item_is_covered_or_left_out_for_a_reason() {
    let open: Vec<String> = entries()
        .into_iter()
        .filter(|entry| entry.status == CoverageStatus::Open)
        .map(|entry| {
            format!(
                "{} ({}): {}",
                entry.item.id, entry.item.rank, entry.item.text
            )
        })
        .collect();
    assert!(
        open.is_empty(),
        "neither covered by a requirement nor left out in suite/src/coverage/left_out.rs:\n{}",
        open.join("\n")
    );
}

#[test]
fn every_item_that_is_left_out_exists_and_is_not_covered() {
    let entries = entries();
    let mut seen = BTreeSet::new();
    for (id, reason) in LEFT_OUT {
        assert!(seen.insert(id), "{id} is left out twice");
        assert!(reason.len() > 20, "{id} is left out without a reason");
        let entry = entries.iter().find(|entry| entry.item.id == *id);
        let entry = entry.unwrap_or_else(|| panic!("{id} is left out, but is in neither document"));
        assert_eq!(
            entry.status,
            CoverageStatus::LeftOut(reason),
            "{id} is left out, but covered"
        );
    }
}

#[test]
fn most_items_are_covered() {
    let entries = entries();
    for (rank, least) in [("MUST", 95), ("SHOULD", 85)] {
        let (covered, all) = covered(&entries, rank);
        assert!(all > 0, "there are items of level {rank}");
        assert!(
            covered * 100 >= all * least,
            "{covered} of {all} items of level {rank} are covered, fewer than {least} %"
        );
    }
}

#[test]
fn every_statement_leads_to_requirements_flows_or_a_reason() {
    let statements = statements();
    assert_eq!(
        statements.len(),
        46,
        "all statements of suite/spec/seed.md are read"
    );
    let mut seen = BTreeSet::new();
    for statement in &statements {
        let id = statement.id;
        assert!(seen.insert(id), "{id} occurs twice");
        assert!(!statement.leads.trim().is_empty(), "{id} leads nowhere");
        // A reason is a sentence, perhaps with commands in backticks; otherwise there are only words in backticks.
        let rest: String = statement.leads.split('`').step_by(2).collect();
        let is_reason = rest.chars().any(char::is_alphabetic);
        for place in statement.places().filter(|_| !is_reason) {
            let is_flow = Flow::ALL.iter().any(|flow| flow.name() == place);
            assert!(
                is_flow || checks::find(place).is_some(),
                "{id} leads to `{place}`, which is neither a requirement nor a flow"
            );
        }
    }
}

#[test]
fn a_statement_leads_to_every_flow() {
    let led: BTreeSet<Flow> = statements()
        .iter()
        .flat_map(|statement| statement.flows().collect::<Vec<_>>())
        .collect();
    let missing: Vec<&Flow> = Flow::ALL
        .iter()
        .filter(|flow| !led.contains(flow))
        .collect();
    assert!(missing.is_empty(), "no statement leads to {missing:?}");
}
