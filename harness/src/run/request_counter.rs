//! The number of requests to a registry.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use helm_oci_suite::wire::{
    AloneFuture, ClientHelloOutcome, Registry, Relay, Request, ResponseFuture, TransportError,
};

/// A relay that counts requests and TLS `ClientHello` messages.
pub(super) struct RequestCounter {
    inner: Arc<dyn Registry>,
    sent: AtomicUsize,
}

impl RequestCounter {
    pub(super) fn new(inner: Arc<dyn Registry>) -> Self {
        Self {
            inner,
            sent: AtomicUsize::new(0),
        }
    }

    /// The number of requests sent.
    pub(super) fn sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }
}

impl Relay for RequestCounter {
    fn inner(&self) -> &dyn Registry {
        self.inner.as_ref()
    }

    fn pass(&self, request: Request) -> ResponseFuture<'_> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        self.inner.send(request)
    }

    fn pass_alone(&self, request: Request) -> AloneFuture<'_> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        self.inner.send_alone(request)
    }

    fn greet(&self) -> BoxFuture<'_, Result<ClientHelloOutcome, TransportError>> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        self.inner.client_hello()
    }
}
