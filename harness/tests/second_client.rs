//! The reference registry over its socket, used by a client that is not ours.
//!
//! `reqwest` shares no code of this project: it resolves URLs, follows redirects, sends credentials and verifies
//! certificates on its own. A defect that our client and our server have in common fails here.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use helm_oci_conformance::http::install_cryptography;
use helm_oci_conformance::serve::Server;
use helm_oci_fixtures::digest::sha256;
use helm_oci_fixtures::fault::{Fault, FaultyRegistry};
use helm_oci_fixtures::golden::{Golden, PUSHES, Push};
use helm_oci_fixtures::media_type::OCI_MANIFEST;
use helm_oci_fixtures::registry::{Access, Credentials, ReferenceRegistry};
use http::StatusCode;
use http_body::Frame;
use http_body_util::StreamBody;
use reqwest::redirect::Policy;
use reqwest::{Body, Certificate, Client, ClientBuilder, RequestBuilder, Response, Url};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;

const REPOSITORY: &str = "team/charts/nginx";

/// The reference registry on a socket, and a client with its credentials.
struct Registry {
    server: Server,
    base: Url,
    client: Client,
    authorization: Authorization,
}

/// The credentials of each request.
enum Authorization {
    None,
    Basic(Credentials),
    Bearer(String),
}

impl Registry {
    async fn start(access: Access, faults: &[Fault]) -> Self {
        install_cryptography();
        let server = Server::start(any_port(), registry(access, faults)).await;
        Self::at("http", server.expect("a free port"), builder())
    }

    async fn start_with_tls(root: Option<Certificate>, tls: ServerConfig) -> Self {
        install_cryptography();
        let server =
            Server::start_with_tls(any_port(), registry(Access::Open, &[]), Arc::new(tls)).await;
        let builder = match root {
            Some(root) => builder().tls_certs_only([root]),
            None => builder(),
        };
        Self::at("https", server.expect("a free port"), builder)
    }

    fn at(scheme: &str, server: Server, builder: ClientBuilder) -> Self {
        let base = format!("{scheme}://{}/", server.address());
        Self {
            server,
            base: base.parse().expect("a URL"),
            client: builder.build().expect("a client"),
            authorization: Authorization::None,
        }
    }

    fn url(&self, path: &str) -> Url {
        self.base.join(path).expect("a URL")
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.authorization {
            Authorization::None => request,
            Authorization::Basic(user) => request.basic_auth(&user.username, Some(&user.password)),
            Authorization::Bearer(token) => request.bearer_auth(token),
        }
    }

    async fn get(&self, path: &str) -> Response {
        let request = self.authorized(self.client.get(self.url(path)));
        request.send().await.expect("a response")
    }

    /// Opens an upload, and returns the URL of the session.
    async fn open_upload(&self) -> Url {
        let path = format!("/v2/{REPOSITORY}/blobs/uploads/");
        let request = self.authorized(self.client.post(self.url(&path)));
        let response = request.send().await.expect("a response");
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        location(&response)
    }

    /// Sends the last request of an upload.
    async fn complete(&self, mut session: Url, digest: &str, content: Bytes) {
        session.query_pairs_mut().append_pair("digest", digest);
        let request = self.authorized(self.client.put(session).body(content));
        let response = request.send().await.expect("a response");
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(header(&response, "docker-content-digest"), digest);
        let stored = self.authorized(self.client.head(location(&response)));
        let stored = stored.send().await.expect("a response");
        assert_eq!(stored.status(), StatusCode::OK);
    }

    async fn push_blob(&self, blob: &Golden) {
        let session = self.open_upload().await;
        let content = Bytes::from_static(blob.bytes);
        self.complete(session, blob.digest, content).await;
    }

    /// Pushes a chart, and compares every byte that the registry returns.
    async fn push_and_pull(&self, push: &Push) {
        for blob in push.blobs() {
            self.push_blob(blob).await;
        }
        let manifest = format!("/v2/{REPOSITORY}/manifests/{}", push.tag);
        let put = self.client.put(self.url(&manifest));
        let put = put
            .header("content-type", OCI_MANIFEST)
            .body(Bytes::from_static(push.manifest.bytes));
        let response = self.authorized(put).send().await.expect("a response");
        assert_eq!(response.status(), StatusCode::CREATED);
        let response = self.get(&manifest).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header(&response, "content-type"), OCI_MANIFEST);
        let digest = header(&response, "docker-content-digest");
        assert_eq!(digest, push.manifest.digest);
        let content = response.bytes().await.expect("a body");
        assert_eq!(content, push.manifest.bytes);
        for blob in push.blobs() {
            let response = self.get(&blob_path(blob)).await;
            assert_eq!(response.bytes().await.expect("a body"), blob.bytes);
        }
        let tags = self.get(&format!("/v2/{REPOSITORY}/tags/list")).await;
        let tags: serde_json::Value =
            serde_json::from_slice(&tags.bytes().await.expect("a body")).expect("JSON");
        let expected = serde_json::json!({ "name": REPOSITORY, "tags": [push.tag] });
        assert_eq!(tags, expected);
    }
}

fn any_port() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

fn registry(access: Access, faults: &[Fault]) -> Arc<FaultyRegistry> {
    Arc::new(FaultyRegistry::new(ReferenceRegistry::new(access), faults))
}

fn builder() -> ClientBuilder {
    Client::builder().no_proxy()
}

fn chart() -> &'static Push {
    PUSHES.last().expect("there are golden charts")
}

fn blob_path(blob: &Golden) -> String {
    format!("/v2/{REPOSITORY}/blobs/{}", blob.digest)
}

fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    let value = response.headers().get(name);
    let value = value.unwrap_or_else(|| panic!("{name} in {response:?}"));
    value.to_str().expect("text")
}

/// The `Location` of a response, resolved against its URL.
fn location(response: &Response) -> Url {
    let location = header(response, "location");
    response.url().join(location).expect("a URL")
}

#[tokio::test]
async fn a_chart_is_pushed_and_pulled_over_http() {
    let registry = Registry::start(Access::Open, &[]).await;
    assert_eq!(registry.get("/v2/").await.status(), StatusCode::OK);
    registry.push_and_pull(chart()).await;
    let absent = format!("/v2/{REPOSITORY}/manifests/9.9.9");
    assert_eq!(registry.get(&absent).await.status(), StatusCode::NOT_FOUND);
    registry.server.stop().await;
}

/// A certificate for this machine, and a server that has it.
fn certificate() -> (Certificate, ServerConfig) {
    install_cryptography();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes());
    let tls = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.expect("a key"));
    let root = Certificate::from_pem(made.cert.pem().as_bytes());
    (root.expect("a certificate"), tls.expect("they match"))
}

#[tokio::test]
async fn a_chart_is_pushed_and_pulled_over_tls() {
    let (root, tls) = certificate();
    let registry = Registry::start_with_tls(Some(root), tls).await;
    registry.push_and_pull(chart()).await;
    registry.server.stop().await;
}

#[tokio::test]
async fn an_unknown_certificate_is_rejected() {
    let (_, tls) = certificate();
    let registry = Registry::start_with_tls(None, tls).await;
    let response = registry.client.get(registry.url("/v2/")).send().await;
    let error = response.expect_err("nothing trusts the certificate");
    assert!(error.is_connect(), "{error:?}");
    registry.server.stop().await;
}

#[tokio::test]
async fn basic_credentials_are_required_and_accepted() {
    let mut registry = Registry::start(Access::basic_for_tests(), &[]).await;
    let challenge = registry.get("/v2/").await;
    assert_eq!(challenge.status(), StatusCode::UNAUTHORIZED);
    let scheme = header(&challenge, "www-authenticate");
    assert!(scheme.starts_with("Basic realm="), "{scheme}");
    let wrong = Credentials {
        password: "wrong".to_owned(),
        ..Credentials::for_tests()
    };
    registry.authorization = Authorization::Basic(wrong);
    assert_eq!(
        registry.get("/v2/").await.status(),
        StatusCode::UNAUTHORIZED
    );
    registry.authorization = Authorization::Basic(Credentials::for_tests());
    assert_eq!(registry.get("/v2/").await.status(), StatusCode::OK);
    registry.push_and_pull(chart()).await;
    registry.server.stop().await;
}

/// The value of a parameter of a `WWW-Authenticate` header.
fn parameter<'h>(challenge: &'h str, name: &str) -> &'h str {
    let (_, rest) = challenge
        .split_once(&format!("{name}=\""))
        .unwrap_or_else(|| panic!("{name} in {challenge}"));
    rest.split('"').next().expect("the quotation ends")
}

#[tokio::test]
async fn a_token_for_the_scope_of_the_challenge_is_accepted() {
    let mut registry = Registry::start(Access::bearer_for_tests(), &[]).await;
    let path = format!("/v2/{REPOSITORY}/blobs/uploads/");
    let refused = registry.client.post(registry.url(&path)).send().await;
    let refused = refused.expect("a response");
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let challenge = header(&refused, "www-authenticate");
    assert!(challenge.starts_with("Bearer "), "{challenge}");
    assert_eq!(
        parameter(challenge, "scope"),
        format!("repository:{REPOSITORY}:pull,push")
    );
    let mut realm: Url = parameter(challenge, "realm").parse().expect("a URL");
    let parts = ["service", "scope"].map(|name| (name, parameter(challenge, name)));
    realm.query_pairs_mut().extend_pairs(parts);
    let anonymous = registry.client.get(realm.clone()).send().await;
    let anonymous = anonymous.expect("a response").bytes().await;
    let user = Credentials::for_tests();
    let request = registry.client.get(realm);
    let request = request.basic_auth(user.username, Some(user.password));
    let issued = request.send().await.expect("a response");
    assert_eq!(issued.status(), StatusCode::OK);
    let issued = issued.bytes().await.expect("a body");
    assert_ne!(anonymous.ok().as_ref(), Some(&issued));
    let issued: serde_json::Value = serde_json::from_slice(&issued).expect("JSON");
    let token = issued["token"].as_str().expect("a token").to_owned();
    registry.authorization = Authorization::Bearer(token);
    registry.push_and_pull(chart()).await;
    registry.authorization = Authorization::Bearer("invalid".to_owned());
    let response = registry.get(&format!("/v2/{REPOSITORY}/tags/list")).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    registry.server.stop().await;
}

#[tokio::test]
async fn a_range_returns_these_bytes_of_a_blob() {
    let registry = Registry::start(Access::Open, &[]).await;
    let blob = chart().chart;
    registry.push_blob(blob).await;
    let length = blob.bytes.len();
    let ranged = async |range: &str| {
        let request = registry.client.get(registry.url(&blob_path(blob)));
        let request = request.header("range", range);
        request.send().await.expect("a response")
    };
    for (range, from, to) in [
        ("bytes=4-7".to_owned(), 4, 8),
        ("bytes=4-".to_owned(), 4, length),
        ("bytes=-4".to_owned(), length - 4, length),
        (format!("bytes=4-{length}"), 4, length),
    ] {
        let response = ranged(&range).await;
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(
            header(&response, "content-range"),
            format!("bytes {from}-{}/{length}", to - 1),
            "{range}"
        );
        let content = response.bytes().await.expect("a body");
        assert_eq!(content, blob.bytes[from..to], "{range}");
    }
    let response = ranged(&format!("bytes={length}-")).await;
    assert_eq!(response.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    registry.server.stop().await;
}

#[tokio::test]
async fn a_redirected_blob_is_followed() {
    for (fault, status) in [
        (Fault::RedirectsBlobs, StatusCode::TEMPORARY_REDIRECT),
        (Fault::RedirectsBlobsWith302, StatusCode::FOUND),
        (
            Fault::RedirectsBlobsToSignedUrls,
            StatusCode::TEMPORARY_REDIRECT,
        ),
        (Fault::RedirectsBlobsTwice, StatusCode::TEMPORARY_REDIRECT),
    ] {
        let mut registry = Registry::start(Access::basic_for_tests(), &[fault]).await;
        registry.authorization = Authorization::Basic(Credentials::for_tests());
        let blob = chart().chart;
        registry.push_blob(blob).await;
        let response = registry.get(&blob_path(blob)).await;
        assert_eq!(response.status(), StatusCode::OK, "{fault}");
        assert_ne!(*response.url(), registry.url(&blob_path(blob)), "{fault}");
        let content = response.bytes().await.expect("a body");
        assert_eq!(content, blob.bytes, "{fault}");
        registry.client = builder()
            .redirect(Policy::none())
            .build()
            .expect("a client");
        let response = registry.get(&blob_path(blob)).await;
        assert_eq!(response.status(), status, "{fault}");
        registry.server.stop().await;
    }
}

/// A body of unknown length, which HTTP/1.1 sends with `Transfer-Encoding: chunked`.
fn unsized_body(content: &Bytes) -> Body {
    let middle = content.len() / 2;
    let pieces = [content.slice(..middle), content.slice(middle..)];
    let frames = pieces.map(|piece| Ok::<_, Infallible>(Frame::data(piece)));
    Body::wrap(StreamBody::new(stream::iter(frames)))
}

#[tokio::test]
async fn an_upload_in_chunks_is_one_blob() {
    let registry = Registry::start(Access::Open, &[]).await;
    let content = Bytes::from_static(chart().chart.bytes);
    let middle = content.len() / 3;
    let mut session = registry.open_upload().await;
    let mut sent = 0;
    for chunk in [content.slice(..middle), content.slice(middle..)] {
        let range = format!("{sent}-{}", sent + chunk.len() - 1);
        let patch = registry.client.patch(session);
        let patch = patch
            .header("content-range", &range)
            .header("content-type", "application/octet-stream")
            .body(unsized_body(&chunk));
        let response = patch.send().await.expect("a response");
        assert_eq!(response.status(), StatusCode::ACCEPTED, "{range}");
        sent += chunk.len();
        assert_eq!(header(&response, "range"), format!("0-{}", sent - 1));
        session = location(&response);
    }
    let digest = sha256(&content);
    registry.complete(session, &digest, Bytes::new()).await;
    let response = registry.get(&blob_path(chart().chart)).await;
    assert_eq!(response.bytes().await.expect("a body"), content);
    registry.server.stop().await;
}

#[tokio::test]
async fn a_chunk_out_of_order_is_rejected() {
    let registry = Registry::start(Access::Open, &[]).await;
    let session = registry.open_upload().await;
    let patch = registry.client.patch(session);
    let patch = patch.header("content-range", "5-9").body("chunk");
    let response = patch.send().await.expect("a response");
    assert_eq!(response.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    registry.server.stop().await;
}
