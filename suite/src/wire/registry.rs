//! The one HTTP port of the suite, and its in-memory adapter.
//!
//! The port sends exactly what it is given and returns exactly what came: no redirect is followed, nothing
//! is decoded, no credential is added. Everything clever happens in `session`, where it is recorded.

use std::time::Duration;

use bytes::Bytes;
use helm_oci_fixtures::fault::FaultyRegistry;
use helm_oci_fixtures::transport::{
    CLIENT_HELLO_RESPONSE, ClientHelloReaction, Incoming, Outgoing, Scheme, TransportEffect,
};
use http::{Request, Response, Uri, header};
use thiserror::Error;

use crate::requirement::BoxFuture;
use crate::wire::content::{Content, Measure, Measured, Measuring};

/// Why no answer came.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TransportError {
    /// The name did not resolve, the port refused, or the route failed.
    #[error("cannot connect to {authority}: {cause}")]
    Connect {
        /// Host and port.
        authority: String,
        /// What the operating system said.
        cause: String,
    },
    /// TLS could not be agreed upon.
    #[error("TLS with {authority} failed: {cause}")]
    Tls {
        /// Host and port.
        authority: String,
        /// What the TLS library said.
        cause: String,
    },
    /// The connection ended before the answer was complete.
    #[error("the connection to {authority} broke: {cause}")]
    Broken {
        /// Host and port.
        authority: String,
        /// What happened.
        cause: String,
    },
    /// No complete answer in time.
    #[error("{authority} did not answer within {seconds} s")]
    Timeout {
        /// Host and port.
        authority: String,
        /// The limit.
        seconds: u64,
    },
    /// Of a large body too little was taken or given in this time.
    #[error("{authority} let a large body stand still for {seconds} s")]
    Stalled {
        /// Host and port.
        authority: String,
        /// The limit.
        seconds: u64,
    },
    /// The request was not sent, because the run may not send it.
    #[error("nothing more is sent: {why}")]
    Withheld {
        /// What forbids it.
        why: String,
    },
    /// The answer's body is larger than the suite reads.
    #[error("{authority} sent a body of more than {limit} bytes")]
    TooLarge {
        /// Host and port.
        authority: String,
        /// The limit.
        limit: u64,
    },
}

/// What came back on a plain-HTTP port after a TLS `ClientHello`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hello {
    /// The first bytes of the answer.
    Answered(Bytes),
    /// Nothing within the time allowed, or the connection was closed.
    Silent,
}

/// What a request waited for its turn before it was sent: an extension of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waited(pub Duration);

/// A registry that can be spoken to.
pub trait Registry: Send + Sync {
    /// Sends one request with an absolute URI and returns the raw answer; of one that is to be [`Measure`]d, what it
    /// begins with and what it was.
    fn send(
        &self,
        request: Request<Content>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>>;

    /// Sends a TLS `ClientHello` to the registry's port as if it spoke TLS.
    fn client_hello(&self) -> BoxFuture<'_, Result<Hello, TransportError>>;

    /// Returns after this time, because the registry asked for it; at once where no time passes.
    fn pause(&self, time: Duration) -> BoxFuture<'_, ()>;

    /// Scheme, host and port, such as `https://registry.example:5000`.
    fn origin(&self) -> &Uri;
}

/// A registry in front of another: what it has no rule for is passed on.
///
/// Whatever implements it is a [`Registry`], so that a rule says only what it changes, and a new method of the port
/// is delegated in one place.
pub trait Relay: Send + Sync {
    /// The registry behind it.
    fn inner(&self) -> &dyn Registry;

    /// Passes a request on, and its answer back.
    fn pass(
        &self,
        request: Request<Content>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        self.inner().send(request)
    }

    /// Passes a greeting on.
    fn greet(&self) -> BoxFuture<'_, Result<Hello, TransportError>> {
        self.inner().client_hello()
    }
}

impl<R: Relay> Registry for R {
    fn send(
        &self,
        request: Request<Content>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        self.pass(request)
    }

    fn client_hello(&self) -> BoxFuture<'_, Result<Hello, TransportError>> {
        self.greet()
    }

    fn pause(&self, time: Duration) -> BoxFuture<'_, ()> {
        self.inner().pause(time)
    }

    fn origin(&self) -> &Uri {
        self.inner().origin()
    }
}

/// The reference registry without a socket: for proofs, and for tests.
pub struct InMemory {
    registry: FaultyRegistry,
    origin: Uri,
}

impl InMemory {
    /// Wraps a registry; it claims to live at `origin`.
    pub const fn new(registry: FaultyRegistry, origin: Uri) -> Self {
        Self { registry, origin }
    }

    fn answer(&self, request: Request<Content>) -> Result<Response<Bytes>, TransportError> {
        let measure = request.extensions().get::<Measure>().cloned();
        let mut request = request.map(Content::into_bytes);
        let authority = request
            .uri()
            .authority()
            .map(ToString::to_string)
            .unwrap_or_default();
        let own = self
            .origin
            .authority()
            .map(ToString::to_string)
            .unwrap_or_default();
        if authority != own {
            let cause = "no such host".to_owned();
            return Err(TransportError::Connect { authority, cause });
        }
        let scheme = request.uri().scheme_str().and_then(Scheme::parse);
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str())
            .to_owned();
        let headers = request.headers_mut();
        headers.insert(
            header::HOST,
            own.parse().expect("an authority is a header value"),
        );
        *request.uri_mut() = path.parse().expect("the path of a URI is a URI");
        let incoming = Incoming {
            scheme: scheme.unwrap_or(Scheme::Http),
            request,
        };
        let Outgoing { response, effect } = self.registry.handle(&incoming);
        match effect {
            // In memory no time passes.
            TransportEffect::None | TransportEffect::Delay(_) => match measure {
                Some(measure) if response.status().is_success() => {
                    measured(response, &measure, &authority)
                }
                _ => Ok(response),
            },
            TransportEffect::CloseBeforeResponse => Err(TransportError::Broken {
                authority,
                cause: "closed before the answer".to_owned(),
            }),
            TransportEffect::CutBodyAfter(length) => Err(TransportError::Broken {
                authority,
                cause: format!("closed after {length} bytes of the body"),
            }),
        }
    }
}

/// The answer as a port gives it that measures and forgets.
fn measured(
    response: Response<Bytes>,
    measure: &Measure,
    authority: &str,
) -> Result<Response<Bytes>, TransportError> {
    let (mut parts, body) = response.into_parts();
    let mut measuring = Measuring::of(measure);
    if measuring.take(&body) > measure.limit() {
        return Err(TransportError::TooLarge {
            authority: authority.to_owned(),
            limit: measure.limit(),
        });
    }
    let (head, measured) = measuring.done();
    parts.extensions.insert::<Measured>(measured);
    Ok(Response::from_parts(parts, head))
}

impl Registry for InMemory {
    fn send(
        &self,
        request: Request<Content>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let answer = self.answer(request);
        Box::pin(std::future::ready(answer))
    }

    fn client_hello(&self) -> BoxFuture<'_, Result<Hello, TransportError>> {
        let hello = match self.registry.client_hello() {
            ClientHelloReaction::HttpResponse => {
                Hello::Answered(Bytes::from_static(CLIENT_HELLO_RESPONSE))
            }
            ClientHelloReaction::Silence | ClientHelloReaction::Close => Hello::Silent,
        };
        Box::pin(std::future::ready(Ok(hello)))
    }

    fn pause(&self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn origin(&self) -> &Uri {
        &self.origin
    }
}
