//! Runs a plan on targets and collects the record.
//!
//! As many targets as are asked for are examined at the same time, but never two on one registry, where they would
//! work under the same names; on each, checks run side by side. Whatever
//! the order in which they end, the record has targets as they were named and checks as they are in the plan. The runner owns every deadline, and it takes away
//! what it launched on every path.

pub mod capabilities;
pub mod cleanup;
pub mod plan;
pub mod preflight;

mod check;
mod deadline;
mod entry;
mod event;
mod helms;
mod interrupt;
mod job;
mod large;
mod meter;
mod turns;
mod visit;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use helm_oci_reports::record::{
    CheckRecord, Footer, RunIdentity, RunRecord, SCHEMA, SuiteIdentity, TargetIdentity,
    TargetRecord,
};
use helm_oci_suite::checks;
use helm_oci_suite::prediction::table::{self, Responses, Verdicts};
use helm_oci_suite::requirement::Requirement;
use helm_oci_suite::requirement::outcome::Rules;
use helm_oci_suite::session::Session;
use helm_oci_suite::session::adopted::Adopted;
use helm_oci_suite::session::target::Target;
use helm_oci_suite::session::write_mode::{Permission, is_objection};
use helm_oci_suite::verdict::{Obstacle, ObstacleKind, Stop, Verdict};

use self::plan as names;
use crate::clock;
use crate::clock::Stopwatch;
use crate::deviations::Deviations;
use crate::exit_code::ExitCode;
use crate::launch::{LaunchError, Launched};
use crate::target::resolved::ResolvedTarget;

use self::deadline::within;
use self::helms::Shown;
use self::large::Placed;
use self::preflight::{Preflight, preflight};
use self::turns::Turns;

pub use self::check::{Examined, examine};
pub use self::entry::record;
pub use self::event::{Event, Events, Told};
pub use self::helms::{Helms, id as flow_id};
pub use self::interrupt::{Interrupt, Interrupted};
pub use self::job::{AssignError, Job};
pub(crate) use self::visit::visit;

/// How many checks run side by side on a target, if nothing else is said: enough for a slow line to be kept busy.
pub const SIDE_BY_SIDE: u16 = 16;

/// How long one check may take.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// What to run and how.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The requirements, in the suite's order.
    pub requirements: Vec<&'static Requirement>,
    /// The ids of the flows of real Helms.
    pub flows: BTreeSet<String>,
    /// What selected them, in words; nothing if it is all.
    pub only: Vec<String>,
    /// Which part of the targets it is for, if not for all.
    pub shard: Option<String>,
    /// The seed of names and content.
    pub seed: u64,
    /// How many checks run at the same time.
    pub jobs: usize,
    /// How long one check may take.
    pub deadline: Duration,
    /// The real Helms whose flows are run as well.
    pub helms: Helms,
    /// Whether a violated Should fails the run.
    pub strict: bool,
    /// What is known to deviate.
    pub deviations: Deviations,
}

/// Runs the plan on every target, on `parallel` of them at the same time.
pub async fn run(
    plan: &Plan,
    jobs: &[Job],
    parallel: usize,
    events: &Events,
    interrupt: &Interrupt,
) -> Result<RunRecord, Interrupted> {
    let (started, begun) = (clock::now(), Stopwatch::start());
    let turns = &Turns::of(jobs);
    let examined = jobs.iter().map(|job| async move {
        let _turn = turns.wait(job).await;
        on_target(plan, job, events, interrupt).await
    });
    // All of them come to their end, also after an interruption: each takes away what it launched.
    let ended: Vec<_> = futures_util::stream::iter(examined)
        .buffered(parallel.max(1))
        .collect()
        .await;
    let records = all_or_leftovers(ended)?;
    let deviations = plan.deviations.problems(&plan.requirements, &records);
    let footer = Footer {
        checks: records.iter().map(|target| target.checks.len()).sum(),
        flows: records
            .iter()
            .flat_map(|target| &target.helm_versions)
            .map(|helm| helm.flows.len())
            .sum(),
        exit_code: ExitCode::of(&records, &deviations).number(),
    };
    Ok(RunRecord {
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
            milliseconds: begun.milliseconds(),
        },
        targets: records,
        deviations,
        footer,
    })
}

async fn on_target(
    plan: &Plan,
    job: &Job,
    events: &Events,
    interrupt: &Interrupt,
) -> Result<TargetRecord, Interrupted> {
    let (name, begun) = (job.target.name.as_str(), Stopwatch::start());
    let plan = &Plan {
        jobs: job.target.policy.concurrency(plan.jobs),
        ..plan.clone()
    };
    let events = &events.of(name);
    events.tell(Event::Launching);
    let work = async |target, identity| {
        Box::pin(examine_target(plan, job, target, identity, events)).await
    };
    let mut record = match Box::pin(visit(job, plan.seed, interrupt, work)).await? {
        Err(error) => unavailable(&job.target, &error),
        Ok(visit) => {
            let mut record = visit.found.unwrap_or_else(|| defect(name, visit.identity));
            record.leftovers = visit.leftovers;
            record.requests = visit.requests;
            record.concurrency = plan.jobs;
            record
        }
    };
    record.milliseconds = begun.milliseconds();
    events.tell(Event::Left);
    Ok(record)
}

/// All records, or what was left behind everywhere if the run was interrupted on one target.
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

/// Everything between the launch and the clean-up.
async fn examine_target(
    plan: &Plan,
    job: &Job,
    mut target: Target,
    identity: TargetIdentity,
    events: &Events,
) -> TargetRecord {
    let name = &job.target.name;
    let Preflight {
        server,
        mut obstacle,
        exchanges,
    } = preflight(&target).await;
    if obstacle.is_none() {
        obstacle = names::occupied(&target).await;
    }
    if obstacle.is_none() {
        obstacle = adopt(&mut target).await;
    }
    let mut record = TargetRecord::new(name, TargetIdentity { server, ..identity });
    if obstacle.is_some() {
        record.obstacle = obstacle;
        record.exchanges = exchanges;
        return record;
    }
    record.capabilities = capabilities::probe(&mut target).await;
    events.tell(Event::Started {
        checks: plan.requirements.len() + plan.flow_count(),
    });
    let (checks, verdicts, responses) = examine_all(plan, job, &target, &record, events).await;
    record.checks = checks;
    capabilities::note_left_out(&mut record);
    if !plan.requirements.is_empty() {
        record.eras = table::table(&checks::all(), &verdicts, &responses);
    }
    if plan.flow_count() > 0 {
        let ca_file = job.target.connection.trust.ca_file.as_deref();
        let shown = Shown {
            checks: &record.checks,
            verdicts: &verdicts,
        };
        record.helm_versions = helms::examine(plan, &target, &shown, ca_file, events).await;
    }
    record
}

/// Reads the chart that a run without writing looks at; tells why that cannot be done.
async fn adopt(target: &mut Target) -> Option<Obstacle> {
    let Permission::Reading(mut looks) = target.permission.clone() else {
        return None;
    };
    let tag = looks.tag.clone()?;
    let session = Session::new(target.clone(), "adopt");
    match within(DEADLINE, &session, Adopted::read(&session, &tag)).await {
        Some(Ok(adopted)) => {
            looks.chart = Some(Arc::new(adopted));
            target.permission = Permission::Reading(looks);
            None
        }
        Some(Err(Stop::Inconclusive(obstacle))) => {
            Some(Obstacle::new(obstacle.kind, obstacle.what))
        }
        Some(Err(_)) | None => {
            let what = format!("the chart under {tag} could not be read");
            Some(Obstacle::new(ObstacleKind::Arrangement, what))
        }
    }
}

/// The target as the suite sees it.
pub fn target(seed: u64, launched: &Launched) -> Target {
    Target {
        credentials: launched.credentials.clone(),
        namespace: launched.namespace.clone(),
        ..Target::new(Arc::clone(&launched.registry), seed)
    }
}

/// Runs every check of the plan; records come in the order of the plan.
async fn examine_all(
    plan: &Plan,
    job: &Job,
    target: &Target,
    TargetRecord { name, identity, .. }: &TargetRecord,
    events: &Events,
) -> (Vec<CheckRecord>, Verdicts, Responses) {
    let without_room = &large::without_room(&plan.requirements, job.target.policy.budget);
    let examine_one = async |(position, requirement): Placed| {
        let examined = match without_room.get(requirement.id) {
            Some(why) => Examined::left_out(why),
            None => examine(requirement, target, plan.deadline).await,
        };
        let listed = plan.deviations.of(requirement, name, identity);
        let rules = Rules {
            strict: plan.strict,
            deviates: listed.is_some(),
        };
        let mut record = entry::record(requirement, &examined, rules);
        record.deviation = listed.map(Into::into);
        events.tell(Event::Checked {
            outcome: record.outcome,
        });
        (position, requirement, record, examined)
    };
    let groups = large::groups(&plan.requirements)
        .into_iter()
        .map(async |group| {
            let mut done = Vec::with_capacity(group.len());
            for placed in group {
                done.push(examine_one(placed).await);
            }
            done
        });
    let done: Vec<_> = futures_util::stream::iter(groups)
        .buffer_unordered(plan.jobs.max(1))
        .collect()
        .await;
    let mut done: Vec<_> = done.into_iter().flatten().collect();
    done.sort_by_key(|(position, ..)| *position);
    let mut verdicts = Verdicts::new();
    let mut responses = Responses::new();
    let mut records = Vec::with_capacity(done.len());
    for (_, requirement, record, examined) in done {
        // What the run was not allowed to look at is as unknown as what was not selected.
        let is_left_out = without_room.contains_key(requirement.id);
        let is_forbidden =
            matches!(&examined.verdict, Verdict::NotApplicable(why) if is_objection(why));
        if !is_left_out && !is_forbidden {
            responses.insert(requirement.id, examined.shown());
            verdicts.insert(requirement.id, examined.verdict);
        }
        records.push(record);
    }
    (records, verdicts, responses)
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
