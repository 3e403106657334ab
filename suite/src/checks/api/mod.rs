//! API endpoint, transport and headers.

mod waits;

use bytes::Bytes;
use helm_oci_fixtures::media_type;
use http::{Method, Uri};

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{
    ALL, CONTAINERD, CONTAINERD_SINCE_3_7, OLD_LISTING, ORAS, SINCE_3_7, Span, Versions,
};
use crate::requirement::source::{DISTRIBUTION, HTTP, containerd, helm, observed, oras_go};
use crate::requirement::{Requirement, requirement};
use crate::session::expect;
use crate::session::steps::{ACCEPT_CONTAINERD, ACCEPT_ORAS, obstacle};
use crate::session::{Reply, Session};
use crate::verdict::{CheckResult, Finding, Obstacle, Stop};
use crate::wire::registry::Hello;

requirement! {
    /// The registry returns 200 to `GET /v2/` on the bare host, or 401 to a client without credentials.
    ///
    /// ## Why Helm needs it
    /// It is the first request of `helm registry login`. Helm cannot reach a registry below a path prefix: a Helm
    /// reference has a host and a repository, and nothing before them.
    ///
    /// ## How it is checked
    /// The check sends `GET /v2/` without credentials. The response must be 200 or 401.
    VERSION_CHECK = "api/version-check" {
        level: Must,
        title: "`GET /v2/` returns 200 or 401",
        covers: ["REG-API-01", "REG-API-02", "B28"],
        sources: [
            DISTRIBUTION.states(
                "determining-support",
                "If the response is `200 OK`, then the registry implements this specification.",
            ),
            helm("v3.18.4", "pkg/registry/client.go:284", "login sends `GET /v2/` before it stores a credential"),
        ],
        breaks: [
            Break::new(ALL, &[Flow::Login], Symptom::LoginNotFound),
        ],
        faults: [VersionCheckMissing],
        check: version_check,
    }
}

async fn version_check(session: &Session) -> CheckResult {
    let reply = session.call(Method::GET, "/v2/").anonymous().send().await?;
    expect::status(&reply, &[200, 401])
}

requirement! {
    /// The registry accepts `GET /v2`, without the trailing slash, like `GET /v2/`.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it: every Helm version sends the slash. Other clients and load balancer probes omit it.
    ///
    /// ## How it is checked
    /// The check sends `GET /v2` without credentials. The response must be 200, 401 or a redirect.
    NO_SLASH = "api/base-without-slash" {
        level: May,
        title: "`GET /v2` works like `GET /v2/`",
        covers: ["C22"],
        sources: [DISTRIBUTION.states(
            "determining-support",
            "If the response is `200 OK`, then the registry implements this specification.",
        )],
        specification: Silent,
        breaks: [],
        faults: [BaseNeedsItsSlash],
        consequences: [VersionCheckMissing],
        check: no_slash,
    }
}

async fn no_slash(session: &Session) -> CheckResult {
    let reply = session.call(Method::GET, "/v2").anonymous().send().await?;
    expect::status(&reply, &[200, 301, 302, 307, 308, 401])
}

requirement! {
    /// A plain-HTTP port responds to a TLS `ClientHello` with bytes that begin with `HTTP/`.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 to 3.12 (tag listing) and 3.18 to 3.21 (every request) try HTTPS first and fall back to HTTP only if
    /// the response begins with `HTTP/`. If the port stays silent or closes the connection, the command fails.
    ///
    /// ## How it is checked
    /// The check sends a real `ClientHello` to the port. The response must begin with `HTTP/`. The requirement does
    /// not apply to registries that are reached over TLS.
    CLIENT_HELLO = "api/client-hello-answered-in-http" {
        level: Should,
        title: "a plain-HTTP port responds to a TLS ClientHello in HTTP",
        covers: ["REG-API-05", "C20"],
        sources: [helm(
            "v3.21.4",
            "pkg/registry/fallback.go:58",
            "the fallback to HTTP compares the first five bytes of the response with `HTTP/`",
        )],
        breaks: [
            Break::new(Versions(&[Span::new((3, 8, 0), (3, 13, 0))]), Flow::LISTINGS, Symptom::HandshakeTimeout),
            Break::new(Versions(&[Span::new((3, 8, 0), (3, 13, 0))]), Flow::LISTINGS, Symptom::HandshakeReset),
            Break::when("unless `--plain-http` is given", Versions(&[Span::new((3, 18, 0), (4, 0, 0))]), &[ Flow::Push, Flow::RePush, Flow::PushChanged, Flow::PushPlus, Flow::PushProv, Flow::Pull, Flow::PullProv, Flow::PullPlus, Flow::PullRange, Flow::PullUnversioned, Flow::PullDigest, Flow::DependencyUpdate, Flow::Show, Flow::Login, ], Symptom::HandshakeClosed),
        ],
        faults: [SilentOnClientHello, ClosesOnClientHello],
        proven_on: PlainHttp,
        check: client_hello,
    }
}

async fn client_hello(session: &Session) -> CheckResult {
    if session.target().origin().scheme_str() != Some("http") {
        return Err(Stop::NotApplicable(
            "the registry is reached over TLS".to_owned(),
        ));
    }
    let actual = match session.target().registry.client_hello().await {
        Ok(Hello::Answered(bytes)) if bytes.starts_with(b"HTTP/") => return Ok(()),
        Ok(Hello::Answered(bytes)) => {
            format!("{} bytes that do not begin with `HTTP/`", bytes.len())
        }
        Ok(Hello::Silent) => "no response".to_owned(),
        Err(error) => return Err(Obstacle::from(&error).into()),
    };
    Err(Stop::Violated(Box::new(Finding {
        expected: vec!["a response that begins with `HTTP/`".to_owned()],
        actual,
        exchanges: Vec::new(),
    })))
}

/// Expects GET of a manifest to return 200 with each `User-Agent`; inconclusive if it fails with the suite's own.
pub(super) async fn accepts_user_agents(session: &Session, agents: &[&str]) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let path = session.manifest_path(&chart.digest);
    let control = session
        .call(Method::GET, &path)
        .accept(media_type::OCI_MANIFEST)
        .send()
        .await?;
    if !control.status.is_success() {
        return Err(obstacle(
            "read the manifest with the suite's own `User-Agent`",
            &control,
        ));
    }
    for agent in agents {
        let reply = session
            .call(Method::GET, &path)
            .accept(media_type::OCI_MANIFEST)
            .header("user-agent", agent)
            .send()
            .await?;
        expect::status(&reply, &[200])?;
    }
    Ok(())
}

requirement! {
    /// The registry accepts requests with the `User-Agent` of Helm 3.7 and later.
    ///
    /// ## Why Helm needs it
    /// Helm 3.7 and later send `User-Agent: Helm/<version>`.
    ///
    /// ## How it is checked
    /// The check reads a manifest with the suite's own `User-Agent`, then with those of Helm 3.7, 3.10, 3.18 and 4.2.
    /// Each response must be 200.
    HELM_AGENTS = "api/helm-agent-served" {
        level: Must,
        title: "requests with `User-Agent: Helm/…` are not rejected",
        covers: ["REG-API-09", "B27"],
        sources: [helm("v3.8.0", "internal/version/version.go:63", "sends `User-Agent: Helm/<version>`")],
        breaks: [
            Break::new(SINCE_3_7, Flow::WRITES, Symptom::PushStart),
            Break::new(CONTAINERD_SINCE_3_7, Flow::DIRECT_PULLS, Symptom::PullStart),
            Break::new(OLD_LISTING, Flow::LISTINGS, Symptom::TagList),
            Break::new(ORAS, Flow::PULLS, Symptom::PullStart),
            Break::new(SINCE_3_7, &[Flow::Login], Symptom::LoginRefused),
        ],
        faults: [RefusesHelmUserAgent],
        check: helm_agents,
    }
}

async fn helm_agents(session: &Session) -> CheckResult {
    accepts_user_agents(
        session,
        &["Helm/3.7.2", "Helm/3.10.1", "Helm/3.18.6", "Helm/4.2.4"],
    )
    .await
}

requirement! {
    /// The registry supports every `Accept` header that Helm sends for manifests: lists, `*/*`, and media types that
    /// the registry does not know.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 list four media types and `*/*`; later versions list five, one of them long retired. If a
    /// registry reads only the first entry, or fails on an unknown one, Helm reports `not found` for a chart that
    /// exists.
    ///
    /// ## How it is checked
    /// The check sends HEAD and GET for a manifest by tag with each `Accept` list recorded from Helm. Each request
    /// must succeed if the same request with the OCI manifest type alone succeeds.
    ACCEPT_LISTS = "api/accept-lists-understood" {
        level: Must,
        title: "manifest requests may list unknown media types in `Accept`",
        covers: ["REG-API-10", "A25"],
        sources: [observed("7.4", "the lists `M4` and `M5` as recorded from Helm 3.10.1 and 4.2.3")],
        breaks: [
            Break::new(ALL, Flow::PULLS, Symptom::ManifestNotFound),
        ],
        faults: [RefusesAcceptLists],
        check: accept_lists,
    }
}

async fn accept_lists(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let path = session.manifest_path("1.0.0");
    for accept in [ACCEPT_CONTAINERD, ACCEPT_ORAS] {
        for method in [Method::HEAD, Method::GET] {
            let list = session
                .call(method.clone(), &path)
                .accept(accept)
                .send()
                .await?;
            if list.status.is_success() || list.status.is_redirection() {
                continue;
            }
            // Control: if the OCI manifest type alone fails as well, the list is not the cause.
            let plain = session
                .call(method, &path)
                .accept(media_type::OCI_MANIFEST)
                .send()
                .await?;
            if plain.status.is_success() {
                return Err(expect::violated(
                    "a 2xx status, as for the OCI manifest type alone",
                    format!("status {}", list.status),
                    &[&list, &plain],
                ));
            }
        }
    }
    Ok(())
}

requirement! {
    /// The registry serves a manifest to a client that sends no `Accept` header.
    ///
    /// ## Why Helm needs it
    /// Every Helm version sends the header for manifests; some scanners and user interfaces omit it.
    ///
    /// ## How it is checked
    /// The check reads a manifest by digest, first with `Accept`, then without. The second response must be 200.
    MISSING_ACCEPT = "api/missing-accept-tolerated" {
        level: Should,
        title: "GET of a manifest works without `Accept`",
        covers: ["REG-API-10"],
        sources: [HTTP.states(
            "field.accept",
            "A request without any Accept header field implies that the user agent will accept any media type in response.",
        )],
        breaks: [],
        faults: [RefusesMissingAccept],
        check: missing_accept,
    }
}

async fn missing_accept(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let path = session.manifest_path(&chart.digest);
    let asked = session
        .call(Method::GET, &path)
        .accept(media_type::OCI_MANIFEST)
        .send()
        .await?;
    if !asked.status.is_success() {
        return Err(obstacle("read the manifest with `Accept`", &asked));
    }
    let reply = session.call(Method::GET, &path).send().await?;
    expect::status(&reply, &[200])
}

requirement! {
    /// The registry serves a blob whatever the `Accept` header lists, and whatever `Content-Type` the blob was
    /// uploaded with.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 send `Accept: <layer type>, */*` for blobs; Helm 3.3 and later upload them as
    /// `application/octet-stream`. The type of a layer is in the manifest, not in the blob.
    ///
    /// ## How it is checked
    /// The check reads a chart layer with each `Accept` that Helm sends. The response must not be 406 or 415.
    BLOB_ACCEPT = "api/blob-accept-ignored" {
        level: Must,
        title: "GET of a blob ignores `Accept`",
        covers: ["REG-API-10", "REG-BLB-16"],
        sources: [observed("7.4", "T8: `Accept: application/vnd.cncf.helm.chart.content.v1.tar+gzip, */*` on blobs")],
        breaks: [
            Break::new(CONTAINERD, Flow::WRITES, Symptom::BlobHead),
            Break::new(CONTAINERD, Flow::PULLS, Symptom::BlobGet),
        ],
        faults: [NegotiatesBlobs],
        check: blob_accept,
    }
}

async fn blob_accept(session: &Session) -> CheckResult {
    let blob = session.package("1.0.0").archive;
    let digest = session.arrange_blob(&blob).await?;
    for accept in [
        "application/vnd.cncf.helm.chart.content.v1.tar+gzip, */*",
        "application/tar+gzip, */*",
    ] {
        let path = session.blob_path(&digest);
        let reply = session
            .call(Method::GET, &path)
            .accept(accept)
            .send()
            .await?;
        expect::holds(
            !matches!(reply.status.as_u16(), 406 | 415),
            "the blob, whatever `Accept` lists",
            format!("status {}", reply.status),
            &[&reply],
        )?;
    }
    Ok(())
}

requirement! {
    /// The registry does not declare the compression of a chart archive as `Content-Encoding`.
    ///
    /// ## Why Helm needs it
    /// Every Helm version sends `Accept-Encoding: gzip` and decodes a response with `Content-Encoding: gzip`. A chart
    /// archive served with that header arrives unpacked, and its digest is wrong.
    ///
    /// ## How it is checked
    /// The check reads a chart layer with `Accept-Encoding: gzip`. If the response has a `Content-Encoding`, its raw
    /// body must not be the archive itself.
    CONTENT_ENCODING = "api/content-encoding-preserves-bytes" {
        level: Must,
        title: "`Content-Encoding` does not describe the archive's own compression",
        covers: ["REG-API-11"],
        sources: [HTTP.states(
            "field.content-encoding",
            "The \"Content-Encoding\" header field indicates what content codings have been applied to the representation, beyond those inherent in the media type, and thus what decoding mechanisms have to be applied in order to obtain data in the media type referenced by the Content-Type header field.",
        )],
        breaks: [
            Break::new(ALL, Flow::PULLS, Symptom::DecodedLength),
        ],
        faults: [MarksArchivesAsEncoded],
        check: content_encoding,
    }
}

async fn content_encoding(session: &Session) -> CheckResult {
    let blob = session.package("1.0.0").archive;
    let digest = session.arrange_blob(&blob).await?;
    let path = session.blob_path(&digest);
    let reply = session
        .call(Method::GET, &path)
        .header("accept-encoding", "gzip")
        .send()
        .await?;
    let is_declared = reply
        .header("content-encoding")
        .is_some_and(|value| value != "identity");
    expect::holds(
        !(is_declared && reply.body == blob),
        "no `Content-Encoding`, or the archive encoded once more",
        "`Content-Encoding` on the unchanged archive",
        &[&reply],
    )
}

requirement! {
    /// The response to GET of a manifest has a `Content-Length` header.
    ///
    /// ## Why Helm needs it
    /// Without it, Helm 3.18 and later send an additional HEAD, and fail if its response has no length either;
    /// earlier versions send an additional GET.
    ///
    /// ## How it is checked
    /// The check reads a manifest by tag. The response must have the header.
    MANIFEST_LENGTH = "api/manifest-length-sent" {
        level: Should,
        title: "GET of a manifest returns `Content-Length`",
        covers: ["REG-API-12"],
        sources: [oras_go("v2.6.0", "registry/remote/repository.go", "sends a HEAD if the response to GET of a manifest has no length")],
        breaks: [],
        faults: [ManifestGetWithoutLength],
        check: manifest_length,
    }
}

async fn manifest_length(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let reply = session.get_manifest("1.0.0").await?;
    if !reply.status.is_success() {
        return Err(obstacle("read the manifest", &reply));
    }
    expect::header(&reply, "content-length").map(|_| ())
}

requirement! {
    /// The response to GET of a blob has a `Content-Length` header.
    ///
    /// ## Why Helm needs it
    /// No Helm version fails without it, but progress display and early detection of a wrong blob depend on it.
    ///
    /// ## How it is checked
    /// The check reads a chart layer. The response must have the header.
    BLOB_LENGTH = "api/blob-length-sent" {
        level: Should,
        title: "GET of a blob returns `Content-Length`",
        covers: ["REG-API-12"],
        sources: [oras_go("v2.6.0", "registry/remote/repository.go", "compares the length with the descriptor before it reads the body")],
        breaks: [],
        faults: [BlobGetWithoutLength],
        check: blob_length,
    }
}

async fn blob_length(session: &Session) -> CheckResult {
    let blob = session.package("1.0.0").archive;
    let digest = session.arrange_blob(&blob).await?;
    let reply = session.get_blob(&digest).await?;
    if !reply.status.is_success() {
        return Err(obstacle("read the blob", &reply));
    }
    expect::header(&reply, "content-length").map(|_| ())
}

requirement! {
    /// The registry accepts a digest in a query with its colon percent-encoded.
    ///
    /// ## Why Helm needs it
    /// Every Helm version sends `digest=sha256%3A…`, sorted among the other parameters.
    ///
    /// ## How it is checked
    /// The check completes an upload with the encoded form. If the PUT fails, it completes a second upload with the
    /// plain form. The first must succeed if the second does.
    ENCODED_DIGEST = "api/encoded-digest-accepted" {
        level: Must,
        title: "`digest=sha256%3A…` in a query equals `digest=sha256:…`",
        covers: ["REG-API-13"],
        sources: [containerd("v1.6.6", "remotes/docker/pusher.go", "adds the digest with `url.Values.Encode`")],
        breaks: [
            Break::new(ALL, Flow::PUSHES, Symptom::BlobPut),
        ],
        faults: [RefusesEncodedDigests],
        check: encoded_digest,
    }
}

async fn encoded_digest(session: &Session) -> CheckResult {
    let blob = session.package("1.0.0").archive;
    let digest = crate::session::digest_of(&blob);
    let location = session.arrange_upload().await?;
    let encoded =
        complete_with_digest(session, &location, &digest.replace(':', "%3A"), &blob).await?;
    if encoded.status.is_success() {
        return Ok(());
    }
    let location = session.arrange_upload().await?;
    let plain = complete_with_digest(session, &location, &digest, &blob).await?;
    if !plain.status.is_success() {
        return Err(obstacle(
            "upload a blob with either form of the digest",
            &plain,
        ));
    }
    Err(expect::violated(
        "a 2xx status for `digest=sha256%3A…`, as for `digest=sha256:…`",
        format!("status {}", encoded.status),
        &[&encoded, &plain],
    ))
}

/// Completes an upload with the digest exactly as given and the rest of the query unchanged.
pub(super) async fn complete_with_digest(
    session: &Session,
    location: &Uri,
    digest: &str,
    blob: &Bytes,
) -> Result<Reply, Stop> {
    let separator = if location.query().is_some() { '&' } else { '?' };
    let path = location.path_and_query().map_or("/", |path| path.as_str());
    let uri = session.uri(&format!("{path}{separator}digest={digest}"));
    session
        .call_uri(Method::PUT, uri)
        .body(Some(media_type::OCTET_STREAM), blob)
        .send()
        .await
}

requirement! {
    /// The registry accepts an upload from a client that ignores cookies.
    ///
    /// ## Why Helm needs it
    /// No Helm version keeps cookies. An upload session that a load balancer pins by cookie is lost between POST and
    /// PUT.
    ///
    /// ## How it is checked
    /// The check completes an upload without cookies. If the PUT fails and the POST sets a cookie, it completes a
    /// second upload with that cookie. The first must succeed if the second does.
    NO_COOKIES = "api/no-cookies-needed" {
        level: Must,
        title: "an upload works without cookies",
        covers: ["REG-API-08"],
        sources: [containerd("v1.6.6", "remotes/docker/resolver.go", "the HTTP client has no cookie jar")],
        breaks: [
            Break::new(ALL, Flow::PUSHES, Symptom::BlobPut),
        ],
        faults: [RequiresCookies],
        check: no_cookies,
    }
}

async fn no_cookies(session: &Session) -> CheckResult {
    let blob = Bytes::from(format!("cookie {}", session.seed()));
    let digest = crate::session::digest_of(&blob);
    let location = session.arrange_upload().await?;
    let without = session
        .complete_upload(&location, &digest, &blob)
        .send()
        .await?;
    if without.status.is_success() {
        return Ok(());
    }
    let start = session.start_upload().await?;
    let Some(cookie) = start
        .header("set-cookie")
        .and_then(|value| value.split(';').next())
    else {
        return Err(obstacle("upload a blob", &without));
    };
    let location = session.upload_location(&start)?;
    let with = session
        .complete_upload(&location, &digest, &blob)
        .header("cookie", cookie)
        .send()
        .await?;
    if !with.status.is_success() {
        return Err(obstacle("upload a blob, with or without the cookie", &with));
    }
    Err(expect::violated(
        "a 2xx status without the cookie, as with it",
        format!("status {}", without.status),
        &[&without, &with],
    ))
}

/// The requirements of this area, in reading order.
pub(super) static ALL_OF_THEM: &[&Requirement] = &[
    &VERSION_CHECK,
    &NO_SLASH,
    &CLIENT_HELLO,
    &HELM_AGENTS,
    &ACCEPT_LISTS,
    &MISSING_ACCEPT,
    &BLOB_ACCEPT,
    &CONTENT_ENCODING,
    &MANIFEST_LENGTH,
    &BLOB_LENGTH,
    &ENCODED_DIGEST,
    &NO_COOKIES,
    &waits::SHORT,
];
