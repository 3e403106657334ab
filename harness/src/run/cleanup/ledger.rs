//! A port that notes what is stored through it, so that it can be taken away whatever becomes of who stored it.
//!
//! Notes are made of answers, and of requests to which no answer was heard: the registry may have done what was asked
//! all the same. A request that was refused leaves no note.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use helm_oci_fixtures::route::Route;
use helm_oci_suite::oci::url::is_same_origin;
use helm_oci_suite::wire::{Registry, Relay, Request, Response, ResponseFuture, TransportError};
use http::{Method, StatusCode, Uri, header};
use tokio::sync::watch;
use tokio::time::timeout;

/// How long a request that nobody waits for may take to be let go.
const LETTING_GO: Duration = Duration::from_secs(1);

/// What a repository holds because of this run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holdings {
    /// The digests of manifests.
    pub manifests: BTreeSet<String>,
    /// The tags, with what they were last made to name.
    pub tags: BTreeMap<String, String>,
    /// The digests of blobs.
    pub blobs: BTreeSet<String>,
    /// Path and query of upload sessions that were opened and not closed.
    pub uploads: BTreeSet<String>,
}

/// What a run made, by repository.
pub type Made = BTreeMap<String, Holdings>;

/// The port that notes.
pub struct Ledger {
    inner: Arc<dyn Registry>,
    made: Mutex<Made>,
    under_way: watch::Sender<usize>,
}

/// What a request makes if it succeeds.
enum Note {
    Manifest {
        repository: String,
        reference: String,
        digest: String,
    },
    Blob {
        repository: String,
        digest: String,
    },
}

/// A note that is made unless the request is seen refused, also if nobody waits for the answer any more.
struct Unsettled<'a> {
    ledger: &'a Ledger,
    note: Option<Note>,
}

impl Drop for Unsettled<'_> {
    fn drop(&mut self) {
        if let Some(note) = self.note.take() {
            self.ledger.enter(note);
        }
        self.ledger.under_way.send_modify(|count| *count -= 1);
    }
}

impl Ledger {
    /// An empty ledger in front of a registry.
    pub fn new(inner: Arc<dyn Registry>) -> Self {
        Self {
            inner,
            made: Mutex::default(),
            under_way: watch::Sender::new(0),
        }
    }

    /// What was made so far.
    pub fn made(&self) -> Made {
        self.book().clone()
    }

    /// The same, once no request is under way any more: of those who were stopped, each lets go in its own time.
    pub async fn settled(&self) -> Made {
        let mut under_way = self.under_way.subscribe();
        let _ = timeout(LETTING_GO, under_way.wait_for(|count| *count == 0)).await;
        self.made()
    }

    fn book(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, note: Note) {
        let mut book = self.book();
        match note {
            Note::Manifest {
                repository,
                reference,
                digest,
            } => {
                let holdings = book.entry(repository).or_default();
                if !reference.contains(':') {
                    holdings.tags.insert(reference, digest.clone());
                }
                holdings.manifests.insert(digest);
            }
            Note::Blob { repository, digest } => {
                book.entry(repository).or_default().blobs.insert(digest);
            }
        }
    }

    async fn note_and_send(&self, request: Request) -> Result<Response, TransportError> {
        if !self.is_own(&request.uri) {
            return self.inner.send(request).await;
        }
        self.under_way.send_modify(|count| *count += 1);
        let asked = (request.method.clone(), request.uri.clone());
        let mut unsettled = Unsettled {
            ledger: self,
            note: note(&request),
        };
        let answer = self.inner.send(request).await;
        if matches!(answer, Err(TransportError::Withheld { .. })) {
            unsettled.note = None;
        }
        if let Ok(answer) = &answer {
            if is_refusal(answer.status) {
                unsettled.note = None;
            }
            // What the answer says goes above what was asked for.
            drop(unsettled);
            self.learn(&asked.0, &asked.1, answer);
        }
        answer
    }

    /// Whether a URI leads to the registry itself; what is stored elsewhere is not ours to remove.
    fn is_own(&self, uri: &Uri) -> bool {
        is_same_origin(uri, self.inner.origin())
    }

    /// Notes what only an answer can tell: another digest than ours, a blob that was mounted, upload sessions.
    fn learn(&self, method: &Method, uri: &Uri, answer: &Response) {
        let route = Route::of(uri);
        let Some(repository) = route.repository().map(ToOwned::to_owned) else {
            return;
        };
        let status = answer.status;
        match (method.as_str(), route) {
            ("PUT", Route::Manifest { reference, .. }) if status.is_success() => {
                if let Some(digest) = digest_in(answer) {
                    self.enter(Note::Manifest {
                        repository,
                        reference,
                        digest,
                    });
                }
            }
            ("POST", Route::Uploads { .. }) if status == StatusCode::CREATED => {
                let digest = parameter(uri, "mount").or_else(|| parameter(uri, "digest"));
                if let Some(digest) = digest {
                    self.enter(Note::Blob { repository, digest });
                }
            }
            ("POST", Route::Uploads { .. }) if status.is_success() => {
                self.move_upload(repository, None, location(uri, answer));
            }
            ("PATCH", Route::Upload { .. }) if status.is_success() => {
                self.move_upload(repository, Some(uri), location(uri, answer));
            }
            ("PUT" | "DELETE", Route::Upload { .. }) if status.is_success() => {
                self.move_upload(repository, Some(uri), None);
            }
            _ => {}
        }
    }

    /// An upload session was at one place and is now at another, or closed.
    fn move_upload(&self, repository: String, from: Option<&Uri>, to: Option<String>) {
        let mut book = self.book();
        let uploads = &mut book.entry(repository).or_default().uploads;
        if let Some(from) = from {
            uploads.retain(|known| known.split('?').next() != Some(from.path()));
        }
        uploads.extend(to);
    }
}

impl Relay for Ledger {
    fn inner(&self) -> &dyn Registry {
        self.inner.as_ref()
    }

    fn pass(&self, request: Request) -> ResponseFuture<'_> {
        Box::pin(self.note_and_send(request))
    }
}

/// Path and query of `Location`, if it leads to the registry itself.
fn location(base: &Uri, answer: &Response) -> Option<String> {
    let location = answer.headers.get(header::LOCATION)?.to_str().ok()?;
    let uri: Uri = location.parse().ok()?;
    let is_here = uri.authority().is_none() || is_same_origin(&uri, base);
    let path = uri.path_and_query()?.as_str();
    (is_here && path.starts_with('/')).then(|| path.to_owned())
}

/// Whether nothing was done: an answer of a server in trouble tells neither.
fn is_refusal(status: StatusCode) -> bool {
    !status.is_success() && !status.is_server_error()
}

/// What a request makes if it succeeds.
fn note(request: &Request) -> Option<Note> {
    let uri = &request.uri;
    match (request.method.as_str(), Route::of(uri)) {
        (
            "PUT",
            Route::Manifest {
                repository,
                reference,
            },
        ) => Some(Note::Manifest {
            repository,
            reference,
            digest: request.content.digest(),
        }),
        ("PUT", Route::Upload { repository, .. }) => {
            let digest = parameter(uri, "digest")?;
            Some(Note::Blob { repository, digest })
        }
        _ => None,
    }
}

/// The digest that an answer names.
fn digest_in(answer: &Response) -> Option<String> {
    let named = answer.headers.get("docker-content-digest")?;
    let named = named.to_str().ok()?;
    is_digest(named).then(|| named.to_owned())
}

/// A digest in the query, its colon decoded.
fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let pairs = uri
        .query()?
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    let value = pairs
        .filter(|(own, _)| *own == name)
        .map(|(_, value)| value.replace("%3A", ":").replace("%3a", ":"))
        .next()?;
    is_digest(&value).then_some(value)
}

/// Whether a text has the form of a digest, so that it can stand in a path and in a command.
pub(super) fn is_digest(text: &str) -> bool {
    let Some((algorithm, encoded)) = text.split_once(':') else {
        return false;
    };
    let is_plain = |text: &str, also: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || also.contains(c))
    };
    is_plain(algorithm, "+._-") && is_plain(encoded, "=_-")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::future::BoxFuture;
    use helm_oci_fixtures::digest::sha256;
    use helm_oci_fixtures::fault::Fault;
    use helm_oci_suite::proof;
    use helm_oci_suite::requirement::Setup;
    use helm_oci_suite::session::Session;
    use helm_oci_suite::session::target::Target;
    use helm_oci_suite::wire::ClientHelloOutcome;

    use super::*;

    fn noted(faults: &[Fault]) -> (Arc<Ledger>, Session) {
        let target = proof::target(Setup::Open, faults);
        let ledger = Arc::new(Ledger::new(Arc::clone(&target.registry)));
        let target = Target {
            registry: Arc::clone(&ledger) as _,
            ..target
        };
        (ledger, Session::new(target, "test/ledger"))
    }

    #[tokio::test]
    async fn what_is_stored_is_noted_and_nothing_else() {
        let (ledger, session) = noted(&[]);
        session.get_manifest("1.0.0").await.expect("an answer");
        assert_eq!(ledger.made(), Made::new());
        let chart = session.arrange_chart("1.0.0").await.expect("it is taken");
        let broken = Bytes::from_static(b"{");
        let refused = session.put_manifest("2.0.0", &broken);
        assert_eq!(refused.await.expect("an answer").status, 400);
        let made = ledger.made();
        let own = &made[session.repository()];
        assert_eq!(own.manifests, BTreeSet::from([chart.digest.clone()]));
        let tags = BTreeMap::from([("1.0.0".to_owned(), chart.digest.clone())]);
        assert_eq!(own.tags, tags);
        let blobs = BTreeSet::from([chart.config_digest(), chart.layer_digest()]);
        assert_eq!(own.blobs, blobs);
        assert_eq!(own.uploads, BTreeSet::new(), "each was completed");
    }

    #[tokio::test]
    async fn uploads_that_stay_open_are_noted_where_they_went() {
        let (ledger, session) = noted(&[]);
        let opened = session.arrange_upload().await.expect("it is opened");
        let chunk = Bytes::from_static(b"a chunk");
        let moved = session.patch_upload(&opened, &chunk).await;
        let moved = moved.expect("an answer");
        let location = moved.header("location").expect("a location");
        let made = ledger.made();
        let uploads: Vec<_> = made[session.repository()].uploads.iter().collect();
        assert_eq!(uploads.len(), 1);
        assert!(location.ends_with(uploads[0].as_str()), "{location}");
    }

    #[tokio::test]
    async fn a_blob_that_was_mounted_is_noted() {
        let (ledger, session) = noted(&[]);
        let blob = Bytes::from_static(b"a blob to mount");
        let from = session.sibling("from");
        let digest = session.arrange_blob_in(&from, &blob).await.expect("taken");
        let repository = session.repository();
        let path = format!("/v2/{repository}/blobs/uploads/?mount={digest}&from={from}");
        let reply = session.call(Method::POST, &path).send().await;
        assert_eq!(reply.expect("an answer").status, 201);
        assert_eq!(ledger.made()[repository].blobs, BTreeSet::from([digest]));
    }

    #[tokio::test]
    async fn what_nobody_heard_the_answer_to_is_noted_all_the_same() {
        let ledger = always(|| Box::pin(std::future::pending()));
        let uri = Uri::from_static("https://registry.test/v2/a/b/manifests/1.0.0");
        let request = Request::new(Method::PUT, uri).content(Bytes::from_static(b"{}"));
        let asked = tokio::time::timeout(Duration::from_millis(10), ledger.send(request));
        assert!(asked.await.is_err(), "nobody answers");
        let manifests = &ledger.made()["a/b"].manifests;
        assert_eq!(*manifests, BTreeSet::from([sha256(b"{}")]));
    }

    type Answer = ResponseFuture<'static>;

    /// A registry that answers every request with this.
    struct Always(Uri, fn() -> Answer);

    impl Registry for Always {
        fn send(&self, _: Request) -> Answer {
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

    fn always(answer: fn() -> Answer) -> Ledger {
        let origin = Uri::from_static("https://registry.test");
        Ledger::new(Arc::new(Always(origin, answer)))
    }

    /// How many blobs are noted after a PUT of one to this host.
    async fn noted_of(host: &str, answer: fn() -> Answer) -> usize {
        let ledger = always(answer);
        let uri = format!("https://{host}/v2/a/b/blobs/uploads/1?digest=sha256:ab");
        let request = Request::new(Method::PUT, uri.parse().expect("a URI"));
        let _ = ledger.send(request).await;
        let mut made = ledger.made();
        made.remove("a/b").unwrap_or_default().blobs.len()
    }

    #[tokio::test]
    async fn the_registry_is_itself_also_where_its_port_is_named() {
        let taken =
            || -> Answer { Box::pin(std::future::ready(Ok(Response::new(StatusCode::CREATED)))) };
        for (host, noted) in [
            ("registry.test", 1),
            ("Registry.test:443", 1),
            ("registry.test:8443", 0),
            ("store.test", 0),
        ] {
            assert_eq!(noted_of(host, taken).await, noted, "{host}");
        }
    }

    #[tokio::test]
    async fn what_was_never_sent_is_not_noted() {
        let withheld = || -> Answer {
            let why = "the budget is used up".to_owned();
            Box::pin(std::future::ready(Err(TransportError::Withheld { why })))
        };
        assert_eq!(noted_of("registry.test", withheld).await, 0);
    }

    #[test]
    fn what_could_end_a_quotation_is_no_digest() {
        assert!(is_digest("sha256:abc"));
        for text in ["sha256:", "sha256", ":abc", "sha256:a'b", "a/b:c", "a:b c"] {
            assert!(!is_digest(text), "{text}");
        }
    }
}
