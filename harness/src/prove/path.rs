//! The path of a run, in memory: preflight, capabilities, checks and table, on the reference registry with faults.

use std::panic::{AssertUnwindSafe, catch_unwind};

use helm_oci_fixtures::fault::Fault;
use helm_oci_reports::record::{CheckRecord, FlowRecord, TargetIdentity, TargetKind, TargetRecord};
use helm_oci_suite::proof;
use helm_oci_suite::requirement::{Requirement, Setup};
use helm_oci_suite::session::target::Target;
use helm_oci_suite::verdict::{Finding, Obstacle, ObstacleKind, Reason, Verdict};
use tokio::runtime;

use crate::run::{Plan, examine_available};

/// The name of the target in records of proofs.
const NAME: &str = "reference";

/// Examines the reference registry with these faults as a run does. A panic becomes an obstacle and does not end the
/// proof.
pub(super) fn examine(
    requirements: &[&'static Requirement],
    setup: Setup,
    faults: &[Fault],
) -> (Plan, TargetRecord) {
    examine_target(requirements, proof::target(setup, faults))
}

/// Examines a registry in memory as a run does.
pub(super) fn examine_target(
    requirements: &[&'static Requirement],
    target: Target,
) -> (Plan, TargetRecord) {
    let plan = Plan::new(requirements.to_vec(), target.seed);
    let runtime = runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime without I/O needs no resource");
    let examined = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(examine_available(&plan, NAME, target))
    }));
    let record = examined.unwrap_or_else(|_| {
        let mut record = TargetRecord::new(NAME, TargetIdentity::of_kind(TargetKind::Reference));
        record.obstacle = Some(Obstacle::new(
            ObstacleKind::Defect,
            "the examination panicked",
        ));
        record
    });
    (plan, record)
}

/// The verdict on a requirement in a record. On a target that was not examined every check is inconclusive.
pub(super) fn verdict(record: &TargetRecord, requirement: &Requirement) -> Verdict {
    let check = record
        .checks
        .iter()
        .find(|check| check.id == requirement.id);
    let flow = record.flows().find(|flow| flow.id == requirement.id);
    match (check, &record.obstacle) {
        (Some(check), _) => of_check(check),
        (None, _) if flow.is_some() => flow.map_or(Verdict::Satisfied, of_flow),
        (None, Some(obstacle)) => Verdict::Inconclusive(Box::new(obstacle.clone())),
        (None, None) => {
            let missing = Obstacle::new(ObstacleKind::Defect, "the check was not run");
            Verdict::Inconclusive(Box::new(missing))
        }
    }
}

fn of_check(check: &CheckRecord) -> Verdict {
    if let Some(finding) = &check.finding {
        Verdict::Violated(Box::new(finding.clone()))
    } else if let Some(obstacle) = &check.obstacle {
        Verdict::Inconclusive(Box::new(obstacle.clone()))
    } else if let Some(reason) = &check.reason {
        Verdict::NotApplicable(Reason::NotRun(reason.clone()))
    } else {
        Verdict::Satisfied
    }
}

/// The verdict of a client model.
fn of_flow(flow: &FlowRecord) -> Verdict {
    match (&flow.error, &flow.obstacle, &flow.reason) {
        (Some(error), ..) => Verdict::Violated(Box::new(Finding {
            expected: vec!["a flow that succeeds".to_owned()],
            actual: error.clone(),
            exchanges: Vec::new(),
        })),
        (None, Some(obstacle), _) => Verdict::Inconclusive(Box::new(obstacle.clone())),
        (None, None, Some(reason)) => Verdict::NotApplicable(Reason::NotRun(reason.clone())),
        (None, None, None) => Verdict::Satisfied,
    }
}
