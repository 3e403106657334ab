//! Compares two registries, and bisects a list of versions of one.
//!
//! Both sides are examined by the same plan with the same seed. If both are live targets, a snapshot of each is taken
//! as well. `reports` compares what was recorded, without a registry.

use helm_oci_reports::compare::{Bisection, TargetComparison};
use helm_oci_reports::record::TargetRecord;
use helm_oci_reports::snapshot::Snapshot;

use crate::run::{Events, Interrupt, Interrupted, Job, Plan, Schedule, examine_target};
use crate::snapshot::{self, SnapshotError, Subject};
use crate::target::resolved::ResolvedTarget;

/// One side of a comparison.
pub enum Side {
    /// A record of an earlier run.
    Record(Box<TargetRecord>),
    /// A target to examine.
    Target(Box<Job>),
}

/// The two sides of a comparison. A target that is compared with itself is one job on both sides.
pub struct Pair {
    /// The registry that users move from.
    pub a: Side,
    /// The registry that users move to.
    pub b: Side,
}

impl Pair {
    /// The targets to examine.
    pub fn targets(&self) -> impl Iterator<Item = &ResolvedTarget> {
        let sides = [&self.a, &self.b].into_iter();
        sides.filter_map(|side| match side {
            Side::Record(_) => None,
            Side::Target(job) => Some(&job.target),
        })
    }
}

/// The result of a comparison.
pub struct Compared {
    /// The differences.
    pub comparison: TargetComparison,
    /// The targets of which no snapshot could be taken, each with the reason.
    pub without_snapshot: Vec<(String, SnapshotError)>,
}

impl Compared {
    /// True if a part of the comparison is inconclusive.
    pub fn is_inconclusive(&self) -> bool {
        self.comparison.is_inconclusive() || !self.without_snapshot.is_empty()
    }
}

/// Examines one target by a plan.
pub struct Examiner<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The concurrency.
    pub schedule: Schedule,
    /// The receiver of progress.
    pub events: &'a Events,
    /// The end of the run on Ctrl-C.
    pub interrupt: &'a Interrupt,
}

impl Examiner<'_> {
    async fn examine(&self, job: &Job) -> Result<TargetRecord, Interrupted> {
        examine_target(self.plan, job, self.schedule, self.events, self.interrupt).await
    }

    /// Compares the two sides.
    pub async fn compare(&self, pair: &Pair) -> Result<Compared, Interrupted> {
        let are_live = matches!((&pair.a, &pair.b), (Side::Target(_), Side::Target(_)));
        let mut without_snapshot = Vec::new();
        let (a, snapshot_a) = self
            .observe(&pair.a, are_live, &mut without_snapshot)
            .await?;
        let (b, snapshot_b) = self
            .observe(&pair.b, are_live, &mut without_snapshot)
            .await?;
        let snapshots = snapshot_a.as_ref().zip(snapshot_b.as_ref());
        Ok(Compared {
            comparison: TargetComparison::between(&a, &b, snapshots),
            without_snapshot,
        })
    }

    /// The record of a side, and its snapshot if both sides are live and it could be examined.
    async fn observe(
        &self,
        side: &Side,
        are_live: bool,
        without_snapshot: &mut Vec<(String, SnapshotError)>,
    ) -> Result<(TargetRecord, Option<Snapshot>), Interrupted> {
        let job = match side {
            Side::Record(record) => return Ok((record.as_ref().clone(), None)),
            Side::Target(job) => job,
        };
        let record = self.examine(job).await?;
        if !are_live || record.obstacle.is_some() {
            return Ok((record, None));
        }
        let seed = self.plan.seed;
        let snapshot = match snapshot::take(job, &Subject::Golden { seed }, self.interrupt).await? {
            Ok(taken) => Some(taken.snapshot),
            Err(error) => {
                without_snapshot.push((job.target.name.clone(), error));
                None
            }
        };
        Ok((record, snapshot))
    }

    /// Finds for each difference between the first and the last target the first target that has it.
    pub async fn bisect(&self, jobs: &[Job]) -> Result<Bisection, Interrupted> {
        let mut bisection =
            Bisection::new(jobs.iter().map(|job| job.target.name.clone()).collect());
        while let Some(position) = bisection.next() {
            let record = self.examine(&jobs[position]).await?;
            bisection.record(position, record);
        }
        Ok(bisection)
    }
}
