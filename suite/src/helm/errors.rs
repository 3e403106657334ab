//! The error texts of Helm: one table of symptoms, each with the words that each Helm version prints.
//!
//! A symptom depends on the transport library, on the operation and on the class of the response. The words come from
//! `evidence/*.json` and from section 7.7 of `spec/helm-client-behaviour.md`. Words in parentheses are ours: an effect
//! where Helm prints nothing. Helm 3.18.0 to 3.18.2 print the words without `failed to perform "OP" on SIDE: `.

use super::observed::Operation;
use super::version::{
    ALL, BEFORE_3_7, BEFORE_CONTAINERD_1_7, CHECKS_LINKS, CONTAINERD, CONTAINERD_1_3,
    CONTAINERD_1_4, CONTAINERD_1_5, CONTAINERD_1_7, CONTAINERD_SINCE_3_7, FAILS_WITHOUT_LOCATION,
    HANGS_WITHOUT_LOCATION, HARDENED, HELM_3, HELM_3_7, HELM_4, NO_INDEX, NOT_HARDENED,
    OLD_LISTING, ORAS, SINCE_3_8, Versions,
};

/// The placeholders in words for what differs from run to run; `evidence/README.md` has the same list.
pub const PLACEHOLDERS: &[(&str, &str)] = &[
    ("{host}", "host and port"),
    ("{repo}", "the repository"),
    ("{url}", "`https://HOST/v2/REPOSITORY`"),
    ("{ref}", "`HOST/REPOSITORY:TAG`"),
    ("{u}", "the URL of an upload"),
    ("{id}", "the session of an upload"),
    ("{tag}", "a tag"),
    ("{d}", "a digest"),
    ("{n}", "a size"),
    ("{type}", "the media type of a blob"),
    ("{client}", "the client's own address"),
    ("{home}", "Helm's folder"),
    (STATUS, "the status that the registry returned"),
    ("…", "any text"),
];

/// The placeholder for the status of the response that makes Helm fail.
pub(super) const STATUS: &str = "{status}";

/// The words with `…`, any text, for a status that was not observed.
pub fn without_status(words: &str) -> String {
    words.replace(STATUS, "…")
}

/// Declares the symptoms: a name, the operation whose status the words hold, and the words by versions.
macro_rules! symptoms {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident($operation:ident) [$(($versions:ident, $words:literal)),+ $(,)?];
    )+) => {
        /// A way in which a flow fails, by what the registry does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Symptom {
            $($(#[doc = $doc])+ $name),+
        }

        impl Symptom {
            /// All symptoms.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The words by Helm versions, with the placeholders of [`PLACEHOLDERS`].
            pub const fn table(self) -> &'static [(Versions, &'static str)] {
                match self {
                    $(Self::$name => &[$(($versions, $words)),+]),+
                }
            }

            /// The operation whose status the words hold.
            pub(super) const fn operation(self) -> Operation {
                match self {
                    $(Self::$name => Operation::$operation),+
                }
            }
        }
    };
}

symptoms! {
    // A request is refused with a status that Helm does not expect.
    /// The first request of a push: HEAD of a blob over containerd, HEAD of the manifest over oras-go.
    PushStart(PushStart) [
        (BEFORE_3_7, "unexpected response: {status}"),
        (CONTAINERD_1_5, "unexpected status: {status}"),
        (CONTAINERD_1_7, "unexpected status from HEAD request to {url}/blobs/{d}: {status}"),
        (ORAS, "failed to perform \"Exists\" on destination: HEAD \"{url}/manifests/{d}\": response status code {status}"),
    ];
    /// The first request of a pull: HEAD of a manifest over containerd, GET of a manifest or of the tags over oras-go.
    PullStart(PullStart) [
        (BEFORE_CONTAINERD_1_7, "status code [manifests {tag}]: {status}"),
        (CONTAINERD_1_7, "unexpected status from HEAD request to {url}/manifests/…: {status}"),
        (ORAS, "GET \"{url}/…\": response status code {status}"),
    ];
    /// HEAD of a blob, before its upload.
    BlobHead(BlobHead) [
        (BEFORE_3_7, "unexpected response: {status}"),
        (CONTAINERD_1_5, "unexpected status: {status}"),
        (CONTAINERD_1_7, "unexpected status from HEAD request to {url}/blobs/{d}: {status}"),
        (ORAS, "failed to perform \"Exists\" on destination: HEAD \"{url}/blobs/{d}\": response status code {status}"),
    ];
    /// HEAD of a blob, redirected to another place.
    RedirectedBlobHead(BlobHead) [
        (CONTAINERD_1_5, "unexpected status: {status}"),
        (CONTAINERD_1_7, "unexpected status from HEAD request to …: {status}"),
        (ORAS, "failed to perform \"Exists\" on destination: HEAD \"…\": response status code {status}"),
    ];
    /// HEAD of the manifest in a push: by tag over containerd, by digest over oras-go.
    ManifestHead(ManifestHead) [
        (BEFORE_3_7, "unexpected response: {status}"),
        (CONTAINERD_1_5, "unexpected status: {status}"),
        (CONTAINERD_1_7, "unexpected status from HEAD request to {url}/manifests/{tag}: {status}"),
        (ORAS, "failed to perform \"Exists\" on destination: HEAD \"{url}/manifests/{d}\": response status code {status}"),
    ];
    /// POST that begins an upload.
    UploadPost(UploadPost) [
        (BEFORE_3_7, "unexpected response: {status}"),
        (CONTAINERD_1_5, "unexpected status: {status}"),
        (CONTAINERD_1_7, "unexpected status from POST request to {url}/blobs/uploads/: {status}"),
        (ORAS, "failed to perform \"Push\" on destination: POST \"{url}/blobs/uploads/\": response status code {status}"),
    ];
    /// PUT of a blob.
    BlobPut(BlobPut) [
        (BEFORE_CONTAINERD_1_7, "failed commit on ref \"unknown-{d}\": unexpected status: {status}"),
        (CONTAINERD_1_7, "failed commit on ref \"unknown-{d}\": unexpected status from PUT request to {u}: {status}"),
        (ORAS, "failed to perform \"Push\" on destination: PUT \"{u}\": response status code {status}"),
    ];
    /// PUT of a manifest, by tag or by digest.
    ManifestPut(ManifestPut) [
        (BEFORE_CONTAINERD_1_7, "failed commit on ref \"manifest-{d}\": unexpected status: {status}"),
        (CONTAINERD_1_7, "failed commit on ref \"manifest-{d}\": unexpected status from PUT request to {url}/manifests/{tag}: {status}"),
        (ORAS, "PUT \"{url}/manifests/…\": response status code {status}"),
    ];
    /// PUT of a manifest that is new to the registry: by tag over containerd, by digest over oras-go.
    ManifestPush(ManifestPut) [
        (BEFORE_CONTAINERD_1_7, "failed commit on ref \"manifest-{d}\": unexpected status: {status}"),
        (CONTAINERD_1_7, "failed commit on ref \"manifest-{d}\": unexpected status from PUT request to {url}/manifests/{tag}: {status}"),
        (ORAS, "failed to perform \"Push\" on destination: PUT \"{url}/manifests/{d}\": response status code {status}"),
    ];
    /// PUT of a manifest under its tag.
    TagPut(ManifestPut) [
        (BEFORE_CONTAINERD_1_7, "failed commit on ref \"manifest-{d}\": unexpected status: {status}"),
        (CONTAINERD_1_7, "failed commit on ref \"manifest-{d}\": unexpected status from PUT request to {url}/manifests/{tag}: {status}"),
        (ORAS, "failed to perform \"Tag\" on destination: PUT \"{url}/manifests/{tag}\": response status code {status}"),
    ];
    /// GET of the manifest by digest, before oras-go tags it.
    TagRead(ManifestGet) [
        (ORAS, "failed to perform \"Tag\" on destination: GET \"{url}/manifests/{d}\": response status code {status}"),
    ];
    /// The same with status 404.
    TagReadNotFound(ManifestGet) [
        (ORAS, "failed to perform \"Tag\" on destination: {d}: not found"),
    ];
    /// Reading a manifest in a pull.
    ManifestGet(ManifestGet) [
        (BEFORE_CONTAINERD_1_7, "status code [manifests {tag}]: {status}"),
        (CONTAINERD_1_7, "unexpected status from HEAD request to {url}/manifests/…: {status}"),
        (ORAS, "failed to perform \"FetchReference\" on source: GET \"{url}/manifests/{tag}\": response status code {status}"),
    ];
    /// The same with status 404.
    ManifestNotFound(ManifestGet) [
        (CONTAINERD, "{ref}: not found"),
        (ORAS, "failed to perform \"FetchReference\" on source: {ref}: not found"),
    ];
    /// GET of a manifest by digest, after HEAD of its tag.
    ManifestGetByDigest(None) [
        (CONTAINERD, "failed open: unexpected status code {url}/manifests/{d}: …"),
    ];
    /// HEAD of a manifest by digest, of a pull by digest.
    ManifestHeadByDigest(None) [
        (CONTAINERD, "unexpected status from HEAD request to {url}/manifests/{d}: …"),
    ];
    /// GET of a tag that is listed and does not exist.
    ListedTagNotFound(None) [
        (CONTAINERD, "{ref}: not found"),
        (ORAS, "failed to perform \"FetchReference\" on source: {ref}: not found"),
    ];
    /// GET of a blob.
    BlobGet(BlobGet) [
        (CONTAINERD, "failed open: unexpected status code {url}/blobs/{d}: {status}"),
        (ORAS, "failed to perform \"Fetch\" on source: GET \"…\": response status code {status}"),
    ];
    /// The same with status 404.
    BlobNotFound(BlobGet) [
        (CONTAINERD, "failed open: could not fetch content descriptor {d} ({type}) from remote: not found"),
        (ORAS, "failed to perform \"Fetch\" on source: {d}: not found"),
    ];
    /// GET of the list of tags.
    TagList(TagList) [
        (OLD_LISTING, "GET \"{url}/tags/list\": unexpected status code {status}"),
        (ORAS, "GET \"{url}/tags/list\": response status code {status}"),
    ];
    /// GET of the URL in a `Link` header that is no next page.
    LinkedPage(LinkedPage) [
        (OLD_LISTING, "GET \"https://{host}/…\": unexpected status code {status}"),
        (ORAS, "GET \"https://{host}/…\": response status code {status}"),
    ];
    /// GET of `/v2/` in a login.
    LoginRefused(Base) [
        (CONTAINERD, "login attempt to https://{host}/v2/ failed with status: {status}"),
        (ORAS, "authenticating to \"{host}\": GET \"https://{host}/v2/\": response status code {status}"),
    ];
    /// The same with status 404.
    LoginNotFound(Base) [
        (CONTAINERD, "login attempt to https://{host}/v2/ failed with status: {status}"),
        (ORAS, "authenticating to \"{host}\": not found"),
    ];
    /// GET of a token.
    TokenGet(TokenGet) [
        (OLD_LISTING, "GET \"https://{host}/token?…\": unexpected status code {status}"),
        (ORAS, "response status code {status}"),
    ];
    /// POST for a token.
    TokenPost(TokenPost) [
        (CONTAINERD, "failed to fetch oauth token: unexpected status…: {status}"),
    ];
    /// Any request of an upload, refused because the registry has too much to do.
    Throttled(Upload) [
        (CONTAINERD, "unexpected …: {status}"),
        (ORAS, "failed to perform \"Push\" on destination: …: response status code {status}"),
    ];

    // Requests are not authorised.
    /// The realm of the challenge is no absolute URL.
    RealmWithoutScheme(None) [
        (NOT_HARDENED, "unsupported protocol scheme \"\""),
        (HARDENED, "bearer realm \"…\" uses unsupported scheme \"\""),
    ];
    /// The realm is without TLS, the registry has it.
    RealmWithoutTls(None) [
        (HARDENED, "bearer realm \"…\" uses http but registry was contacted over https"),
    ];
    /// The host of the realm is a private address.
    RealmPrivate(None) [
        (HARDENED, "bearer realm host \"…\" is a loopback, link-local, private, or unspecified address"),
    ];
    /// The challenge has no scope.
    ChallengeWithoutScope(None) [
        (BEFORE_3_7, "no scope specified for token auth challenge"),
    ];
    /// The token endpoint returns JSON without the token.
    TokenMissing(None) [
        (CONTAINERD, "authorization server did not include a token in the response"),
    ];
    /// A field of the token response has another type.
    TokenField(None) [
        (CONTAINERD, "cannot unmarshal … into Go struct field … of type …"),
    ];
    /// The token endpoint returns a web page.
    TokenNotJson(None) [
        (ALL, "invalid character '<' looking for beginning of value"),
    ];
    /// The token does not cover all requested scopes.
    InsufficientScope(None) [
        (CONTAINERD, "server message: insufficient_scope: authorization failed"),
    ];

    // An upload cannot proceed.
    /// The connection closes at the POST that begins an upload.
    UploadPostClosed(None) [
        (ALL, "Post …{url}/blobs/uploads/…: EOF"),
    ];
    /// The connection is closed when the manifest is pushed under its tag.
    TagPutClosed(None) [
        (ORAS, "failed to perform \"Tag\" on destination: Put …/manifests/{tag}…: EOF"),
    ];
    /// The connection is closed when the POST for a token is sent.
    TokenPostClosed(None) [
        (CONTAINERD, "failed to authorize: failed to fetch oauth token: Post …{host}/token…: EOF"),
    ];
    /// Bytes follow the response to HEAD of a manifest.
    HeadFollowed(None) [
        (ALL, "…net/http: HTTP/1.x transport connection broken: malformed HTTP …"),
    ];
    /// The POST returns no `Location`.
    LocationMissing(None) [
        (FAILS_WITHOUT_LOCATION, "failed to copy: failed to do request: Put …?digest={d}…: http: no Host in request URL"),
        (HANGS_WITHOUT_LOCATION, "(Helm timed out)"),
        (ORAS, "failed to perform \"Push\" on destination: http: no Location header in response"),
    ];
    /// The POST returns a `Location` that begins with `//`.
    LocationWithoutScheme(None) [
        (BEFORE_CONTAINERD_1_7, "failed commit on ref \"unknown-{d}\": unexpected status: …"),
        (CONTAINERD_1_7, "failed commit on ref \"unknown-{d}\": unexpected status from PUT request to …//{host}//{host}/…: …"),
    ];
    /// The POST returns a relative `Location` without a leading slash.
    LocationWithoutSlash(None) [
        (CONTAINERD, "failed to copy: failed to do request: Put …: dial tcp: lookup {id}…: no such host"),
    ];
    /// The POST returns a `Location` on another host.
    LocationOnOtherHost(None) [
        (HARDENED, "failed to perform \"Push\" on destination: blob upload Location \"…\" is on a different host than the registry \"{host}\""),
    ];
    /// The POST returns a `Location` without TLS, the registry has it.
    LocationWithoutTls(None) [
        (HARDENED, "failed to perform \"Push\" on destination: blob upload Location \"{host}\" downgrades scheme from https"),
    ];
    /// HEAD of a blob returns no `Content-Length`.
    BlobHeadWithoutLength(None) [
        (ORAS, "failed to perform \"Exists\" on destination: HEAD \"{url}/blobs/{d}\": unknown response Content-Length"),
    ];
    /// PUT of a blob is redirected: over oras-go it becomes a GET of the upload session.
    BlobPutRedirected(None) [
        (CONTAINERD, "failed commit on ref \"unknown-{d}\": invalid content digest in response: invalid checksum digest format"),
        (ORAS, "failed to perform \"Push\" on destination: GET \"{u}\": response status code …"),
    ];
    /// PUT of a blob returns no `Docker-Content-Digest`.
    BlobPutWithoutDigest(None) [
        (CONTAINERD, "failed commit on ref \"unknown-{d}\": invalid content digest in response: invalid checksum digest format"),
    ];
    /// PUT of a blob returns another digest.
    BlobPutDigest(None) [
        (CONTAINERD, "failed commit on ref \"unknown-{d}\": got digest {d}, expected {d}"),
    ];
    /// PUT of a manifest returns no `Docker-Content-Digest`.
    ManifestPutWithoutDigest(None) [
        (CONTAINERD, "failed commit on ref \"manifest-{d}\": invalid content digest in response: invalid checksum digest format"),
    ];
    /// PUT of a manifest returns another digest.
    ManifestPutDigest(None) [
        (CONTAINERD, "failed commit on ref \"manifest-{d}\": got digest {d}, expected {d}"),
        (ORAS, "PUT \"{url}/manifests/…\": invalid response; digest mismatch in Docker-Content-Digest: received \"{d}\" when expecting \"{d}\""),
    ];
    /// GET of the manifest, before oras-go tags it, returns another length.
    TagReadLength(None) [
        (ORAS, "failed to perform \"Tag\" on destination: GET \"{url}/manifests/{d}\": mismatch Content-Length"),
    ];
    /// HEAD of a manifest returns no `Content-Type`.
    ManifestHeadWithoutType(None) [
        (ORAS, "failed to perform \"Exists\" on destination: HEAD \"{url}/manifests/{d}\": invalid response `Content-Type` header; mime: no media type"),
    ];
    /// HEAD of a manifest returns no `Content-Length`.
    ManifestHeadWithoutLength(None) [
        (ORAS, "failed to perform \"Exists\" on destination: HEAD \"{url}/manifests/{d}\": unknown response Content-Length"),
    ];
    /// HEAD of a manifest returns another digest.
    ManifestHeadDigest(None) [
        (ORAS, "failed to perform \"Exists\" on destination: HEAD \"{url}/manifests/{d}\": invalid response; digest mismatch in Docker-Content-Digest"),
    ];

    // A pull reads other content than was pushed.
    /// The digest that HEAD returned for a tag names no manifest.
    ManifestNotFoundByDigest(None) [
        (CONTAINERD, "failed open: …{d}…: not found"),
    ];
    /// GET of a manifest by digest returns the header of another digest.
    ManifestGetDigest(None) [
        (ORAS, "failed to perform \"FetchReference\" on source: GET \"{url}/manifests/{d}\": invalid response; digest mismatch in Docker-Content-Digest: received \"{d}\" when expecting \"{d}\""),
    ];
    /// A manifest comes back as other bytes.
    ManifestAltered(None) [
        (CONTAINERD, "unexpected commit size {n}, expected {n}: failed precondition"),
        (ORAS, "failed to perform \"Successors\" on source: mismatched digest"),
    ];
    /// A manifest comes back shorter than it was.
    ManifestShorter(None) [
        (CONTAINERD, "failed to read expected number of bytes: unexpected EOF"),
        (ORAS, "failed to perform \"Successors\" on source: mismatched digest"),
    ];
    /// HEAD of a manifest returned `Content-Length: 0`.
    ManifestEmpty(None) [
        (BEFORE_3_7, "unexpected commit digest {d}, expected {d}: failed precondition"),
        (HELM_3_7, "unable to fetch descriptor ({d}) which reports content size of zero: invalid argument"),
        (OLD_LISTING, "unexpected commit digest {d}, expected {d}: failed precondition"),
    ];
    /// HEAD of a manifest returned more bytes than it has.
    ManifestLonger(None) [
        (BEFORE_3_7, "unexpected commit size {n}, expected {n}: failed precondition"),
        (CONTAINERD_SINCE_3_7, "failed to read expected number of bytes: unexpected EOF"),
    ];
    /// A manifest comes back under a media type without layers.
    NoLayers(None) [
        (BEFORE_3_7, "manifest does not contain at least 1 layer (total: 0)"),
        (CONTAINERD_SINCE_3_7, "manifest does not contain minimum number of descriptors (2)"),
    ];
    /// The same in `helm chart pull`.
    NotInCache(None) [
        (BEFORE_3_7, "blob {d} expected at {home}/…: not found"),
    ];
    /// The tag names an index.
    IndexPulled(None) [
        (BEFORE_3_7, "manifest does not contain exactly 1 layer (total: 0)"),
        (NO_INDEX, "unable to retrieve blob with digest {d}: {d}: application/vnd.oci.image.index.v1+json: not found"),
    ];
    /// The tag names a Docker manifest.
    DockerManifestPulled(None) [
        (ORAS, "unable to retrieve blob with digest {d}: {d}: application/vnd.docker.distribution.manifest.v2+json: not found"),
    ];
    /// The registry returns a web page in place of a manifest.
    PagePulled(None) [
        (ORAS, "manifest does not contain minimum number of descriptors (2)"),
    ];
    /// The same in a pull by digest.
    PagePulledByDigest(None) [
        (ORAS, "failed to perform \"FetchReference\" on source: GET \"…\": invalid response; digest mismatch in"),
    ];
    /// The registry returns a web page in place of the manifest that was pushed.
    PageReadBack(None) [
        (ORAS, "failed to perform \"Tag\" on destination: GET \"…\": mismatch response Content-Type \"text/html\""),
    ];
    /// The digest of the pull is not the one that was asked for.
    PinnedDigest(None) [
        (ORAS, "chart reference digest mismatch: {d} is not {d}"),
    ];
    /// The subject of a manifest does not exist.
    SubjectNotFound(None) [
        (ORAS, "failed to perform \"FindSuccessors\" on source: {d}: not found"),
    ];
    /// A blob comes back as other bytes of the same length.
    BlobAltered(BlobGet) [
        (CONTAINERD, "unexpected commit digest {d}, expected {d}: failed precondition"),
        (ORAS, "failed to perform \"Push\" on destination: mismatched digest"),
    ];
    /// A blob comes back with the wrong `Content-Length`.
    BlobLength(None) [
        (BEFORE_3_7, "unexpected commit size {n}, expected {n}: failed precondition"),
        (CONTAINERD_SINCE_3_7, "failed to read expected number of bytes: unexpected EOF"),
        (ORAS, "failed to perform \"Fetch\" on source: GET \"{url}/blobs/{d}\": mismatch Content-Length"),
    ];
    /// A large blob comes back incomplete.
    LargeBlobCut(None) [
        (CONTAINERD_SINCE_3_7, "failed to …"),
        (ORAS, "failed to perform \"Fetch\" on source: GET \"{url}/blobs/{d}\": mismatch Content-Length"),
    ];
    /// The connection closes within a blob.
    BlobCut(None) [
        (CONTAINERD_1_3, "failed to copy: unexpected EOF"),
        (CONTAINERD_1_4, "unexpected commit size {n}, expected {n}: failed precondition"),
        (HELM_3_7, "failed to read expected number of bytes: unexpected EOF"),
        (ORAS, "read failed: expected content size of {n}, got {n}, for digest {d}: unexpected EOF"),
    ];
    /// GET of a blob returns the header of another digest.
    BlobGetDigest(None) [
        (ORAS, "failed to perform \"Fetch\" on source: GET \"{url}/blobs/{d}\": invalid response; digest mismatch in Docker-Content-Digest: received \"{d}\" when expecting \"{d}\""),
    ];
    /// A body comes back encoded, and decodes to another length.
    DecodedLength(None) [
        (CONTAINERD, "unexpected commit size {n}, expected {n}: failed precondition"),
        (ORAS, "failed to perform \"Push\" on destination: trailing data"),
    ];

    // A list of tags cannot be used.
    /// The list is empty.
    NoTags(None) [
        (HELM_3, "Unable to locate any tags in provided repository: oci://{host}/{repo}"),
        (HELM_4, "unable to locate any tags in provided repository: oci://{host}/{repo}"),
    ];
    /// No tag matches the version that was asked for.
    NoMatchingVersion(None) [
        (HELM_3, "Could not locate a version matching provided version string"),
        (HELM_4, "could not locate a version matching provided version string"),
    ];
    /// The `Link` header cannot be parsed.
    NextLink(None) [
        (SINCE_3_8, "invalid next link \"…\": missing '<'"),
    ];
    /// The `Link` leads to another origin.
    NextLinkOrigin(None) [
        (CHECKS_LINKS, "invalid next link \"…\": not the same origin as \"…\""),
    ];
    /// The next page is on another host, which requires credentials; with a token endpoint Helm prints its status 401.
    NextPageCredentials(None) [
        (OLD_LISTING, "GET \"…\": credential required for basic auth"),
        (ORAS, "GET \"…\": basic credential not found"),
    ];
    /// A page has more than 4 MiB.
    TagListCut(None) [
        (SINCE_3_8, "GET \"{url}/tags/list\": failed to decode response: unexpected EOF"),
    ];
    /// The last page has a `Link` header.
    EndlessList(None) [
        (SINCE_3_8, "(Helm timed out)"),
    ];

    // The connection or a redirect fails.
    /// A registry without TLS does not respond to a TLS greeting.
    HandshakeTimeout(None) [
        (SINCE_3_8, "Get \"{url}/tags/list\": net/http: TLS handshake timeout"),
    ];
    /// A registry without TLS resets the connection at a TLS greeting.
    HandshakeReset(None) [
        (SINCE_3_8, "Get \"{url}/tags/list\": read tcp {client}->{host}: read: connection reset by peer"),
    ];
    /// A registry without TLS closes the connection at a TLS greeting.
    HandshakeClosed(None) [
        (ORAS, "EOF"),
    ];
    /// A URL leads to a host that cannot be resolved.
    NoSuchHost(None) [
        (ALL, "no such host"),
    ];
    /// A redirect leads to itself, or through more than ten places.
    RedirectLoop(None) [
        (NOT_HARDENED, "stopped after 10 redirects"),
        (HARDENED, "(Helm timed out)"),
    ];

    // Helm succeeds with a wrong effect.
    /// The registry stores another chart.
    OtherChartStored(None) [
        (ALL, "(it succeeds and the chart stored is another)"),
    ];
    /// The registry stores no manifest under the tag.
    TagLost(None) [
        (ALL, "(it succeeds and no manifest under the tag)"),
    ];
    /// The provenance file is missing.
    ProvenanceLost(None) [
        (ALL, "(it succeeds without the provenance)"),
    ];
    /// The pull returns an older chart.
    OlderChartPulled(None) [
        (ALL, "(an older chart is pulled than was pushed)"),
    ];
    /// The pull returns the chart of an older version than the newest.
    AnotherChartPulled(None) [
        (ALL, "(it succeeds and another chart is pulled)"),
    ];
    /// The registry accepts a wrong password.
    WrongPasswordAccepted(None) [
        (ALL, "(it succeeds with a wrong password)"),
    ];
    /// The pull returns another version.
    OtherVersionPulled(None) [
        (ALL, "(the chart of another version is pulled)"),
    ];
}
