//! A proxy between a Helm binary and a real registry that records every exchange.
//!
//! Helm connects to an address of this machine. The recorder forwards requests with the registry's own `Host`, and
//! rewrites URLs of the registry in response headers to its own address. Bodies and everything else stay unchanged.

use std::mem;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use helm_oci_fixtures::route::Route;
use helm_oci_fixtures::transport::{
    CLIENT_HELLO_RESPONSE, ClientHelloReaction, Incoming, Outgoing, TransportEffect,
};
use helm_oci_suite::session::target::Target;
use helm_oci_suite::wire::exchange::Exchange;
use helm_oci_suite::wire::redaction::Secrets;
use helm_oci_suite::wire::{
    AfterResponse, ClientHelloOutcome, Registry, Request, Response, ResponseFuture, TransportError,
};
use http::uri::PathAndQuery;
use http::{Method, Uri, header};

use super::{Helm, tls};
use crate::serve::{Handler, ServeError, Server, redirect, strip};

/// The exchanges between one Helm binary and a registry.
pub struct Recorder {
    upstream: Arc<dyn Registry>,
    below: BelowHttp,
    /// Credentials that are redacted from the log.
    secrets: Secrets,
    log: Mutex<Log>,
}

/// The behaviour of a registry below HTTP. Helm meets it at the recorder as well.
#[derive(Debug, Clone, Copy)]
pub struct BelowHttp {
    /// The reaction of a plain-HTTP port to a TLS `ClientHello`.
    hello: ClientHelloReaction,
    /// True if each connection is closed after a response that does not announce it.
    closes: bool,
}

impl BelowHttp {
    /// Observes the behaviour of a registry.
    pub async fn of(registry: &dyn Registry) -> Self {
        let hello = match registry.client_hello().await {
            Ok(ClientHelloOutcome::NoResponse) => ClientHelloReaction::Silence,
            Ok(ClientHelloOutcome::Response(bytes)) if bytes.starts_with(b"HTTP/") => {
                ClientHelloReaction::HttpResponse
            }
            Ok(ClientHelloOutcome::Response(_) | ClientHelloOutcome::Closed) => {
                ClientHelloReaction::Close
            }
            Err(_) => ClientHelloReaction::HttpResponse,
        };
        let base = at(registry.origin(), Some(PathAndQuery::from_static("/v2/")));
        let mut closes = true;
        // One connection may break by chance.
        for _ in 0..2 {
            let sent = registry
                .send_alone(Request::new(Method::GET, base.clone()))
                .await;
            closes &= matches!(sent, Ok((_, AfterResponse::Closed)));
        }
        Self { hello, closes }
    }
}

#[derive(Default)]
struct Log {
    /// Exchanges of Helm.
    helm: Vec<Exchange>,
    /// Exchanges of the arrangement.
    arranged: Vec<Exchange>,
    /// True while Helm runs.
    is_open: bool,
    /// The first transport error of an exchange of Helm that Helm does not meet as such.
    trouble: Option<TransportError>,
}

/// The address that Helm connects to. Dropping it without [`Endpoint::close`] closes it without waiting.
pub struct Endpoint {
    server: Server,
    /// The origin for Helm's command line.
    pub origin: Uri,
}

impl Recorder {
    /// Creates a recorder in front of the registry of a target, which behaves in this way below HTTP.
    pub fn new(target: &Target, below: BelowHttp) -> Self {
        Self {
            upstream: Arc::clone(&target.registry),
            below,
            secrets: target.secrets(),
            log: Mutex::default(),
        }
    }

    /// Opens an endpoint for this Helm version, with TLS if the registry has it.
    pub async fn open(self: &Arc<Self>, helm: &Helm) -> Result<Endpoint, ServeError> {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let handler = Arc::clone(self) as Arc<dyn Handler>;
        let is_secure = self.upstream.origin().scheme_str() == Some("https");
        let server = if is_secure {
            Server::start_with_tls(listen, handler, Arc::new(tls::server())).await?
        } else {
            Server::start(listen, handler).await?
        };
        let port = server.address().port();
        let origin = helm.origin_here(is_secure, port);
        Ok(Endpoint { server, origin })
    }

    /// Assigns the following exchanges to Helm.
    pub fn start_helm(&self) {
        self.log().is_open = true;
    }

    /// Assigns the following exchanges to the arrangement.
    pub fn stop_helm(&self) {
        self.log().is_open = false;
    }

    /// Takes the exchanges of Helm, those of the arrangement, and the first transport error.
    pub fn take(&self) -> (Vec<Exchange>, Vec<Exchange>, Option<TransportError>) {
        let mut log = self.log();
        (
            mem::take(&mut log.helm),
            mem::take(&mut log.arranged),
            log.trouble.take(),
        )
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forwards a request to the registry, and returns the response with URLs of the registry rewritten to `own`.
    async fn pass(
        &self,
        mut request: Request,
        own: &Origin,
        is_helm: bool,
    ) -> Result<Response, TransportError> {
        let upstream = self.upstream.origin();
        request.uri = at(upstream, request.uri.path_and_query().cloned());
        strip(&mut request.headers);
        request.headers.remove(header::HOST);
        let recorded = request.clone();
        let mut response = self.upstream.send(request).await;
        // Requests outside the API go to the token endpoint.
        let is_secret = matches!(Route::of(&recorded.uri), Route::Token | Route::Other);
        let exchange = Exchange::record(&recorded, &response, upstream, is_secret, &self.secrets);
        let mut log = self.log();
        if is_helm && log.is_open {
            log.helm.push(exchange);
            // Helm meets a body that is cut as the registry cut it.
            if let Err(error) = &response
                && !matches!(
                    error,
                    TransportError::Broken {
                        received: Some(_),
                        ..
                    }
                )
            {
                log.trouble.get_or_insert_with(|| error.clone());
            }
        } else {
            log.arranged.push(exchange);
        }
        drop(log);
        let partial = match &mut response {
            Ok(response) => Some(response),
            Err(TransportError::Broken { received, .. }) => received.as_deref_mut(),
            Err(_) => None,
        };
        if let Some(response) = partial {
            strip(&mut response.headers);
            let upstream = Origin::of(upstream);
            redirect(&mut response.headers, |text| rewrite(text, &upstream, own));
        }
        response
    }
}

impl Handler for Recorder {
    fn answer(&self, incoming: Incoming) -> BoxFuture<'_, Outgoing> {
        Box::pin(async move {
            let own = Origin(incoming.client_origin());
            let passed = self.pass(incoming.request.into(), &own, true).await;
            match passed {
                Ok(response) => Outgoing {
                    response: response.into(),
                    effect: if self.below.closes {
                        TransportEffect::CloseAfterResponse
                    } else {
                        TransportEffect::None
                    },
                },
                // The registry closed the connection within the body, and so does the recorder.
                Err(TransportError::Broken {
                    received: Some(response),
                    ..
                }) => Outgoing {
                    effect: TransportEffect::CutBodyAfter(response.body.len()),
                    response: (*response).into(),
                },
                Err(_) => Outgoing {
                    effect: TransportEffect::CloseBeforeResponse,
                    ..Outgoing::default()
                },
            }
        })
    }

    fn client_hello(&self) -> ClientHelloReaction {
        self.below.hello
    }
}

impl Endpoint {
    /// A client for the arrangement and for reading the effects of Helm, under the same origin.
    pub fn arrangement_client(&self, recorder: &Arc<Recorder>) -> Arc<dyn Registry> {
        Arc::new(ArrangementClient {
            recorder: Arc::clone(recorder),
            origin: self.origin.clone(),
        })
    }

    /// Stops the server.
    pub async fn close(self) {
        self.server.stop().await;
    }
}

struct ArrangementClient {
    recorder: Arc<Recorder>,
    origin: Uri,
}

impl Registry for ArrangementClient {
    fn send(&self, request: Request) -> ResponseFuture<'_> {
        Box::pin(async move {
            if request.uri.authority() == self.origin.authority() {
                let own = Origin::of(&self.origin);
                self.recorder.pass(request, &own, false).await
            } else {
                self.recorder.upstream.send(request).await
            }
        })
    }

    fn client_hello(&self) -> BoxFuture<'_, Result<ClientHelloOutcome, TransportError>> {
        let response = ClientHelloOutcome::Response(Bytes::from_static(CLIENT_HELLO_RESPONSE));
        Box::pin(std::future::ready(Ok(response)))
    }

    fn pause(&self, time: Duration) -> BoxFuture<'_, ()> {
        self.recorder.upstream.pause(time)
    }

    fn origin(&self) -> &Uri {
        &self.origin
    }
}

/// Scheme, host and port, as a prefix of URLs in headers.
struct Origin(String);

impl Origin {
    fn of(uri: &Uri) -> Self {
        Self(uri.to_string().trim_end_matches('/').to_owned())
    }
}

fn at(origin: &Uri, path: Option<PathAndQuery>) -> Uri {
    let mut parts = origin.clone().into_parts();
    parts.path_and_query = path.or_else(|| Some(PathAndQuery::from_static("/")));
    Uri::from_parts(parts).expect("an origin and a path make a URI")
}

/// Replaces an origin in a text, unless it is the prefix of a longer one.
fn rewrite(text: &str, from: &Origin, to: &Origin) -> String {
    let mut parts = text.split(&from.0);
    let mut rewritten = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let ends = part
            .chars()
            .next()
            .is_none_or(|next| "/?#\"<>,; ".contains(next));
        rewritten.push_str(if ends { &to.0 } else { &from.0 });
        rewritten.push_str(part);
    }
    rewritten
}

#[cfg(test)]
mod tests {
    use helm_oci_fixtures::fault::Fault;
    use helm_oci_fixtures::transport::Scheme;
    use helm_oci_suite::proof;
    use helm_oci_suite::requirement::Setup;
    use helm_oci_suite::session::Session;

    use super::*;

    #[tokio::test]
    async fn helm_meets_what_the_registry_does_below_http() {
        for (fault, hello, closes) in [
            (None, ClientHelloReaction::HttpResponse, false),
            (
                Some(Fault::SilentOnClientHello),
                ClientHelloReaction::Silence,
                false,
            ),
            (
                Some(Fault::ClosesOnClientHello),
                ClientHelloReaction::Close,
                false,
            ),
            (
                Some(Fault::ClosesAfterEachResponse),
                ClientHelloReaction::HttpResponse,
                true,
            ),
        ] {
            let faults: Vec<Fault> = fault.into_iter().collect();
            let target = proof::target(Setup::PlainHttp, &faults);
            let below = BelowHttp::of(target.registry.as_ref()).await;
            let recorder = Recorder::new(&target, below);
            assert_eq!(recorder.client_hello(), hello, "{fault:?}");
            assert_eq!(below.closes, closes, "{fault:?}");
        }
    }

    #[tokio::test]
    async fn a_body_that_the_registry_cuts_is_cut_for_helm() {
        let target = proof::target(Setup::PlainHttp, &[Fault::CutsBlobs]);
        let session = Session::new(target.clone(), "test/cut");
        let chart = session.arrange_chart("1.0.0").await.expect("it is pushed");
        let below = BelowHttp::of(target.registry.as_ref()).await;
        let recorder = Recorder::new(&target, below);
        let path = session.blob_path(&chart.layer_digest());
        let request = http::Request::get(path).header("host", "127.0.0.1:1");
        let answer = recorder.answer(Incoming {
            scheme: Scheme::Http,
            request: request.body(Bytes::new()).expect("a request"),
        });
        let Outgoing { response, effect } = answer.await;
        let length = response.body().len();
        assert!(length > 0);
        assert_eq!(effect, TransportEffect::CutBodyAfter(length));
        let announced = response.headers().get("content-length");
        let announced = announced.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        assert!(announced.is_some_and(|announced| announced > length));
    }

    #[test]
    fn only_urls_of_the_registry_are_rewritten() {
        let from = Origin("http://r.example:5000".to_owned());
        let to = Origin("http://localhost:4321".to_owned());
        for (text, rewritten) in [
            ("/v2/a/blobs/uploads/1", "/v2/a/blobs/uploads/1"),
            (
                "http://r.example:5000/v2/a?x=y",
                "http://localhost:4321/v2/a?x=y",
            ),
            ("http://r.example:50000/v2/a", "http://r.example:50000/v2/a"),
            (
                "Bearer realm=\"http://r.example:5000/token\",service=\"r.example:5000\"",
                "Bearer realm=\"http://localhost:4321/token\",service=\"r.example:5000\"",
            ),
            (
                "Basic realm=\"http://r.example:5000\"",
                "Basic realm=\"http://localhost:4321\"",
            ),
            ("http://auth.example/token", "http://auth.example/token"),
        ] {
            assert_eq!(rewrite(text, &from, &to), rewritten);
        }
    }
}
