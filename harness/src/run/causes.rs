//! Notes for each violated or inconclusive result the requirement whose finding has the same cause.

use helm_oci_reports::record::{CheckRecord, FlowRecord, TargetRecord};
use helm_oci_suite::checks;
use helm_oci_suite::prediction::causes::{Group, Judged, blocking, group};
use helm_oci_suite::requirement::Level;
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::verdict::Obstacle;
use helm_oci_suite::wire::exchange::Exchange;
use http::StatusCode;

/// Notes the causes in the checks and the flows of a target.
pub(super) fn note(record: &mut TargetRecord) {
    let judged: Vec<Judged<'_>> = record.checks.iter().filter_map(judged).collect();
    let groups = group(&judged);
    let causes = Causes {
        groups: &groups,
        checks: &record.checks,
    };
    let of_checks: Vec<_> = record
        .checks
        .iter()
        .map(|one| causes.of_check(one))
        .collect();
    let of_flows: Vec<_> = record.flows().map(|one| causes.of_flow(one)).collect();
    for (check, cause) in record.checks.iter_mut().zip(of_checks) {
        check.cause = cause;
    }
    let clients = record.models.iter_mut().chain(&mut record.helm_versions);
    let flows = clients.flat_map(|client| &mut client.flows);
    for (flow, cause) in flows.zip(of_flows) {
        flow.cause = cause;
    }
}

/// A check with a definite result; a MAY is never violated.
fn judged(check: &CheckRecord) -> Option<Judged<'_>> {
    let is_violated = match check.outcome {
        Outcome::Fail | Outcome::Warn | Outcome::Known => true,
        Outcome::Pass | Outcome::Present | Outcome::Stale => false,
        Outcome::Absent | Outcome::Skipped | Outcome::Intermittent | Outcome::Inconclusive => {
            return None;
        }
    };
    let finding = check.finding.as_ref().filter(|_| check.level != Level::May);
    let positions = finding.iter().flat_map(|finding| &finding.exchanges);
    Some(Judged {
        requirement: checks::find(&check.id)?,
        is_violated,
        shown_by: at(&check.exchanges, positions).collect(),
        status: finding.and_then(|finding| status(&finding.actual)),
    })
}

/// The status with which an observation begins.
fn status(actual: &str) -> Option<StatusCode> {
    let rest = actual.strip_prefix("status ")?;
    rest.split(' ').next()?.parse().ok()
}

fn at<'a, 'p>(
    exchanges: &'a [Exchange],
    positions: impl Iterator<Item = &'p usize>,
) -> impl Iterator<Item = &'a Exchange> {
    positions.filter_map(|position| exchanges.get(*position))
}

/// The groups of violations, by requirement.
struct Causes<'g, 'a> {
    groups: &'g [Group<'a>],
    checks: &'a [CheckRecord],
}

impl<'a> Causes<'_, 'a> {
    /// The requirement with the finding; none for that one itself.
    fn of_check(&self, check: &CheckRecord) -> Option<String> {
        let group = match &check.obstacle {
            Some(obstacle) => self.blocking(&check.exchanges, obstacle),
            None => self.group_of(&check.id),
        };
        let lead = self.lead(group?);
        (lead != check.id).then(|| lead.to_owned())
    }

    fn of_flow(&self, flow: &FlowRecord) -> Option<String> {
        let best = flow.because.first();
        let explained = best.and_then(|best| self.group_of(&best.requirement));
        let group = match &flow.obstacle {
            Some(obstacle) => self.blocking(&flow.exchanges, obstacle),
            None => explained,
        };
        group.map(|group| self.lead(group).to_owned())
    }

    fn group_of(&self, id: &str) -> Option<&Group<'a>> {
        let mut groups = self.groups.iter();
        groups.find(|group| group.members.iter().any(|member| member.id == id))
    }

    fn blocking(&self, exchanges: &[Exchange], obstacle: &Obstacle) -> Option<&Group<'a>> {
        let met: Vec<&Exchange> = at(exchanges, obstacle.exchanges.iter()).collect();
        blocking(self.groups, obstacle.kind, &met)
    }

    /// The requirement with the finding of a group: one that fails the run, if there is one.
    fn lead(&self, group: &Group<'a>) -> &'static str {
        let fails = |id: &str| {
            let mut checks = self.checks.iter();
            checks.any(|check| check.id == id && check.outcome == Outcome::Fail)
        };
        let mut members = group.members.iter();
        let failing = members.find(|member| fails(member.id));
        failing.copied().unwrap_or_else(|| group.lead()).id
    }
}
