//! The reference registry with faults, as a Helm meets it, and what was asked of it.
//!
//! What a flow needs beforehand is arranged behind the faults' back: they see it pass, so that they remember
//! what a real registry would remember, and alter nothing of it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use helm_oci_fixtures::fault::{Fault, FaultLayer};
use helm_oci_fixtures::registry::{Access, ReferenceRegistry};
use helm_oci_fixtures::transport::{
    ClientHelloReaction, Incoming, Outgoing, Scheme, TransportEffect,
};
use helm_oci_suite::requirement::BoxFuture;
use helm_oci_suite::wire::content::Content;
use helm_oci_suite::wire::registry::{Hello, Registry, TransportError};
use http::{HeaderValue, Method, Request, Response, Uri, header};

use crate::serve::{Handler, redirect};

/// How much longer it takes to open an upload. What becomes of two that Helm opens side by side depends on
/// whether the second is opened before the first is sent, also when the machine has other things to do.
const OPENING: u32 = 6;

/// One exchange as the registry saw it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The scheme of the connection.
    pub scheme: Scheme,
    /// The request, its URI being a path and a query.
    pub request: Request<Bytes>,
    /// The response, as the faults altered it.
    pub answer: Response<Bytes>,
    /// The effect of the faults on the connection.
    pub effect: TransportEffect,
    /// Whether it belongs to what was arranged, and not to what a Helm did.
    pub is_arranged: bool,
    /// Whether a fault had a hand in it.
    pub is_altered: bool,
}

/// A registry for one flow.
pub struct Stage {
    registry: ReferenceRegistry,
    faults: FaultLayer,
    latency: Duration,
    stand_ins: Vec<(&'static str, String)>,
    is_open: AtomicBool,
    hellos: AtomicUsize,
    seen: Mutex<Vec<Seen>>,
}

impl Stage {
    /// An empty registry with these faults, closed: what comes now is arranged.
    pub fn new(access: Access, faults: &[Fault]) -> Self {
        Self {
            registry: ReferenceRegistry::new(access),
            faults: FaultLayer::new(faults),
            latency: Duration::ZERO,
            stand_ins: Vec::new(),
            is_open: AtomicBool::new(false),
            hellos: AtomicUsize::new(0),
            seen: Mutex::default(),
        }
    }

    /// Answers each request only after this time, as a network does. Requests that a Helm sends at the same
    /// time then arrive before the first of them is answered, and not in an order of the machine's making.
    #[must_use]
    pub fn with_latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Writes one host for another wherever an answer leads to it, so that hosts which exist in faults only
    /// have somebody who answers for them.
    #[must_use]
    pub fn with_stand_ins(mut self, stand_ins: &[(&'static str, String)]) -> Self {
        self.stand_ins = stand_ins.to_vec();
        self
    }

    /// From now on faults alter what they alter.
    pub fn open(&self) {
        self.is_open.store(true, Ordering::SeqCst);
    }

    /// From now on what comes is arranged.
    pub fn close(&self) {
        self.is_open.store(false, Ordering::SeqCst);
    }

    /// How it meets a Helm that begins with TLS.
    pub fn meets_hello(&self) -> ClientHelloReaction {
        self.faults.client_hello()
    }

    /// Every exchange so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How often a Helm began with TLS where there is none.
    pub fn hellos(&self) -> usize {
        self.hellos.load(Ordering::SeqCst)
    }

    /// Answers one request, and writes it down.
    pub fn handle(&self, incoming: Incoming) -> Outgoing {
        // One at a time, so that what is written down is the order in which the registry answered.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let is_arranged = !self.is_open.load(Ordering::SeqCst);
        let (mut outgoing, is_altered) = if is_arranged {
            (self.arrange(&incoming), false)
        } else {
            self.play(&incoming)
        };
        self.lead_elsewhere(&mut outgoing.response);
        seen.push(Seen {
            scheme: incoming.scheme,
            request: incoming.request,
            answer: outgoing.response.clone(),
            effect: outgoing.effect,
            is_arranged,
            is_altered,
        });
        outgoing
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "nothing is waited for: time passing is what a network does"
    )]
    async fn wait(&self, is_upload: bool) {
        if !self.latency.is_zero() {
            let times = if is_upload { OPENING } else { 1 };
            tokio::time::sleep(self.latency * times).await;
        }
    }

    /// Answers a request as if there were no faults, which take note of it.
    fn arrange(&self, incoming: &Incoming) -> Outgoing {
        let truth = Outgoing::from(self.registry.handle(incoming));
        self.faults.after(incoming, &mut truth.clone());
        truth
    }

    /// Answers a request with faults, and tells whether they had a hand in it.
    fn play(&self, incoming: &Incoming) -> (Outgoing, bool) {
        let mut forwarded = incoming.clone();
        if let Some(outgoing) = self.faults.before(&mut forwarded) {
            return (outgoing, true);
        }
        let truth = self.registry.handle(&forwarded);
        let mut outgoing = Outgoing::from(truth.clone());
        self.faults.after(incoming, &mut outgoing);
        let is_altered = !is_same_request(&incoming.request, &forwarded.request)
            || !is_same_answer(&truth, &outgoing);
        (outgoing, is_altered)
    }

    fn lead_elsewhere(&self, answer: &mut Response<Bytes>) {
        if self.stand_ins.is_empty() {
            return;
        }
        redirect(answer.headers_mut(), |text| {
            let stand_ins = self.stand_ins.iter();
            stand_ins.fold(text.to_owned(), |text, (host, stand_in)| {
                text.replace(&format!("://{host}/"), &format!("://{stand_in}/"))
            })
        });
    }
}

fn is_same_request(one: &Request<Bytes>, other: &Request<Bytes>) -> bool {
    one.method() == other.method()
        && one.uri() == other.uri()
        && one.headers() == other.headers()
        && one.body() == other.body()
}

fn is_same_answer(truth: &Response<Bytes>, outgoing: &Outgoing) -> bool {
    let sent = &outgoing.response;
    truth.status() == sent.status()
        && truth.headers() == sent.headers()
        && truth.body() == sent.body()
        && outgoing.effect == TransportEffect::None
}

impl Handler for Stage {
    fn answer(&self, incoming: Incoming) -> BoxFuture<'_, Outgoing> {
        Box::pin(async move {
            let is_upload = incoming.request.method() == Method::POST;
            let outgoing = self.handle(incoming);
            self.wait(is_upload).await;
            outgoing
        })
    }

    fn client_hello(&self) -> ClientHelloReaction {
        if self.is_open.load(Ordering::SeqCst) {
            self.hellos.fetch_add(1, Ordering::SeqCst);
            self.faults.client_hello()
        } else {
            ClientHelloReaction::HttpResponse
        }
    }
}

/// The way to a stage behind the faults' back: for arranging, and for looking at what a Helm left there.
pub struct Wings {
    stage: Arc<Stage>,
    origin: Uri,
}

impl Wings {
    /// The way to `stage`, which Helm reaches at `origin`.
    pub const fn new(stage: Arc<Stage>, origin: Uri) -> Self {
        Self { stage, origin }
    }

    fn pass(&self, mut request: Request<Bytes>) -> Response<Bytes> {
        let host = self
            .origin
            .authority()
            .map_or("", |authority| authority.as_str());
        let scheme = self.origin.scheme_str().and_then(Scheme::parse);
        let headers = request.headers_mut();
        headers.insert(
            header::HOST,
            HeaderValue::from_str(host).expect("an authority is a header value"),
        );
        headers.remove(header::USER_AGENT);
        if let Some(path) = request.uri().path_and_query() {
            *request.uri_mut() = path.clone().into();
        }
        let incoming = Incoming {
            scheme: scheme.unwrap_or(Scheme::Http),
            request,
        };
        if self.stage.is_open.load(Ordering::SeqCst) {
            // A look at what a Helm did is nobody's request.
            self.stage.registry.handle(&incoming)
        } else {
            self.stage.handle(incoming).response
        }
    }
}

impl Registry for Wings {
    fn send(
        &self,
        request: Request<Content>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(std::future::ready(Ok(
            self.pass(request.map(Content::into_bytes))
        )))
    }

    fn client_hello(&self) -> BoxFuture<'_, Result<Hello, TransportError>> {
        Box::pin(std::future::ready(Ok(Hello::Silent)))
    }

    fn pause(&self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn origin(&self) -> &Uri {
        &self.origin
    }
}
