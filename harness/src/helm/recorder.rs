//! A real registry as a Helm meets it in a run, with everything that is said written down.
//!
//! Helm is told an address of this machine. What it asks goes to the registry with the registry's own `Host`, and
//! wherever an answer leads back to the registry, it leads back here. Bodies and all else pass as they are.

use std::mem;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use helm_oci_fixtures::route::Route;
use helm_oci_fixtures::transport::{
    CLIENT_HELLO_RESPONSE, ClientHelloReaction, Incoming, Outgoing, TransportEffect,
};
use helm_oci_suite::requirement::BoxFuture;
use helm_oci_suite::session::target::Target;
use helm_oci_suite::wire::content::Content;
use helm_oci_suite::wire::exchange::Exchange;
use helm_oci_suite::wire::redaction::Secrets;
use helm_oci_suite::wire::registry::{Hello, Registry, TransportError};
use http::uri::PathAndQuery;
use http::{Request, Response, Uri, header};

use super::{Helm, tls};
use crate::serve::{Handler, ServeError, Server, redirect, strip};

/// What passes between one Helm and a registry.
pub struct Recorder {
    upstream: Arc<dyn Registry>,
    /// What is never written down.
    secrets: Secrets,
    said: Mutex<Said>,
}

#[derive(Default)]
struct Said {
    /// What Helm said, and what was answered.
    played: Vec<Exchange>,
    /// What was arranged for it.
    arranged: Vec<Exchange>,
    /// Whether Helm is at work.
    is_open: bool,
    /// Why the registry gave Helm no answer, the first time.
    trouble: Option<TransportError>,
}

/// The address at which a Helm meets the registry; dropped without [`Place::close`] it closes without waiting.
pub struct Place {
    server: Server,
    /// What Helm is told.
    pub origin: Uri,
}

impl Recorder {
    /// A recorder in front of the registry of a target.
    pub fn new(target: &Target) -> Self {
        Self {
            upstream: Arc::clone(&target.registry),
            secrets: target.secrets(),
            said: Mutex::default(),
        }
    }

    /// Opens a place for this Helm, with TLS if the registry has it.
    pub async fn open(self: &Arc<Self>, helm: &Helm) -> Result<Place, ServeError> {
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
        Ok(Place { server, origin })
    }

    /// From now on what is said is Helm's.
    pub fn play(&self) {
        self.said().is_open = true;
    }

    /// From now on what is said is looked at behind Helm's back.
    pub fn rest(&self) {
        self.said().is_open = false;
    }

    /// What Helm said so far, what was arranged, and why the registry gave no answer if once it did not.
    pub fn take(&self) -> (Vec<Exchange>, Vec<Exchange>, Option<TransportError>) {
        let mut said = self.said();
        (
            mem::take(&mut said.played),
            mem::take(&mut said.arranged),
            said.trouble.take(),
        )
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes a request to the registry as if it had come there, and the answer back as if it came from `own`.
    async fn pass(
        &self,
        mut request: Request<Content>,
        own: &Origin,
        is_helm: bool,
    ) -> Result<Response<Bytes>, TransportError> {
        let upstream = self.upstream.origin();
        *request.uri_mut() = at(upstream, request.uri().path_and_query().cloned());
        strip(request.headers_mut());
        request.headers_mut().remove(header::HOST);
        let asked = request.clone();
        let mut answer = self.upstream.send(request).await;
        // What is asked outside the API is asked of those who hand out tokens.
        let is_secret = matches!(Route::of(asked.uri()), Route::Token | Route::Other);
        let exchange = Exchange::record(&asked, &answer, upstream, is_secret, &self.secrets);
        let mut said = self.said();
        if is_helm && said.is_open {
            said.played.push(exchange);
            if let Err(error) = &answer {
                said.trouble.get_or_insert_with(|| error.clone());
            }
        } else {
            said.arranged.push(exchange);
        }
        drop(said);
        if let Ok(answer) = &mut answer {
            strip(answer.headers_mut());
            let upstream = Origin::of(upstream);
            redirect(answer.headers_mut(), |text| lead(text, &upstream, own));
        }
        answer
    }
}

impl Handler for Recorder {
    fn answer(&self, incoming: Incoming) -> BoxFuture<'_, Outgoing> {
        Box::pin(async move {
            let own = Origin(incoming.client_origin());
            let request = incoming.request.map(Content::from);
            let passed = self.pass(request, &own, true).await;
            passed.map_or_else(
                |_| Outgoing {
                    effect: TransportEffect::CloseBeforeResponse,
                    ..Outgoing::default()
                },
                Outgoing::from,
            )
        })
    }

    fn client_hello(&self) -> ClientHelloReaction {
        ClientHelloReaction::HttpResponse
    }
}

impl Place {
    /// The way past Helm: for arranging, and for looking at what Helm left. It goes by the address Helm is told.
    pub fn backdoor(&self, recorder: &Arc<Recorder>) -> Arc<dyn Registry> {
        Arc::new(Backdoor {
            recorder: Arc::clone(recorder),
            origin: self.origin.clone(),
        })
    }

    /// Closes it.
    pub async fn close(self) {
        self.server.stop().await;
    }
}

struct Backdoor {
    recorder: Arc<Recorder>,
    origin: Uri,
}

impl Registry for Backdoor {
    fn send(
        &self,
        request: Request<Content>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            if request.uri().authority() == self.origin.authority() {
                let own = Origin::of(&self.origin);
                self.recorder.pass(request, &own, false).await
            } else {
                self.recorder.upstream.send(request).await
            }
        })
    }

    fn client_hello(&self) -> BoxFuture<'_, Result<Hello, TransportError>> {
        let answer = Hello::Answered(Bytes::from_static(CLIENT_HELLO_RESPONSE));
        Box::pin(std::future::ready(Ok(answer)))
    }

    fn pause(&self, time: Duration) -> BoxFuture<'_, ()> {
        self.recorder.upstream.pause(time)
    }

    fn origin(&self) -> &Uri {
        &self.origin
    }
}

/// Scheme, host and port as URLs in headers begin with them.
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

/// Replaces one origin by another, where it is an origin and not the beginning of a longer one.
fn lead(text: &str, from: &Origin, to: &Origin) -> String {
    let mut parts = text.split(&from.0);
    let mut led = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let ends = part
            .chars()
            .next()
            .is_none_or(|next| "/?#\"<>,; ".contains(next));
        led.push_str(if ends { &to.0 } else { &from.0 });
        led.push_str(part);
    }
    led
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_to_the_registry_leads_here_and_nothing_else_does() {
        let from = Origin("http://r.example:5000".to_owned());
        let to = Origin("http://localhost:4321".to_owned());
        for (text, led) in [
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
            assert_eq!(lead(text, &from, &to), led);
        }
    }
}
