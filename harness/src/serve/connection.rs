//! A connection that a fault closes, or writes more to, after a response.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The actions after the current response of one connection.
#[derive(Debug, Default)]
pub(super) struct AfterResponse {
    closes: AtomicBool,
    extra: AtomicUsize,
}

impl AfterResponse {
    /// Closes the connection once everything is written.
    pub(super) fn close(&self) {
        self.closes.store(true, Ordering::SeqCst);
    }

    /// Writes this many bytes after the response.
    pub(super) fn write(&self, extra: usize) {
        self.extra.store(extra, Ordering::SeqCst);
    }
}

/// A stream with the actions of its connection.
pub(super) struct Connection<S> {
    stream: S,
    after: Arc<AfterResponse>,
    is_closing: bool,
}

impl<S> Connection<S> {
    pub(super) const fn new(stream: S, after: Arc<AfterResponse>) -> Self {
        Self {
            stream,
            after,
            is_closing: false,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Connection<S> {
    /// Reports the end of the stream at the next request after the last response, so that the server closes the
    /// connection as if the client had done so: without a header that announces it. A connection that closed before that
    /// would be noticed by some clients in time, and by others not.
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let own = self.get_mut();
        if !own.is_closing {
            return Pin::new(&mut own.stream).poll_read(context, buffer);
        }
        let mut discarded = [0; 1024];
        Pin::new(&mut own.stream).poll_read(context, &mut ReadBuf::new(&mut discarded))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    /// Without this method, hyper copies each body next to its head.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// The server flushes after it has written a response.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let own = self.get_mut();
        let mut extra = own.after.extra.load(Ordering::SeqCst);
        while extra > 0 {
            let filler = [b'x'; 1024];
            let filler = &filler[..extra.min(filler.len())];
            extra -= ready!(Pin::new(&mut own.stream).poll_write(context, filler))?;
            own.after.write(extra);
        }
        ready!(Pin::new(&mut own.stream).poll_flush(context))?;
        own.is_closing = own.after.closes.load(Ordering::SeqCst);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
