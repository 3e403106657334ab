//! A port that remembers why the last answer did not come; a transcript holds only its words.

use std::sync::{Arc, Mutex, PoisonError};

use helm_oci_suite::wire::{Registry, Relay, Request, ResponseFuture, TransportError};

pub(super) struct Watch {
    inner: Arc<dyn Registry>,
    last: Mutex<Option<TransportError>>,
}

impl Watch {
    pub(super) fn new(inner: Arc<dyn Registry>) -> Self {
        Self {
            inner,
            last: Mutex::default(),
        }
    }

    /// The error of the last request, if it had one.
    pub(super) fn last(&self) -> Option<TransportError> {
        self.last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Relay for Watch {
    fn inner(&self) -> &dyn Registry {
        self.inner.as_ref()
    }

    fn pass(&self, request: Request) -> ResponseFuture<'_> {
        Box::pin(async {
            let answer = self.inner.send(request).await;
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) =
                answer.as_ref().err().cloned();
            answer
        })
    }
}
