//! The reference registry with faults as Helm sees it, and a log of the exchanges.
//!
//! Preconditions of a flow are arranged while the faults are inactive: the faults observe these requests, so that they
//! hold the state that a real registry would hold, and alter none of them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use helm_oci_fixtures::fault::{Fault, FaultLayer, GeneratedFault};
use helm_oci_fixtures::registry::{Access, ReferenceRegistry};
use helm_oci_fixtures::transport::{
    ClientHelloReaction, Incoming, Outgoing, Scheme, TransportEffect,
};
use helm_oci_suite::wire::content::Content;
use helm_oci_suite::wire::{
    ClientHelloOutcome, Registry, Request, Response, ResponseFuture, TransportError,
};
use http::{HeaderValue, Method, Uri, header};

use crate::serve::{Handler, redirect};

/// The factor by which the start of an upload is slower. The result of two concurrent uploads depends on whether the
/// second starts before the body of the first is sent; the delay keeps this order on a busy machine.
const UPLOAD_START_FACTOR: u32 = 6;

/// One exchange as observed by the registry.
#[derive(Debug, Clone)]
pub struct ObservedExchange {
    /// The scheme of the connection.
    pub scheme: Scheme,
    /// The request; its URI is a path and a query.
    pub request: http::Request<Bytes>,
    /// The response, as the faults altered it.
    pub response: http::Response<Bytes>,
    /// The effect of the faults on the connection.
    pub effect: TransportEffect,
    /// True for an exchange of the arrangement, false for one of Helm.
    pub is_arranged: bool,
    /// True if a fault altered it.
    pub is_altered: bool,
}

/// A registry for one flow.
pub struct FaultServer {
    registry: ReferenceRegistry,
    faults: FaultLayer,
    latency: Duration,
    substitutes: Vec<(&'static str, String)>,
    is_open: AtomicBool,
    hellos: AtomicUsize,
    seen: Mutex<Vec<ObservedExchange>>,
}

impl FaultServer {
    /// Creates an empty registry with these faults, which are inactive at first.
    pub fn new(access: Access, faults: &[Fault]) -> Self {
        Self {
            registry: ReferenceRegistry::new(access),
            faults: FaultLayer::new(faults),
            latency: Duration::ZERO,
            substitutes: Vec::new(),
            is_open: AtomicBool::new(false),
            hellos: AtomicUsize::new(0),
            seen: Mutex::default(),
        }
    }

    /// Adds generated faults, which are inactive at first as well.
    #[must_use]
    pub fn with_generated(mut self, generated: &[GeneratedFault]) -> Self {
        self.faults = self.faults.with_generated(generated);
        self
    }

    /// Delays each response by this time, as a network does, so that concurrent requests of Helm all arrive before the
    /// first response, independent of the load of the machine.
    #[must_use]
    pub fn with_latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Replaces hosts in URLs of responses by addresses of this machine, for hosts that exist only in faults.
    #[must_use]
    pub fn with_substitutes(mut self, substitutes: &[(&'static str, String)]) -> Self {
        self.substitutes = substitutes.to_vec();
        self
    }

    /// Activates the faults.
    pub fn open(&self) {
        self.is_open.store(true, Ordering::SeqCst);
    }

    /// Deactivates the faults; the following requests are arrangement.
    pub fn close(&self) {
        self.is_open.store(false, Ordering::SeqCst);
    }

    /// The reaction to a TLS `ClientHello` on a plain-HTTP port.
    pub fn client_hello_reaction(&self) -> ClientHelloReaction {
        self.faults.client_hello()
    }

    /// Every exchange so far.
    pub fn seen(&self) -> Vec<ObservedExchange> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The number of TLS `ClientHello` messages on the plain-HTTP port.
    pub fn hellos(&self) -> usize {
        self.hellos.load(Ordering::SeqCst)
    }

    /// Handles one request and records the exchange.
    pub fn handle(&self, incoming: Incoming) -> Outgoing {
        // One request at a time, so that the log has the order of the responses.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let is_arranged = !self.is_open.load(Ordering::SeqCst);
        let (mut outgoing, is_altered) = if is_arranged {
            (self.faults.observe(&self.registry, &incoming), false)
        } else {
            self.handle_with_faults(&incoming)
        };
        self.substitute_hosts(&mut outgoing.response);
        seen.push(ObservedExchange {
            scheme: incoming.scheme,
            request: incoming.request,
            response: outgoing.response.clone(),
            effect: outgoing.effect,
            is_arranged,
            is_altered,
        });
        outgoing
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the delay simulates the latency of a network; nothing is awaited"
    )]
    async fn wait(&self, is_upload: bool) {
        if !self.latency.is_zero() {
            let times = if is_upload { UPLOAD_START_FACTOR } else { 1 };
            tokio::time::sleep(self.latency * times).await;
        }
    }

    /// Handles a request with faults. Returns the response, and true if a fault altered the exchange.
    fn handle_with_faults(&self, incoming: &Incoming) -> (Outgoing, bool) {
        let mut forwarded = incoming.clone();
        if let Some(outgoing) = self.faults.before(&mut forwarded) {
            return (outgoing, true);
        }
        let unaltered = self.registry.handle(&forwarded);
        let mut outgoing = Outgoing::from(unaltered.clone());
        self.faults.after(incoming, &mut outgoing);
        let is_altered = !is_same_request(&incoming.request, &forwarded.request)
            || !is_same_response(&unaltered, &outgoing);
        (outgoing, is_altered)
    }

    fn substitute_hosts(&self, answer: &mut http::Response<Bytes>) {
        if self.substitutes.is_empty() {
            return;
        }
        redirect(answer.headers_mut(), |text| {
            let substitutes = self.substitutes.iter();
            substitutes.fold(text.to_owned(), |text, (host, substitute)| {
                text.replace(&format!("://{host}/"), &format!("://{substitute}/"))
            })
        });
    }
}

fn is_same_request(one: &http::Request<Bytes>, other: &http::Request<Bytes>) -> bool {
    one.method() == other.method()
        && one.uri() == other.uri()
        && one.headers() == other.headers()
        && one.body() == other.body()
}

fn is_same_response(unaltered: &http::Response<Bytes>, outgoing: &Outgoing) -> bool {
    let sent = &outgoing.response;
    unaltered.status() == sent.status()
        && unaltered.headers() == sent.headers()
        && unaltered.body() == sent.body()
        && outgoing.effect == TransportEffect::None
}

impl Handler for FaultServer {
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

/// A client that bypasses the faults, to arrange preconditions and to read the effects of Helm.
pub struct InProcessClient {
    server: Arc<FaultServer>,
    origin: Uri,
}

impl InProcessClient {
    /// A client of `server`, which Helm reaches at `origin`.
    pub const fn new(server: Arc<FaultServer>, origin: Uri) -> Self {
        Self { server, origin }
    }

    fn pass(&self, mut request: http::Request<Bytes>) -> http::Response<Bytes> {
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
        if self.server.is_open.load(Ordering::SeqCst) {
            // Reading the effects of Helm is not recorded.
            self.server.registry.handle(&incoming)
        } else {
            self.server.handle(incoming).response
        }
    }
}

impl Registry for InProcessClient {
    fn send(&self, request: Request) -> ResponseFuture<'_> {
        let request = http::Request::from(request).map(Content::into_bytes);
        let response = Response::from(self.pass(request));
        Box::pin(std::future::ready(Ok(response)))
    }

    fn client_hello(&self) -> BoxFuture<'_, Result<ClientHelloOutcome, TransportError>> {
        Box::pin(std::future::ready(Ok(ClientHelloOutcome::NoResponse)))
    }

    fn pause(&self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn origin(&self) -> &Uri {
        &self.origin
    }
}
