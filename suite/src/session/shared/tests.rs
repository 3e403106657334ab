use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;

use super::*;
use crate::proof;
use crate::requirement::Setup;
use crate::session::expect;
use crate::wire::{Registry, Relay, ResponseFuture};

/// A registry that counts its requests.
struct Counting(Arc<dyn Registry>, AtomicUsize);

impl Counting {
    /// The number of requests since the last call.
    fn sent(&self) -> usize {
        self.1.swap(0, Ordering::Relaxed)
    }
}

impl Relay for Counting {
    fn inner(&self) -> &dyn Registry {
        self.0.as_ref()
    }

    fn pass(&self, request: Request) -> ResponseFuture<'_> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.send(request)
    }
}

fn sharing(setup: Setup) -> (Target, Arc<Counting>) {
    let target = proof::target(setup, &[]);
    let registry = Arc::new(Counting(target.registry, AtomicUsize::new(0)));
    let target = Target {
        registry: Arc::clone(&registry) as _,
        shared: Some(Arc::default()),
        ..proof::target(setup, &[])
    };
    (target, registry)
}

type Steps = fn(&Session) -> BoxFuture<'_, CheckResult>;

/// Takes steps as the check with this id.
fn taken_as(alike: Alike, target: &Target, id: &str, steps: Steps) -> (Session, CheckResult) {
    let session = Session::new(target.clone(), id);
    let result = session.share("steps", alike, steps);
    let result = proof::finish(result).expect("it never waits");
    (session, result)
}

/// Takes steps that write the same as others, and succeed.
fn taken(target: &Target, id: &str, steps: Steps) -> Session {
    let (session, result) = taken_as(Alike::Writes, target, id, steps);
    assert_eq!(result, Ok(()), "{id}");
    session
}

fn pushes(session: &Session) -> BoxFuture<'_, CheckResult> {
    async { session.arrange_chart("1.0.0").await.map(|_| ()) }.boxed()
}

fn reads(session: &Session) -> BoxFuture<'_, CheckResult> {
    async {
        session.arrange_chart("1.0.0").await?;
        session.head_manifest("1.0.0").await?;
        session.get_manifest("1.0.0").await.map(|_| ())
    }
    .boxed()
}

fn writes(session: &Session) -> BoxFuture<'_, CheckResult> {
    async {
        let chart = session.arrange_chart("1.0.0").await?;
        let put = session.put_manifest("1.0.1", &chart.manifest).await?;
        expect::status(&put, &[201])
    }
    .boxed()
}

fn lists_before(session: &Session) -> BoxFuture<'_, CheckResult> {
    async {
        session.list_tags().await?;
        session.arrange_chart("1.0.0").await.map(|_| ())
    }
    .boxed()
}

fn fails(session: &Session) -> BoxFuture<'_, CheckResult> {
    async {
        session.arrange_chart("1.0.0").await?;
        let reply = session.get_manifest("1.0.0").await?;
        expect::status(&reply, &[404])
    }
    .boxed()
}

#[test]
fn what_several_checks_send_alike_is_sent_once_and_is_in_each_transcript() {
    let (target, registry) = sharing(Setup::Bearer);
    let one = taken(&target, "test/one", pushes);
    let push = registry.sent();
    assert!(push > 5, "the push of a chart, and a token for it");
    let other = taken(&target, "test/other", pushes);
    assert_eq!(registry.sent(), 0);
    assert_eq!(one.transcript(), other.transcript());
    assert_eq!([one.sent(), other.sent()], [0, 0], "whoever is first");

    let reading = taken(&target, "test/reading", reads);
    assert_eq!(registry.sent(), 2, "what it reads in addition");
    assert_eq!(reading.exchanges(), push + 2);
    let again = taken(&target, "test/again", reads);
    assert_eq!(registry.sent(), 0);
    assert_eq!(again.transcript(), reading.transcript());
}

#[test]
fn a_check_that_takes_other_steps_takes_all_of_them_in_its_own_repository() {
    for steps in [writes as Steps, lists_before] {
        let (target, registry) = sharing(Setup::Open);
        taken(&target, "test/one", pushes);
        let push = registry.sent();
        let other = taken(&target, "test/other", steps);
        assert_eq!(registry.sent(), push + 1);
        let own = target.repository("test/other");
        let is_own = |uri: &str| uri.contains(&*own);
        let mut exchanges = other.transcript().into_iter();
        assert!(exchanges.all(|exchange| is_own(&exchange.request.uri)));
    }
}

#[test]
fn a_check_that_takes_fewer_steps_than_the_first_one_takes_them_itself() {
    let (target, registry) = sharing(Setup::Open);
    taken(&target, "test/one", writes);
    let all = registry.sent();
    taken(&target, "test/other", reads);
    assert_eq!(
        registry.sent(),
        all - 1 + 2,
        "the second tag would be there"
    );
}

#[test]
fn a_violation_is_found_in_the_repository_of_the_check() {
    let (target, _) = sharing(Setup::Open);
    for id in ["test/first", "test/second"] {
        let (session, result) = taken_as(Alike::Writes, &target, id, fails);
        let Err(Stop::Violated(finding)) = result else {
            panic!("{id}: {result:?}");
        };
        let shown = &session.transcript()[finding.exchanges[0]];
        let uri = &shown.request.uri;
        assert!(uri.contains(&*target.repository(id)), "{uri}");
    }
}

#[test]
fn a_repeated_check_takes_its_steps_alone() {
    let (mut target, registry) = sharing(Setup::Open);
    taken(&target, "test/one", pushes);
    let push = registry.sent();
    target.attempt = 1;
    taken(&target, "test/one", pushes);
    assert_eq!(registry.sent(), push);
}

#[test]
fn checks_with_manifests_of_their_own_upload_their_blobs_once() {
    let (target, registry) = sharing(Setup::Open);
    let taken = |id, steps| taken_as(Alike::Blobs, &target, id, steps);
    let (_, result) = taken("test/one", pushes);
    assert_eq!(result, Ok(()));
    let push = registry.sent();
    let (other, result) = taken("test/other", writes);
    assert_eq!(result, Ok(()));
    assert_eq!(registry.sent(), 1, "its own manifest");
    assert_eq!(other.exchanges(), push + 1);
    let (_, result) = taken("test/again", fails);
    assert!(matches!(result, Err(Stop::Violated(_))), "{result:?}");
    assert_eq!(
        registry.sent(),
        1 + push + 1,
        "the read there, and all alone"
    );
}
