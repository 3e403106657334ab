//! The endpoint, its transport and its headers.

mod waits;

use bytes::Bytes;
use helm_oci_fixtures::media_type;
use http::{Method, Uri};

use crate::helm::era::{
    ALL, BEFORE_3_7, Break, CONTAINERD, CONTAINERD_1_5, CONTAINERD_1_7, CONTAINERD_SINCE_3_7, Flow,
    OLD_LISTING, ORAS, Span, Versions,
};
use crate::requirement::source::{DISTRIBUTION, HTTP, containerd, helm, observed, oras_go};
use crate::requirement::{Requirement, requirement};
use crate::session::expect;
use crate::session::steps::{ACCEPT_CONTAINERD, ACCEPT_ORAS, obstacle};
use crate::session::{Reply, Session};
use crate::verdict::{CheckResult, Finding, Obstacle, Stop};
use crate::wire::registry::Hello;

requirement! {
    /// `GET /v2/` on the bare host answers 200, or 401 to a caller without authority.
    ///
    /// ## Why Helm needs it
    /// It is the first request of `helm registry login`. A registry that lives under a path prefix cannot be
    /// reached at all: a Helm reference has a host and a repository, nothing before them.
    ///
    /// ## How it is checked
    /// One anonymous `GET /v2/`.
    VERSION_CHECK = "api/version-check" {
        level: Must,
        title: "`GET /v2/` answers 200 or 401",
        covers: ["REG-API-01", "REG-API-02", "B28"],
        sources: [
            DISTRIBUTION.says(
                "determining-support",
                "If the response is `200 OK`, then the registry implements this specification.",
            ),
            helm("v3.18.4", "pkg/registry/client.go:284", "login pings `/v2/` before it stores a credential"),
        ],
        breaks: [
            Break::new(CONTAINERD, &[Flow::Login], "login attempt to https://{host}/v2/ failed with status: 404 Not Found"),
            Break::new(ORAS, &[Flow::Login], "authenticating to \"{host}\": not found"),
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
    /// `GET /v2` is answered as `GET /v2/` is.
    ///
    /// ## Why Helm needs it
    /// It does not: every Helm writes the slash. Other clients and probes of load balancers leave it out.
    ///
    /// ## How it is checked
    /// One anonymous `GET /v2`; a redirect is taken.
    NO_SLASH = "api/base-without-slash" {
        level: May,
        title: "`GET /v2` is answered as `GET /v2/`",
        covers: ["C22"],
        sources: [DISTRIBUTION.says(
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
    /// A plain-HTTP port answers a TLS `ClientHello` with bytes that begin `HTTP/`.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 to 3.12 (tag listing) and 3.18 to 3.21 (everything) try HTTPS first and fall back only when
    /// the answer begins that way. Silence or a closed connection ends the command.
    ///
    /// ## How it is checked
    /// A real `ClientHello` is sent to the port; the first bytes that come back are compared. Registries
    /// that are spoken to over TLS are not concerned.
    CLIENT_HELLO = "api/client-hello-answered-in-http" {
        level: Should,
        title: "a plain-HTTP port answers a TLS ClientHello in HTTP",
        covers: ["REG-API-05", "C20"],
        sources: [helm(
            "v3.21.4",
            "pkg/registry/fallback.go:58",
            "the fallback to HTTP compares the first five bytes of the answer with `HTTP/`",
        )],
        breaks: [
            Break::new(Versions(&[Span::new((3, 8, 0), (3, 13, 0))]), Flow::LISTINGS, "Get \"{url}/tags/list\": net/http: TLS handshake timeout"),
            Break::new(Versions(&[Span::new((3, 8, 0), (3, 13, 0))]), Flow::LISTINGS, "Get \"{url}/tags/list\": read tcp {client}->{host}: read: connection reset by peer"),
            Break::when("unless `--plain-http` is given", Versions(&[Span::new((3, 18, 0), (4, 0, 0))]),
                &[
                    Flow::Push, Flow::RePush, Flow::PushChanged, Flow::PushPlus, Flow::PushProv, Flow::Pull,
                    Flow::PullProv, Flow::PullPlus, Flow::PullRange, Flow::PullUnversioned, Flow::PullDigest,
                    Flow::DependencyUpdate, Flow::Show, Flow::Login,
                ], "EOF"),
        ],
        faults: [SilentOnClientHello, ClosesOnClientHello],
        proven_on: PlainHttp,
        check: client_hello,
    }
}

async fn client_hello(session: &Session) -> CheckResult {
    if session.target().origin().scheme_str() != Some("http") {
        return Err(Stop::NotApplicable(
            "the registry is spoken to over TLS".to_owned(),
        ));
    }
    let actual = match session.target().registry.client_hello().await {
        Ok(Hello::Answered(bytes)) if bytes.starts_with(b"HTTP/") => return Ok(()),
        Ok(Hello::Answered(bytes)) => format!("{} bytes that begin otherwise", bytes.len()),
        Ok(Hello::Silent) => "no answer".to_owned(),
        Err(error) => return Err(Obstacle::from(&error).into()),
    };
    Err(Stop::Violated(Box::new(Finding {
        expected: vec!["an answer that begins `HTTP/`".to_owned()],
        actual,
        exchanges: Vec::new(),
    })))
}

/// Reads a manifest under each of these agents; where our own agent is refused as well, they are not to blame.
pub(super) async fn agents_served(session: &Session, agents: &[&str]) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let path = session.manifest_path(&chart.digest);
    let neutral = session
        .call(Method::GET, &path)
        .accept(media_type::OCI_MANIFEST)
        .send()
        .await?;
    if !neutral.status.is_success() {
        return Err(obstacle(
            "read the manifest with an agent of our own",
            &neutral,
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
    /// Helm since 3.7 is served under its own name.
    ///
    /// ## Why Helm needs it
    /// It sends `Helm/<version>`.
    ///
    /// ## How it is checked
    /// A manifest is read with agents of Helm 3 and 4, after one of our own.
    HELM_AGENTS = "api/helm-agent-served" {
        level: Must,
        title: "requests of `Helm/…` are not filtered out",
        covers: ["REG-API-09", "B27"],
        sources: [helm("v3.8.0", "internal/version/version.go:63", "names itself `Helm/<version>`")],
        breaks: [
            Break::new(CONTAINERD_1_5, Flow::WRITES, "unexpected status: 403 Forbidden"),
            Break::new(CONTAINERD_1_7, Flow::WRITES, "unexpected status from HEAD request to {url}/blobs/{d}: 403 Forbidden"),
            Break::new(CONTAINERD_1_5, Flow::EXACT_PULLS, "status code [manifests {tag}]: 403 Forbidden"),
            Break::new(CONTAINERD_1_7, Flow::EXACT_PULLS, "unexpected status from HEAD request to {url}/manifests/{tag}: 403 Forbidden"),
            Break::new(CONTAINERD_1_7, &[Flow::PullDigest], "unexpected status from HEAD request to {url}/manifests/{d}: 403 Forbidden"),
            Break::new(OLD_LISTING, Flow::LISTINGS, "GET \"{url}/tags/list\": unexpected status code 403: denied"),
            Break::new(ORAS, Flow::WRITES, "failed to perform \"Exists\" on destination: HEAD \"{url}/manifests/{d}\": response status code 403: Forbidden"),
            Break::new(ORAS, Flow::PULLS, "GET \"{url}/…\": response status code 403: denied"),
            Break::new(CONTAINERD_SINCE_3_7, &[Flow::Login], "login attempt to https://{host}/v2/ failed with status: 403 Forbidden"),
            Break::new(ORAS, &[Flow::Login], "authenticating to \"{host}\": GET \"https://{host}/v2/\": response status code 403: denied"),
        ],
        faults: [RefusesHelmUserAgent],
        check: helm_agents,
    }
}

async fn helm_agents(session: &Session) -> CheckResult {
    agents_served(
        session,
        &["Helm/3.7.2", "Helm/3.10.1", "Helm/3.18.6", "Helm/4.2.4"],
    )
    .await
}

requirement! {
    /// Every `Accept` that Helm sends for manifests is understood: lists, `*/*`, and types the registry does
    /// not know.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 list four types and `*/*`, later ones list five, one of them long retired. A registry
    /// that reads only the first entry, or stumbles over an unknown one, says `not found` for a chart it has.
    ///
    /// ## How it is checked
    /// A manifest is read by tag with each recorded list.
    ACCEPT_LISTS = "api/accept-lists-understood" {
        level: Must,
        title: "lists and unknown entries in `Accept` are tolerated on manifests",
        covers: ["REG-API-10", "A25"],
        sources: [observed("7.4", "the lists `M4` and `M5` as recorded from Helm 3.10.1 and 4.2.3")],
        breaks: [
            Break::new(ALL, Flow::PULLS, "{ref}: not found"),
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
            // Whatever refuses the plain type as well has nothing to do with the list.
            let plain = session
                .call(method, &path)
                .accept(media_type::OCI_MANIFEST)
                .send()
                .await?;
            if plain.status.is_success() {
                return Err(expect::violated(
                    "the manifest, as with its own type alone",
                    format!("status {}", list.status),
                    &[&list, &plain],
                ));
            }
        }
    }
    Ok(())
}

requirement! {
    /// A manifest is served to a client that sends no `Accept` at all.
    ///
    /// ## Why Helm needs it
    /// No Helm does this for manifests; scanners and user interfaces beside Helm do.
    ///
    /// ## How it is checked
    /// A manifest is read by digest without the header.
    MISSING_ACCEPT = "api/missing-accept-tolerated" {
        level: Should,
        title: "a manifest is served without `Accept`",
        covers: ["REG-API-10"],
        sources: [HTTP.says(
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
    /// `Accept` on a blob does not change the answer, nor does the type the blob was uploaded with.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 ask for blobs with `Accept: <layer type>, */*`; every Helm since 3.3 uploads them as
    /// `application/octet-stream`. The layer's type lives in the manifest, not in the blob.
    ///
    /// ## How it is checked
    /// A chart layer is read with Helm's `Accept`, and its bytes are compared.
    BLOB_ACCEPT = "api/blob-accept-ignored" {
        level: Must,
        title: "`Accept` does not matter on blobs",
        covers: ["REG-API-10", "REG-BLB-16"],
        sources: [observed("7.4", "T8: `Accept: application/vnd.cncf.helm.chart.content.v1.tar+gzip, */*` on blobs")],
        breaks: [
            Break::new(BEFORE_3_7, &[Flow::ChartPush], "unexpected response: 406 Not Acceptable"),
            Break::new(CONTAINERD_1_5, Flow::WRITES, "unexpected status: 406 Not Acceptable"),
            Break::new(CONTAINERD_1_7, Flow::WRITES, "unexpected status from HEAD request to {url}/blobs/{d}: 406 Not Acceptable"),
            Break::new(CONTAINERD, Flow::PULLS, "failed open: unexpected status code {url}/blobs/{d}: 406 Not Acceptable"),
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
            "the blob, whatever `Accept` says",
            format!("status {}", reply.status),
            &[&reply],
        )?;
    }
    Ok(())
}

requirement! {
    /// A gzipped archive is not passed off as a transfer encoding.
    ///
    /// ## Why Helm needs it
    /// Every Helm sends `Accept-Encoding: gzip` and decodes what is marked as encoded. A chart archive served
    /// with `Content-Encoding: gzip` arrives unpacked, and its digest is wrong.
    ///
    /// ## How it is checked
    /// A chart layer is read with `Accept-Encoding: gzip`; if the answer is marked as encoded, its raw bytes
    /// must not be the archive itself.
    CONTENT_ENCODING = "api/content-encoding-preserves-bytes" {
        level: Must,
        title: "`Content-Encoding` never marks the archive's own compression",
        covers: ["REG-API-11"],
        sources: [HTTP.says(
            "field.content-encoding",
            "The \"Content-Encoding\" header field indicates what content codings have been applied to the representation, beyond those inherent in the media type, and thus what decoding mechanisms have to be applied in order to obtain data in the media type referenced by the Content-Type header field.",
        )],
        breaks: [
            Break::new(CONTAINERD, Flow::PULLS, "unexpected commit size {n}, expected {n}: failed precondition"),
            Break::new(ORAS, Flow::PULLS, "failed to perform \"Push\" on destination: trailing data"),
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
    let marked = reply
        .header("content-encoding")
        .is_some_and(|value| value != "identity");
    expect::holds(
        !(marked && reply.body == blob),
        "the archive without `content-encoding`, or an archive that is encoded once more",
        "`content-encoding` on the plain bytes of the archive",
        &[&reply],
    )
}

requirement! {
    /// Manifests come with `Content-Length`.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later send one more HEAD when it is missing, and fail if that has none either; earlier
    /// ones send one more GET.
    ///
    /// ## How it is checked
    /// The header of a manifest GET is read.
    MANIFEST_LENGTH = "api/manifest-length-sent" {
        level: Should,
        title: "manifest answers carry `Content-Length`",
        covers: ["REG-API-12"],
        sources: [oras_go("v2.6.0", "registry/remote/repository.go", "a manifest answer of unknown length costs a HEAD")],
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
    /// Blobs come with `Content-Length`.
    ///
    /// ## Why Helm needs it
    /// Progress and early detection of a wrong blob depend on it; no Helm fails without it.
    ///
    /// ## How it is checked
    /// The header of a blob GET is read.
    BLOB_LENGTH = "api/blob-length-sent" {
        level: Should,
        title: "blob answers carry `Content-Length`",
        covers: ["REG-API-12"],
        sources: [oras_go("v2.6.0", "registry/remote/repository.go", "the length is compared with the descriptor before the body is read")],
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
    /// A digest in a query means the same with its colon encoded.
    ///
    /// ## Why Helm needs it
    /// Every Helm writes `digest=sha256%3A…` and sorts it among the other parameters.
    ///
    /// ## How it is checked
    /// A blob is uploaded with the encoded form; if that is refused, the plain form is tried on a new upload,
    /// so that only the encoding is blamed.
    ENCODED_DIGEST = "api/encoded-digest-accepted" {
        level: Must,
        title: "`digest=sha256%3A…` equals `digest=sha256:…`",
        covers: ["REG-API-13"],
        sources: [containerd("v1.6.6", "remotes/docker/pusher.go", "the digest is added with `url.Values.Encode`")],
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, "failed commit on ref \"unknown-{d}\": unexpected status…: 400 Bad Request"),
            Break::new(ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: PUT \"{u}\": response status code 400: digest invalid"),
        ],
        faults: [RefusesEncodedDigests],
        check: encoded_digest,
    }
}

async fn encoded_digest(session: &Session) -> CheckResult {
    let blob = session.package("1.0.0").archive;
    let digest = crate::session::digest_of(&blob);
    let location = session.arrange_upload().await?;
    let encoded = put_with(session, &location, &digest.replace(':', "%3A"), &blob).await?;
    if encoded.status.is_success() {
        return Ok(());
    }
    let location = session.arrange_upload().await?;
    let plain = put_with(session, &location, &digest, &blob).await?;
    if !plain.status.is_success() {
        return Err(obstacle("upload a blob in either form", &plain));
    }
    Err(expect::violated(
        "201 for `digest=sha256%3A…`, as for `digest=sha256:…`",
        format!("status {}", encoded.status),
        &[&encoded, &plain],
    ))
}

/// Completes an upload with the digest written as given, the rest of the query untouched.
pub(super) async fn put_with(
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
    /// An upload needs no cookie.
    ///
    /// ## Why Helm needs it
    /// No Helm keeps cookies. A session that a load balancer pins by cookie is lost between POST and PUT.
    ///
    /// ## How it is checked
    /// Only where the registry sets a cookie when an upload begins: the upload is completed without it; if
    /// that fails, a second one is completed with it.
    NO_COOKIES = "api/no-cookies-needed" {
        level: Must,
        title: "no state is carried in cookies",
        covers: ["REG-API-08"],
        sources: [containerd("v1.6.6", "remotes/docker/resolver.go", "the HTTP client has no cookie jar")],
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, "failed commit on ref \"unknown-{d}\": unexpected status…: 404 Not Found"),
            Break::new(ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: PUT \"{u}\": response status code 404: blob upload unknown"),
        ],
        faults: [RequiresCookies],
        check: no_cookies,
    }
}

async fn no_cookies(session: &Session) -> CheckResult {
    let blob = Bytes::from(format!("cookie {}", session.seed()));
    let digest = crate::session::digest_of(&blob);
    let location = session.arrange_upload().await?;
    let bare = session
        .complete_upload(&location, &digest, &blob)
        .send()
        .await?;
    if bare.status.is_success() {
        return Ok(());
    }
    let start = session.start_upload().await?;
    let Some(cookie) = start
        .header("set-cookie")
        .and_then(|value| value.split(';').next())
    else {
        return Err(obstacle("upload a blob", &bare));
    };
    let location = session.upload_location(&start)?;
    let pinned = session
        .complete_upload(&location, &digest, &blob)
        .header("cookie", cookie)
        .send()
        .await?;
    if !pinned.status.is_success() {
        return Err(obstacle(
            "upload a blob, with or without the cookie",
            &pinned,
        ));
    }
    Err(expect::violated(
        "201 without a cookie, as with it",
        format!("status {}", bare.status),
        &[&bare, &pinned],
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
