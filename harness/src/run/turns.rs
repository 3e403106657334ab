//! Targets that share a place take turns: on one registry they would work under the same names.

use std::collections::BTreeMap;

use tokio::sync::{Mutex, MutexGuard};

use super::Job;

/// Whose turn it is, by place.
pub(super) struct Turns(BTreeMap<String, Mutex<()>>);

impl Turns {
    /// The places of these jobs.
    pub(super) fn of(jobs: &[Job]) -> Self {
        let places = jobs.iter().filter_map(|job| job.launcher.place());
        Self(places.map(|place| (place, Mutex::default())).collect())
    }

    /// Waits until nobody else is at the job's place, and keeps it.
    pub(super) async fn wait(&self, job: &Job) -> Option<MutexGuard<'_, ()>> {
        let place = job.launcher.place()?;
        Some(self.0.get(&place)?.lock().await)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use helm_oci_suite::requirement::BoxFuture;

    use super::*;
    use crate::deviations::Deviations;
    use crate::launch::{LaunchError, Launched, Launcher, Settings};
    use crate::run::{DEADLINE, Events, Helms, Interrupt, Plan, run};
    use crate::target::policy::Conduct;

    /// Counts how many are launched at the same time, and is never available.
    struct Counting {
        place: Option<String>,
        now: Arc<AtomicUsize>,
        most: Arc<AtomicUsize>,
    }

    impl Launcher for Counting {
        fn name(&self) -> &'static str {
            "counting"
        }

        fn place(&self) -> Option<String> {
            self.place.clone()
        }

        fn launch<'a>(&'a self, _: &'a Settings) -> BoxFuture<'a, Result<Launched, LaunchError>> {
            Box::pin(async {
                let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
                self.most.fetch_max(now, Ordering::SeqCst);
                for _ in 0..8 {
                    tokio::task::yield_now().await;
                }
                self.now.fetch_sub(1, Ordering::SeqCst);
                let image = "counting".to_owned();
                Err(LaunchError::NotHere { image })
            })
        }
    }

    #[tokio::test]
    async fn targets_of_one_place_are_examined_one_after_the_other() {
        let plan = Plan {
            requirements: Vec::new(),
            flows: BTreeSet::new(),
            only: Vec::new(),
            shard: None,
            seed: 7,
            jobs: 1,
            deadline: DEADLINE,
            helms: Helms::default(),
            strict: false,
            deviations: Deviations::default(),
        };
        for (places, expected) in [
            ([None, None], 2),
            ([Some("r.test:443"), Some("other.test:443")], 2),
            ([Some("r.test:443"), Some("r.test:443")], 1),
        ] {
            let (now, most) = (Arc::default(), Arc::new(AtomicUsize::new(0)));
            let jobs = places.map(|place| Job {
                name: "counting".to_owned(),
                launcher: Box::new(Counting {
                    place: place.map(ToOwned::to_owned),
                    now: Arc::clone(&now),
                    most: Arc::clone(&most),
                }),
                settings: Settings::default(),
                conduct: Conduct::default(),
            });
            let events = Events::unheard();
            let never = Interrupt::never();
            let ran = run(&plan, &jobs, 2, &events, &never).await;
            assert_eq!(ran.expect("nobody interrupts").targets.len(), 2);
            assert_eq!(most.load(Ordering::SeqCst), expected, "{places:?}");
        }
    }
}
