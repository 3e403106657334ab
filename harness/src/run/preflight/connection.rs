//! A relay that remembers whether any response came, and why the last one did not; a transcript holds only the words.

use std::sync::{Arc, Mutex, PoisonError};

use helm_oci_suite::oci::url::is_same_origin;
use helm_oci_suite::wire::{Registry, Relay, Request, ResponseFuture, TransportError};

pub(super) struct ObservedConnection {
    inner: Arc<dyn Registry>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    has_response: bool,
    last_error: Option<TransportError>,
}

impl ObservedConnection {
    pub(super) fn new(inner: Arc<dyn Registry>) -> Self {
        Self {
            inner,
            seen: Mutex::default(),
        }
    }

    /// True if the registry itself responded to any request.
    pub(super) fn has_response(&self) -> bool {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .has_response
    }

    /// The error of the last request that had one.
    pub(super) fn last_error(&self) -> Option<TransportError> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.last_error.clone()
    }
}

impl Relay for ObservedConnection {
    fn inner(&self) -> &dyn Registry {
        self.inner.as_ref()
    }

    fn pass(&self, request: Request) -> ResponseFuture<'_> {
        Box::pin(async {
            let is_own = is_same_origin(&request.uri, self.inner.origin());
            let response = self.inner.send(request).await;
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            match &response {
                Ok(_) => seen.has_response |= is_own,
                Err(error) => seen.last_error = Some(error.clone()),
            }
            drop(seen);
            response
        })
    }
}
