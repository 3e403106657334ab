//! The ledger: nothing in the documents is forgotten, and most of it is looked at.

use std::collections::BTreeSet;

use helm_oci_suite::checks;
use helm_oci_suite::coverage::{LEFT_OUT, Standing, covered, ledger, statements};
use helm_oci_suite::helm::flow::Flow;

#[test]
fn every_item_is_covered_or_left_out_for_a_reason() {
    let open: Vec<String> = ledger()
        .into_iter()
        .filter(|entry| entry.standing == Standing::Open)
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
fn what_is_left_out_exists_and_is_not_covered() {
    let ledger = ledger();
    let mut seen = BTreeSet::new();
    for (id, reason) in LEFT_OUT {
        assert!(seen.insert(id), "{id} is left out twice");
        assert!(reason.len() > 20, "{id} is left out without a reason");
        let entry = ledger.iter().find(|entry| entry.item.id == *id);
        let entry = entry.unwrap_or_else(|| panic!("{id} is left out, and in neither document"));
        assert_eq!(
            entry.standing,
            Standing::LeftOut(reason),
            "{id} is left out, and covered all the same"
        );
    }
}

#[test]
fn most_of_what_helm_needs_is_covered() {
    let ledger = ledger();
    for (rank, least) in [("MUST", 95), ("SHOULD", 85)] {
        let (covered, all) = covered(&ledger, rank);
        assert!(all > 0, "there are items of level {rank}");
        assert!(
            covered * 100 >= all * least,
            "{covered} of {all} items of level {rank} are covered, fewer than {least} %"
        );
    }
}

#[test]
fn every_statement_of_the_page_leads_somewhere() {
    let statements = statements();
    assert_eq!(statements.len(), 46, "suite/spec/seed.md is read whole");
    let mut seen = BTreeSet::new();
    for statement in &statements {
        let id = statement.id;
        assert!(seen.insert(id), "{id} stands there twice");
        assert!(!statement.leads.trim().is_empty(), "{id} leads nowhere");
        // A sentence is a reason, and may name commands in backticks; a list of places has nothing else in it.
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
fn every_flow_comes_from_the_page_or_from_practice() {
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
