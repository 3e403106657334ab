//! The flows of client models: the checks that replay a flow become flow results, explained by the violations of the run.

use helm_oci_reports::record::{CheckRecord, FlowRecord, HelmRecord, TargetRecord};
use helm_oci_suite::checks;
use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::version::join;
use helm_oci_suite::prediction::explain::{Failure, Violation, explain_model};
use helm_oci_suite::prediction::table::{FlowVerdict, Prediction, Verdicts};
use helm_oci_suite::requirement::Requirement;
use helm_oci_suite::requirement::outcome::Outcome;
use semver::Version;

use super::observation::{described, violations};

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
