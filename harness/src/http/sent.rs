//! Request bodies, generated chunk by chunk, and the progress of a large exchange.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use helm_oci_suite::wire::content::{Content, Pieces};
use http_body::{Body, Frame, SizeHint};

/// The number of bytes of large bodies that were transferred. Small bodies have a fixed timeout instead.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress(Arc<AtomicU64>);

impl Progress {
    pub(super) fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The body of a request.
#[derive(Debug)]
pub(super) struct Sent {
    pieces: Pieces,
    left: u64,
    progress: Option<Progress>,
}

impl Sent {
    /// A body whose progress is counted if it is generated while it is sent.
    pub(super) fn new(content: &Content, progress: &Progress) -> Self {
        Self {
            pieces: content.pieces(),
            left: content.length(),
            progress: content.is_made().then(|| progress.clone()),
        }
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(piece) = self.pieces.next() else {
            return Poll::Ready(None);
        };
        self.left = self.left.saturating_sub(piece.len() as u64);
        if let Some(progress) = &self.progress {
            progress.add(piece.len());
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
