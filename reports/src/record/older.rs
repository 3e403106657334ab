//! Records of older schema versions: every part that this version understands is read, and the others are counted.

use std::collections::BTreeMap;

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::oci::in_words;
use helm_oci_suite::prediction::table::Cell;
use helm_oci_suite::wire::exchange::Exchange;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Capability, CheckRecord, FlowRecord, HelmRecord, Leftover, SCHEMA, TargetRecord};
use crate::text::plural;

/// The area of the flows of client models, which schema 2 has among the checks.
const FLOWS: &str = "flow";

/// The record as this version writes it, without what it cannot read, and a sentence about each kind of part that is
/// missing.
pub(super) fn upgraded(mut record: Value) -> (Value, Vec<String>) {
    let mut unread = Unread::default();
    for target in members(&mut record, "targets") {
        unread.keep::<Exchange>(target, "exchanges", "exchange");
        for check in members(target, "checks") {
            unread.keep::<Exchange>(check, "exchanges", "exchange");
        }
        unread.flows_of_models(target);
        unread.keep::<CheckRecord>(target, "checks", "check");
        unread.keep::<Cell>(target, "eras", "cell");
        for clients in ["models", "helms"] {
            for client in members(target, clients) {
                unread.era(client);
                for flow in members(client, "flows") {
                    unread.keep::<Exchange>(flow, "exchanges", "exchange");
                }
                unread.keep::<FlowRecord>(client, "flows", "flow");
            }
            unread.keep::<HelmRecord>(target, clients, "Helm version");
        }
        unread.keep::<Capability>(target, "capabilities", "capability");
        unread.keep::<Leftover>(target, "leftovers", "leftover");
    }
    unread.keep::<TargetRecord>(&mut record, "targets", "target");
    if let Some(members) = record.as_object_mut() {
        members.insert("schema".to_owned(), SCHEMA.into());
    }
    (record, unread.sentences())
}

/// The elements of a list; none if there is no list.
fn members<'v>(value: &'v mut Value, name: &str) -> impl Iterator<Item = &'v mut Value> {
    let list = value.get_mut(name).and_then(Value::as_array_mut);
    list.into_iter().flatten()
}

/// The parts that could not be read: their number, and the first reason, by kind.
#[derive(Default)]
struct Unread(BTreeMap<&'static str, (usize, String)>);

impl Unread {
    fn add(&mut self, noun: &'static str, reason: impl FnOnce() -> String) {
        let (count, _) = self.0.entry(noun).or_insert_with(|| (0, reason()));
        *count += 1;
    }

    /// Keeps the elements of a list that can be read.
    fn keep<T: DeserializeOwned>(&mut self, value: &mut Value, list: &str, noun: &'static str) {
        let Some(list) = value.get_mut(list).and_then(Value::as_array_mut) else {
            return;
        };
        list.retain(|element| match T::deserialize(element) {
            Ok(_) => true,
            Err(error) => {
                self.add(noun, || in_words(&error.to_string()));
                false
            }
        });
    }

    /// Removes the flows of client models from the checks: they are no requirements.
    fn flows_of_models(&mut self, target: &mut Value) {
        let Some(checks) = target.get_mut("checks").and_then(Value::as_array_mut) else {
            return;
        };
        checks.retain(|check| {
            let is_flow = check.get("area").and_then(Value::as_str) == Some(FLOWS);
            if is_flow {
                self.add("flow of a client model", || {
                    "the record has it among the checks".to_owned()
                });
            }
            !is_flow
        });
    }

    /// Removes an era that this version does not know.
    fn era(&mut self, client: &mut Value) {
        let Some(members) = client.as_object_mut() else {
            return;
        };
        if let Some(Err(error)) = members.get("era").map(Era::deserialize) {
            self.add("era", || in_words(&error.to_string()));
            members.remove("era");
        }
    }

    fn sentences(self) -> Vec<String> {
        let parts = self.0.into_iter();
        parts
            .map(|(noun, (count, reason))| {
                let count = match noun.split_once(" of ") {
                    Some((noun, of)) => format!("{} of {of}", plural(count, noun)),
                    None => plural(count, noun),
                };
                format!("{count} ({reason})")
            })
            .collect()
    }
}
