//! One request with its response, as it is kept: secrets are taken out while recording, bodies are cut.

use bytes::Bytes;
use helm_oci_fixtures::digest::sha256;
use http::{HeaderMap, Request, Response, Uri, header};
use serde::{Deserialize, Serialize};

use crate::registry::TransportError;

/// How much of a body a record keeps.
const EXCERPT: usize = 2048;

/// Query parameters whose values open something.
const SECRET_PARAMETERS: &[&str] = &[
    "access_token",
    "password",
    "refresh_token",
    "sig",
    "signature",
    "token",
    "x-amz-credential",
    "x-amz-security-token",
    "x-amz-signature",
    "x-goog-credential",
    "x-goog-signature",
    "_state",
];

/// One request with its response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// The request.
    pub request: Message,
    /// The response, or why none came.
    pub response: Result<Message, String>,
}

/// A recorded message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// `HEAD /v2/ns/chart/manifests/1.0.0` or `404 Not Found`.
    pub start: String,
    /// Header names in lower case and values as they came, secrets removed. `Date` is left out.
    pub headers: Vec<(String, String)>,
    /// The body, if there was one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub body: Option<Body>,
}

/// A recorded body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Its length in bytes.
    pub length: usize,
    /// Its digest.
    pub digest: String,
    /// Its first bytes, when it is text and holds no secret.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub excerpt: Option<String>,
}

impl Exchange {
    /// Writes down what was asked of the registry at `own` and what came back. With `secret`, bodies are told by
    /// length and digest alone.
    pub fn record(
        request: &Request<Bytes>,
        response: &Result<Response<Bytes>, TransportError>,
        own: &Uri,
        secret: bool,
    ) -> Self {
        Self {
            request: record_request(request, own, secret),
            response: record_response(response, secret),
        }
    }
}

/// What a request looks like once recorded.
pub(crate) fn record_request(request: &Request<Bytes>, own: &Uri, secret: bool) -> Message {
    Message {
        start: format!("{} {}", request.method(), shown_uri(request.uri(), own)),
        headers: shown_headers(request.headers()),
        body: shown_body(request.body(), secret),
    }
}

/// What an answer looks like once recorded.
pub(crate) fn record_response(
    response: &Result<Response<Bytes>, TransportError>,
    secret: bool,
) -> Result<Message, String> {
    match response {
        Ok(response) => Ok(Message {
            start: response.status().to_string(),
            headers: shown_headers(response.headers()),
            body: shown_body(response.body(), secret && response.status().is_success()),
        }),
        Err(error) => Err(error.to_string()),
    }
}

/// A URI without its origin where that is the registry's own, and without secret query values.
fn shown_uri(uri: &Uri, own: &Uri) -> String {
    let foreign = uri.authority() != own.authority() || uri.scheme() != own.scheme();
    let origin = match (uri.scheme_str(), uri.authority()) {
        (Some(scheme), Some(authority)) if foreign => format!("{scheme}://{authority}"),
        _ => String::new(),
    };
    redact_query(&format!(
        "{origin}{}",
        uri.path_and_query().map_or("/", |path| path.as_str())
    ))
}

/// Replaces the values of secret query parameters anywhere in `text`.
fn redact_query(text: &str) -> String {
    let Some((path, query)) = text.split_once('?') else {
        return text.to_owned();
    };
    let shown: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if SECRET_PARAMETERS.contains(&name.to_ascii_lowercase().as_str()) => {
                format!("{name}=REDACTED")
            }
            _ => pair.to_owned(),
        })
        .collect();
    format!("{path}?{}", shown.join("&"))
}

fn shown_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| *name != header::DATE && *name != "x-forwarded-proto")
        .map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            let shown = if *name == header::AUTHORIZATION || *name == header::PROXY_AUTHORIZATION {
                let scheme = text.split(' ').next().unwrap_or_default();
                format!("{scheme} REDACTED")
            } else if *name == header::SET_COOKIE || *name == header::COOKIE {
                let cookie = text.split('=').next().unwrap_or_default();
                format!("{cookie}=REDACTED")
            } else if *name == header::LOCATION || *name == header::LINK {
                redact_query(&text)
            } else {
                text
            };
            (name.as_str().to_owned(), shown)
        })
        .collect()
}

fn shown_body(body: &Bytes, secret: bool) -> Option<Body> {
    if body.is_empty() {
        return None;
    }
    let excerpt = (!secret).then(|| excerpt(body)).flatten();
    Some(Body {
        length: body.len(),
        digest: sha256(body),
        excerpt,
    })
}

/// The beginning of a body as text, cut at a character, or nothing if it is not text.
fn excerpt(body: &[u8]) -> Option<String> {
    let head = &body[..body.len().min(EXCERPT)];
    match std::str::from_utf8(head) {
        Ok(text) => Some(text.to_owned()),
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()])
                .ok()
                .map(ToOwned::to_owned)
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_reach_the_record() {
        let own: Uri = "https://registry.test".parse().expect("a URI");
        let request =
            Request::put("https://store.test/x?digest=sha256%3Aab&X-Amz-Signature=canary")
                .header("authorization", "Basic canary")
                .header("cookie", "session=canary")
                .body(Bytes::from_static(b"password=canary"))
                .expect("a request");
        let response = Ok(Response::builder()
            .header("location", "https://store.test/y?sig=canary&n=1")
            .header("set-cookie", "session=canary; Path=/")
            .body(Bytes::from_static(b"{\"token\":\"canary\"}"))
            .expect("a response"));
        let exchange = Exchange {
            request: record_request(&request, &own, true),
            response: record_response(&response, true),
        };
        let text = serde_json::to_string(&exchange).expect("serialises");
        assert!(!text.contains("canary"), "{text}");
        assert!(
            text.contains("digest=sha256%3Aab"),
            "what is not secret stays: {text}"
        );
        assert!(
            text.contains("https://store.test/x"),
            "a foreign origin is shown: {text}"
        );
    }

    #[test]
    fn an_excerpt_ends_at_a_character() {
        let text = "é".repeat(EXCERPT);
        let excerpt = excerpt(text.as_bytes()).expect("it is text");
        assert!(text.starts_with(&excerpt) && excerpt.len() <= EXCERPT);
        assert_eq!(super::excerpt(b"\x1f\x8b\x08\x00"), None);
    }
}
