//! The body of a response, complete or cut off.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame};

use super::connection::AfterResponse;

/// A body without a known length, so that hyper does not correct a wrong `Content-Length` of a fault.
#[derive(Debug)]
pub(super) struct Answer {
    next: Step,
    cut: bool,
    /// The connection that closes once the body is written.
    closes: Option<Arc<AfterResponse>>,
}

impl Drop for Answer {
    /// The server drops a body once it is written.
    fn drop(&mut self) {
        if let Some(connection) = &self.closes {
            connection.close();
        }
    }
}

#[derive(Debug)]
enum Step {
    Data(Bytes),
    Flush,
    End,
}

impl Answer {
    /// The complete body.
    pub(super) const fn whole(body: Bytes) -> Self {
        Self {
            next: Step::Data(body),
            cut: false,
            closes: None,
        }
    }

    /// The complete body; the connection closes after it.
    pub(super) const fn last(body: Bytes, connection: Arc<AfterResponse>) -> Self {
        Self {
            next: Step::Data(body),
            cut: false,
            closes: Some(connection),
        }
    }

    /// The first bytes of the body; the connection closes after them.
    pub(super) fn cut(body: &Bytes, length: usize) -> Self {
        let length = length.min(body.len());
        Self {
            next: Step::Data(body.slice(..length)),
            cut: true,
            closes: None,
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        loop {
            match std::mem::replace(&mut self.next, Step::End) {
                Step::Data(data) => {
                    self.next = if self.cut { Step::Flush } else { Step::End };
                    if !data.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(data))));
                    }
                }
                Step::Flush => {
                    // One pending poll lets the server write the buffered bytes before the connection closes.
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Step::End if self.cut => {
                    return Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())));
                }
                Step::End => return Poll::Ready(None),
            }
        }
    }
}
