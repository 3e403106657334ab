//! Responses.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::{Measured, TransportError};

/// A response as the HTTP client received it: nothing is decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, or the beginning of one that was measured.
    pub body: Bytes,
    /// Length and digest of a body that was measured and not kept.
    pub measured: Option<Measured>,
    /// The time that the request waited for the rate limiter of the run.
    pub waited: Duration,
}

impl Response {
    /// A response without headers or body.
    pub fn new(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            measured: None,
            waited: Duration::ZERO,
        }
    }

    /// The error that broke the connection in the body of this response, with what was received of it.
    pub fn cut_by(self, mut error: TransportError) -> TransportError {
        if let TransportError::Broken { received, .. } = &mut error {
            *received = Some(Box::new(self));
        }
        error
    }

    /// The length of the body that was received.
    pub fn length(&self) -> u64 {
        let measured = self.measured.as_ref();
        measured.map_or(self.body.len() as u64, |measured| measured.length)
    }
}

impl From<http::Response<Bytes>> for Response {
    fn from(response: http::Response<Bytes>) -> Self {
        let (parts, body) = response.into_parts();
        Self {
            headers: parts.headers,
            body,
            ..Self::new(parts.status)
        }
    }
}

impl From<Response> for http::Response<Bytes> {
    fn from(response: Response) -> Self {
        let mut built = Self::new(response.body);
        *built.status_mut() = response.status;
        *built.headers_mut() = response.headers;
        built
    }
}
