//! The soak: pushes and pulls charts again and again, and measures how late each step sees what was pushed.
//!
//! A check judges the first response. Some registries return what was just pushed only after a while, and now and then; the
//! share and the duration of that can only be seen in many rounds.

use std::time::Duration;

use helm_oci_reports::record::{SoakRecord, SoakStep};
use helm_oci_suite::oci::TagList;
use helm_oci_suite::session::steps::Chart;
use helm_oci_suite::session::target::Target;
use helm_oci_suite::session::{Reply, Session, digest_of};

use crate::clock::Stopwatch;

/// The interval at which a step is tried again.
const INTERVAL: Duration = Duration::from_millis(200);
/// The time after which a step that is not right counts as failed.
const LIMIT: Duration = Duration::from_secs(10);
/// The tag of each push.
const TAG: &str = "1.0.0";

/// The steps of a round.
#[derive(Debug, Clone, Copy)]
enum Step {
    Push,
    HeadBlob,
    HeadTag,
    GetDigest,
    GetTag,
    GetBlob,
    List,
}

const STEPS: [Step; 7] = [
    Step::Push,
    Step::HeadBlob,
    Step::HeadTag,
    Step::GetDigest,
    Step::GetTag,
    Step::GetBlob,
    Step::List,
];

/// The times of one step until a right response; `None` for a round without one.
type Times = Vec<(bool, Option<Duration>)>;

/// Runs this number of rounds, each in a repository of its own.
pub(super) async fn soak(target: &Target, rounds: usize) -> SoakRecord {
    let mut times: Vec<Times> = vec![Vec::new(); STEPS.len()];
    for round in 0..rounds {
        let session = Session::new(target.clone(), &format!("soak-{}", round + 1));
        let Ok(chart) = session.arrange_chart_blobs(TAG).await else {
            times[0].push((false, None));
            continue;
        };
        for (step, times) in STEPS.iter().zip(&mut times) {
            times.push(measure(&session, &chart, *step).await);
        }
    }
    let steps = STEPS.iter().zip(times);
    SoakRecord {
        rounds,
        steps: steps.map(|(step, times)| summary(*step, times)).collect(),
    }
}

/// Tries a step until its response is right: whether the first one was, and the time it took.
async fn measure(session: &Session, chart: &Chart, step: Step) -> (bool, Option<Duration>) {
    let begun = Stopwatch::start();
    let mut is_first = true;
    loop {
        if step.is_right(session, chart).await {
            return (is_first, Some(begun.elapsed()));
        }
        if begun.elapsed() + INTERVAL > LIMIT {
            return (false, None);
        }
        is_first = false;
        session.target().registry.pause(INTERVAL).await;
    }
}

fn summary(step: Step, times: Times) -> SoakStep {
    let at_once = times.iter().filter(|(is_first, _)| *is_first).count();
    let total = times.len();
    let mut right: Vec<Duration> = times.into_iter().filter_map(|(_, time)| time).collect();
    right.sort_unstable();
    let milliseconds = |time: Option<&Duration>| {
        let time = time.copied().unwrap_or_default();
        u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
    };
    SoakStep {
        name: step.name().to_owned(),
        at_once,
        late: right.len() - at_once,
        never: total - right.len(),
        median: milliseconds(right.get(right.len() / 2)),
        longest: milliseconds(right.last()),
    }
}

impl Step {
    const fn name(self) -> &'static str {
        match self {
            Self::Push => "PUT of the manifest",
            Self::HeadBlob => "HEAD of the layer",
            Self::HeadTag => "HEAD of the tag",
            Self::GetDigest => "GET of the manifest by digest",
            Self::GetTag => "GET of the manifest by tag",
            Self::GetBlob => "GET of the layer",
            Self::List => "the tag in tags/list",
        }
    }

    async fn is_right(self, session: &Session, chart: &Chart) -> bool {
        let layer = chart.layer_digest();
        let is_success = |reply: &Reply| reply.status.is_success();
        let is_manifest = |reply: &Reply| is_success(reply) && reply.body == chart.manifest;
        let right = match self {
            Self::Push => session
                .put_manifest(TAG, &chart.manifest)
                .await
                .map(|one| is_success(&one)),
            Self::HeadBlob => session.head_blob(&layer).await.map(|one| is_success(&one)),
            Self::HeadTag => session.head_manifest(TAG).await.map(|one| is_success(&one)),
            Self::GetDigest => {
                let get = session.get_manifest(&chart.digest).await;
                get.map(|one| is_manifest(&one))
            }
            Self::GetTag => session.get_manifest(TAG).await.map(|one| is_manifest(&one)),
            Self::GetBlob => {
                let get = session.get_blob(&layer).await;
                get.map(|one| is_success(&one) && digest_of(&one.body) == layer)
            }
            Self::List => session.list_tags().await.map(|one| lists(&one)),
        };
        right.unwrap_or(false)
    }
}

fn lists(reply: &Reply) -> bool {
    let list: Option<TagList> = serde_json::from_slice(&reply.body).ok();
    let tags = list.and_then(|list| list.tags).unwrap_or_default();
    reply.status.is_success() && tags.iter().any(|tag| tag == TAG)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use helm_oci_suite::proof;
    use helm_oci_suite::requirement::Setup;
    use helm_oci_suite::wire::{Registry, Relay, Request, Response, ResponseFuture};
    use http::{Method, StatusCode};

    use super::*;

    /// A registry that returns 404 to every other GET of a manifest by digest, beginning with the first.
    struct Lagging {
        inner: Arc<dyn Registry>,
        requests: AtomicUsize,
    }

    impl Relay for Lagging {
        fn inner(&self) -> &dyn Registry {
            self.inner.as_ref()
        }

        fn pass(&self, request: Request) -> ResponseFuture<'_> {
            let is_lagging = request.method == Method::GET
                && request.uri.path().contains("/manifests/sha256:")
                && self
                    .requests
                    .fetch_add(1, Ordering::Relaxed)
                    .is_multiple_of(2);
            if is_lagging {
                let absent = Response::new(StatusCode::NOT_FOUND);
                return Box::pin(std::future::ready(Ok(absent)));
            }
            self.inner.send(request)
        }
    }

    #[tokio::test]
    async fn a_response_that_comes_late_is_counted_at_its_step() {
        let target = proof::target(Setup::Open, &[]);
        let lagging = Target {
            registry: Arc::new(Lagging {
                inner: Arc::clone(&target.registry),
                requests: AtomicUsize::new(0),
            }),
            ..target
        };
        let SoakRecord { rounds, steps } = soak(&lagging, 3).await;
        assert_eq!(rounds, 3);
        for step in steps {
            let late = if step.name == Step::GetDigest.name() {
                3
            } else {
                0
            };
            let found = (step.at_once, step.late, step.never);
            assert_eq!(found, (3 - late, late, 0), "{}", step.name);
        }
    }
}
