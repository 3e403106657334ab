use std::collections::BTreeSet;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use helm_oci_fixtures::digest::sha256;
use helm_oci_fixtures::fault::Fault;
use helm_oci_suite::oci::Digest;
use helm_oci_suite::proof;
use helm_oci_suite::requirement::Setup;
use helm_oci_suite::session::Session;
use helm_oci_suite::session::target::Target;
use helm_oci_suite::wire::ClientHelloOutcome;

use super::*;

fn recorded(faults: &[Fault]) -> (Arc<Ledger>, Session) {
    let target = proof::target(Setup::Open, faults);
    let ledger = Arc::new(Ledger::new(Arc::clone(&target.registry)));
    let target = Target {
        registry: Arc::clone(&ledger) as _,
        ..target
    };
    (ledger, Session::new(target, "test/ledger"))
}

fn digest(text: &str) -> Digest {
    text.parse().expect("a digest")
}

fn digests(texts: &[&str]) -> BTreeSet<Digest> {
    texts.iter().map(|text| digest(text)).collect()
}

#[tokio::test]
async fn stored_content_is_recorded_and_refused_content_is_not() {
    let (ledger, session) = recorded(&[]);
    session.get_manifest("1.0.0").await.expect("a response");
    assert_eq!(ledger.stored(), Stored::new());
    let chart = session
        .arrange_chart("1.0.0")
        .await
        .expect("it is accepted");
    let broken = Bytes::from_static(b"{");
    let refused = session.put_manifest("2.0.0", &broken);
    assert_eq!(refused.await.expect("a response").status, 400);
    let stored = ledger.stored();
    let own = &stored[session.repository().as_str()];
    assert_eq!(own.manifests, digests(&[&chart.digest]));
    let tags = BTreeMap::from([("1.0.0".to_owned(), Some(digest(&chart.digest)))]);
    assert_eq!(own.tags, tags);
    let blobs = digests(&[&chart.config_digest(), &chart.layer_digest()]);
    assert_eq!(own.blobs, blobs);
    assert_eq!(own.uploads, BTreeSet::new(), "each was completed");
}

#[tokio::test]
async fn open_uploads_are_recorded_at_their_last_location() {
    let (ledger, session) = recorded(&[]);
    let opened = session.arrange_upload().await.expect("it is opened");
    let chunk = Bytes::from_static(b"a chunk");
    let moved = session.patch_upload(&opened, &chunk).await;
    let moved = moved.expect("a response");
    let location = moved.header("location").expect("a location");
    let stored = ledger.stored();
    let uploads: Vec<_> = stored[session.repository().as_str()]
        .uploads
        .iter()
        .collect();
    assert_eq!(uploads.len(), 1);
    assert!(location.ends_with(uploads[0].as_str()), "{location}");
}

#[tokio::test]
async fn a_location_belongs_to_the_repository_of_its_upload() {
    let (ledger, session) = recorded(&[Fault::UploadLocationOutsideTheApi]);
    let chart = session
        .arrange_chart("1.0.0")
        .await
        .expect("it is accepted");
    let chunk = Bytes::from_static(b"a chunk");
    session
        .arrange_chunked(&chunk)
        .await
        .expect("it is accepted");
    let stored = ledger.stored();
    let own = &stored[session.repository().as_str()];
    let (config, layer) = (chart.config_digest(), chart.layer_digest());
    assert_eq!(own.blobs, digests(&[&config, &layer, &sha256(&chunk)]));
    assert_eq!(own.uploads, BTreeSet::new(), "each was completed");
}

#[tokio::test]
async fn an_upload_may_continue_on_another_host() {
    let accepted = || -> Reply {
        let mut response = Response::new(StatusCode::ACCEPTED);
        let location = "https://store.test/upload?id=7&state=a%3Db";
        response
            .headers
            .insert(header::LOCATION, http::HeaderValue::from_static(location));
        Box::pin(std::future::ready(Ok(response)))
    };
    let ledger = always(accepted);
    let send = async |method, uri: &'static str| {
        let request = Request::new(method, Uri::from_static(uri));
        ledger.send(request).await.expect("a response");
    };
    send(Method::POST, "https://registry.test/v2/a/b/blobs/uploads/").await;
    for query in ["id=8&digest=sha256:cd", "digest=sha256:ab&id=7&state=a%3db"] {
        let uri = format!("https://store.test/upload?{query}");
        send(Method::PUT, String::leak(uri)).await;
    }
    assert_eq!(ledger.stored()["a/b"].blobs, digests(&["sha256:ab"]));
}

#[tokio::test]
async fn mounted_blobs_are_recorded() {
    let (ledger, session) = recorded(&[]);
    let blob = Bytes::from_static(b"a blob to mount");
    let from = session.sibling("from");
    let digest = session
        .arrange_blob_in(&from, &blob)
        .await
        .expect("it is accepted");
    let repository = session.repository();
    let path = format!("/v2/{repository}/blobs/uploads/?mount={digest}&from={from}");
    let reply = session.call(Method::POST, &path).send().await;
    assert_eq!(reply.expect("a response").status, 201);
    assert_eq!(
        ledger.stored()[repository.as_str()].blobs,
        digests(&[&digest])
    );
}

#[tokio::test]
async fn a_request_without_a_response_is_recorded() {
    let ledger = always(|| Box::pin(std::future::pending()));
    let uri = Uri::from_static("https://registry.test/v2/a/b/manifests/1.0.0");
    let request = Request::new(Method::PUT, uri).content(Bytes::from_static(b"{}"));
    let response = tokio::time::timeout(Duration::from_millis(10), ledger.send(request));
    assert!(response.await.is_err(), "there is no response");
    let manifests = &ledger.stored()["a/b"].manifests;
    assert_eq!(*manifests, digests(&[&sha256(b"{}")]));
}

#[tokio::test]
async fn a_mount_is_recorded_if_it_succeeds_or_if_its_response_is_lost() {
    type Outcome = fn() -> Reply;
    let lost: Outcome = || {
        let authority = "registry.test".to_owned();
        let cause = "reset".to_owned();
        Box::pin(std::future::ready(Err(TransportError::Broken {
            authority,
            cause,
            received: None,
        })))
    };
    let refused: Outcome = || Box::pin(std::future::ready(Ok(Response::new(StatusCode::ACCEPTED))));
    let mounted: Outcome = || Box::pin(std::future::ready(Ok(Response::new(StatusCode::CREATED))));
    for (outcome, recorded) in [(lost, 1), (refused, 0), (mounted, 1)] {
        let ledger = always(outcome);
        let uri = "https://registry.test/v2/a/b/blobs/uploads/?mount=sha256:ab&from=c/d";
        let request = Request::new(Method::POST, Uri::from_static(uri));
        let _ = ledger.send(request).await;
        let mut stored = ledger.stored();
        let blobs = stored.remove("a/b").unwrap_or_default().blobs;
        assert_eq!(blobs.len(), recorded);
    }
}

type Reply = ResponseFuture<'static>;

/// A registry with this response to every request.
struct Always(Uri, fn() -> Reply);

impl Registry for Always {
    fn send(&self, _: Request) -> Reply {
        (self.1)()
    }
    fn client_hello(&self) -> BoxFuture<'_, Result<ClientHelloOutcome, TransportError>> {
        Box::pin(std::future::pending())
    }
    fn pause(&self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
    fn origin(&self) -> &Uri {
        &self.0
    }
}

fn always(reply: fn() -> Reply) -> Ledger {
    let origin = Uri::from_static("https://registry.test");
    Ledger::new(Arc::new(Always(origin, reply)))
}

/// The number of blobs that are recorded after a PUT of one to this host.
async fn recorded_of(host: &str, reply: fn() -> Reply) -> usize {
    let ledger = always(reply);
    let uri = format!("https://{host}/v2/a/b/blobs/uploads/1?digest=sha256:ab");
    let request = Request::new(Method::PUT, uri.parse().expect("a URI"));
    let _ = ledger.send(request).await;
    let mut stored = ledger.stored();
    stored.remove("a/b").unwrap_or_default().blobs.len()
}

#[tokio::test]
async fn the_default_port_of_the_registry_may_be_explicit() {
    let created =
        || -> Reply { Box::pin(std::future::ready(Ok(Response::new(StatusCode::CREATED)))) };
    for (host, recorded) in [
        ("registry.test", 1),
        ("Registry.test:443", 1),
        ("registry.test:8443", 0),
        ("store.test", 0),
    ] {
        assert_eq!(recorded_of(host, created).await, recorded, "{host}");
    }
}

#[tokio::test]
async fn a_kind_is_refused_if_no_item_of_it_was_deleted() {
    for (fault, kinds) in [
        (None, &[][..]),
        (
            Some(Fault::DeletesRefused),
            &[LeftoverKind::Manifest, LeftoverKind::Blob][..],
        ),
    ] {
        let faults: Vec<Fault> = fault.into_iter().collect();
        let (ledger, session) = recorded(&faults);
        let chart = session.arrange_chart("1.0.0").await;
        let chart = chart.expect("it is accepted");
        for path in [
            session.blob_path(&chart.layer_digest()),
            session.manifest_path(&chart.digest),
        ] {
            let reply = session.call(Method::DELETE, &path).send().await;
            reply.expect("a response");
        }
        let refused: Vec<_> = ledger.refused().into_keys().collect();
        assert_eq!(refused, kinds, "{fault:?}");
    }
}

#[tokio::test]
async fn a_withheld_request_is_not_recorded() {
    let withheld = || -> Reply {
        let why = "the budget is used up".to_owned();
        Box::pin(std::future::ready(Err(TransportError::Withheld { why })))
    };
    assert_eq!(recorded_of("registry.test", withheld).await, 0);
}
