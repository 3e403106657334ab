//! Explanations of a failed flow of a real Helm by the violations of a run.
//!
//! A violated requirement explains a failure if it declares that it breaks this flow of this Helm version. Two facts
//! support the explanation: Helm prints the predicted error, and Helm aborted at an exchange like the one that shows the
//! violation. A break under a condition explains nothing without one of the two.

use http::{Method, StatusCode};
use semver::Version;
use serde::{Deserialize, Serialize};

use super::likeness::is_alike;
use crate::helm::breaks::Break;
use crate::helm::flow::Flow;
use crate::helm::response::ObservedResponse;
use crate::requirement::Requirement;
use crate::wire::exchange::Exchange;

/// A violation of a run.
#[derive(Debug, Clone)]
pub struct Violation<'a> {
    /// The requirement.
    pub requirement: &'static Requirement,
    /// The exchanges that show it.
    pub shown_by: Vec<&'a Exchange>,
}

/// The failure of a flow of a real Helm.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'a> {
    /// The Helm version.
    pub helm: &'a Version,
    /// The flow.
    pub flow: Flow,
    /// The error, with placeholders for what differs from run to run.
    pub error: &'a str,
    /// The exchange at which Helm aborted.
    pub aborted_at: Option<&'a Exchange>,
}

/// One reason for a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The violated requirement.
    pub requirement: String,
    /// Its title.
    pub title: String,
    /// The condition under which it breaks the flow, if an ordinary run succeeds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub condition: Option<String>,
    /// True if Helm printed the predicted error.
    #[serde(rename = "in_its_words")]
    pub has_predicted_error: bool,
    /// True if Helm aborted at an exchange like the one that shows the violation.
    #[serde(rename = "at_its_exchange")]
    pub is_at_same_exchange: bool,
}

/// The reasons for a failure of a real Helm, the best first; none if no violation explains it.
pub fn explain(violations: &[Violation<'_>], failure: &Failure<'_>) -> Vec<Explanation> {
    let mut reasons = candidates(violations, failure);
    reasons.retain(|found| {
        found.condition.is_none() || found.has_predicted_error || found.is_at_same_exchange
    });
    reasons
}

/// The reasons for a failure of a client model, the best first. A model prints no error of Helm, so that a break under a
/// condition needs no support; it explains what no other violation explains, because a model sends ordinary charts.
pub fn explain_model(violations: &[Violation<'_>], failure: &Failure<'_>) -> Vec<Explanation> {
    let mut reasons = candidates(violations, failure);
    if reasons.iter().any(|reason| reason.condition.is_none()) {
        reasons.retain(|reason| reason.condition.is_none());
    }
    reasons
}

fn candidates(violations: &[Violation<'_>], failure: &Failure<'_>) -> Vec<Explanation> {
    let mut reasons: Vec<Explanation> = violations
        .iter()
        .filter_map(|violation| reason(violation, failure))
        .collect();
    reasons.sort_by_key(|reason| {
        let strength = u8::from(reason.has_predicted_error) + u8::from(reason.is_at_same_exchange);
        (std::cmp::Reverse(strength), reason.condition.is_some())
    });
    reasons
}

fn reason(violation: &Violation<'_>, failure: &Failure<'_>) -> Option<Explanation> {
    let is_at_same_exchange = failure.aborted_at.is_some_and(|aborted_at| {
        let shown_by = &violation.shown_by;
        shown_by.iter().any(|shown| is_alike(shown, aborted_at))
    });
    let responses = ObservedResponse::all(violation.shown_by.iter().copied());
    let concerned = |brk: &&Break| brk.can_hit(failure.helm, failure.flow);
    let found = |brk: &Break| Explanation {
        requirement: violation.requirement.id.to_owned(),
        title: violation.requirement.title.to_owned(),
        condition: brk.condition.map(ToOwned::to_owned),
        has_predicted_error: brk
            .symptom
            .observed_in(&responses)
            .occurs_in(failure.error, failure.helm),
        is_at_same_exchange,
    };
    let breaks = violation.requirement.breaks.iter();
    breaks
        .filter(concerned)
        .map(found)
        .min_by_key(|found| (!found.has_predicted_error, found.condition.is_some()))
}

/// The position of the exchange at which Helm aborted: the last one that the registry rejected, otherwise the last of all.
///
/// A 404 to HEAD and a challenge are no rejection.
pub fn aborting_exchange(exchanges: &[Exchange]) -> Option<usize> {
    let is_rejected = |exchange: &Exchange| match &exchange.response {
        Err(_) => true,
        Ok(response) => {
            let is_head = exchange.request.method == Method::HEAD;
            match response.status {
                StatusCode::UNAUTHORIZED => false,
                StatusCode::NOT_FOUND => !is_head,
                status => status.is_client_error() || status.is_server_error(),
            }
        }
    };
    exchanges
        .iter()
        .rposition(is_rejected)
        .or_else(|| exchanges.len().checked_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks;
    use crate::helm::errors::Symptom;
    use crate::helm::version::ORAS;
    use crate::requirement::source::observed;
    use crate::requirement::{no_check, requirement};
    use crate::wire::exchange::{RequestRecord, ResponseRecord};

    requirement! {
        /// It breaks one flow in two ways.
        TWO_WAYS = "test/two-ways" {
            level: Must,
            title: "an example",
            fix: "Return what the example expects.",
            covers: [],
            sources: [observed("0", "nothing")],
            breaks: [
                Break::new(ORAS, &[Flow::Push], Symptom::BlobAltered),
                Break::when("for large charts", ORAS, &[Flow::Push], Symptom::DecodedLength),
            ],
            faults: [],
            check: no_check,
        }
    }

    fn exchange(method: Method, uri: &str, status: StatusCode) -> Exchange {
        Exchange {
            request: RequestRecord::new(method, uri),
            response: Ok(ResponseRecord::new(status)),
        }
    }

    fn requirement(id: &str) -> &'static Requirement {
        let mut all = checks::all().into_iter();
        all.find(|one| one.id == id).expect("it is in the suite")
    }

    #[test]
    fn helm_aborts_at_the_last_rejected_exchange() {
        let exchanges = [
            exchange(Method::HEAD, "/v2/a/blobs/sha256:0", StatusCode::NOT_FOUND),
            exchange(Method::POST, "/v2/a/blobs/uploads/", StatusCode::ACCEPTED),
            exchange(
                Method::PUT,
                "/v2/a/blobs/uploads/1",
                StatusCode::BAD_REQUEST,
            ),
            exchange(Method::HEAD, "/v2/a/blobs/sha256:0", StatusCode::NOT_FOUND),
        ];
        assert_eq!(aborting_exchange(&exchanges), Some(2));
        assert_eq!(
            aborting_exchange(&exchanges[..2]),
            Some(1),
            "nothing was rejected, so Helm aborted at the end"
        );
        assert_eq!(aborting_exchange(&[]), None);
    }

    #[test]
    fn the_best_reason_is_first() {
        let shows = |id: &str, shown_by| Violation {
            requirement: requirement(id),
            shown_by,
        };
        let refused = exchange(Method::PUT, "/v2/x/blobs/uploads/1", StatusCode::NOT_FOUND);
        let listed = exchange(Method::GET, "/v2/x/tags/list", StatusCode::NOT_FOUND);
        let violations = [
            shows("upload/location-sent", vec![&listed]),
            shows("tags/list-answers", vec![&listed]),
            shows("upload/one-put-completes", vec![&refused]),
        ];
        let helm = Version::new(4, 2, 4);
        let own = exchange(Method::PUT, "/v2/y/blobs/uploads/7", StatusCode::NOT_FOUND);
        let failure = Failure {
            helm: &helm,
            flow: Flow::Push,
            error: "an error that no requirement predicts",
            aborted_at: Some(&own),
        };
        let reasons = explain(&violations, &failure);
        let found: Vec<_> = reasons
            .iter()
            .map(|reason| (reason.requirement.as_str(), reason.is_at_same_exchange))
            .collect();
        assert_eq!(
            found,
            [
                ("upload/one-put-completes", true),
                ("upload/location-sent", false)
            ],
            "a push does not list tags"
        );
        let elsewhere = Failure {
            flow: Flow::Login,
            ..failure
        };
        assert_eq!(explain(&violations, &elsewhere), []);
    }

    #[test]
    fn a_break_under_a_condition_explains_only_with_support() {
        let conditional = checks::all().into_iter().find_map(|one| {
            let brk = one.breaks.iter().find(|brk| brk.condition.is_some())?;
            let alone = one.breaks.len() == 1;
            alone.then_some((one, brk))
        });
        let (requirement, brk) = conditional.expect("some break has a condition");
        let helm = [Version::new(3, 10, 1), Version::new(4, 2, 4)]
            .into_iter()
            .find(|helm| brk.versions.contains(helm))
            .expect("it concerns one of them");
        let violations = [Violation {
            requirement,
            shown_by: Vec::new(),
        }];
        let flow = *brk
            .flows
            .iter()
            .find(|flow| flow.offered_by().contains(&helm))
            .expect("that Helm has one of the flows");
        let failure = |error| Failure {
            helm: &helm,
            flow,
            error,
            aborted_at: None,
        };
        assert_eq!(
            explain(&violations, &failure("something else")),
            [],
            "{}",
            requirement.id
        );
        let words = brk.symptom.words(&helm).expect("it fails there");
        let marked = explain(&violations, &failure(words));
        assert!(
            marked
                .first()
                .is_some_and(|reason| reason.has_predicted_error && reason.condition.is_some()),
            "{}",
            requirement.id
        );
    }

    #[test]
    fn a_break_under_a_condition_explains_a_model_only_if_no_other_does() {
        let read = exchange(Method::GET, "/v2/x/manifests/sha256:0", StatusCode::OK);
        let helm = Version::new(3, 18, 6);
        let failure = Failure {
            helm: &helm,
            flow: Flow::PullDigest,
            error: "(GET of a manifest: 500; expected a chart)",
            aborted_at: Some(&read),
        };
        let explained = |ids: &[&str]| {
            let violated = ids.iter().map(|id| Violation {
                requirement: requirement(id),
                shown_by: vec![&read; usize::from(*id == "referrers/subject-served")],
            });
            let reasons = explain_model(&violated.collect::<Vec<_>>(), &failure);
            let ids = reasons.into_iter().map(|reason| reason.requirement);
            ids.collect::<Vec<_>>()
        };
        let (subject, untyped) = (
            "referrers/subject-served",
            "manifests/untyped-manifest-readable",
        );
        assert_eq!(explained(&[subject, untyped]), [untyped]);
        assert_eq!(explained(&[subject]), [subject]);
    }

    #[test]
    fn of_several_breaks_the_one_with_the_printed_error_explains() {
        let violations = [Violation {
            requirement: &TWO_WAYS,
            shown_by: Vec::new(),
        }];
        let helm = Version::new(4, 2, 4);
        let explained = |error| {
            let failure = Failure {
                helm: &helm,
                flow: Flow::Push,
                error,
                aborted_at: None,
            };
            let reason = explain(&violations, &failure).remove(0);
            (reason.has_predicted_error, reason.condition)
        };
        let large = Some("for large charts".to_owned());
        assert_eq!(
            explained("failed to perform \"Push\" on destination: mismatched digest"),
            (true, None)
        );
        assert_eq!(
            explained("failed to perform \"Push\" on destination: trailing data"),
            (true, large)
        );
        assert_eq!(explained("something else"), (false, None));
    }
}
