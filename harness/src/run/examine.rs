//! Examines targets and assembles the run record.

use std::sync::Arc;

use futures_util::StreamExt;
use helm_oci_reports::record::{
    Footer, Leftover, LineRecord, RunIdentity, RunRecord, SCHEMA, SuiteIdentity, TargetIdentity,
    TargetKind, TargetRecord,
};
use helm_oci_suite::session::target::Target;
use helm_oci_suite::verdict::{Obstacle, ObstacleKind};

use super::registry_locks::RegistryLocks;
use super::results::{self, Results};
use super::target::TargetExamination;
use super::{
    DEADLINE, Event, Events, Interrupt, Interrupted, Job, Pace, Plan, Schedule, with_target,
};
use crate::clock::{self, Stopwatch};
use crate::exit_code::ExitCode;
use crate::launch::LaunchError;
use crate::target::policy::{Concurrency, Policy};
use crate::target::resolved::ResolvedTarget;

/// Examines the targets by the plan, and returns the run record; after an interruption that of what was examined before.
///
/// Each target is launched, examined, cleaned up and stopped, also after an interruption.
pub async fn examine(
    plan: &Plan,
    jobs: &[Job],
    schedule: Schedule,
    events: &Events,
    interrupt: &Interrupt,
) -> Result<RunRecord, Interrupted<Box<RunRecord>>> {
    let (started, begun) = (clock::now(), Stopwatch::start());
    let locks = &RegistryLocks::of(jobs);
    let examinations = jobs.iter().map(|job| async move {
        let _lock = locks.lock(job).await;
        examine_job(plan, job, schedule, events, interrupt).await
    });
    // All of them are awaited to the end, also after an interruption: each stops what it launched.
    let ended: Vec<_> = futures_util::stream::iter(examinations)
        .buffered(schedule.targets.max(1))
        .collect()
        .await;
    let is_interrupted = ended.iter().any(|(_, is_interrupted)| *is_interrupted);
    let targets = ended.into_iter().map(|(target, _)| target).collect();
    let mut record = record(plan, targets, started, begun.milliseconds());
    if !is_interrupted {
        return Ok(record);
    }
    record.footer.exit_code = ExitCode::Interrupted.number();
    Err(Interrupted {
        left: record.targets.iter().filter_map(left).collect(),
        before: Box::new(record),
    })
}

/// The leftovers of a target, with its name.
fn left(target: &TargetRecord) -> Option<(String, Vec<Leftover>)> {
    let leftovers = &target.leftovers;
    (!leftovers.is_empty()).then(|| (target.name.clone(), leftovers.clone()))
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
    let (record, is_interrupted) = examine_job(plan, job, schedule, events, interrupt).await;
    if !is_interrupted {
        return Ok(record);
    }
    Err(Interrupted {
        left: left(&record).into_iter().collect(),
        before: (),
    })
}

/// Examines one target. Returns its record, and true if it was interrupted before the end.
async fn examine_job(
    plan: &Plan,
    job: &Job,
    schedule: Schedule,
    events: &Events,
    interrupt: &Interrupt,
) -> (TargetRecord, bool) {
    let (name, begun) = (job.target.name.as_str(), Stopwatch::start());
    let events = &events.of(name);
    let mut concurrency = job.target.policy.concurrency(schedule.checks);
    if job.target.kind.endpoint().is_none() {
        // It shares this machine, and no network delays its responses.
        concurrency.most = concurrency.first;
    }
    let pace = &Arc::new(Pace::new(concurrency));
    let results = &Results::default();
    let examination = &TargetExamination {
        plan,
        name,
        policy: &job.target.policy,
        ca_file: job.target.connection.trust.ca_file.as_deref(),
        concurrency: concurrency.most,
        retries: schedule.retries,
        soak: schedule.soak,
        pace,
        deadline: schedule.deadline,
        events,
        results,
    };
    events.send(Event::Launching);
    let work = async |target, identity| Box::pin(examination.record(target, identity)).await;
    let ended = Box::pin(with_target(job, plan.seed, pace, interrupt, work)).await;
    let is_interrupted = ended.is_err();
    let ended = ended.map(|launched| {
        launched.map(|ended| {
            let record = ended.result.unwrap_or_else(|| defect(name, ended.identity));
            (record, ended.leftovers, ended.requests)
        })
    });
    let (mut record, leftovers, requests) = match ended {
        Ok(Err(error)) => (unavailable(&job.target, &error), Vec::new(), 0),
        Ok(Ok(examined)) => examined,
        Err(Interrupted {
            left,
            before: requests,
        }) => {
            let record = results.interrupted(plan, job.write_mode.is_read_only());
            let record = record.unwrap_or_else(|| not_begun(&job.target));
            let left = left.into_iter().flat_map(|(_, left)| left);
            (record, left.collect(), requests)
        }
    };
    record.leftovers = leftovers;
    record.requests = requests;
    record.concurrency = pace.highest();
    record.line = LineRecord {
        recovered: record.line.recovered,
        ..pace.line()
    };
    record.milliseconds = begun.milliseconds();
    events.send(Event::Ended);
    (record, is_interrupted)
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
        pace: &Pace::new(Concurrency::fixed(1)),
        deadline: DEADLINE,
        events: &Events::ignored(),
        results: &Results::default(),
    };
    let identity = TargetIdentity::of_kind(TargetKind::Reference);
    Box::pin(examination.record(target, identity)).await
}

/// The record of a target on which the interrupted run had not begun its checks.
fn not_begun(target: &ResolvedTarget) -> TargetRecord {
    let identity = TargetIdentity::of_kind(target.kind.recorded());
    let mut record = TargetRecord::new(&target.name, identity);
    record.obstacle = Some(results::obstacle("interrupted before the checks began"));
    record
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
