//! Two targets on one registry are examined one after the other, because they would use the same repository names.

use std::collections::BTreeMap;

use tokio::sync::{Mutex, MutexGuard};

use super::Job;

/// One lock for each registry that several targets may share, by its endpoint.
pub(super) struct RegistryLocks(BTreeMap<String, Mutex<()>>);

impl RegistryLocks {
    /// The locks for the registries of these jobs.
    pub(super) fn of(jobs: &[Job]) -> Self {
        let endpoints = jobs.iter().filter_map(|job| job.target.kind.endpoint());
        let locks = endpoints.map(|endpoint| (endpoint, Mutex::default()));
        Self(locks.collect())
    }

    /// Waits until no other job uses the registry, and locks it.
    pub(super) async fn lock(&self, job: &Job) -> Option<MutexGuard<'_, ()>> {
        let endpoint = job.target.kind.endpoint()?;
        Some(self.0.get(&endpoint)?.lock().await)
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
    async fn targets_on_one_registry_are_examined_one_after_the_other() {
        for (targets, is_shared) in [
            (["reference", "reference"], false),
            (["http://r.test", "http://other.test"], false),
            (["http://r.test/a", "http://r.test:80/b"], true),
        ] {
            let jobs = targets.map(job);
            let locks = RegistryLocks::of(&jobs);
            let first = locks.lock(&jobs[0]).await;
            let is_waiting = locks.lock(&jobs[1]).now_or_never().is_none();
            assert_eq!(is_waiting, is_shared, "{targets:?}");
            drop(first);
            assert!(locks.lock(&jobs[1]).now_or_never().is_some());
        }
    }
}
