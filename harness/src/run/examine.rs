//! Examines targets and assembles the run record.

use std::sync::Arc;

use futures_util::StreamExt;
use helm_oci_reports::record::{
    Footer, LineRecord, RunIdentity, RunRecord, SCHEMA, SuiteIdentity, TargetIdentity, TargetKind,
    TargetRecord,
};
use helm_oci_suite::session::target::Target;
use helm_oci_suite::verdict::{Obstacle, ObstacleKind};

use super::registry_locks::RegistryLocks;
use super::target::TargetExamination;
use super::{
    DEADLINE, Event, Events, Interrupt, Interrupted, Job, Pace, Plan, Schedule, with_target,
};
use crate::clock::{self, Stopwatch};
use crate::exit_code::ExitCode;
use crate::launch::LaunchError;
use crate::target::policy::Policy;
use crate::target::resolved::ResolvedTarget;

/// Examines the targets by the plan, and returns the run record.
///
/// Each target is launched, examined, cleaned up and stopped, also after an interruption.
pub async fn examine(
    plan: &Plan,
    jobs: &[Job],
    schedule: Schedule,
    events: &Events,
    interrupt: &Interrupt,
) -> Result<RunRecord, Interrupted> {
    let (started, begun) = (clock::now(), Stopwatch::start());
    let locks = &RegistryLocks::of(jobs);
    let examinations = jobs.iter().map(|job| async move {
        let _lock = locks.lock(job).await;
        examine_target(plan, job, schedule, events, interrupt).await
    });
    // All of them are awaited to the end, also after an interruption: each stops what it launched.
    let ended: Vec<_> = futures_util::stream::iter(examinations)
        .buffered(schedule.targets.max(1))
        .collect()
        .await;
    let targets = all_or_leftovers(ended)?;
    Ok(record(plan, targets, started, begun.milliseconds()))
}

/// The record of a run on these targets.
pub fn record(
    plan: &Plan,
    targets: Vec<TargetRecord>,
    started: String,
    milliseconds: u64,
) -> RunRecord {
    let deviations = plan.deviations.problems(&plan.requirements, &targets);
    let footer = Footer {
        checks: targets.iter().map(|target| target.checks.len()).sum(),
        flows: targets.iter().flat_map(TargetRecord::flows).count(),
        exit_code: ExitCode::of(&targets, &deviations, plan.strict).number(),
    };
    RunRecord {
        schema: SCHEMA,
        suite: SuiteIdentity {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        run: RunIdentity {
            seed: plan.seed,
            only: plan.only.clone(),
            shard: plan.shard.clone(),
            strict: plan.strict,
            started,
            milliseconds,
        },
        targets,
        deviations,
        footer,
    }
}

/// Examines one target, and returns its record.
pub async fn examine_target(
    plan: &Plan,
    job: &Job,
    schedule: Schedule,
    events: &Events,
    interrupt: &Interrupt,
) -> Result<TargetRecord, Interrupted> {
    let (name, begun) = (job.target.name.as_str(), Stopwatch::start());
    let events = &events.of(name);
    let concurrency = job.target.policy.concurrency(schedule.checks);
    let pace = &Arc::new(Pace::new(concurrency));
    let examination = &TargetExamination {
        plan,
        name,
        policy: &job.target.policy,
        ca_file: job.target.connection.trust.ca_file.as_deref(),
        concurrency,
        retries: schedule.retries,
        soak: schedule.soak,
        pace,
        deadline: schedule.deadline,
        events,
    };
    events.send(Event::Launching);
    let work = async |target, identity| Box::pin(examination.record(target, identity)).await;
    let mut record = match Box::pin(with_target(job, plan.seed, pace, interrupt, work)).await? {
        Err(error) => unavailable(&job.target, &error),
        Ok(ended) => {
            let mut record = ended.result.unwrap_or_else(|| defect(name, ended.identity));
            record.leftovers = ended.leftovers;
            record.requests = ended.requests;
            record.concurrency = examination.concurrency;
            record.line = LineRecord {
                recovered: record.line.recovered,
                ..pace.line()
            };
            record
        }
    };
    record.milliseconds = begun.milliseconds();
    events.send(Event::Ended);
    Ok(record)
}

/// Examines a target that is available: what a run does between launch and clean-up.
pub async fn examine_available(plan: &Plan, name: &str, target: Target) -> TargetRecord {
    let examination = TargetExamination {
        plan,
        name,
        policy: &Policy::default(),
        ca_file: None,
        concurrency: 1,
        retries: 1,
        soak: 0,
        pace: &Pace::new(1),
        deadline: DEADLINE,
        events: &Events::ignored(),
    };
    let identity = TargetIdentity::of_kind(TargetKind::Reference);
    Box::pin(examination.record(target, identity)).await
}

/// All records; or, if the run was interrupted on one target, the leftovers on all targets.
fn all_or_leftovers(
    ended: Vec<Result<TargetRecord, Interrupted>>,
) -> Result<Vec<TargetRecord>, Interrupted> {
    if ended.iter().all(Result::is_ok) {
        return Ok(ended.into_iter().filter_map(Result::ok).collect());
    }
    let left = ended.into_iter().flat_map(|target| match target {
        Ok(record) => vec![(record.name, record.leftovers)],
        Err(interrupted) => interrupted.left,
    });
    Err(Interrupted {
        left: left.filter(|(_, left)| !left.is_empty()).collect(),
    })
}

fn unavailable(target: &ResolvedTarget, error: &LaunchError) -> TargetRecord {
    let identity = TargetIdentity::of_kind(target.kind.recorded());
    let mut record = TargetRecord::new(&target.name, identity);
    record.obstacle = Some(Obstacle::new(
        ObstacleKind::Arrangement,
        crate::error::chain(error),
    ));
    record
}

fn defect(name: &str, identity: TargetIdentity) -> TargetRecord {
    let mut record = TargetRecord::new(name, identity);
    let what = "the suite panicked while it examined the target; please report this";
    record.obstacle = Some(Obstacle::new(ObstacleKind::Defect, what));
    record
}
