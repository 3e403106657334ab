//! Targets that share a place take turns: on one registry they would work under the same names.

use std::collections::BTreeMap;

use tokio::sync::{Mutex, MutexGuard};

use super::Job;

/// Whose turn it is, by place.
pub(super) struct Turns(BTreeMap<String, Mutex<()>>);

impl Turns {
    /// The places of these jobs.
    pub(super) fn of(jobs: &[Job]) -> Self {
        let places = jobs.iter().filter_map(|job| job.target.kind.endpoint());
        Self(places.map(|place| (place, Mutex::default())).collect())
    }

    /// Waits until nobody else is at the job's place, and keeps it.
    pub(super) async fn wait(&self, job: &Job) -> Option<MutexGuard<'_, ()>> {
        let place = job.target.kind.endpoint()?;
        Some(self.0.get(&place)?.lock().await)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::environment::Environment;
    use crate::target::resolved::ParsedTarget;
    use crate::target::spec::TargetSpec;

    fn job(target: &str) -> Job {
        let target = ParsedTarget::parse(TargetSpec::named(target)).expect("it is a target");
        let target = target.resolve("run".to_owned(), None, &Environment::of(&[]));
        Job::new(target.expect("there is nothing to read"))
    }

    #[tokio::test]
    async fn targets_on_one_registry_take_turns() {
        for (targets, is_shared) in [
            (["reference", "reference"], false),
            (["http://r.test", "http://other.test"], false),
            (["http://r.test/a", "http://r.test:80/b"], true),
        ] {
            let jobs = targets.map(job);
            let turns = Turns::of(&jobs);
            let first = turns.wait(&jobs[0]).await;
            let is_waiting = turns.wait(&jobs[1]).now_or_never().is_none();
            assert_eq!(is_waiting, is_shared, "{targets:?}");
            drop(first);
            assert!(turns.wait(&jobs[1]).now_or_never().is_some());
        }
    }
}
