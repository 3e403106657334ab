//! A proxy with faults: every request passes through the fault layer, then to the upstream registry.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use helm_oci_fixtures::fault::{Fault, FaultLayer};
use helm_oci_fixtures::transport::{ClientHelloReaction, Incoming, Outgoing};
use helm_oci_suite::wire::{Registry, TransportError};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri, header};

use super::Handler;
use crate::http::Http;

/// Hop-by-hop headers, which a proxy does not forward.
const HOP_BY_HOP: &[HeaderName] = &[
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Forwards requests to a registry and applies faults.
///
/// The `Host` of the client is forwarded unchanged, so that URLs in responses point to the proxy.
pub struct Proxy {
    upstream: Http,
    faults: FaultLayer,
}

impl Proxy {
    /// Creates a proxy in front of `upstream`.
    pub fn new(upstream: Http, faults: &[Fault]) -> Self {
        Self {
            upstream,
            faults: FaultLayer::new(faults),
        }
    }

    /// The response to a request. The faults change it according to the request as the client sent it, and leave a
    /// response of their own as it is.
    async fn pass(&self, incoming: Incoming) -> Outgoing {
        let mut forwarded = incoming.clone();
        if let Some(outgoing) = self.faults.before(&mut forwarded) {
            return outgoing;
        }
        let request = self.upstream_request(&forwarded).into();
        let mut outgoing = match self.upstream.forward(request).await {
            Ok(mut response) => {
                strip(&mut response.headers);
                Response::<Bytes>::from(response).into()
            }
            Err(error) => bad_gateway(&error).into(),
        };
        self.faults.after(&incoming, &mut outgoing);
        outgoing
    }

    /// The same request, addressed to the upstream registry, with the caller's scheme in `X-Forwarded-Proto`.
    fn upstream_request(&self, incoming: &Incoming) -> Request<Bytes> {
        let request = &incoming.request;
        let mut parts = self.upstream.origin().clone().into_parts();
        parts.path_and_query = request.uri().path_and_query().cloned();
        let mut passed = request.clone();
        *passed.uri_mut() =
            Uri::from_parts(parts).unwrap_or_else(|_| self.upstream.origin().clone());
        let headers = passed.headers_mut();
        strip(headers);
        headers
            .entry("x-forwarded-proto")
            .or_insert(HeaderValue::from_static(incoming.scheme.as_str()));
        passed
    }
}

impl Handler for Proxy {
    fn answer(&self, incoming: Incoming) -> BoxFuture<'_, Outgoing> {
        Box::pin(self.pass(incoming))
    }

    fn client_hello(&self) -> ClientHelloReaction {
        self.faults.client_hello()
    }
}

/// Removes hop-by-hop headers.
pub(crate) fn strip(headers: &mut HeaderMap) {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

/// Rewrites every header that contains URLs.
pub(crate) fn redirect(headers: &mut HeaderMap, written: impl Fn(&str) -> String) {
    for name in [header::LOCATION, header::LINK, header::WWW_AUTHENTICATE] {
        let header::Entry::Occupied(mut values) = headers.entry(name) else {
            continue;
        };
        for value in values.iter_mut() {
            // A value that is not text contains no URL.
            let Ok(text) = value.to_str() else { continue };
            if let Ok(text) = HeaderValue::from_str(&written(text)) {
                *value = text;
            }
        }
    }
}

fn bad_gateway(error: &TransportError) -> Response<Bytes> {
    let body = serde_json::json!({
        "errors": [{ "code": "UNKNOWN", "message": format!("no response from upstream: {error}") }]
    });
    let mut answer = Response::new(Bytes::from(body.to_string()));
    *answer.status_mut() = StatusCode::BAD_GATEWAY;
    answer.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/json"),
    );
    answer
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};
    use std::sync::Arc;

    use helm_oci_fixtures::digest::sha256;
    use helm_oci_fixtures::fault::FaultyRegistry;
    use helm_oci_fixtures::registry::{Access, ReferenceRegistry};

    use super::*;
    use crate::http::{Limits, Trust};
    use crate::serve::Server;

    /// Uploads a blob through a proxy with this fault, and returns the status of the final PUT.
    async fn put_blob_through(fault: Fault) -> StatusCode {
        let registry = FaultyRegistry::new(ReferenceRegistry::new(Access::Open), &[]);
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = Server::start(listen, Arc::new(registry))
            .await
            .expect("a free port");
        let origin = format!("http://{}", server.address());
        let upstream = Http::new(
            origin.parse().expect("a URI"),
            &Trust::default(),
            Limits::default(),
        );
        let proxy = Proxy::new(upstream.expect("no TLS is needed"), &[fault]);
        let send = |method: &str, uri: &str, body: &'static str| {
            let request = Request::builder().method(method).uri(uri);
            let request = request.body(Bytes::from(body)).expect("a request");
            proxy.pass(Incoming::over_http(request))
        };
        let begun = send("POST", "/v2/a/b/blobs/uploads/", "").await.response;
        let location = begun.headers()[header::LOCATION].to_str().expect("text");
        let put = format!("{location}?digest={}", sha256(b"content"));
        let status = send("PUT", &put, "content").await.response.status();
        server.stop().await;
        status
    }

    #[tokio::test]
    async fn a_fault_that_rewrites_a_request_changes_the_response_to_the_original_one() {
        let refused = put_blob_through(Fault::RefusesMonolithicPut).await;
        assert_eq!(refused, StatusCode::INTERNAL_SERVER_ERROR);
        let unaffected = put_blob_through(Fault::CutsTagLists).await;
        assert_eq!(unaffected, StatusCode::CREATED);
    }
}
