//! The number of requests to a registry.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use helm_oci_suite::requirement::BoxFuture;
use helm_oci_suite::wire::content::Content;
use helm_oci_suite::wire::registry::{Hello, Registry, Relay, TransportError};
use http::{Request, Response};

/// A port that counts requests and TLS greetings.
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

    fn pass(
        &self,
        request: Request<Content>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        self.inner.send(request)
    }

    fn greet(&self) -> BoxFuture<'_, Result<Hello, TransportError>> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        self.inner.client_hello()
    }
}
