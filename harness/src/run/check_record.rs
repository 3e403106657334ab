//! The record of a check, from its requirement and its result.

use helm_oci_reports::record::{BreakRecord, CheckRecord, SourceRecord};
use helm_oci_suite::helm::breaks::Break;
use helm_oci_suite::helm::response::ObservedResponse;
use helm_oci_suite::requirement::Requirement;
use helm_oci_suite::requirement::outcome::{Rules, judge};
use helm_oci_suite::requirement::source::Source;
use helm_oci_suite::verdict::Verdict;

use super::Checked;

/// The record of one check.
pub fn record(requirement: &Requirement, checked: &Checked, rules: Rules) -> CheckRecord {
    let verdict = &checked.verdict;
    let outcome = judge(requirement.level, verdict, rules);
    let breaks = if verdict.is_violated() {
        requirement.breaks
    } else {
        &[]
    };
    let responses = checked.violating_responses();
    CheckRecord {
        id: requirement.id.to_owned(),
        area: requirement.area().to_owned(),
        title: requirement.title.to_owned(),
        level: requirement.level,
        specification: Some(requirement.specification()),
        covers: requirement.covers.iter().map(ToString::to_string).collect(),
        sources: requirement.sources.iter().map(source).collect(),
        outcome,
        reason: match verdict {
            Verdict::NotApplicable(reason) => Some(reason.to_string()),
            _ => None,
        },
        finding: match verdict {
            Verdict::Violated(finding) => Some((**finding).clone()),
            _ => None,
        },
        obstacle: match verdict {
            Verdict::Inconclusive(obstacle) => Some((**obstacle).clone()),
            _ => None,
        },
        deviation: None,
        breaks: breaks
            .iter()
            .flat_map(|brk| broken(brk, &responses))
            .collect(),
        exchanges: checked.exchanges.clone(),
        requests: checked.requests,
        milliseconds: checked.milliseconds,
    }
}

fn source(source: &Source) -> SourceRecord {
    SourceRecord {
        document: source.document.to_owned(),
        version: source.version.to_owned(),
        anchor: source.anchor.to_owned(),
        text: source.text.to_owned(),
        quoted: source.quoted,
    }
}

fn broken(brk: &Break, responses: &[ObservedResponse]) -> Vec<BreakRecord> {
    let parts = brk.parts(responses).into_iter();
    let records = parts.map(|part| BreakRecord {
        eras: part
            .eras()
            .into_iter()
            .map(|era| era.name().to_owned())
            .collect(),
        versions: part.versions(),
        flows: part
            .flows()
            .into_iter()
            .map(|flow| flow.name().to_owned())
            .collect(),
        condition: brk.condition.map(ToOwned::to_owned),
        symptom: part.words,
    });
    records.collect()
}
