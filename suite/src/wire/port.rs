//! The interface between the suite and an HTTP client.
//!
//! The client sends exactly the request it is given and returns exactly the response it received: it follows no
//! redirect, decodes nothing, and adds no credential. The session does all of that, and records it.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::Uri;

use super::{Request, Response, TransportError};

/// The outcome of a TLS `ClientHello` on a plain-HTTP port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientHelloOutcome {
    /// The first bytes of the response.
    Response(Bytes),
    /// No bytes within the timeout.
    NoResponse,
    /// The connection was closed without a byte.
    Closed,
}

/// The state of a connection after a response on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterResponse {
    /// It stays open.
    Open,
    /// The registry closes it, as the response announced.
    ClosedAsAnnounced,
    /// The registry closes it, and the response did not announce that.
    Closed,
    /// The registry sends bytes that belong to no response.
    SentMore,
}

/// The future of a response, and of the state of its connection after it.
pub type AloneFuture<'a> = BoxFuture<'a, Result<(Response, AfterResponse), TransportError>>;

/// The future of a response.
pub type ResponseFuture<'a> = BoxFuture<'a, Result<Response, TransportError>>;

/// The HTTP client of a registry.
pub trait Registry: Send + Sync {
    /// Sends one request and returns the response.
    fn send(&self, request: Request) -> ResponseFuture<'_>;

    /// Sends a read on a connection of its own, and watches the connection after the response.
    fn send_alone(&self, request: Request) -> AloneFuture<'_> {
        Box::pin(async { Ok((self.send(request).await?, AfterResponse::Open)) })
    }

    /// Sends a TLS `ClientHello` to the registry's port as if it spoke TLS.
    fn client_hello(&self) -> BoxFuture<'_, Result<ClientHelloOutcome, TransportError>>;

    /// Waits for this time, because the registry asked for it; returns at once where no time passes.
    fn pause(&self, time: Duration) -> BoxFuture<'_, ()>;

    /// Scheme, host and port, such as `https://registry.example:5000`.
    fn origin(&self) -> &Uri;
}

/// A layer around another client, which passes everything on unless it has a rule for it.
///
/// Each implementation is a [`Registry`]: it writes only the method that it changes, and a new method is delegated in
/// one place.
pub trait Relay: Send + Sync {
    /// The client behind it.
    fn inner(&self) -> &dyn Registry;

    /// Passes a request on, and its response back.
    fn pass(&self, request: Request) -> ResponseFuture<'_> {
        self.inner().send(request)
    }

    /// Passes a read on that has a connection of its own.
    fn pass_alone(&self, request: Request) -> AloneFuture<'_> {
        self.inner().send_alone(request)
    }

    /// Passes a `ClientHello` on.
    fn greet(&self) -> BoxFuture<'_, Result<ClientHelloOutcome, TransportError>> {
        self.inner().client_hello()
    }
}

impl<R: Relay> Registry for R {
    fn send(&self, request: Request) -> ResponseFuture<'_> {
        self.pass(request)
    }

    fn send_alone(&self, request: Request) -> AloneFuture<'_> {
        self.pass_alone(request)
    }

    fn client_hello(&self) -> BoxFuture<'_, Result<ClientHelloOutcome, TransportError>> {
        self.greet()
    }

    fn pause(&self, time: Duration) -> BoxFuture<'_, ()> {
        self.inner().pause(time)
    }

    fn origin(&self) -> &Uri {
        self.inner().origin()
    }
}
