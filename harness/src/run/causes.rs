//! Notes for each violated or inconclusive result the requirement whose finding has the same cause.

use std::collections::BTreeMap;

use helm_oci_reports::record::{CheckRecord, FlowRecord, TargetRecord};
use helm_oci_suite::checks;
use helm_oci_suite::prediction::causes::{Group, Judged, group, is_rejected};
use helm_oci_suite::requirement::Level;
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::verdict::Obstacle;
use helm_oci_suite::wire::exchange::Exchange;

/// Notes the causes in the checks and the flows of a target.
pub(super) fn note(record: &mut TargetRecord) {
    let judged: Vec<Judged<'_>> = record.checks.iter().filter_map(judged).collect();
    let groups = group(&judged);
    let causes = Causes::of(&groups);
    let of_checks: Vec<_> = record.checks.iter().map(|one| causes.of_check(one)).collect();
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
    })
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
    leads: BTreeMap<&'static str, &'static str>,
}

impl<'g, 'a> Causes<'g, 'a> {
    fn of(groups: &'g [Group<'a>]) -> Self {
        let leads = groups.iter().flat_map(|group| {
            let members = group.members.iter();
            members.map(|member| (member.id, group.lead().id))
        });
        Self {
            groups,
            leads: leads.collect(),
        }
    }

    /// The requirement with the finding; none for that one itself.
    fn of_check(&self, check: &CheckRecord) -> Option<String> {
        let lead = match &check.obstacle {
            Some(obstacle) => self.blocking(&check.exchanges, obstacle),
            None => self.leads.get(check.id.as_str()).copied(),
        };
        lead.filter(|lead| *lead != check.id).map(ToOwned::to_owned)
    }

    fn of_flow(&self, flow: &FlowRecord) -> Option<String> {
        let best = flow.because.first();
        let explained = best.and_then(|best| self.leads.get(best.requirement.as_str()).copied());
        let aborted_at = flow.gave_up.filter(|_| flow.error.is_some());
        let lead = match &flow.obstacle {
            Some(obstacle) => self.blocking(&flow.exchanges, obstacle),
            None => explained.or_else(|| self.explaining(&flow.exchanges, aborted_at.iter())),
        };
        lead.map(ToOwned::to_owned)
    }

    fn blocking(&self, exchanges: &[Exchange], obstacle: &Obstacle) -> Option<&'static str> {
        self.explaining(exchanges, obstacle.exchanges.iter())
    }

    /// The cause of a rejection among these exchanges.
    fn explaining<'p>(
        &self,
        exchanges: &[Exchange],
        positions: impl Iterator<Item = &'p usize>,
    ) -> Option<&'static str> {
        let mut rejected = at(exchanges, positions).filter(|one| is_rejected(one));
        rejected.find_map(|one| {
            let mut groups = self.groups.iter();
            let group = groups.find(|group| group.explains(one))?;
            Some(group.lead().id)
        })
    }
}
