//! Recording an exchange.

use helm_oci_fixtures::digest::sha256;
use http::{HeaderMap, HeaderName, Uri, header};

use super::{Body, Exchange, RequestRecord, ResponseRecord};
use crate::wire::content::Content;
use crate::wire::redaction::{Secrets, redact_url};
use crate::wire::{Request, Response, TransportError};

/// The size of the beginning of a body that is recorded.
const EXCERPT: usize = 2048;

/// Headers with URLs.
const WITH_URLS: [HeaderName; 3] = [header::LOCATION, header::LINK, header::WWW_AUTHENTICATE];

impl Exchange {
    /// Records a request to the registry at `own` and its response, without any of the `secrets`. With `secret`, only
    /// length and digest of the bodies are recorded.
    pub fn record(
        request: &Request,
        response: &Result<Response, TransportError>,
        own: &Uri,
        secret: bool,
        secrets: &Secrets,
    ) -> Self {
        // A registry may send back the credentials of the request.
        let secrets = secrets.with_authorization(&request.headers);
        Self {
            request: record_request(request, own, secret, &secrets),
            response: record_response(response, secret, &secrets),
        }
    }
}

/// The record of a request. Its path is one that the suite made, and holds no secret.
fn record_request(request: &Request, own: &Uri, secret: bool, secrets: &Secrets) -> RequestRecord {
    let uri = shown_uri(&request.uri, own);
    let uri = match uri.split_once('?') {
        Some((path, query)) => format!("{path}?{}", secrets.redact(query)),
        None => uri,
    };
    RequestRecord {
        method: request.method.clone(),
        uri,
        headers: shown_headers(&request.headers, secrets),
        body: shown_content(&request.content, secret, secrets),
    }
}

/// The record of a response.
fn record_response(
    response: &Result<Response, TransportError>,
    secret: bool,
    secrets: &Secrets,
) -> Result<ResponseRecord, String> {
    match response {
        Ok(response) => Ok(ResponseRecord {
            status: response.status,
            headers: shown_headers(&response.headers, secrets),
            body: shown_response(response, secret && response.status.is_success(), secrets),
        }),
        Err(error) => Err(secrets.redact(&error.to_string())),
    }
}

/// A URI without its origin if that is the registry's own, and redacted.
fn shown_uri(uri: &Uri, own: &Uri) -> String {
    let foreign = uri.authority() != own.authority() || uri.scheme() != own.scheme();
    let origin = match (uri.scheme_str(), uri.authority()) {
        (Some(scheme), Some(authority)) if foreign => format!("{scheme}://{authority}"),
        _ => String::new(),
    };
    redact_url(&format!(
        "{origin}{}",
        uri.path_and_query().map_or("/", |path| path.as_str())
    ))
}

fn shown_headers(headers: &HeaderMap, secrets: &Secrets) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| *name != header::DATE)
        .map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            let shown = if *name == header::AUTHORIZATION || *name == header::PROXY_AUTHORIZATION {
                let scheme = text.split(' ').next().unwrap_or_default();
                format!("{scheme} REDACTED")
            } else if *name == header::SET_COOKIE || *name == header::COOKIE {
                let cookie = text.split('=').next().unwrap_or_default();
                format!("{cookie}=REDACTED")
            } else if WITH_URLS.contains(name) {
                redact_url(&text)
            } else {
                text
            };
            (name.as_str().to_owned(), secrets.redact(&shown))
        })
        .collect()
}

fn shown_content(content: &Content, secret: bool, secrets: &Secrets) -> Option<Body> {
    shown_body(content.length(), &content.head(), secret, secrets, || {
        content.digest()
    })
}

fn shown_response(response: &Response, secret: bool, secrets: &Secrets) -> Option<Body> {
    let (body, measured) = (&response.body, response.measured.as_ref());
    let digest = || measured.map_or_else(|| sha256(body), |measured| measured.digest.clone());
    shown_body(response.length(), body, secret, secrets, digest)
}

fn shown_body(
    length: u64,
    head: &[u8],
    secret: bool,
    secrets: &Secrets,
    digest: impl FnOnce() -> String,
) -> Option<Body> {
    if length == 0 {
        return None;
    }
    let excerpt = (!secret).then(|| excerpt(head, secrets)).flatten();
    Some(Body {
        length: usize::try_from(length).unwrap_or(usize::MAX),
        digest: digest(),
        excerpt,
    })
}

/// The beginning of a body as text, cut between characters, or nothing if it is not text.
fn excerpt(body: &[u8], secrets: &Secrets) -> Option<String> {
    // A secret across the cut is redacted before the text is cut.
    let head = &body[..body.len().min(2 * EXCERPT)];
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    let text = secrets.redact(text);
    let mut end = text.len().min(EXCERPT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Some(text[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Method;

    use super::*;

    #[test]
    fn secrets_do_not_reach_the_record() {
        let own: Uri = "https://registry.test".parse().expect("a URI");
        let request =
            http::Request::put("https://store.test/x?digest=sha256%3Aab&X-Amz-Signature=canary")
                .header("authorization", "Basic canary")
                .header("cookie", "session=canary")
                .body(Bytes::from_static(b"password=canary"))
                .expect("a request");
        let response = http::Response::builder()
            .header("location", "https://store.test/y?sig=canary&n=1")
            .header("set-cookie", "session=canary; Path=/")
            .body(Bytes::from_static(b"{\"token\":\"canary\"}"))
            .expect("a response");
        let response = Ok(response.into());
        let exchange =
            Exchange::record(&request.into(), &response, &own, true, &Secrets::default());
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
    fn credentials_that_the_registry_sends_back_are_not_recorded() {
        let own: Uri = "http://registry.test".parse().expect("a URI");
        let request = http::Request::get("http://registry.test/v2/?user=canary-of-a-token")
            .header("authorization", "Bearer canary-of-a-token")
            .body(Content::default())
            .expect("a request")
            .into();
        let cut = format!("{}canary-of-a-token", "x".repeat(EXCERPT - 8));
        for body in ["you sent Bearer canary-of-a-token", &cut] {
            let response = http::Response::builder()
                .status(401)
                .header("www-authenticate", "Bearer error=\"canary-of-a-token\"")
                .body(Bytes::copy_from_slice(body.as_bytes()))
                .expect("a response");
            let response = Ok(response.into());
            let exchange = Exchange::record(&request, &response, &own, false, &Secrets::default());
            let text = serde_json::to_string(&exchange).expect("serialises");
            assert!(!text.contains("canary"), "{text}");
        }
    }

    #[test]
    fn an_excerpt_ends_between_characters() {
        let none = Secrets::default();
        for (before, length) in [("", EXCERPT), ("a", EXCERPT - 1)] {
            let text = format!("{before}{}", "é".repeat(EXCERPT));
            let excerpt = excerpt(text.as_bytes(), &none).expect("it is text");
            assert!(text.starts_with(&excerpt));
            assert_eq!(excerpt.len(), length, "no character is cut");
        }
        assert_eq!(super::excerpt(b"\x1f\x8b\x08\x00", &none), None);
    }

    /// The record of an exchange with the registry at `http://registry.test`.
    fn recorded(
        request: &http::Request<Bytes>,
        response: http::Response<Bytes>,
        secret: bool,
    ) -> Exchange {
        let own = Uri::from_static("http://registry.test");
        let (request, response) = (request.clone().into(), Ok(response.into()));
        Exchange::record(&request, &response, &own, secret, &Secrets::default())
    }

    #[test]
    fn only_a_foreign_origin_is_recorded() {
        for (uri, recorded_uri) in [
            ("http://registry.test/v2/?n=1", "/v2/?n=1"),
            ("https://registry.test/v2/", "https://registry.test/v2/"),
            ("http://store.test/v2/", "http://store.test/v2/"),
        ] {
            let request = http::Request::get(uri)
                .body(Bytes::new())
                .expect("a request");
            let exchange = recorded(&request, http::Response::new(Bytes::new()), false);
            assert_eq!(exchange.request.method, Method::GET);
            assert_eq!(exchange.request.uri, recorded_uri);
            assert_eq!(exchange.request.body, None, "an empty body is none");
        }
    }

    #[test]
    fn of_credentials_in_headers_only_the_scheme_is_recorded() {
        let request = http::Request::get("http://registry.test/v2/")
            .header("authorization", "Basic canary")
            .header("proxy-authorization", "Negotiate another")
            .header("cookie", "session=canary")
            .header("x-forwarded-proto", "https")
            .header("accept", "a=b c")
            .body(Bytes::new());
        let response = http::Response::builder()
            .header("date", "Sun, 22 Nov 2026 21:00:00 GMT")
            .header("set-cookie", "id=canary; Path=/")
            .header("location", "/x?token=canary")
            .header("server", "/x?token=shown")
            .body(Bytes::new());
        let exchange = recorded(
            &request.expect("a request"),
            response.expect("a response"),
            false,
        );
        let headers = |headers: &[(String, String)]| {
            let each = headers.iter();
            each.map(|(name, value)| format!("{name}: {value}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            headers(&exchange.request.headers),
            [
                "authorization: Basic REDACTED",
                "proxy-authorization: Negotiate REDACTED",
                "cookie: session=REDACTED",
                "x-forwarded-proto: https",
                "accept: a=b c",
            ]
        );
        assert_eq!(
            headers(&exchange.response.expect("a response").headers),
            [
                "set-cookie: id=REDACTED",
                "location: /x?token=REDACTED",
                "server: /x?token=shown",
            ]
        );
    }

    #[test]
    fn bodies_with_credentials_are_not_recorded_but_refusals_are() {
        const BODY: &[u8] = b"{\"error\":\"why\"}";
        for (secret, status, is_shown) in [
            (true, 200, false),
            (true, 401, true),
            (false, 200, true),
            (false, 401, true),
        ] {
            let request = http::Request::post("http://registry.test/token");
            let request = request.body(Bytes::from_static(BODY));
            let response = http::Response::builder()
                .status(status)
                .body(Bytes::from_static(BODY));
            let exchange = recorded(
                &request.expect("a request"),
                response.expect("a response"),
                secret,
            );
            let sent = exchange.request.body.expect("a body");
            let shown = sent.excerpt.as_deref().map(str::as_bytes);
            assert_eq!(shown, (!secret).then_some(BODY), "{secret}");
            let body = exchange.response.expect("a response").body.expect("a body");
            assert_eq!((body.length, body.digest), (BODY.len(), sha256(BODY)));
            let shown = body.excerpt.as_deref().map(str::as_bytes);
            assert_eq!(shown, is_shown.then_some(BODY), "{secret} {status}");
        }
    }
}
