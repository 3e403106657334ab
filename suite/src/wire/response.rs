//! Responses.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::{Measured, TransportError};

/// A response as the HTTP client received it: nothing is decoded.
#[derive(Debug, Clone)]
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

    /// This response, whose body is incomplete because of `error`, if Helm uses it all the same: it reads only the headers
    /// of a challenge. Otherwise the error, with the part of the body that was received.
    pub fn unless_needed(self, mut error: TransportError) -> Result<Self, TransportError> {
        if let TransportError::Broken { received, .. } = &mut error {
            if self.status == StatusCode::UNAUTHORIZED {
                return Ok(self);
            }
            *received = self.body;
        }
        Err(error)
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
