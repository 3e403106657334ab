//! The clean-up looks at what is left, and does not rely on the responses to DELETE.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use helm_oci_fixtures::fault::Fault;
use helm_oci_fixtures::route::Route;
use helm_oci_reports::record::LeftoverKind;
use helm_oci_suite::proof;
use helm_oci_suite::requirement::Setup;
use helm_oci_suite::wire::{Registry, Relay, Request, Response, ResponseFuture};
use http::{Method, StatusCode};

use super::super::*;
use super::{clean_up_by, store_chart};

/// The response of a registry to a request, instead of its own.
type Instead = Box<dyn Fn(&Request) -> Option<Response> + Send + Sync>;

/// A registry that returns some responses of its own.
struct Substitute(Arc<dyn Registry>, Instead);

impl Relay for Substitute {
    fn inner(&self) -> &dyn Registry {
        self.0.as_ref()
    }

    fn pass(&self, request: Request) -> ResponseFuture<'_> {
        match (self.1)(&request) {
            Some(response) => Box::pin(std::future::ready(Ok(response))),
            None => self.0.send(request),
        }
    }
}

/// The leftovers of a chart on a registry with some responses of its own.
async fn left_with(
    faults: &[Fault],
    strategy: CleanUpStrategy,
    instead: impl Fn(&Request) -> Option<Response> + Send + Sync + 'static,
) -> Vec<Leftover> {
    let (target, _, _, stored) = store_chart(faults).await;
    let target = Target {
        registry: Arc::new(Substitute(Arc::clone(&target.registry), Box::new(instead))),
        ..target
    };
    clean_up_by(strategy, &target, stored).await
}

fn status(code: u16) -> Response {
    Response::new(StatusCode::from_u16(code).expect("a status"))
}

fn is_delete(request: &Request) -> bool {
    request.method == Method::DELETE
}

#[tokio::test]
async fn a_404_without_a_route_for_delete_deletes_nothing() {
    let auto = CleanUpStrategy::Auto;
    let left = left_with(&[], auto, |request| is_delete(request).then(|| status(404))).await;
    assert_eq!(left.len(), 3, "a manifest and two blobs: {left:?}");
    for one in &left {
        let words = "404 Not Found to DELETE: it does not delete";
        assert!(one.why.contains(words), "{one:?}");
        assert_eq!(one.command, None, "no command can delete it");
    }
}

#[tokio::test]
async fn what_is_absent_is_no_leftover_of_a_registry_that_does_not_allow_head() {
    let (target, session, _, mut stored) = store_chart(&[Fault::HeadBlobNotAllowed]).await;
    let content = stored.get_mut(session.repository().as_str());
    let absent = format!("sha256:{:064x}", 1).parse().expect("a digest");
    content.expect("it is known").blobs.insert(absent);
    let left = clean_up_by(CleanUpStrategy::Auto, &target, stored).await;
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn what_the_registry_still_has_is_left_whatever_it_reported() {
    for (fault, left) in [
        // The manifest, two blobs, and the tag that is still listed.
        (Fault::DeletesWithoutEffect, 4),
        (Fault::DeletesDespiteRefusal, 0),
    ] {
        let found = left_with(&[fault], CleanUpStrategy::Auto, |_| None).await;
        assert_eq!(found.len(), left, "{fault}: {found:?}");
        let is_told = |one: &Leftover| {
            one.why.contains("still returns 200 OK to HEAD") || one.why.contains("list of tags")
        };
        assert!(found.iter().all(is_told), "{fault}: {found:?}");
    }
}

#[tokio::test]
async fn a_tag_that_outlives_its_manifest_is_deleted_or_reported() {
    for (strategy, left) in [
        (CleanUpStrategy::Auto, 0),
        (CleanUpStrategy::TagsFirst, 0),
        (CleanUpStrategy::Digest, 1),
    ] {
        let deleted = AtomicUsize::new(0);
        let found = left_with(&[], strategy, move |request| {
            match Route::of(&request.uri) {
                Route::Manifest { reference, .. } if is_delete(request) && reference == "1.0.0" => {
                    deleted.fetch_add(1, Ordering::SeqCst);
                    Some(status(202))
                }
                Route::Tags { .. } if deleted.load(Ordering::SeqCst) == 0 => {
                    let body = r#"{"name":"x","tags":["1.0.0","foreign"]}"#;
                    Some(Response {
                        body: body.into(),
                        ..status(200)
                    })
                }
                _ => None,
            }
        })
        .await;
        assert_eq!(found.len(), left, "{strategy:?}: {found:?}");
        for tag in found {
            assert_eq!((tag.kind, tag.name.as_str()), (LeftoverKind::Tag, "1.0.0"));
            assert!(tag.why.contains("still in the list of tags"), "{}", tag.why);
            assert!(
                tag.command
                    .is_some_and(|curl| curl.contains("/manifests/1.0.0"))
            );
        }
    }
}

#[tokio::test]
async fn a_deletion_that_fails_for_a_while_is_repeated() {
    let failed = Mutex::new(BTreeSet::new());
    let left = left_with(&[], CleanUpStrategy::Auto, move |request| {
        let is_new = || {
            let mut failed = failed.lock().expect("no panic");
            failed.insert(request.uri.to_string())
        };
        (is_delete(request) && is_new()).then(|| status(503))
    })
    .await;
    assert_eq!(left, []);
}

#[tokio::test]
async fn a_registry_that_deletes_nothing_is_not_asked_for_everything() {
    let (target, session, _, mut stored) = store_chart(&[]).await;
    let content = stored
        .get_mut(session.repository().as_str())
        .expect("it is known");
    let blobs = (0..200).map(|n| format!("sha256:{n:064x}").parse().expect("a digest"));
    content.blobs.extend(blobs);
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let instead: Instead = Box::new(move |request| match request.method {
        Method::DELETE => {
            counted.fetch_add(1, Ordering::SeqCst);
            Some(status(405))
        }
        Method::HEAD => Some(status(200)),
        _ => None,
    });
    let target = Target {
        registry: Arc::new(Substitute(Arc::clone(&target.registry), instead)),
        ..target
    };
    let left = clean_up_by(CleanUpStrategy::Auto, &target, stored).await;
    assert_eq!(left.len(), 203, "a manifest and 202 blobs");
    let reasons: BTreeSet<&str> = left.iter().map(|one| one.why.as_str()).collect();
    assert_eq!(
        reasons.len(),
        2,
        "one for manifests, one for blobs: {reasons:?}"
    );
    assert!(left.iter().all(|one| one.command.is_none()));
    assert!(asked.load(Ordering::SeqCst) < 40, "{asked:?}");
}

#[tokio::test]
async fn commands_are_those_that_the_registry_accepts() {
    for (setup, command) in [
        (Setup::Open, "curl -X DELETE 'https://registry.test/v2/"),
        (
            Setup::Basic,
            "curl -X DELETE --user USER 'https://registry.test/v2/",
        ),
        (
            Setup::Bearer,
            "helm-oci-conformance gc https://registry.test --run hoc",
        ),
    ] {
        let target = proof::target(setup, &[]);
        let session = Session::new(target.clone(), "test/clean-up");
        let chart = session
            .arrange_chart("1.0.0")
            .await
            .expect("it is accepted");
        let mut stored = Stored::new();
        let content = RepositoryContent {
            tags: [("1.0.0".to_owned(), chart.digest.parse().ok())].into(),
            ..RepositoryContent::default()
        };
        stored.insert(session.repository().to_string(), content);
        let refusing = |request: &Request| is_delete(request).then(|| status(400));
        let target = Target {
            registry: Arc::new(Substitute(Arc::clone(&target.registry), Box::new(refusing))),
            ..target
        };
        let left = clean_up_by(CleanUpStrategy::Tag, &target, stored).await;
        assert_eq!(left.len(), 1, "{left:?}");
        let found = left[0].command.as_deref().unwrap_or_default();
        assert!(found.starts_with(command), "{setup:?}: {found}");
    }
}
