//! Replies.

use bytes::Bytes;
use http::{HeaderMap, StatusCode, Uri};

use super::digest_of;
use crate::wire::{Measured, Response};

/// One response of the registry, with its place in the transcript.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers as received.
    pub headers: HeaderMap,
    /// The body as received, or the beginning of one that was measured.
    pub body: Bytes,
    /// Length and digest of a body that was measured and not kept.
    pub measured: Option<Measured>,
    /// The position in the transcript.
    pub exchange: usize,
    /// The URL of the request.
    pub uri: Uri,
}

impl Reply {
    /// The reply to a request to `uri`, with the position of the exchange.
    pub(super) fn to(uri: Uri, response: Response, exchange: usize) -> Self {
        Self {
            status: response.status,
            headers: response.headers,
            body: response.body,
            measured: response.measured,
            exchange,
            uri,
        }
    }

    /// Length and digest of the body.
    pub fn content(&self) -> Measured {
        let kept = || Measured {
            length: self.body.len() as u64,
            digest: digest_of(&self.body).into(),
        };
        self.measured.clone().unwrap_or_else(kept)
    }

    /// A header as text. One that is not text counts as absent.
    pub fn header(&self, name: impl AsRef<str>) -> Option<&str> {
        self.headers
            .get(name.as_ref())
            .and_then(|value| value.to_str().ok())
    }

    /// The media type without parameters.
    pub fn media_type(&self) -> Option<&str> {
        self.header("content-type")
            .map(|value| value.split(';').next().unwrap_or(value).trim())
    }
}
