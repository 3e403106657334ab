mod responses;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicIsize, Ordering};
use std::sync::{Arc, Mutex};

use helm_oci_fixtures::fault::Fault;
use helm_oci_fixtures::route::Route;
use helm_oci_reports::record::LeftoverKind;
use helm_oci_suite::proof;
use helm_oci_suite::requirement::Setup;
use helm_oci_suite::session::steps::Chart;
use helm_oci_suite::wire::{Registry, Relay, Request, Response, ResponseFuture};
use http::{Method, StatusCode};

use super::*;

/// Cleans up without an interruption.
async fn clean_up_by(strategy: CleanUpStrategy, target: &Target, stored: Stored) -> Vec<Leftover> {
    let rules = CleanUp {
        strategy,
        ..CleanUp::default()
    };
    clean_up(
        target,
        stored,
        Refused::new(),
        rules,
        8,
        &Interrupt::never(),
    )
    .await
}

/// A chart in a registry with these faults, and the content that the ledger recorded.
async fn store_chart(faults: &[Fault]) -> (Target, Session, Chart, Stored) {
    let target = proof::target(Setup::Open, faults);
    let ledger = Arc::new(Ledger::new(Arc::clone(&target.registry)));
    let recorded = Target {
        registry: Arc::clone(&ledger) as _,
        ..target.clone()
    };
    let session = Session::new(recorded, "test/clean-up");
    let chart = session
        .arrange_chart("1.0.0")
        .await
        .expect("it is accepted");
    let stored = ledger.stored();
    (target, session, chart, stored)
}

async fn statuses(session: &Session, chart: &Chart) -> [u16; 3] {
    let of = |reply: Result<helm_oci_suite::session::Reply, _>| {
        let reply = reply.expect("a response");
        reply.status.as_u16()
    };
    [
        of(session.head_manifest("1.0.0").await),
        of(session.head_manifest(&chart.digest).await),
        of(session.head_blob(&chart.layer_digest()).await),
    ]
}

#[tokio::test]
async fn each_strategy_deletes_the_content_it_names() {
    for (strategy, statuses_after, left) in [
        (CleanUpStrategy::Auto, [404, 404, 404], 0),
        (CleanUpStrategy::Digest, [404, 404, 404], 0),
        (CleanUpStrategy::TagsFirst, [404, 404, 404], 0),
        (CleanUpStrategy::Tag, [404, 200, 200], 0),
        (CleanUpStrategy::None, [200, 200, 200], 3),
    ] {
        let (target, session, chart, stored) = store_chart(&[]).await;
        let leftovers = clean_up_by(strategy, &target, stored).await;
        assert_eq!(leftovers.len(), left, "{strategy:?}: {leftovers:?}");
        let found = statuses(&session, &chart).await;
        assert_eq!(found, statuses_after, "{strategy:?}");
    }
}

#[tokio::test]
async fn refused_deletes_are_reported_with_the_command_that_deletes_the_item() {
    let (target, session, chart, stored) = store_chart(&[Fault::DeletesRefused]).await;
    let leftovers = clean_up_by(CleanUpStrategy::Auto, &target, stored).await;
    assert_eq!(
        leftovers.len(),
        3,
        "a manifest and two blobs: {leftovers:?}"
    );
    let manifest = &leftovers[0];
    assert_eq!(manifest.kind, LeftoverKind::Manifest);
    assert_eq!(manifest.name, chart.digest.as_str());
    assert_eq!(manifest.repository, session.repository().as_str());
    assert!(
        manifest.why.contains("405 Method Not Allowed"),
        "{manifest:?}"
    );
    assert_eq!(manifest.command, None, "no command can delete it");

    let (target, session, _, stored) = store_chart(&[Fault::TagDeletesRefused]).await;
    let leftovers = clean_up_by(CleanUpStrategy::Tag, &target, stored).await;
    let tag = Leftover {
        repository: session.repository().to_string(),
        kind: LeftoverKind::Tag,
        name: "1.0.0".to_owned(),
        why: "the registry returned 400 Bad Request to DELETE (UNSUPPORTED)".to_owned(),
        command: Some(format!(
            "curl -X DELETE 'https://registry.test/v2/{}/manifests/1.0.0'",
            session.repository()
        )),
    };
    assert_eq!(leftovers, [tag]);
}

/// A registry that keeps a manifest until its tag, or another item, is deleted.
struct KeepsTagged {
    inner: Arc<dyn Registry>,
    tags: AtomicIsize,
    status: u16,
}

impl Relay for KeepsTagged {
    fn inner(&self) -> &dyn Registry {
        self.inner.as_ref()
    }

    fn pass(&self, request: Request) -> ResponseFuture<'_> {
        let is_delete = request.method == Method::DELETE;
        match Route::of(&request.uri) {
            Route::Manifest { reference, .. } if is_delete && !reference.contains(':') => {
                self.tags.fetch_sub(1, Ordering::SeqCst);
            }
            Route::Manifest { .. } if is_delete && self.tags.load(Ordering::SeqCst) > 0 => {
                if self.status == 405 {
                    // The item that kept it is deleted next.
                    self.tags.fetch_sub(1, Ordering::SeqCst);
                }
                let status = StatusCode::from_u16(self.status).expect("a status");
                return Box::pin(std::future::ready(Ok(Response::new(status))));
            }
            _ => {}
        }
        self.inner.send(request)
    }
}

#[tokio::test]
async fn tags_are_deleted_first_if_the_registry_keeps_tagged_manifests() {
    for (strategy, left) in [
        (CleanUpStrategy::Auto, 0),
        (CleanUpStrategy::TagsFirst, 0),
        (CleanUpStrategy::Digest, 1),
    ] {
        let (target, _, _, stored) = store_chart(&[]).await;
        let target = Target {
            registry: Arc::new(KeepsTagged {
                inner: Arc::clone(&target.registry),
                tags: AtomicIsize::new(1),
                status: 409,
            }),
            ..target
        };
        let leftovers = clean_up_by(strategy, &target, stored).await;
        assert_eq!(leftovers.len(), left, "{strategy:?}: {leftovers:?}");
    }
}

#[tokio::test]
async fn a_manifest_that_was_kept_is_deleted_in_a_second_attempt() {
    let (target, session, _, mut stored) = store_chart(&[]).await;
    let another = Session::new(target.clone(), "test/clean-up");
    let other = another.arrange_other_chart_blobs("1.0.0").await;
    let other = other.expect("it is accepted");
    let put = another.arrange_manifest("2.0.0", &other.manifest).await;
    put.expect("it is accepted");
    let content = stored
        .get_mut(session.repository().as_str())
        .expect("it is known");
    content
        .manifests
        .insert(other.digest.parse().expect("a digest"));
    let target = Target {
        registry: Arc::new(KeepsTagged {
            inner: Arc::clone(&target.registry),
            tags: AtomicIsize::new(1),
            status: 405,
        }),
        ..target
    };
    let leftovers = clean_up_by(CleanUpStrategy::Auto, &target, stored).await;
    assert_eq!(
        leftovers,
        [],
        "405 means unsupported only if nothing of the kind was deleted"
    );
}

/// A registry that keeps a manifest while the next one, which refers to it, exists.
struct KeepsReferenced {
    inner: Arc<dyn Registry>,
    /// The manifests that exist, by digest.
    left: Mutex<BTreeSet<String>>,
}

impl Relay for KeepsReferenced {
    fn inner(&self) -> &dyn Registry {
        self.inner.as_ref()
    }

    fn pass(&self, request: Request) -> ResponseFuture<'_> {
        if let Route::Manifest { reference, .. } = Route::of(&request.uri)
            && request.method == Method::DELETE
        {
            let mut left = self.left.lock().expect("no test panics with it");
            if left.range(reference.clone()..).nth(1).is_some() {
                let refused = Response::new(StatusCode::METHOD_NOT_ALLOWED);
                return Box::pin(std::future::ready(Ok(refused)));
            }
            left.remove(&reference);
        }
        self.inner.send(request)
    }
}

#[tokio::test]
async fn an_index_in_an_index_is_deleted_after_what_refers_to_it() {
    for strategy in [CleanUpStrategy::Auto, CleanUpStrategy::Digest] {
        let (target, session, _, mut stored) = store_chart(&[]).await;
        let own = stored
            .get_mut(session.repository().as_str())
            .expect("it is known");
        let other = Session::new(target.clone(), "test/clean-up");
        for tag in ["2.0.0", "3.0.0", "4.0.0"] {
            let chart = other.arrange_chart_blobs(tag).await;
            let chart = chart.expect("it is accepted");
            let put = other.arrange_manifest(tag, &chart.manifest).await;
            put.expect("it is accepted");
            own.manifests
                .insert(chart.digest.parse().expect("a digest"));
        }
        assert_eq!(own.manifests.len(), 4, "each chart has its own manifest");
        let left = own.manifests.iter().map(ToString::to_string).collect();
        let target = Target {
            registry: Arc::new(KeepsReferenced {
                inner: Arc::clone(&target.registry),
                left: Mutex::new(left),
            }),
            ..target
        };
        let leftovers = clean_up_by(strategy, &target, stored).await;
        assert_eq!(leftovers, [], "{strategy:?}");
    }
}

#[tokio::test]
async fn an_open_upload_is_cancelled() {
    let (target, session, _, _) = store_chart(&[]).await;
    let ledger = Arc::new(Ledger::new(Arc::clone(&target.registry)));
    let recorded = Target {
        registry: Arc::clone(&ledger) as _,
        ..target.clone()
    };
    let open = Session::new(recorded, "test/clean-up")
        .arrange_upload()
        .await;
    let open = open.expect("it is opened");
    let leftovers = clean_up_by(CleanUpStrategy::Auto, &target, ledger.stored()).await;
    assert_eq!(leftovers, []);
    let state = session.call_uri(Method::GET, Ok(open)).send().await;
    assert_eq!(state.expect("a response").status, 404);
}

#[tokio::test]
async fn a_list_whose_last_page_links_to_itself_is_read_once() {
    let (target, session, _, stored) = store_chart(&[Fault::LinkOnLastPage]).await;
    assert_eq!(clean_up_by(CleanUpStrategy::Tag, &target, stored).await, []);
    let path = format!("/v2/{}/tags/list", session.repository());
    let before = session.exchanges();
    let list = reading::list(&session, &path, "tags").await;
    let what = list.problem.map(|problem| problem.what);
    assert_eq!(
        what,
        Some(format!("a `link` of GET {path} leads to a page before it"))
    );
    assert_eq!(session.exchanges() - before, 2);
}

/// A registry that counts deletions.
struct CountsDeletes(Arc<dyn Registry>, AtomicIsize);

impl Relay for CountsDeletes {
    fn inner(&self) -> &dyn Registry {
        self.0.as_ref()
    }

    fn pass(&self, request: Request) -> ResponseFuture<'_> {
        if request.method == Method::DELETE {
            self.1.fetch_add(1, Ordering::SeqCst);
        }
        self.0.send(request)
    }
}

#[tokio::test]
async fn what_was_refused_during_the_run_is_not_tried() {
    let (target, _, _, stored) = store_chart(&[Fault::DeletesRefused]).await;
    let status = StatusCode::METHOD_NOT_ALLOWED;
    let refused = [
        LeftoverKind::Manifest,
        LeftoverKind::Blob,
        LeftoverKind::Tag,
    ];
    let refused = refused.map(|kind| (kind, status)).into();
    let registry = Arc::new(CountsDeletes(
        Arc::clone(&target.registry),
        AtomicIsize::new(0),
    ));
    let target = Target {
        registry: Arc::clone(&registry) as _,
        ..target
    };
    let rules = CleanUp::default();
    let left = clean_up(&target, stored, refused, rules, 8, &Interrupt::never()).await;
    assert_eq!(registry.1.load(Ordering::SeqCst), 0);
    assert_eq!(left.len(), 3, "a manifest and two blobs: {left:?}");
    for item in left {
        assert!(item.why.contains("405 Method Not Allowed"), "{item:?}");
        assert_eq!(item.command, None);
    }
}
