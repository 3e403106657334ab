//! Requests.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use super::Expected;
use super::content::Content;

/// A request as the HTTP client sends it: nothing is added but `Host` and a `User-Agent`.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The absolute URI. Its scheme decides whether the connection has TLS.
    pub uri: Uri,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub content: Content,
    /// The body that a successful response should have. It is then measured while it is read, and only its beginning
    /// is kept.
    pub measure: Option<Expected>,
}

impl Request {
    /// A request without headers or body.
    pub fn new(method: Method, uri: Uri) -> Self {
        Self {
            method,
            uri,
            headers: HeaderMap::new(),
            content: Content::default(),
            measure: None,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.headers.append(name, value.into());
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn content(mut self, content: impl Into<Content>) -> Self {
        self.content = content.into();
        self
    }

    /// True if a large body is sent or received.
    pub const fn is_large(&self) -> bool {
        self.content.is_made() || self.measure.is_some()
    }
}

impl<B: Into<Content>> From<http::Request<B>> for Request {
    fn from(request: http::Request<B>) -> Self {
        let (parts, body) = request.into_parts();
        Self {
            headers: parts.headers,
            content: body.into(),
            ..Self::new(parts.method, parts.uri)
        }
    }
}

impl From<Request> for http::Request<Content> {
    fn from(request: Request) -> Self {
        let mut built = Self::new(request.content);
        *built.method_mut() = request.method;
        *built.uri_mut() = request.uri;
        *built.headers_mut() = request.headers;
        built
    }
}
