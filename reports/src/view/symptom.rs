//! Messages of Helm, those with the same words together.

use std::cmp::Reverse;
use std::fmt;

use helm_oci_suite::helm::era::Era;

use super::reach;
use crate::record::BreakRecord;

/// A message of Helm with the versions and the flows that print it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SymptomView<'a> {
    /// The message; a text in parentheses if Helm prints none.
    pub words: &'a str,
    /// The eras in which it is printed, oldest first.
    pub eras: Vec<Era>,
    /// The flows.
    pub flows: Vec<&'a str>,
    /// The condition, if an ordinary run of the flows is not affected.
    pub condition: Option<&'a str>,
}

impl<'a> SymptomView<'a> {
    /// The messages of some breaks, each once; those of ordinary runs and of the newest Helm versions first.
    pub(super) fn all(breaks: impl Iterator<Item = &'a BreakRecord>) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for brk in breaks.filter(|brk| !brk.symptom.is_empty()) {
            let condition = brk.condition.as_deref();
            let is_known = |one: &Self| one.words == brk.symptom && one.condition == condition;
            let position = all.iter().position(is_known).unwrap_or_else(|| {
                all.push(Self {
                    words: &brk.symptom,
                    eras: Vec::new(),
                    flows: Vec::new(),
                    condition,
                });
                all.len() - 1
            });
            let one = &mut all[position];
            one.eras.extend(reach::eras(brk));
            one.eras.sort();
            one.eras.dedup();
            for flow in &brk.flows {
                if !one.flows.contains(&flow.as_str()) {
                    one.flows.push(flow);
                }
            }
        }
        // A stable sort: of equal ones the first of the requirement.
        all.sort_by_key(|one| (one.condition.is_some(), Reverse(one.eras.last().copied())));
        all
    }
}

impl fmt::Display for SymptomView<'_> {
    /// Writes the message, and the versions that print it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            words,
            eras,
            condition,
            ..
        } = self;
        let words = super::row::quoted(words);
        write!(f, "{words} ({}", reach::versions(eras))?;
        if let Some(condition) = condition {
            write!(f, ", {condition}")?;
        }
        f.write_str(")")
    }
}
