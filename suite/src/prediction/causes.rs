//! Violations grouped by cause: one defect of a registry often violates several requirements.
//!
//! Two violations have one cause if the same kind of request was rejected with the same status. Others have one cause if
//! one known defect explains them: a fault that both requirements declare, while no satisfied requirement refutes it.
//! A violation that neither joins to another is a cause of its own.

use helm_oci_fixtures::fault::Fault;
use http::StatusCode;

use super::explain::is_alike;
use crate::requirement::{Level, Requirement};
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
}

/// Violated requirements with one cause.
#[derive(Debug, Clone)]
pub struct Group<'a> {
    /// All of them, at least one; the one that describes the cause best first.
    pub members: Vec<&'static Requirement>,
    /// The exchanges in which the registry rejected a request.
    rejected: Vec<&'a Exchange>,
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
            rejected: exchanges.filter(|one| is_rejected(one)).collect(),
            members: judged.iter().map(|one| one.requirement).collect(),
        }
    }

    /// Adds the violations of another group, behind its own unless only the other one has a MUST.
    fn join(&mut self, mut other: Self) {
        if self.lead().level != Level::Must && other.lead().level == Level::Must {
            std::mem::swap(self, &mut other);
        }
        self.members.extend(other.members);
        self.rejected.extend(other.rejected);
    }

    /// The requirement that describes the cause best.
    pub fn lead(&self) -> &'static Requirement {
        self.members[0]
    }

    fn shares(&self, other: &Group<'_>) -> bool {
        let mut rejected = other.rejected.iter();
        rejected.any(|one| self.explains(one))
    }

    /// True if the registry rejected such a request in the same way where it shows the violation.
    pub fn explains(&self, exchange: &Exchange) -> bool {
        let mut rejected = self.rejected.iter();
        rejected.any(|one| is_alike(one, exchange))
    }
}

/// True if the registry did not do what the request asks for.
pub fn is_rejected(exchange: &Exchange) -> bool {
    exchange.response.as_ref().map_or(true, |response| {
        is_failure(response.status)
    })
}

fn is_failure(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}
