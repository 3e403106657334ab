//! The flows of client models: the checks that replay a flow become flow results, explained by the violations of the run.

use helm_oci_reports::record::{CheckRecord, FlowRecord, HelmRecord, TargetRecord};
use helm_oci_suite::checks;
use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::version::join;
use helm_oci_suite::prediction::explain::{Failure, Violation, explain_model};
use helm_oci_suite::prediction::table::{FlowVerdict, Prediction, Verdicts};
use helm_oci_suite::requirement::Requirement;
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::verdict::Verdict;
use semver::Version;

use super::Checked;
use super::observation::{described, violations};
use super::results::Done;

/// Makes the flows of client models intermittent that fail because the registry refuses a manifest at times: the same PUT
/// succeeded when a repeated flow sent it again, and no violated requirement can break the flow.
pub(super) fn note_refusals_at_times(done: &mut [Done]) {
    let violated = done
        .iter()
        .filter(|one| one.requirement.replays.is_none() && one.checked.verdict.is_violated());
    let breaks: Vec<_> = violated.flat_map(|one| one.requirement.breaks).collect();
    for one in done {
        let Some((flow, (major, minor, patch))) = one.requirement.replays else {
            continue;
        };
        let helm = Version::new(major, minor, patch);
        let is_explained = breaks.iter().any(|brk| brk.can_hit(&helm, flow));
        if is_explained || !is_accepted_again(&one.checked) {
            continue;
        }
        one.checked.verdict = Verdict::Satisfied;
        one.record.outcome = Outcome::Intermittent;
        one.record.finding = None;
    }
}

/// True if the violation is the refusal of a manifest that was accepted in some attempt when it was sent again.
fn is_accepted_again(settled: &Checked) -> bool {
    let mut attempts = settled.attempts.iter();
    settled.verdict.is_violated()
        && attempts.any(|one| {
            let Verdict::Violated(finding) = &one.verdict else {
                return false;
            };
            let last = finding.exchanges.last();
            let shown = last.and_then(|position| one.exchanges.get(*position));
            shown.is_some_and(|exchange| one.recovered.contains(&described(exchange)))
        })
}

/// Moves the results of client models from the checks of a target to its flows.
pub(super) fn separate(record: &mut TargetRecord, verdicts: &Verdicts) {
    let (checks, flows): (Vec<_>, Vec<_>) = std::mem::take(&mut record.checks)
        .into_iter()
        .map(|check| {
            (
                checks::find(&check.id).filter(|own| own.replays.is_some()),
                check,
            )
        })
        .partition(|(model, _)| model.is_none());
    record.checks = checks.into_iter().map(|(_, check)| check).collect();
    let violated = violations(&record.checks);
    let known: Vec<&str> = record
        .checks
        .iter()
        .filter(|check| check.outcome == Outcome::Known)
        .map(|check| check.id.as_str())
        .collect();
    let all = checks::all();
    let verdicts = requirements(verdicts);
    let prediction = Prediction::of(&all, &verdicts);
    let mut models: Vec<HelmRecord> = Vec::new();
    for (model, check) in flows {
        let model = model.expect("it is a client model");
        let (helm, flow) = flow_record(model, check, &violated, &known, &prediction);
        let version = helm.to_string();
        match models.iter_mut().find(|one| one.version == version) {
            Some(one) => one.flows.push(flow),
            None => models.push(HelmRecord {
                era: Era::of(&helm),
                version,
                binary: String::new(),
                flows: vec![flow],
            }),
        }
    }
    models.sort_by_key(|one| one.version.parse::<Version>().ok());
    record.models = models;
}

/// The verdicts on requirements alone, without those of client models.
fn requirements(verdicts: &Verdicts) -> Verdicts {
    let mut verdicts = verdicts.clone();
    verdicts.retain(|id, _| checks::find(id).is_some_and(|own| own.replays.is_none()));
    verdicts
}

fn flow_record(
    model: &Requirement,
    check: CheckRecord,
    violated: &[Violation<'_>],
    known: &[&str],
    prediction: &Prediction<'_>,
) -> (Version, FlowRecord) {
    let (flow, (major, minor, patch)) = model.replays.expect("it is a client model");
    let helm = Version::new(major, minor, patch);
    let predicted = prediction.version(&helm, flow);
    let shown = check.finding.iter().flat_map(|finding| &finding.exchanges);
    let aborted_at = shown.last().copied();
    let aborting = aborted_at.and_then(|position| check.exchanges.get(position));
    let error = check.finding.as_ref().map(|finding| {
        let met = aborting.map_or_else(|| finding.actual.clone(), described);
        format!("({met}; expected {})", finding.expected.join(" or "))
    });
    let because = error.as_deref().map(|error| {
        let failure = Failure {
            helm: &helm,
            flow,
            error,
            aborted_at: aborting,
        };
        explain_model(violated, &failure)
    });
    let because = because.unwrap_or_default();
    let is_known = check.blocked_by.is_some()
        || !because.is_empty()
            && because
                .iter()
                .all(|one| known.contains(&one.requirement.as_str()));
    let record = FlowRecord {
        id: check.id,
        versions: Some(join(model.represents.0)),
        flow,
        outcome: if is_known {
            Outcome::Known
        } else {
            check.outcome
        },
        predicted: predicted.unwrap_or(FlowVerdict::Unknown),
        reason: check.reason,
        obstacle: check.obstacle,
        error,
        because,
        cause: None,
        runs: Vec::new(),
        gave_up: aborted_at,
        exchanges: check.exchanges,
        attempts: check.attempts,
        requests: check.requests,
        milliseconds: check.milliseconds,
    };
    (helm, record)
}

#[cfg(test)]
mod tests {
    use helm_oci_fixtures::fault::Fault;
    use helm_oci_suite::proof;
    use helm_oci_suite::requirement::Setup;

    use crate::run::{Plan, examine_available};

    use super::*;

    #[tokio::test]
    async fn a_push_whose_manifest_is_accepted_again_is_intermittent_unless_it_is_explained() {
        let examine = async |ids: &[&str]| {
            let selected = ids.iter().map(|id| checks::find(id).expect("it is known"));
            let plan = Plan::new(selected.collect(), 1);
            let target = proof::target(Setup::Open, &[Fault::FirstManifestPutMissesBlobs]);
            let record = Box::pin(examine_available(&plan, "reference", target)).await;
            record.models[0].flows[0].outcome
        };
        let (flow, first) = ("flow/push-3.18", "names/first-manifest-accepted");
        assert_eq!(examine(&[flow]).await, Outcome::Intermittent);
        assert_eq!(examine(&[first, flow]).await, Outcome::Fail);
    }
}
