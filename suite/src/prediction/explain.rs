//! Why a flow of a real Helm failed, told from what a run saw violated.
//!
//! A violated requirement explains a failure when it says that it breaks this flow of this Helm. Two things make
//! that stronger: Helm prints the very words that the requirement foretells, and Helm gave up in an exchange like
//! the one that shows the violation. What only happens under a condition explains nothing without one of the two.

use helm_oci_fixtures::route::Route;
use http::{Method, StatusCode, Uri};
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::helm::breaks::Break;
use crate::helm::flow::Flow;
use crate::helm::response::ObservedResponse;
use crate::requirement::Requirement;
use crate::wire::exchange::Exchange;

/// A violated requirement, as a run saw it.
#[derive(Debug, Clone)]
pub struct Violation<'a> {
    /// The requirement.
    pub requirement: &'static Requirement,
    /// The exchanges that show it.
    pub shown_by: Vec<&'a Exchange>,
}

/// How a flow of a real Helm failed.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'a> {
    /// Its version.
    pub helm: &'a Version,
    /// The flow.
    pub flow: Flow,
    /// What it said, with names for what differs from run to run.
    pub error: &'a str,
    /// The exchange at which it gave up.
    pub gave_up: Option<&'a Exchange>,
}

/// One reason for a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The violated requirement.
    pub requirement: String,
    /// What holds where it is satisfied.
    pub title: String,
    /// When it breaks the flow, where an ordinary run is not concerned.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub condition: Option<String>,
    /// Whether Helm printed what the requirement foretells.
    pub in_its_words: bool,
    /// Whether Helm gave up in an exchange like the one that shows the violation.
    pub at_its_exchange: bool,
}

/// The reasons for a failure, the best first; none if nothing that was seen violated explains it.
pub fn explain(violations: &[Violation<'_>], failure: &Failure<'_>) -> Vec<Explanation> {
    let mut reasons: Vec<Explanation> = violations
        .iter()
        .filter_map(|violation| reason(violation, failure))
        .collect();
    reasons.sort_by_key(|reason| {
        let strength = u8::from(reason.in_its_words) + u8::from(reason.at_its_exchange);
        (std::cmp::Reverse(strength), reason.condition.is_some())
    });
    reasons
}

fn reason(violation: &Violation<'_>, failure: &Failure<'_>) -> Option<Explanation> {
    let at_its_exchange = failure.gave_up.is_some_and(|gave_up| {
        let shown_by = &violation.shown_by;
        shown_by.iter().any(|shown| is_alike(shown, gave_up))
    });
    let responses = ObservedResponse::all(violation.shown_by.iter().copied());
    let concerned = |brk: &&Break| brk.can_hit(failure.helm, failure.flow);
    let found = |brk: &Break| Explanation {
        requirement: violation.requirement.id.to_owned(),
        title: violation.requirement.title.to_owned(),
        condition: brk.condition.map(ToOwned::to_owned),
        in_its_words: brk
            .symptom
            .observed_in(&responses)
            .occurs_in(failure.error, failure.helm),
        at_its_exchange,
    };
    let breaks = violation.requirement.breaks.iter();
    breaks
        .filter(concerned)
        .map(found)
        .filter(|found| found.condition.is_none() || found.in_its_words || found.at_its_exchange)
        .min_by_key(|found| (!found.in_its_words, found.condition.is_some()))
}

/// Whether two exchanges ask the same thing of a registry and get the same kind of answer.
fn is_alike(one: &Exchange, other: &Exchange) -> bool {
    let asked = |exchange: &Exchange| {
        let request = &exchange.request;
        let route = Route::of(&request.uri.parse::<Uri>().ok()?);
        Some((request.method.clone(), std::mem::discriminant(&route)))
    };
    let status = |exchange: &Exchange| {
        let response = exchange.response.as_ref().ok()?;
        Some(response.status)
    };
    asked(one).is_some() && asked(one) == asked(other) && status(one) == status(other)
}

/// The exchange at which a Helm gave up, by its place: the last in which it was refused, else the last of all.
///
/// That something is not there yet, and that credentials are wanted, is no refusal.
pub fn gave_up(exchanges: &[Exchange]) -> Option<usize> {
    let is_refused = |exchange: &Exchange| match &exchange.response {
        Err(_) => true,
        Ok(answer) => {
            let is_head = exchange.request.method == Method::HEAD;
            match answer.status {
                StatusCode::UNAUTHORIZED => false,
                StatusCode::NOT_FOUND => !is_head,
                status => status.is_client_error() || status.is_server_error(),
            }
        }
    };
    exchanges
        .iter()
        .rposition(is_refused)
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
    fn helm_gives_up_where_it_is_refused_and_not_where_something_is_not_there_yet() {
        let said = [
            exchange(Method::HEAD, "/v2/a/blobs/sha256:0", StatusCode::NOT_FOUND),
            exchange(Method::POST, "/v2/a/blobs/uploads/", StatusCode::ACCEPTED),
            exchange(
                Method::PUT,
                "/v2/a/blobs/uploads/1",
                StatusCode::BAD_REQUEST,
            ),
            exchange(Method::HEAD, "/v2/a/blobs/sha256:0", StatusCode::NOT_FOUND),
        ];
        assert_eq!(gave_up(&said), Some(2));
        assert_eq!(
            gave_up(&said[..2]),
            Some(1),
            "it was not refused, so it gave up last"
        );
        assert_eq!(gave_up(&[]), None);
    }

    #[test]
    fn the_best_reason_stands_first() {
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
            error: "in words that nobody foretells",
            gave_up: Some(&own),
        };
        let reasons = explain(&violations, &failure);
        let found: Vec<_> = reasons
            .iter()
            .map(|reason| (reason.requirement.as_str(), reason.at_its_exchange))
            .collect();
        assert_eq!(
            found,
            [
                ("upload/one-put-completes", true),
                ("upload/location-sent", false)
            ],
            "a list of tags has no part in a push"
        );
        let elsewhere = Failure {
            flow: Flow::Login,
            ..failure
        };
        assert_eq!(explain(&violations, &elsewhere), []);
    }

    #[test]
    fn what_breaks_under_a_condition_explains_only_what_bears_its_mark() {
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
            gave_up: None,
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
                .is_some_and(|reason| reason.in_its_words && reason.condition.is_some()),
            "{}",
            requirement.id
        );
    }

    #[test]
    fn of_several_ways_to_break_the_one_that_helm_names_is_told() {
        let violations = [Violation {
            requirement: &TWO_WAYS,
            shown_by: Vec::new(),
        }];
        let helm = Version::new(4, 2, 4);
        let told = |error| {
            let failure = Failure {
                helm: &helm,
                flow: Flow::Push,
                error,
                gave_up: None,
            };
            let reason = explain(&violations, &failure).remove(0);
            (reason.in_its_words, reason.condition)
        };
        let large = Some("for large charts".to_owned());
        assert_eq!(
            told("failed to perform \"Push\" on destination: mismatched digest"),
            (true, None)
        );
        assert_eq!(
            told("failed to perform \"Push\" on destination: trailing data"),
            (true, large)
        );
        assert_eq!(told("something else"), (false, None));
    }
}
