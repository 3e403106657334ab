//! A port that rejects requests that could write: the guard of a read-only run.

use std::sync::Arc;

use helm_oci_fixtures::route::Route;
use helm_oci_suite::wire::{Registry, Relay, Request, ResponseFuture, TransportError};
use http::{Method, header};

/// A port that sends no request that could write.
pub struct Guard {
    inner: Arc<dyn Registry>,
}

impl Guard {
    /// A registry that is read and never written.
    pub const fn new(inner: Arc<dyn Registry>) -> Self {
        Self { inner }
    }
}

/// True if a request reads, or requests a token.
fn is_safe(request: &Request) -> bool {
    match request.method {
        Method::GET | Method::HEAD => true,
        Method::POST => {
            let kind = request.headers.get(header::CONTENT_TYPE);
            let is_form = kind
                .and_then(|kind| kind.to_str().ok())
                .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
            // A token endpoint may be below `/v2/`, as Gitea's is.
            is_form && Route::of(&request.uri).repository().is_none()
        }
        _ => false,
    }
}

impl Relay for Guard {
    fn inner(&self) -> &dyn Registry {
        self.inner.as_ref()
    }

    fn pass(&self, request: Request) -> ResponseFuture<'_> {
        if is_safe(&request) {
            return self.inner.send(request);
        }
        let why = format!("a read-only run does not send {}", request.method);
        Box::pin(std::future::ready(Err(TransportError::Withheld { why })))
    }
}

#[cfg(test)]
mod tests {
    use helm_oci_suite::proof;
    use helm_oci_suite::requirement::Setup;
    use helm_oci_suite::wire::content::Content;

    use super::*;

    #[tokio::test]
    async fn only_reads_and_token_requests_are_sent() {
        let guard = Guard::new(proof::target(Setup::Bearer, &[]).registry);
        let form = "application/x-www-form-urlencoded; charset=utf-8";
        for (method, path, kind, is_sent) in [
            (Method::GET, "/v2/", "", true),
            (Method::HEAD, "/v2/a/manifests/1", "", true),
            (Method::POST, "/token", form, true),
            (Method::POST, "/v2/token", form, true),
            (Method::POST, "/token", "", false),
            (Method::POST, "/v2/token", "", false),
            (Method::POST, "/v2/a/blobs/uploads", form, false),
            (Method::POST, "/v2/a/manifests/token", form, false),
            (Method::POST, "/v2/a/blobs/uploads/", form, false),
            (Method::PUT, "/v2/a/manifests/1", "", false),
            (Method::PATCH, "/v2/a/blobs/uploads/1", "", false),
            (Method::DELETE, "/v2/a/manifests/1", "", false),
        ] {
            let request = http::Request::builder()
                .method(method.clone())
                .uri(format!("https://registry.test{path}"))
                .header("content-type", kind)
                .body(Content::default())
                .expect("a request");
            let response = guard.send(request.into()).await;
            assert_eq!(response.is_ok(), is_sent, "{method} {path} {kind}");
        }
    }
}
