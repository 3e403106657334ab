//! The record of one request with its response: secrets are redacted while recording, and bodies are cut.

mod recording;

use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};

/// One request with its response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// The request.
    pub request: RequestRecord,
    /// The response, or why none came.
    pub response: Result<ResponseRecord, String>,
}

/// A recorded request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRecord {
    /// The method.
    #[serde(with = "method")]
    pub method: Method,
    /// The path and the query, after the origin if that is not the registry's own.
    pub uri: String,
    /// Header names in lower case and values as sent, secrets redacted. `Date` is left out.
    pub headers: Vec<(String, String)>,
    /// The body, if there was one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub body: Option<Body>,
}

impl RequestRecord {
    /// A request without headers or body.
    pub fn new(method: Method, uri: impl Into<String>) -> Self {
        Self {
            method,
            uri: uri.into(),
            headers: Vec::new(),
            body: None,
        }
    }
}

/// A recorded response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseRecord {
    /// The status code; its reason phrase follows from it.
    #[serde(with = "status")]
    pub status: StatusCode,
    /// Header names in lower case and values as received, secrets redacted. `Date` is left out.
    pub headers: Vec<(String, String)>,
    /// The body, if there was one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub body: Option<Body>,
}

impl ResponseRecord {
    /// A response without headers or body.
    pub const fn new(status: StatusCode) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: None,
        }
    }
}

/// A method as its name.
mod method {
    use http::Method;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(method: &Method, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(method.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Method, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// A status as its code.
mod status {
    use http::StatusCode;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields so")]
    pub(super) fn serialize<S: Serializer>(status: &StatusCode, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u16(status.as_u16())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<StatusCode, D::Error> {
        StatusCode::from_u16(u16::deserialize(from)?).map_err(de::Error::custom)
    }
}

/// A recorded body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// The length in bytes.
    pub length: usize,
    /// The digest.
    pub digest: String,
    /// The first bytes, if they are text and hold no credentials.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub excerpt: Option<String>,
}

impl Body {
    /// True if the excerpt is the whole body.
    pub fn is_whole(&self) -> bool {
        let excerpt = self.excerpt.as_ref();
        excerpt.is_some_and(|excerpt| excerpt.len() == self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_is_written_with_method_uri_and_status_and_read_back() {
        let exchange = Exchange {
            request: RequestRecord::new(Method::HEAD, "/v2/a/manifests/1"),
            response: Ok(ResponseRecord::new(StatusCode::NOT_FOUND)),
        };
        let text = serde_json::to_string(&exchange).expect("it serialises");
        assert_eq!(
            text,
            r#"{"request":{"method":"HEAD","uri":"/v2/a/manifests/1","headers":[]},"response":{"Ok":{"status":404,"headers":[]}}}"#
        );
        let read: Exchange = serde_json::from_str(&text).expect("it is read back");
        assert_eq!(read, exchange);
        for (from, to) in [("404", "99"), ("404", "1000"), ("HEAD", "HE AD")] {
            let wrong = text.replace(from, to);
            serde_json::from_str::<Exchange>(&wrong).expect_err(&wrong);
        }
    }
}
