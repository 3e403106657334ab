//! Violations grouped by cause: one defect of a registry often violates several requirements.
//!
//! Two violations have one cause if the same kind of request was rejected with the same status, or if any requests were
//! rejected with a status that is about the client. Others have one cause if one known defect explains them: a fault that
//! both requirements declare, while no satisfied requirement refutes it. A violation that neither joins to another is a
//! cause of its own.

use helm_oci_fixtures::fault::Fault;
use http::StatusCode;

use super::likeness::{
    has_same_request, is_about_the_client, is_about_the_content, is_alike, is_limited, is_lost,
    is_momentary, is_rejected, leads_to,
};
use crate::requirement::{Level, Requirement};
use crate::verdict::ObstacleKind;
use crate::wire::exchange::Exchange;

/// The result of one requirement, as far as causes depend on it.
#[derive(Debug, Clone)]
pub struct Judged<'a> {
    /// The requirement.
    pub requirement: &'static Requirement,
    /// True if it is violated, false if it is satisfied.
    pub is_violated: bool,
    /// The exchanges that show the violation.
    pub shown_by: Vec<&'a Exchange>,
    /// The status that is the violation, if a status is.
    pub status: Option<StatusCode>,
}

/// Violated requirements with one cause.
#[derive(Debug, Clone)]
pub struct Group<'a> {
    /// All of them, at least one; the one that describes the cause best first.
    pub members: Vec<&'static Requirement>,
    /// The exchanges that show them.
    shown_by: Vec<&'a Exchange>,
    /// The statuses that are violations.
    statuses: Vec<StatusCode>,
}

/// Groups the violations of a run by cause, in the order of the run. Requirements that are neither violated nor
/// satisfied are left out by the caller.
pub fn group<'a>(judged: &[Judged<'a>]) -> Vec<Group<'a>> {
    let mut left: Vec<&Judged<'a>> = judged.iter().filter(|one| one.is_violated).collect();
    let mut groups = Vec::new();
    while let Some(fault) = best_explanation(&left, judged) {
        let (explained, rest) = left.into_iter().partition(|one| declares(one, fault));
        groups.push(Group::of(explained, Some(fault)));
        left = rest;
    }
    groups.extend(left.into_iter().map(|one| Group::of(vec![one], None)));
    merged(groups)
}

/// The fault that explains the most violations, two at least, and that is refuted least.
fn best_explanation(left: &[&Judged<'_>], judged: &[Judged<'_>]) -> Option<Fault> {
    let candidates = Fault::ALL.iter().filter_map(|fault| {
        let explained: Vec<_> = left.iter().filter(|one| declares(one, *fault)).collect();
        let is_refuting = |one: &&Judged<'_>| {
            let mut explained = explained.iter();
            let setup = one.requirement.proven_on;
            !one.is_violated
                && declares(one, *fault)
                && explained.any(|other| other.requirement.proven_on == setup)
        };
        let refuting = judged.iter().filter(is_refuting).count();
        let score = explained.len().checked_sub(REFUTATION * refuting)?;
        (score > 1).then_some((score, *fault))
    });
    // Of equal ones the first.
    let best = candidates.reduce(|best, one| if one.0 > best.0 { one } else { best });
    best.map(|(_, fault)| fault)
}

/// The violations that outweigh one satisfied requirement.
const REFUTATION: usize = 2;

/// True if the fault violates the requirement.
fn declares(judged: &Judged<'_>, fault: Fault) -> bool {
    let Requirement {
        faults,
        consequences,
        ..
    } = judged.requirement;
    faults.contains(&fault) || consequences.contains(&fault)
}

/// The groups, those joined that the same response shows.
fn merged(groups: Vec<Group<'_>>) -> Vec<Group<'_>> {
    let mut joined: Vec<Group<'_>> = Vec::new();
    for group in groups {
        match joined.iter_mut().find(|known| known.shares(&group)) {
            Some(known) => known.join(group),
            None => joined.push(group),
        }
    }
    joined
}

impl<'a> Group<'a> {
    fn of(mut judged: Vec<&Judged<'a>>, fault: Option<Fault>) -> Self {
        // A stable sort: of equal ones the first of the suite describes it.
        judged.sort_by_key(|one| {
            let Requirement {
                level,
                faults,
                consequences,
                ..
            } = one.requirement;
            let is_own = fault.is_some_and(|fault| faults.contains(&fault));
            let declared = faults.len() + consequences.len();
            (*level != Level::Must, !is_own, declared)
        });
        let exchanges = judged.iter().flat_map(|one| one.shown_by.iter().copied());
        Self {
            shown_by: exchanges.collect(),
            statuses: judged.iter().filter_map(|one| one.status).collect(),
            members: judged.iter().map(|one| one.requirement).collect(),
        }
    }

    /// Adds the violations of another group, behind its own unless only the other one has a MUST.
    fn join(&mut self, mut other: Self) {
        if self.lead().level != Level::Must && other.lead().level == Level::Must {
            std::mem::swap(self, &mut other);
        }
        self.members.extend(other.members);
        self.shown_by.extend(other.shown_by);
        self.statuses.extend(other.statuses);
    }

    /// The requirement that describes the cause best.
    pub fn lead(&self) -> &'static Requirement {
        self.members[0]
    }

    /// True if the registry rejected a request of both in the same way, or returned the same wrong status.
    fn shares(&self, other_group: &Self) -> bool {
        let mut pairs = self.shown_by.iter().flat_map(|one| {
            let others = other_group.shown_by.iter();
            others.map(move |other| (one, other))
        });
        pairs.any(|(one, other)| {
            let is_wrong =
                |status| self.statuses.contains(&status) && other_group.statuses.contains(&status);
            let is_status_wrong = one.response.as_ref().is_ok_and(|one| is_wrong(one.status));
            let is_same = is_alike(one, other) && !is_about_the_content(one);
            is_rejected(one) && (is_same || is_about_the_client(one, other))
                || is_status_wrong && is_same
        })
    }

    /// The closeness of a response to those that show the violations.
    fn closeness(&self, exchange: &Exchange) -> Option<Closeness> {
        let shown = self.shown_by.iter();
        let closeness = shown.filter_map(|one| {
            if is_alike(one, exchange) && is_rejected(one) {
                Some(Closeness::Rejection)
            } else if is_about_the_client(one, exchange) {
                Some(Closeness::Status)
            } else if leads_to(one, exchange) {
                Some(Closeness::Followed)
            } else if is_alike(one, exchange) {
                Some(Closeness::Response)
            } else {
                let is_same =
                    has_same_request(one, exchange) && !is_lost(exchange) && !is_limited(exchange);
                is_same.then_some(Closeness::Request)
            }
        });
        closeness.max()
    }
}

/// The closeness of two responses, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    /// The same kind of request.
    Request,
    /// The same kind of request, and the same status.
    Response,
    /// A request to a host that the response names.
    Followed,
    /// The same status, which is about the client.
    Status,
    /// The same kind of request, and the same status of an error.
    Rejection,
}

/// The group with the cause of an obstacle, which these exchanges show: the one with the closest response. If none has the
/// same kind of request, the only group, unless the network or an overloaded server may be the reason.
pub fn blocking<'g, 'a>(
    groups: &'g [Group<'a>],
    kind: ObstacleKind,
    shown_by: &[&Exchange],
) -> Option<&'g Group<'a>> {
    let candidates = groups.iter().filter_map(|group| {
        let met = shown_by.iter();
        let closest = met.filter_map(|one| group.closeness(one)).max()?;
        Some((closest, group))
    });
    // Of equal ones the first.
    let best = candidates.reduce(|best, one| if one.0 > best.0 { one } else { best });
    match (best, groups) {
        (Some((_, group)), _) => Some(group),
        (None, [only]) if kind == ObstacleKind::Arrangement => {
            let mut met = shown_by.iter();
            met.all(|one| !is_momentary(one)).then_some(only)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::checks;
    use crate::wire::exchange::{RequestRecord, ResponseRecord};

    fn exchange(method: Method, uri: &str, status: u16) -> Exchange {
        let status = StatusCode::from_u16(status).expect("a status");
        Exchange {
            request: RequestRecord::new(method, uri),
            response: Ok(ResponseRecord::new(status)),
        }
    }

    fn judged<'a>(id: &str, is_violated: bool, shown_by: &[&'a Exchange]) -> Judged<'a> {
        Judged {
            requirement: checks::find(id).expect("it is in the suite"),
            is_violated,
            shown_by: shown_by.to_vec(),
            status: None,
        }
    }

    /// The ids of the groups.
    fn groups(judged: &[Judged<'_>]) -> Vec<Vec<&'static str>> {
        let groups = group(judged).into_iter();
        groups
            .map(|group| group.members.iter().map(|one| one.id).collect())
            .collect()
    }

    #[test]
    fn requests_rejected_in_the_same_way_have_one_cause() {
        let by_digest = exchange(Method::GET, "/v2/a/manifests/sha256:0", 500);
        let by_tag = exchange(Method::GET, "/v2/a/manifests/1", 500);
        let list = exchange(Method::GET, "/v2/a/tags/list", 500);
        let found = |other: &Exchange| {
            let one = judged("deletion/deleted-is-gone", true, &[&by_digest]);
            groups(&[one, judged("tags/n-honoured", true, &[other])]).len()
        };
        assert_eq!(found(&by_tag), 1);
        assert_eq!(found(&list), 2, "another endpoint");
        let missing = exchange(Method::GET, "/v2/a/manifests/1", 404);
        assert_eq!(found(&missing), 2, "another status");
        let accepted = exchange(Method::GET, "/v2/a/manifests/1", 200);
        assert_eq!(found(&accepted), 2, "no rejection");
        let wrongly = |id| Judged {
            status: Some(StatusCode::OK),
            ..judged(id, true, &[&accepted])
        };
        let both = [
            wrongly("deletion/deleted-is-gone"),
            wrongly("tags/n-honoured"),
        ];
        assert_eq!(groups(&both).len(), 1, "a success may be wrong");
    }

    #[test]
    fn a_rejection_for_what_was_sent_or_for_who_sent_it_is_special() {
        let found = |[one, other]: [&Exchange; 2]| {
            let one = judged("deletion/deleted-is-gone", true, &[one]);
            groups(&[one, judged("tags/n-honoured", true, &[other])]).len()
        };
        let put = |status| exchange(Method::PUT, "/v2/a/manifests/1", status);
        assert_eq!(
            found([&put(400), &put(400)]),
            2,
            "two contents may be wrong"
        );
        assert_eq!(found([&put(500), &put(500)]), 1);
        let list = exchange(Method::GET, "/v2/a/tags/list", 401);
        assert_eq!(
            found([&put(401), &list]),
            1,
            "the client is refused everywhere"
        );
        let read = exchange(Method::GET, "/v2/a/manifests/1", 403);
        assert_eq!(found([&put(403), &read]), 1, "a permission");
    }

    #[test]
    fn a_declared_fault_explains_violations_unless_it_is_refuted() {
        let served_with_another_type = |is_converted| {
            groups(&[
                judged("manifests/read-back-exact", true, &[]),
                judged("pull/manifest-type", true, &[]),
                judged("pull/manifest-not-converted", is_converted, &[]),
            ])
        };
        assert_eq!(
            served_with_another_type(true),
            [[
                "pull/manifest-type",
                "pull/manifest-not-converted",
                "manifests/read-back-exact"
            ]]
        );
        let refuted = served_with_another_type(false);
        assert_eq!(
            refuted,
            [["manifests/read-back-exact"], ["pull/manifest-type"]]
        );
    }

    #[test]
    fn an_obstacle_belongs_to_the_closest_cause() {
        let listed = exchange(Method::GET, "/v2/a/tags/list", 404);
        let read = exchange(Method::GET, "/v2/a/manifests/1", 500);
        let violated = [
            judged("tags/list-answers", true, &[&listed]),
            judged("pull/get-finds-tag", true, &[&read]),
        ];
        let groups = group(&violated);
        let found = |groups: &[Group<'_>], met: &Exchange| {
            let cause = blocking(groups, ObstacleKind::Arrangement, &[met]);
            cause.map(|group| group.lead().id)
        };
        assert_eq!(found(&groups, &read), Some("pull/get-finds-tag"));
        let elsewhere = exchange(Method::PUT, "/v2/a/manifests/1", 400);
        assert_eq!(found(&groups, &elsewhere), None, "either may be the cause");
        assert_eq!(found(&groups[..1], &elsewhere), Some("tags/list-answers"));
        let overloaded = exchange(Method::PUT, "/v2/a/manifests/1", 503);
        assert_eq!(found(&groups[..1], &overloaded), None);
        let mut lost = exchange(Method::GET, "/v2/a/tags/list", 200);
        lost.response = Err("reset".to_owned());
        assert_eq!(found(&groups[..1], &lost), None, "the network");
        let limited = exchange(Method::GET, "/v2/a/tags/list", 429);
        assert_eq!(found(&groups[..1], &limited), None, "the rate");
    }
}
