//! The record of a check, from its requirement and its result.

use helm_oci_reports::record::{
    AttemptRecord, AttemptResult, BreakRecord, CheckRecord, SourceRecord,
};
use helm_oci_suite::helm::breaks::Break;
use helm_oci_suite::helm::errors::without_status;
use helm_oci_suite::helm::response::ObservedResponse;
use helm_oci_suite::requirement::outcome::{Outcome, Rules, judge};
use helm_oci_suite::requirement::source::Source;
use helm_oci_suite::requirement::{Level, Requirement};
use helm_oci_suite::verdict::Verdict;
use helm_oci_suite::wire::exchange::Exchange;

use super::Checked;
use super::observation::{described, is_by_line, request};

/// The record of one check.
pub fn record(requirement: &Requirement, checked: &Checked, rules: Rules) -> CheckRecord {
    let verdict = &checked.verdict;
    let outcome = match judge(requirement.level, verdict, rules) {
        Outcome::Stale if checked.is_intermittent() => Outcome::Known,
        _ if checked.is_intermittent() && requirement.level != Level::May => Outcome::Intermittent,
        outcome => outcome,
    };
    let (attempts, shown) = attempts(checked);
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
        fix: verdict
            .is_violated()
            .then_some(requirement.fix)
            .flatten()
            .map(ToOwned::to_owned),
        obstacle: match verdict {
            Verdict::Inconclusive(obstacle) => Some((**obstacle).clone()),
            _ => None,
        },
        blocked_by: None,
        cause: None,
        deviation: None,
        breaks: breaks
            .iter()
            .flat_map(|brk| broken(brk, &responses))
            .collect(),
        exchanges: if checked.is_intermittent() {
            shown
        } else {
            checked.exchanges.clone()
        },
        attempts,
        requests: checked.requests,
        milliseconds: checked.milliseconds,
    }
}

/// The attempts of a check that was repeated, with the exchanges that show the failed ones.
fn attempts(checked: &Checked) -> (Vec<AttemptRecord>, Vec<Exchange>) {
    let mut shown = Vec::new();
    let attempts = checked.attempts.iter().map(|attempt| {
        let (result, what, positions) = match &attempt.verdict {
            Verdict::Satisfied | Verdict::NotApplicable(_) => {
                let counterpart = shown
                    .first()
                    .and_then(|failed| counterpart(failed, attempt));
                let positions: Vec<usize> = counterpart.into_iter().collect();
                (AttemptResult::Passed, String::new(), positions)
            }
            Verdict::Violated(finding) => {
                let expected = finding.expected.join(" or ");
                let what = format!("expected {expected}, actual {}", finding.actual);
                (AttemptResult::Failed, what, finding.exchanges.clone())
            }
            Verdict::Inconclusive(obstacle) => {
                let what = obstacle.what.clone();
                (
                    AttemptResult::Inconclusive,
                    what,
                    obstacle.exchanges.clone(),
                )
            }
        };
        let first = shown.len();
        let exchanges = positions
            .iter()
            .filter_map(|position| attempt.exchanges.get(*position));
        shown.extend(exchanges.cloned());
        AttemptRecord {
            result,
            what,
            by_line: result != AttemptResult::Passed && is_by_line(attempt),
            exchanges: if checked.is_intermittent() {
                (first..shown.len()).collect()
            } else {
                Vec::new()
            },
        }
    });
    (attempts.collect(), shown)
}

/// The exchange of an attempt that passed whose request is of the kind of a failed one, with another result.
fn counterpart(failed: &Exchange, passed: &Checked) -> Option<usize> {
    let (request, failed) = (request(failed), described(failed));
    let exchanges = &passed.exchanges;
    exchanges
        .iter()
        .position(|one| self::request(one) == request && described(one) != failed)
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
        symptom: without_status(&part.words),
    });
    records.collect()
}

#[cfg(test)]
mod tests {
    use helm_oci_suite::checks;
    use helm_oci_suite::verdict::Finding;

    use super::*;

    #[test]
    fn a_violation_has_the_fix_of_its_requirement() {
        let requirement = checks::find("upload/location-sent").expect("it is known");
        let fix = |verdict| {
            let checked = Checked {
                verdict,
                ..Checked::not_run("")
            };
            record(requirement, &checked, Rules::default()).fix
        };
        let finding = Finding {
            expected: Vec::new(),
            actual: "none".to_owned(),
            exchanges: Vec::new(),
        };
        let violated = fix(Verdict::Violated(Box::new(finding)));
        assert_eq!(violated.as_deref(), requirement.fix);
        assert!(violated.is_some());
        assert_eq!(fix(Verdict::Satisfied), None);
    }

    #[test]
    fn a_status_that_was_not_observed_is_not_a_placeholder_in_a_finding() {
        let requirement = checks::find("upload/present-blob-answered").expect("it is known");
        let checked = Checked {
            verdict: Verdict::Violated(Box::new(Finding {
                expected: vec!["status 200".to_owned()],
                actual: "none".to_owned(),
                exchanges: Vec::new(),
            })),
            ..Checked::not_run("")
        };
        let record = record(requirement, &checked, Rules::default());
        let symptoms = record.breaks.iter().map(|brk| brk.symptom.as_str());
        let symptoms: Vec<_> = symptoms.collect();
        assert!(!symptoms.is_empty());
        for symptom in symptoms {
            assert!(
                symptom.ends_with(": …") || symptom.ends_with("code …"),
                "{symptom}"
            );
        }
    }
}
