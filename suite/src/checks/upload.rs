//! Blobs on their way into the registry, one step of Helm's upload after the other.

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Method, Uri};

use crate::api::obstacle;
use crate::era::{
    BEFORE_3_3, BEFORE_3_7, Break, CONTAINERD, CONTAINERD_1_5, CONTAINERD_1_7, Flow, HARDENED,
    ORAS, REFUSES_202, SINCE_3_7, Span, Versions,
};
use crate::exchange::redact_url;
use crate::expect;
use crate::requirement::{Requirement, requirement};
use crate::session::{Reply, Session, digest_of};
use crate::source::{DISTRIBUTION, HTTP, containerd, observed, oras_go};
use crate::verdict::{CheckResult, Stop};

/// Content that no other check of this run uploads.
fn content(session: &Session, what: &str) -> Bytes {
    Bytes::from(format!("{what} {:016x}", session.seed()))
}

/// Where an upload's body goes according to its `Location`.
fn resolved(session: &Session, reply: &Reply) -> Result<Uri, Stop> {
    let location = expect::header(reply, "location")?;
    session.resolve(&reply.uri, location).map_err(|_| {
        expect::violated(
            "a `location` that is a URL",
            format!("`location: {}`", redact_url(location)),
            &[reply],
        )
    })
}

/// Uploads an ordinary blob twice in a row; how many of them succeeded, and the last answer.
async fn control(session: &Session) -> Result<(usize, Reply), Stop> {
    let (first, _) = put(session, "ordinary").await?;
    let (second, _) = put(session, "as ordinary").await?;
    let count = usize::from(first.status.is_success()) + usize::from(second.status.is_success());
    Ok((
        count,
        if first.status.is_success() {
            second
        } else {
            first
        },
    ))
}

/// Expects an upload of an unusual kind to succeed. Where ordinary ones fail as well, the kind is not to blame.
async fn succeeds_like_any_other(session: &Session, reply: &Reply) -> CheckResult {
    if reply.status.is_success() {
        return Ok(());
    }
    match control(session).await? {
        (2, ordinary) => Err(expect::violated(
            "201, as for an ordinary blob",
            format!("status {}", reply.status),
            &[reply, &ordinary],
        )),
        (_, ordinary) => Err(obstacle("upload an ordinary blob", &ordinary)),
    }
}

/// Helm whose upload never ends when it cannot begin: containerd 1.7.0 to 1.7.12.
const HANGS_WITHOUT_LOCATION: Versions = Versions(&[Span::new((3, 11, 3), (3, 16, 3))]);
/// Helm over containerd that gives up when an upload cannot begin.
const FAILS_WITHOUT_LOCATION: Versions = Versions(&[
    Span::new((3, 0, 0), (3, 11, 3)),
    Span::new((3, 16, 3), (3, 18, 0)),
]);

requirement! {
    /// HEAD of a blob that is not there answers 404.
    ///
    /// ## Why Helm needs it
    /// Every Helm asks for each blob before it uploads it. 404 means "upload it"; any other answer but 200
    /// ends the push.
    ///
    /// ## How it is checked
    /// HEAD of a random digest in a repository that exists.
    ABSENT = "upload/absent-blob-is-404" {
        level: Must,
        title: "HEAD of an absent blob answers 404",
        covers: ["REG-BLB-01", "A20", "B45"],
        sources: [DISTRIBUTION.says(
            "checking-if-content-exists-in-the-registry",
            "If the blob or manifest is not found in the repository, the response code MUST be `404 Not Found`.",
        )],
        breaks: [
            Break::new(BEFORE_3_7, &[Flow::ChartPush], "unexpected response: 403 Forbidden"),
            Break::new(CONTAINERD_1_5, Flow::PUSHES, "unexpected status: 403 Forbidden"),
            Break::new(CONTAINERD_1_7, Flow::PUSHES, "unexpected status from HEAD request to {url}/blobs/{d}: 403 Forbidden"),
            Break::new(ORAS, Flow::PUSHES, "failed to perform \"Exists\" on destination: HEAD \"{url}/blobs/{d}\": response status code 403: Forbidden"),
        ],
        faults: [HeadBlobForbidden, HeadBlobNotAllowed, HeadBlobFails, ReportsAbsentBlobs],
        check: absent,
    }
}

async fn absent(session: &Session) -> CheckResult {
    session.arrange_blob(&content(session, "present")).await?;
    let reply = session
        .head_blob(&digest_of(&content(session, "absent")))
        .await?;
    expect::status(&reply, &[404])
}

requirement! {
    /// HEAD of a blob that is there answers 200.
    ///
    /// ## Why Helm needs it
    /// A blob that is not seen is uploaded again, every time.
    ///
    /// ## How it is checked
    /// A blob is uploaded and HEAD is sent; 404 is a violation, a refusal is another requirement's business.
    FOUND = "upload/present-blob-is-found" {
        level: Should,
        title: "HEAD finds a blob that is there",
        covers: ["REG-BLB-01"],
        sources: [DISTRIBUTION.says(
            "checking-if-content-exists-in-the-registry",
            "A HEAD request to an existing blob or manifest URL MUST return `200 OK`.",
        )],
        breaks: [],
        faults: [HidesPresentBlobs],
        check: found,
    }
}

async fn found(session: &Session) -> CheckResult {
    let digest = session.arrange_blob(&content(session, "found")).await?;
    // The first answer after an upload is judged by `upload/readable-at-once`.
    session.head_blob(&digest).await?;
    let reply = session.head_blob(&digest).await?;
    expect::holds(
        reply.status.as_u16() != 404,
        "200",
        format!("status {}", reply.status),
        &[&reply],
    )
}

requirement! {
    /// HEAD of a blob that is there is not refused.
    ///
    /// ## Why Helm needs it
    /// A code other than 200 and 404 ends the push of a chart of which one blob is there already.
    ///
    /// ## How it is checked
    /// A blob is uploaded and HEAD is sent; 200, a redirect and 404 are taken.
    PRESENT = "upload/present-blob-answered" {
        level: Must,
        title: "HEAD of a present blob is not refused",
        covers: ["REG-BLB-01", "A20"],
        sources: [DISTRIBUTION.says(
            "checking-if-content-exists-in-the-registry",
            "A HEAD request to an existing blob or manifest URL MUST return `200 OK`.",
        )],
        breaks: [
            Break::new(BEFORE_3_7, &[Flow::ChartPush], "unexpected response: 405 Method Not Allowed"),
            Break::new(CONTAINERD_1_5, Flow::WRITES, "unexpected status: 405 Method Not Allowed"),
            Break::new(CONTAINERD_1_7, Flow::WRITES, "unexpected status from HEAD request to {url}/blobs/{d}: 405 Method Not Allowed"),
            Break::new(ORAS, Flow::PUSHES, "failed to perform \"Exists\" on destination: HEAD \"{url}/blobs/{d}\": response status code 405: Method Not Allowed"),
        ],
        faults: [HeadBlobNotAllowed],
        check: present,
    }
}

async fn present(session: &Session) -> CheckResult {
    let digest = session.arrange_blob(&content(session, "present")).await?;
    let reply = session.head_blob(&digest).await?;
    expect::status(&reply, &[200, 301, 302, 303, 307, 308, 404])
}

requirement! {
    /// HEAD of a blob carries its length.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later refuse an answer of unknown length, which ends the push of a chart of which one
    /// blob is there already.
    ///
    /// ## How it is checked
    /// A blob is uploaded and `Content-Length` of its HEAD is read.
    LENGTH = "upload/present-blob-has-length" {
        level: Must,
        title: "HEAD of a present blob carries `Content-Length`",
        covers: ["REG-BLB-02", "A21"],
        sources: [
            DISTRIBUTION.says(
                "checking-if-content-exists-in-the-registry",
                "A successful response SHOULD contain the size in bytes of the uploaded blob in the header `Content-Length`.",
            ),
            oras_go("v2.6.0", "registry/remote/repository.go", "refuses a HEAD answer whose length is unknown"),
        ],
        breaks: [
            Break::new(ORAS, &[Flow::PushChanged], "failed to perform \"Exists\" on destination: HEAD \"{url}/blobs/{d}\": unknown response Content-Length"),
        ],
        faults: [HeadBlobWithoutLength],
        check: length,
    }
}

async fn length(session: &Session) -> CheckResult {
    let blob = content(session, "of some length");
    let digest = session.arrange_blob(&blob).await?;
    let reply = session.head_blob(&digest).await?;
    if reply.status.as_u16() != 200 {
        return Err(obstacle("look at a blob with HEAD", &reply));
    }
    expect::header_is(&reply, "content-length", &blob.len().to_string())
}

requirement! {
    /// A 200 on HEAD of a blob means that a manifest in this repository may name it.
    ///
    /// ## Why Helm needs it
    /// Every Helm skips the upload of a blob that is said to be there. If it is there in another repository
    /// only, the manifest is refused, or a chart is published that nobody can pull.
    ///
    /// ## How it is checked
    /// A blob is uploaded to one repository and looked for in another. If it is said to be there, a manifest
    /// that names it must be accepted, and it must be readable.
    USABLE = "upload/present-means-usable" {
        level: Must,
        title: "a blob that HEAD reports can be used in this repository",
        covers: ["REG-BLB-03", "C10", "B45"],
        sources: [
            DISTRIBUTION.says(
                "pushing-manifests",
                "The uploaded manifest MUST reference any blobs that make up the object.",
            ),
            containerd("v1.6.6", "remotes/docker/pusher.go", "200 on HEAD skips the upload"),
        ],
        breaks: [
            Break::when("where another repository holds the same chart", CONTAINERD, Flow::PUSHES, "failed commit on ref \"manifest-{d}\": unexpected status…: 400 Bad Request"),
            Break::when("where another repository holds the same chart", ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: PUT \"{url}/manifests/{d}\": response status code 400: manifest blob unknown"),
        ],
        faults: [ReportsForeignBlobs],
        check: usable,
    }
}

async fn usable(session: &Session) -> CheckResult {
    let blob = content(session, "elsewhere");
    let digest = session
        .arrange_blob_in(&session.sibling("other"), &blob)
        .await?;
    session.arrange_blob(&content(session, "here")).await?;
    let nowhere = session
        .head_blob(&digest_of(&content(session, "nowhere")))
        .await?;
    if nowhere.status.as_u16() != 404 {
        return Err(obstacle("tell an absent blob", &nowhere));
    }
    let head = session.head_blob(&digest).await?;
    if head.status.as_u16() != 200 {
        return Ok(());
    }
    let get = session.get_blob(&digest).await?;
    expect::holds(
        get.status.is_success() || get.status.is_redirection(),
        "404 on HEAD, or a blob that GET returns",
        format!("200 on HEAD, {} on GET", get.status),
        &[&head, &get],
    )
}

requirement! {
    /// HEAD of a blob is answered by the registry, or redirected to where HEAD is answered as well.
    ///
    /// ## Why Helm needs it
    /// Helm follows the redirect with HEAD. A URL that an object store signed for GET answers 403 to it.
    ///
    /// ## How it is checked
    /// Only where HEAD is redirected: the redirect is followed with HEAD and without credentials.
    REDIRECTED_HEAD = "upload/redirected-head-works" {
        level: Must,
        title: "where HEAD of a blob is redirected, the other end answers HEAD",
        covers: ["REG-BLB-04", "B08"],
        sources: [HTTP.says(
            "HEAD",
            "The HEAD method is identical to GET except that the server MUST NOT send content in the response.",
        )],
        breaks: [
            Break::new(CONTAINERD_1_5, &[Flow::RePush, Flow::PushChanged], "unexpected status: 403 Forbidden"),
            Break::new(CONTAINERD_1_7, &[Flow::RePush, Flow::PushChanged], "unexpected status from HEAD request to …: 403 Forbidden"),
            Break::new(ORAS, &[Flow::PushChanged], "failed to perform \"Exists\" on destination: HEAD \"…\": response status code 403: Forbidden"),
        ],
        faults: [RedirectsBlobHead],
        check: redirected_head,
    }
}

async fn redirected_head(session: &Session) -> CheckResult {
    let digest = session
        .arrange_blob(&content(session, "redirected"))
        .await?;
    let head = session.head_blob(&digest).await?;
    if !head.status.is_redirection() {
        return Err(Stop::NotApplicable(
            "HEAD of a blob is not redirected".to_owned(),
        ));
    }
    let end = session
        .call_uri(Method::HEAD, resolved(session, &head))
        .anonymous()
        .send()
        .await?;
    expect::success(&end)
}

requirement! {
    /// The POST that opens an upload answers 202.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later take nothing else; earlier ones take 200 and 204 as well.
    ///
    /// ## How it is checked
    /// A POST as Helm sends it: no body, no query, no `Content-Type`.
    POST_202 = "upload/post-answers-202" {
        level: Must,
        title: "`POST blobs/uploads/` answers 202",
        covers: ["REG-BLB-05", "B13"],
        sources: [DISTRIBUTION.says(
            "post-then-put",
            "Upon success, the response MUST have a code of `202 Accepted`, and MUST include the following header:",
        )],
        breaks: [
            Break::new(ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: POST \"{url}/blobs/uploads/\": response status code 200: OK"),
        ],
        faults: [UploadPostAnswers200, UploadPostAnswers201, UploadPostAnswers204],
        check: post_202,
    }
}

async fn post_202(session: &Session) -> CheckResult {
    let reply = session.start_upload().await?;
    if !reply.status.is_success() {
        return Err(obstacle("open an upload", &reply));
    }
    expect::status(&reply, &[202])
}

requirement! {
    /// The POST that opens an upload does not answer 201.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 read 201 as "the blob is there already", skip the upload, and the manifest is refused.
    ///
    /// ## How it is checked
    /// The status of a POST without a digest is read.
    POST_NOT_201 = "upload/post-does-not-claim-creation" {
        level: Must,
        title: "`POST blobs/uploads/` without a digest does not answer 201",
        covers: ["REG-BLB-05"],
        sources: [containerd("v1.6.6", "remotes/docker/pusher.go:199", "201 on POST counts as `already exists`")],
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, "failed commit on ref \"manifest-{d}\": unexpected status…: 400 Bad Request"),
        ],
        faults: [UploadPostAnswers201],
        check: post_not_201,
    }
}

async fn post_not_201(session: &Session) -> CheckResult {
    let reply = session.start_upload().await?;
    expect::holds(
        reply.status.as_u16() != 201,
        "any status but 201",
        "status 201 Created",
        &[&reply],
    )
}

requirement! {
    /// The registry takes uploads at all: a caller who may push is not refused.
    ///
    /// ## Why Helm needs it
    /// There is no push without it.
    ///
    /// ## How it is checked
    /// A POST in the check's repository must not be refused for want of permission.
    POST_ALLOWED = "upload/post-allowed" {
        level: Must,
        title: "a caller who may push can open an upload",
        covers: ["REG-BLB-05", "B04", "B44"],
        sources: [DISTRIBUTION.says(
            "post-then-put",
            "Upon success, the response MUST have a code of `202 Accepted`, and MUST include the following header:",
        )],
        breaks: [
            Break::new(BEFORE_3_7, &[Flow::ChartPush], "unexpected response: 403 Forbidden"),
            Break::new(CONTAINERD_1_5, Flow::PUSHES, "unexpected status: 403 Forbidden"),
            Break::new(CONTAINERD_1_7, Flow::PUSHES, "unexpected status from POST request to {url}/blobs/uploads/: 403 Forbidden"),
            Break::new(ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: POST \"{url}/blobs/uploads/\": response status code 403: denied"),
        ],
        faults: [RefusesEveryUpload],
        check: post_allowed,
    }
}

async fn post_allowed(session: &Session) -> CheckResult {
    let reply = session.start_upload().await?;
    if matches!(reply.status.as_u16(), 400 | 404) || reply.status.is_server_error() {
        return Err(obstacle("open an upload under this name", &reply));
    }
    expect::success(&reply)
}

requirement! {
    /// The answer that opens an upload carries `Location`.
    ///
    /// ## Why Helm needs it
    /// There is no other way to find the upload.
    ///
    /// ## How it is checked
    /// The header of the POST's answer is read.
    LOCATION = "upload/location-sent" {
        level: Must,
        title: "the answer to the POST carries `Location`",
        covers: ["REG-BLB-06", "B14"],
        sources: [DISTRIBUTION.says(
            "post-then-put",
            "Upon success, the response MUST have a code of `202 Accepted`, and MUST include the following header:",
        )],
        breaks: [
            Break::new(FAILS_WITHOUT_LOCATION, Flow::PUSHES, "failed to copy: failed to do request: Put …?digest={d}…: http: no Host in request URL"),
            Break::new(HANGS_WITHOUT_LOCATION, Flow::PUSHES, "(Helm does not end)"),
            Break::new(ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: http: no Location header in response"),
        ],
        faults: [DropsUploadLocation],
        check: location,
    }
}

async fn location(session: &Session) -> CheckResult {
    let reply = session.start_upload().await?;
    if !reply.status.is_success() {
        return Err(obstacle("open an upload", &reply));
    }
    expect::header(&reply, "location").map(|_| ())
}

/// The `Location` of a fresh upload.
async fn fresh_location(session: &Session) -> Result<(Reply, String), Stop> {
    let reply = session.start_upload().await?;
    match reply.header("location").map(ToOwned::to_owned) {
        Some(location) if reply.status.is_success() => Ok((reply, location)),
        _ => Err(obstacle("find the upload's Location", &reply)),
    }
}

requirement! {
    /// `Location` is an absolute URL or begins with a slash.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 take a string that is neither for a host name.
    ///
    /// ## How it is checked
    /// The form of the header is read.
    ROOTED = "upload/location-rooted" {
        level: Must,
        title: "`Location` is absolute or begins with `/`",
        covers: ["REG-BLB-07", "B15"],
        sources: [
            DISTRIBUTION.says("post-then-put", "Optionally, the location MAY be absolute (containing the protocol and/or hostname), or it MAY be relative (containing just the URL path)."),
            observed("7.6", "`Location` relative without `/`: Helm 3.2.4 to 3.17.4 fail, later ones do not"),
        ],
        specification: Stated,
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, "failed to copy: failed to do request: Put …: dial tcp: lookup {id}…: no such host"),
        ],
        faults: [UploadLocationWithoutSlash],
        check: rooted,
    }
}

async fn rooted(session: &Session) -> CheckResult {
    let (reply, location) = fresh_location(session).await?;
    expect::holds(
        location.starts_with('/') || location.contains("://"),
        "an absolute URL, or a path that begins with `/`",
        format!(
            "`location: {}`",
            location.split('?').next().unwrap_or_default()
        ),
        &[&reply],
    )
}

requirement! {
    /// `Location` stays on the host and port that was asked.
    ///
    /// ## Why Helm needs it
    /// Helm 3.21.1 and 4.2.1 refuse to follow it elsewhere; earlier ones send the chart and, some of them, the
    /// credentials there.
    ///
    /// ## How it is checked
    /// Host and port of the resolved `Location` are compared; a default port counts as no port.
    SAME_HOST = "upload/location-on-the-registry" {
        level: Must,
        title: "`Location` names the registry's own host and port",
        covers: ["REG-BLB-08", "A09"],
        sources: [oras_go("v2.6.1", "registry/remote/repository.go:921", "refuses an upload URL on another host")],
        breaks: [
            Break::new(HARDENED, Flow::PUSHES, "failed to perform \"Push\" on destination: blob upload Location \"…\" is on a different host than the registry \"{host}\""),
        ],
        faults: [UploadLocationOnOtherHost],
        check: same_host,
    }
}

async fn same_host(session: &Session) -> CheckResult {
    let (reply, _) = fresh_location(session).await?;
    let (own, other) = (
        host_and_port(session.target().origin()),
        host_and_port(&resolved(session, &reply)?),
    );
    let same_host = own.0 == other.0;
    // A change of scheme alone changes the default port; that is the next requirement's business.
    let same_port = own.1 == other.1 || (other.1 == Some(80) && own.1 == Some(443));
    expect::holds(
        same_host && same_port,
        format!("a location on `{}`", own.0),
        format!(
            "a location on `{}`, port {:?}",
            other.0,
            other.1.unwrap_or_default()
        ),
        &[&reply],
    )
}

/// Host in lower case, and the port or the scheme's default.
fn host_and_port(uri: &Uri) -> (String, Option<u16>) {
    let default = match uri.scheme_str() {
        Some("https") => Some(443),
        Some("http") => Some(80),
        _ => None,
    };
    (
        uri.host().unwrap_or_default().to_ascii_lowercase(),
        uri.port_u16().or(default),
    )
}

requirement! {
    /// The `Location` of a registry behind TLS is `https`, or relative.
    ///
    /// ## Why Helm needs it
    /// Helm 3.21.1 and 4.2.1 refuse the downgrade, earlier ones of the oras line send chart and credentials in
    /// the clear. The usual cause is a proxy that ends TLS and does not say so to the registry.
    ///
    /// ## How it is checked
    /// The scheme of the resolved `Location` is read. Registries on plain HTTP are not concerned.
    SAME_SCHEME = "upload/location-keeps-tls" {
        level: Must,
        title: "`Location` does not leave TLS",
        covers: ["REG-BLB-09", "A10"],
        sources: [oras_go("v2.6.1", "registry/remote/repository.go:923", "refuses an upload URL that downgrades the scheme")],
        breaks: [
            Break::new(HARDENED, Flow::PUSHES, "failed to perform \"Push\" on destination: blob upload Location \"{host}\" downgrades scheme from https"),
        ],
        faults: [UploadLocationDowngraded],
        check: same_scheme,
    }
}

async fn same_scheme(session: &Session) -> CheckResult {
    if session.target().origin().scheme_str() != Some("https") {
        return Err(Stop::NotApplicable(
            "the registry is spoken to without TLS".to_owned(),
        ));
    }
    let (reply, _) = fresh_location(session).await?;
    let resolved = resolved(session, &reply)?;
    if resolved.host() != session.target().origin().host() {
        return Err(obstacle(
            "find an upload's Location on the registry",
            &reply,
        ));
    }
    let scheme = resolved.scheme_str().unwrap_or_default().to_owned();
    expect::holds(
        scheme == "https",
        "an `https` or a relative location",
        format!("an `{scheme}` location"),
        &[&reply],
    )
}

requirement! {
    /// The query of `Location` survives being parsed and written again.
    ///
    /// ## Why Helm needs it
    /// Every Helm does that to add `digest`: keys come out sorted, values are encoded anew, a space becomes
    /// `+`. A signature over the raw query does not survive it.
    ///
    /// ## How it is checked
    /// Only where `Location` has a query: an upload is completed with the query rewritten; if that fails, a
    /// second one with the query as it was.
    QUERY = "upload/location-query-survives" {
        level: Must,
        title: "the query of `Location` may be sorted and encoded anew",
        covers: ["REG-BLB-10", "B14"],
        sources: [observed("2.2", "the query of `Location` is parsed and written again by both stacks")],
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, "failed commit on ref \"unknown-{d}\": unexpected status…: 403 Forbidden"),
            Break::new(ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: PUT \"{u}\": response status code 403: denied"),
        ],
        faults: [SignsUploadQuery],
        check: query,
    }
}

async fn query(session: &Session) -> CheckResult {
    let blob = content(session, "signed query");
    let digest = digest_of(&blob);
    let location = session.arrange_upload().await?;
    let Some(raw) = location.query() else {
        return Err(Stop::NotApplicable("`Location` has no query".to_owned()));
    };
    let raw = raw.to_owned();
    let rewritten = session
        .complete_upload(&location, &digest, &blob)
        .send()
        .await?;
    if rewritten.status.is_success() {
        return Ok(());
    }
    let again = session.arrange_upload().await?;
    let raw = again.query().map_or(raw, ToOwned::to_owned);
    let uri = session.uri(&format!(
        "{}?{raw}&digest={}",
        again.path(),
        crate::auth::encode(&digest)
    ));
    let verbatim = session
        .call_uri(Method::PUT, uri)
        .body(Some("application/octet-stream"), &blob)
        .send()
        .await?;
    if !verbatim.status.is_success() {
        return Err(obstacle("complete an upload in either form", &verbatim));
    }
    Err(expect::violated(
        "201 for the query sorted and encoded anew, as for the query as it was",
        format!("status {}", rewritten.status),
        &[&rewritten, &verbatim],
    ))
}

/// Uploads a blob as Helm does and returns the answer to the PUT.
async fn put(session: &Session, what: &str) -> Result<(Reply, String), Stop> {
    let blob = content(session, what);
    let digest = digest_of(&blob);
    let location = session.arrange_upload().await?;
    let reply = session
        .complete_upload(&location, &digest, &blob)
        .send()
        .await?;
    Ok((reply, digest))
}

requirement! {
    /// An upload is completed by one PUT with the whole body, without a PATCH before it.
    ///
    /// ## Why Helm needs it
    /// It is the only form of upload that any Helm uses.
    ///
    /// ## How it is checked
    /// POST, then PUT with digest and body.
    MONOLITHIC = "upload/one-put-completes" {
        level: Must,
        title: "POST, then one PUT with the whole body, stores a blob",
        covers: ["REG-BLB-11", "REG-API-15", "A19"],
        sources: [
            DISTRIBUTION.says(
                "post-then-put",
                "Upon successful completion of the request, the response MUST have code `201 Created` and MUST have the following header:",
            ),
            observed("2.2", "no PATCH, no chunked upload, in any version"),
        ],
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, "failed commit on ref \"unknown-{d}\": unexpected status…: 500 Internal Server Error"),
            Break::new(ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: PUT \"{u}\": response status code 500"),
        ],
        faults: [RefusesMonolithicPut],
        check: monolithic,
    }
}

async fn monolithic(session: &Session) -> CheckResult {
    let (reply, _) = put(session, "in one piece").await?;
    if !reply.status.is_success() {
        // A refusal that other requirements explain is not blamed on the form of the upload.
        session
            .arrange_chunked(&content(session, "in chunks"))
            .await?;
    }
    expect::success(&reply)
}

requirement! {
    /// The PUT that completes an upload answers 201.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later take nothing else.
    ///
    /// ## How it is checked
    /// The status of the PUT is read.
    PUT_201 = "upload/put-answers-201" {
        level: Must,
        title: "the PUT that completes an upload answers 201",
        covers: ["REG-BLB-12", "B13"],
        sources: [DISTRIBUTION.says(
            "post-then-put",
            "Upon successful completion of the request, the response MUST have code `201 Created` and MUST have the following header:",
        )],
        breaks: [
            Break::new(ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: PUT \"{u}\": response status code 200: OK"),
        ],
        faults: [BlobPutAnswers200, BlobPutAnswers202, BlobPutAnswers204],
        check: put_201,
    }
}

async fn put_201(session: &Session) -> CheckResult {
    let (reply, _) = put(session, "created").await?;
    if !reply.status.is_success() {
        return Err(obstacle("upload a blob", &reply));
    }
    expect::status(&reply, &[201])
}

requirement! {
    /// The PUT that completes an upload does not answer 202: the blob is there when it returns.
    ///
    /// ## Why Helm needs it
    /// The manifest follows within milliseconds. Most Helms of the containerd line refuse a 202 outright.
    ///
    /// ## How it is checked
    /// The status of the PUT is read.
    PUT_NOT_202 = "upload/put-is-final" {
        level: Must,
        title: "the PUT that completes an upload does not answer 202",
        covers: ["REG-BLB-12"],
        sources: [observed("7.6", "blob PUT 202: 3.2.4 fails, 3.6.2 to 3.10.1 accept, 3.12.0 to 3.17.4 fail")],
        breaks: [
            Break::new(REFUSES_202, Flow::PUSHES, "failed commit on ref \"unknown-{d}\": unexpected status…: 202 Accepted"),
        ],
        faults: [BlobPutAnswers202],
        check: put_not_202,
    }
}

async fn put_not_202(session: &Session) -> CheckResult {
    let (reply, _) = put(session, "final").await?;
    expect::holds(
        reply.status.as_u16() != 202,
        "any status but 202",
        "status 202 Accepted",
        &[&reply],
    )
}

requirement! {
    /// The PUT that completes an upload is not redirected with a status that turns it into a GET.
    ///
    /// ## Why Helm needs it
    /// Go follows 301, 302 and 303 with GET and without the body: after a fine 202 the push ends with 405. The
    /// usual cause is a redirect from http to https, or to another form of the path.
    ///
    /// ## How it is checked
    /// The status of the PUT is read.
    PUT_STAYS = "upload/put-not-redirected" {
        level: Must,
        title: "the PUT of an upload is not answered 301, 302 or 303",
        covers: ["REG-BLB-11", "B09"],
        sources: [HTTP.says(
            "status.301",
            "For historical reasons, a user agent MAY change the request method from POST to GET for the subsequent request.",
        )],
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, "failed commit on ref \"unknown-{d}\": invalid content digest in response: invalid checksum digest format"),
            Break::new(ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: GET \"{u}\": response status code 204: No Content"),
        ],
        faults: [RedirectsBlobPut],
        check: put_stays,
    }
}

async fn put_stays(session: &Session) -> CheckResult {
    let (reply, _) = put(session, "in its place").await?;
    expect::holds(
        !matches!(reply.status.as_u16(), 301..=303),
        "an answer, or a redirect with 307 or 308",
        format!("status {}", reply.status),
        &[&reply],
    )
}

requirement! {
    /// The 201 of an upload carries `Location`.
    ///
    /// ## Why Helm needs it
    /// It does not read it; the specification requires it.
    ///
    /// ## How it is checked
    /// The header of the PUT's answer is read.
    PUT_LOCATION = "upload/put-carries-location" {
        level: May,
        title: "the 201 of a blob carries `Location`",
        covers: ["REG-BLB-12"],
        sources: [DISTRIBUTION.says("post-then-put", "With `<blob-location>` being a pullable blob URL.")],
        breaks: [],
        faults: [BlobPutWithoutLocation],
        check: put_location,
    }
}

async fn put_location(session: &Session) -> CheckResult {
    let (reply, _) = put(session, "located").await?;
    if !reply.status.is_success() {
        return Err(obstacle("upload a blob", &reply));
    }
    expect::header(&reply, "location").map(|_| ())
}

requirement! {
    /// The `Location` of a stored blob leads to the blob.
    ///
    /// ## Why Helm needs it
    /// It does not. Other clients read what they pushed at the place they were told.
    ///
    /// ## How it is checked
    /// A blob is uploaded. Where the 201 has a `Location` on the registry, GET of it must not be a 404.
    LOCATION_LEADS = "upload/location-leads-to-blob" {
        level: Should,
        title: "the `Location` of a stored blob leads to it",
        covers: ["REG-BLB-12"],
        sources: [DISTRIBUTION.says("post-then-put", "With `<blob-location>` being a pullable blob URL.")],
        breaks: [],
        faults: [BlobLocationLeadsNowhere],
        check: location_leads,
    }
}

async fn location_leads(session: &Session) -> CheckResult {
    let (stored, digest) = put(session, "led to").await?;
    if stored.status.as_u16() != 201 {
        return Err(obstacle("upload a blob", &stored));
    }
    // Whether the blob is there is not the question.
    session.get_blob(&digest).await?;
    let known = session.get_blob(&digest).await?;
    if known.status.as_u16() == 404 {
        return Err(obstacle("read the blob", &known));
    }
    let found = session.look_at_location(&stored).await?;
    expect::holds(
        found.status.as_u16() != 404,
        "the blob at its `Location`",
        format!("status {}", found.status),
        &[&stored, &found],
    )
}

requirement! {
    /// The 201 of an upload carries `Docker-Content-Digest`.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 parse it without looking whether it is there.
    ///
    /// ## How it is checked
    /// The header of the PUT's answer is read.
    PUT_DIGEST = "upload/put-carries-digest" {
        level: Must,
        title: "the 201 of a blob carries `Docker-Content-Digest`",
        covers: ["REG-BLB-13", "A22"],
        sources: [containerd("v1.6.6", "remotes/docker/pusher.go", "`Commit` parses the header unconditionally")],
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, "failed commit on ref \"unknown-{d}\": invalid content digest in response: invalid checksum digest format"),
        ],
        faults: [BlobPutWithoutDigest],
        check: put_digest,
    }
}

async fn put_digest(session: &Session) -> CheckResult {
    let (reply, _) = put(session, "digested").await?;
    if !reply.status.is_success() {
        return Err(obstacle("upload a blob", &reply));
    }
    expect::header(&reply, "docker-content-digest").map(|_| ())
}

requirement! {
    /// The digest in the answer to an upload is the digest in the request.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 compare them, letter by letter.
    ///
    /// ## How it is checked
    /// The header, where it is sent, is compared.
    PUT_TRUE_DIGEST = "upload/put-digest-is-true" {
        level: Must,
        title: "`Docker-Content-Digest` of a blob PUT is the digest that was sent",
        covers: ["REG-BLB-14", "C11"],
        sources: [
            DISTRIBUTION.says("post-then-put", "With `<blob-location>` being a pullable blob URL."),
            containerd("v1.6.6", "remotes/docker/pusher.go", "`Commit` compares the digest with the expected one"),
        ],
        specification: Silent,
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, "failed commit on ref \"unknown-{d}\": got digest {d}, expected {d}"),
        ],
        faults: [BlobPutWrongDigest],
        check: put_true_digest,
    }
}

async fn put_true_digest(session: &Session) -> CheckResult {
    let (reply, digest) = put(session, "truly digested").await?;
    if !reply.status.is_success() {
        return Err(obstacle("upload a blob", &reply));
    }
    expect::header_absent_or(&reply, "docker-content-digest", &digest)
}

requirement! {
    /// An upload without `Content-Type` is taken.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.2 send none.
    ///
    /// ## How it is checked
    /// A blob is uploaded with `Content-Type`, then another without.
    NO_TYPE = "upload/content-type-optional" {
        level: Should,
        title: "a blob PUT without `Content-Type` is accepted",
        covers: ["REG-BLB-15"],
        sources: [observed("1.2", "blob PUT carries `Content-Type: application/octet-stream` since 3.3.0 only")],
        breaks: [
            Break::new(BEFORE_3_3, &[Flow::ChartPush], "failed commit on ref \"unknown-{d}\": unexpected status: 415 Unsupported Media Type"),
        ],
        faults: [RequiresUploadContentType],
        check: no_type,
    }
}

async fn no_type(session: &Session) -> CheckResult {
    session.arrange_blob(&content(session, "typed")).await?;
    let blob = content(session, "untyped");
    let digest = digest_of(&blob);
    let location = session.arrange_upload().await?;
    let reply = session
        .complete_upload(&location, &digest, &blob)
        .without("content-type")
        .send()
        .await?;
    succeeds_like_any_other(session, &reply).await
}

requirement! {
    /// The digest of an upload is verified.
    ///
    /// ## Why Helm needs it
    /// Helm relies on the server: it does not read back what it pushed. A blob stored under a wrong digest
    /// makes a chart that nobody can pull.
    ///
    /// ## How it is checked
    /// A body is uploaded under the digest of another.
    VERIFIED = "upload/digest-verified" {
        level: Must,
        title: "a body that does not match its digest is refused",
        covers: ["REG-BLB-17", "B42"],
        sources: [DISTRIBUTION.says("post-then-put", "Likewise, the `<digest>` MUST match the blob's digest.")],
        breaks: [
            Break::when("for a chart damaged on its way", CONTAINERD, Flow::PULLS, "unexpected commit digest {d}, expected {d}: failed precondition"),
            Break::when("for a chart damaged on its way", ORAS, Flow::PULLS, "failed to perform \"Push\" on destination: mismatched digest"),
        ],
        faults: [AcceptsWrongDigests, DigestMismatchFails],
        check: verified,
    }
}

async fn verified(session: &Session) -> CheckResult {
    session.arrange_blob(&content(session, "right")).await?;
    let wrong = digest_of(&content(session, "promised"));
    let location = session.arrange_upload().await?;
    let reply = session
        .complete_upload(&location, &wrong, &content(session, "delivered"))
        .send()
        .await?;
    if reply.status.is_server_error() {
        succeeds_like_any_other(session, &put(session, "another right").await?.0).await?;
    }
    expect::refused(&reply)
}

requirement! {
    /// A blob of 5 MiB is taken in one PUT.
    ///
    /// ## Why Helm needs it
    /// Every Helm sends a chart in one request. A proxy in front that limits bodies to its default cuts off
    /// charts with dependencies in them.
    ///
    /// ## How it is checked
    /// A small blob, then one of 5 MiB.
    LARGE = "upload/five-mebibytes" {
        level: Must,
        title: "a blob of 5 MiB is accepted in one PUT",
        covers: ["REG-BLB-20", "B16"],
        sources: [observed("2.2", "one PUT with the whole blob, in any version; 36 MiB recorded")],
        breaks: [
            Break::when("for large charts", CONTAINERD, Flow::PUSHES, "failed commit on ref \"unknown-{d}\": unexpected status…: 413"),
            Break::when("for large charts", ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: PUT \"{u}\": response status code 413"),
        ],
        faults: [LimitsBodies],
        check: large,
    }
}

async fn large(session: &Session) -> CheckResult {
    session.arrange_blob(&content(session, "small")).await?;
    let line = content(session, "a line of a large chart");
    let blob = Bytes::from(line.repeat(5 * 1024 * 1024 / line.len() + 1));
    let digest = digest_of(&blob);
    let location = session.arrange_upload().await?;
    let reply = session
        .complete_upload(&location, &digest, &blob)
        .send()
        .await?;
    succeeds_like_any_other(session, &reply).await
}

requirement! {
    /// A blob that is there may be uploaded again, also by two clients at once.
    ///
    /// ## Why Helm needs it
    /// Two jobs that push charts with the same config both see 404 and both upload it.
    ///
    /// ## How it is checked
    /// Two uploads of one blob are opened, then both are completed.
    AGAIN = "upload/same-blob-twice" {
        level: Must,
        title: "uploading a blob twice succeeds twice",
        covers: ["REG-BLB-21", "B12"],
        sources: [DISTRIBUTION.says(
            "post-then-put",
            "Upon successful completion of the request, the response MUST have code `201 Created` and MUST have the following header:",
        )],
        breaks: [
            Break::when("when two pushes meet", CONTAINERD, Flow::PUSHES, "failed commit on ref \"unknown-{d}\": unexpected status…: 409 Conflict"),
            Break::when("when two pushes meet", ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: PUT \"{u}\": response status code 409"),
        ],
        faults: [RefusesExistingBlobs],
        check: again,
    }
}

async fn again(session: &Session) -> CheckResult {
    let blob = content(session, "twice");
    let digest = digest_of(&blob);
    let first = session.arrange_upload().await?;
    let second = session.arrange_upload().await?;
    let one = session
        .complete_upload(&first, &digest, &blob)
        .send()
        .await?;
    if !one.status.is_success() {
        return Err(obstacle("upload a blob once", &one));
    }
    let reply = session
        .complete_upload(&second, &digest, &blob)
        .send()
        .await?;
    succeeds_like_any_other(session, &reply).await
}

requirement! {
    /// Several uploads may be open in one repository, and are completed in any order on any connection.
    ///
    /// ## Why Helm needs it
    /// Helm uploads the blobs of a chart in parallel; POST and PUT of one blob may use different connections,
    /// and behind a load balancer different nodes.
    ///
    /// ## How it is checked
    /// Three uploads are opened and completed in reverse order, all at once.
    INTERLEAVED = "upload/sessions-independent" {
        level: Must,
        title: "three open uploads are completed independently",
        covers: ["REG-API-07", "B11", "B12"],
        sources: [observed("2.2", "for each missing blob, in parallel: POST, then PUT")],
        breaks: [
            Break::new(CONTAINERD, Flow::FIRST_PUSHES, "failed commit on ref \"unknown-{d}\": unexpected status…: 404 Not Found"),
            Break::new(ORAS, Flow::FIRST_PUSHES, "failed to perform \"Push\" on destination: PUT \"{u}\": response status code 404: blob upload unknown"),
        ],
        faults: [KeepsOneUploadSession],
        consequences: [DropsHalfTheUploads],
        check: interleaved,
    }
}

async fn interleaved(session: &Session) -> CheckResult {
    let blobs: Vec<Bytes> = (0..3)
        .map(|n| content(session, &format!("parallel {n}")))
        .collect();
    let mut locations = Vec::new();
    for _ in &blobs {
        locations.push(session.arrange_upload().await?);
    }
    let puts = blobs.iter().zip(&locations).rev().map(|(blob, location)| {
        let digest = digest_of(blob);
        async move {
            session
                .complete_upload(location, &digest, blob)
                .send()
                .await
        }
    });
    for reply in join_all(puts).await {
        let reply = reply?;
        if reply.status.is_success() {
            continue;
        }
        // Where no upload succeeds by itself either, it is not their number that is to blame.
        let (count, alone) = control(session).await?;
        if count == 0 {
            return Err(obstacle("upload a blob by itself", &alone));
        }
        return Err(expect::violated(
            "201 for each of three uploads",
            format!("status {}", reply.status),
            &[&reply],
        ));
    }
    Ok(())
}

requirement! {
    /// No upload is lost between its POST and its PUT.
    ///
    /// ## Why Helm needs it
    /// Behind a load balancer POST and PUT may reach different nodes; no Helm keeps cookies or tries again.
    ///
    /// ## How it is checked
    /// Six blobs are uploaded one after the other. Where none succeeds, something else is wrong.
    NOT_LOST = "upload/none-lost" {
        level: Must,
        title: "of several uploads in a row none is lost",
        covers: ["REG-API-07", "B11"],
        sources: [observed("2.2", "POST and PUT of a session may use different connections; nothing is tried again")],
        breaks: [
            Break::new(CONTAINERD, Flow::FIRST_PUSHES, "failed commit on ref \"unknown-{d}\": unexpected status…: 404 Not Found"),
            Break::new(ORAS, Flow::FIRST_PUSHES, "failed to perform \"Push\" on destination: PUT \"{u}\": response status code 404: blob upload unknown"),
        ],
        faults: [DropsHalfTheUploads],
        check: not_lost,
    }
}

async fn not_lost(session: &Session) -> CheckResult {
    let mut lost = None;
    let mut stored = 0;
    for n in 0..6 {
        let (reply, _) = put(session, &format!("in a row {n}")).await?;
        if reply.status.is_success() {
            stored += 1;
        } else {
            lost = Some(reply);
        }
    }
    match lost {
        None => Ok(()),
        Some(reply) if stored == 0 => Err(obstacle("upload a blob", &reply)),
        Some(reply) => Err(expect::violated(
            "201 for each of six uploads",
            format!("status {} for one, 201 for {stored}", reply.status),
            &[&reply],
        )),
    }
}

requirement! {
    /// Blobs are accepted however small they are, whatever is in them.
    ///
    /// ## Why Helm needs it
    /// A config is some hundred bytes; tools beside Helm write `{}`.
    ///
    /// ## How it is checked
    /// The two bytes `{}` are uploaded.
    TINY = "upload/two-bytes" {
        level: Must,
        title: "a blob of two bytes is accepted",
        covers: ["REG-BLB-22"],
        sources: [observed("7.2", "configs of 141 bytes; the specification knows no smallest blob")],
        breaks: [
            Break::when("for small configs", CONTAINERD, Flow::PUSHES, "failed commit on ref \"unknown-{d}\": unexpected status…: 400 Bad Request"),
            Break::when("for small configs", ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: PUT \"{u}\": response status code 400"),
        ],
        faults: [RefusesTinyBlobs],
        check: tiny,
    }
}

async fn tiny(session: &Session) -> CheckResult {
    session
        .arrange_blob(&content(session, "of ordinary size"))
        .await?;
    let blob = Bytes::from_static(b"{}");
    let digest = digest_of(&blob);
    let location = session.arrange_upload().await?;
    let reply = session
        .complete_upload(&location, &digest, &blob)
        .send()
        .await?;
    succeeds_like_any_other(session, &reply).await
}

requirement! {
    /// Uploads that were begun and never completed do not stand in the way of later ones.
    ///
    /// ## Why Helm needs it
    /// A push that fails leaves its uploads open: no Helm cancels them.
    ///
    /// ## How it is checked
    /// Six uploads are opened and left; then a blob is uploaded.
    ABANDONED = "upload/abandoned-uploads-harmless" {
        level: Should,
        title: "abandoned uploads do not stand in the way",
        covers: ["REG-BLB-24"],
        sources: [observed("2.2", "nothing is ever cancelled by DELETE")],
        breaks: [],
        faults: [LimitsUploadSessions],
        check: abandoned,
    }
}

async fn abandoned(session: &Session) -> CheckResult {
    session.arrange_upload().await?;
    for _ in 0..6 {
        let reply = session.start_upload().await?;
        expect::holds(
            reply.status.as_u16() != 429,
            "an open upload, though others were abandoned",
            format!("status {}", reply.status),
            &[&reply],
        )?;
    }
    Ok(())
}

requirement! {
    /// A blob can be read as soon as its upload was answered.
    ///
    /// ## Why Helm needs it
    /// The manifest that names it follows within milliseconds.
    ///
    /// ## How it is checked
    /// Five times: a blob is uploaded and at once looked for with HEAD.
    AT_ONCE = "upload/readable-at-once" {
        level: Must,
        title: "a blob can be read as soon as its PUT is answered",
        covers: ["REG-BLB-25", "A18"],
        sources: [DISTRIBUTION.says("post-then-put", "With `<blob-location>` being a pullable blob URL.")],
        breaks: [
            Break::when("right after a push", CONTAINERD, Flow::PULLS, "failed open: could not fetch content descriptor {d} ({type}) from remote: not found"),
            Break::when("right after a push", ORAS, Flow::PULLS, "failed to perform \"Fetch\" on source: {d}: not found"),
            Break::new(SINCE_3_7, &[Flow::PullProv], "(it succeeds without the provenance)"),
        ],
        faults: [BlobsLag],
        check: at_once,
    }
}

async fn at_once(session: &Session) -> CheckResult {
    for round in 0..5 {
        let digest = session
            .arrange_blob(&content(session, &format!("round {round}")))
            .await?;
        let first = session.head_blob(&digest).await?;
        if first.status.as_u16() != 404 {
            continue;
        }
        let second = session.head_blob(&digest).await?;
        if second.status.as_u16() == 404 {
            return Err(obstacle("find an uploaded blob with HEAD at all", &second));
        }
        return Err(expect::violated(
            "the blob, at once",
            format!("status {}", first.status),
            &[&first, &second],
        ));
    }
    Ok(())
}

requirement! {
    /// A blob can be uploaded in chunks.
    ///
    /// ## Why Helm needs it
    /// It does not: no Helm uploads in chunks. Other clients of the registry may.
    ///
    /// ## How it is checked
    /// POST, one PATCH, PUT without a body.
    CHUNKED = "upload/chunks" {
        level: May,
        title: "a blob can be uploaded in chunks",
        covers: ["REG-BLB-23", "C06"],
        sources: [DISTRIBUTION.says(
            "pushing-a-blob-in-chunks",
            "Each successful chunk upload MUST have a `202 Accepted` response code, and MUST have the following headers:",
        )],
        breaks: [],
        faults: [RefusesPatch, PatchAnswers204],
        check: chunked,
    }
}

async fn chunked(session: &Session) -> CheckResult {
    let location = session.arrange_upload().await?;
    let reply = session
        .patch_upload(&location, &content(session, "a chunk"))
        .await?;
    expect::status(&reply, &[202])
}

requirement! {
    /// The answer to a chunk says how far the upload has come: `Range: 0-<last byte>`.
    ///
    /// ## Why Helm needs it
    /// It does not; a client that uploads in chunks continues there, and corrupts the blob where it is wrong.
    ///
    /// ## How it is checked
    /// Only where a PATCH is taken: the header of its answer is compared with what was sent.
    CHUNK_RANGE = "upload/chunk-range" {
        level: May,
        title: "the answer to a chunk carries the right `Range`",
        covers: ["REG-BLB-23", "C06"],
        sources: [DISTRIBUTION.says(
            "pushing-a-blob-in-chunks",
            "The `<range>` refers to the byte range of the chunk, and MUST be inclusive on both ends.",
        )],
        breaks: [],
        faults: [PatchRangeOffByOne],
        check: chunk_range,
    }
}

async fn chunk_range(session: &Session) -> CheckResult {
    let location = session.arrange_upload().await?;
    let chunk = content(session, "a chunk of some length");
    let reply = session.patch_upload(&location, &chunk).await?;
    if !reply.status.is_success() {
        return Err(Stop::NotApplicable(format!(
            "no upload in chunks: PATCH answers {}",
            reply.status
        )));
    }
    expect::header_is(&reply, "range", &format!("0-{}", chunk.len() - 1))
}

requirement! {
    /// A blob can be uploaded with a single POST.
    ///
    /// ## Why Helm needs it
    /// It does not; observed for the sake of other clients.
    ///
    /// ## How it is checked
    /// A POST with digest and body.
    SINGLE_POST = "upload/single-post" {
        level: May,
        title: "a blob can be uploaded with a single POST",
        covers: ["REG-BLB-23", "C07"],
        sources: [DISTRIBUTION.says(
            "single-post",
            "Registries MAY support pushing blobs using a single POST request.",
        )],
        breaks: [],
        faults: [IgnoresSinglePost],
        check: single_post,
    }
}

async fn single_post(session: &Session) -> CheckResult {
    session.arrange_upload().await?;
    let blob = content(session, "in one post");
    let path = format!(
        "/v2/{}/blobs/uploads/?digest={}",
        session.repository(),
        digest_of(&blob)
    );
    let reply = session
        .call(Method::POST, &path)
        .body(Some("application/octet-stream"), &blob)
        .send()
        .await?;
    match reply.status.as_u16() {
        201 => Ok(()),
        202 | 400 | 404 | 405 => expect::status(&reply, &[201]),
        _ => Err(obstacle("tell what became of a single POST", &reply)),
    }
}

requirement! {
    /// A blob can be mounted from another repository.
    ///
    /// ## Why Helm needs it
    /// It does not; tools that copy charts do.
    ///
    /// ## How it is checked
    /// A blob is uploaded to one repository and mounted into another.
    MOUNT = "upload/mount" {
        level: May,
        title: "a blob can be mounted from another repository",
        covers: ["REG-BLB-23", "C05"],
        sources: [DISTRIBUTION.says(
            "mounting-a-blob-from-another-repository",
            "The response to a successful mount MUST be `201 Created`, and MUST contain the following header:",
        )],
        specification: May,
        breaks: [],
        faults: [RefusesMount, IgnoresMounts],
        check: mount,
    }
}

/// Mounts a blob of a sibling; returns its digest and the answer.
async fn try_mount(session: &Session) -> Result<(String, Reply), Stop> {
    let from = session.sibling("from");
    let digest = session
        .arrange_blob_in(&from, &content(session, "mounted"))
        .await?;
    let path = format!(
        "/v2/{}/blobs/uploads/?mount={}&from={}",
        session.repository(),
        crate::auth::encode(&digest),
        crate::auth::encode(&from)
    );
    let reply = session
        .call(Method::POST, &path)
        .also_reading(&from)
        .send()
        .await?;
    Ok((digest, reply))
}

async fn mount(session: &Session) -> CheckResult {
    let (_, reply) = try_mount(session).await?;
    match reply.status.as_u16() {
        201 => Ok(()),
        202 | 400 | 404 | 405 => expect::status(&reply, &[201]),
        _ => Err(obstacle("tell what became of a mount", &reply)),
    }
}

requirement! {
    /// A blob that the registry says it mounted is there.
    ///
    /// ## Why Helm needs it
    /// It does not. A tool that copies charts uploads nothing after 201, and the copy cannot be pulled.
    ///
    /// ## How it is checked
    /// A blob is uploaded to one repository and mounted into another. Where the answer is 201, it is looked for
    /// there with HEAD.
    MOUNTED = "upload/mounted-means-there" {
        level: Should,
        title: "a blob that was mounted is there",
        covers: ["REG-BLB-23", "C05"],
        sources: [DISTRIBUTION.says(
            "mounting-a-blob-from-another-repository",
            "The response to a successful mount MUST be `201 Created`, and MUST contain the following header:",
        )],
        breaks: [],
        faults: [MountsNothing],
        consequences: [HidesPresentBlobs],
        check: mounted,
    }
}

async fn mounted(session: &Session) -> CheckResult {
    let (digest, reply) = try_mount(session).await?;
    if reply.status.as_u16() != 201 {
        return Err(Stop::NotApplicable(format!(
            "the registry does not mount: it answers {}",
            reply.status
        )));
    }
    let head = session.head_blob(&digest).await?;
    expect::holds(
        head.status.as_u16() != 404,
        "the blob that was mounted",
        format!("status {}", head.status),
        &[&reply, &head],
    )
}

requirement! {
    /// A registry that has too much to do never says so to a request that writes.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later send a GET or HEAD again after 429 or 503; what writes is sent once, by every Helm, and a
    /// refusal ends the push.
    ///
    /// ## How it is checked
    /// Six uploads are opened side by side, as two pushes of a signed chart do, and completed.
    NOT_THROTTLED = "upload/not-throttled" {
        level: Should,
        title: "uploads are not answered 429 or 503",
        covers: ["REG-API-14"],
        sources: [observed("3.8", "no era replays an upload body; 429 on a PUT ends the push")],
        breaks: [
            Break::when("where the registry has too much to do", CONTAINERD, Flow::PUSHES, "unexpected status…: 429 Too Many Requests"),
            Break::when("where the registry has too much to do", ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: …: response status code 429"),
        ],
        faults: [LimitsUploadSessions],
        check: not_throttled,
    }
}

async fn not_throttled(session: &Session) -> CheckResult {
    let busy = |reply: &Reply| matches!(reply.status.as_u16(), 429 | 503);
    let expected = "any other answer than 429 and 503";
    let posts = join_all((0..6).map(|_| session.start_upload())).await;
    let mut opened = Vec::with_capacity(posts.len());
    for reply in posts {
        let reply = reply?;
        let actual = format!("status {} for a POST", reply.status);
        expect::holds(!busy(&reply), expected, actual, &[&reply])?;
        if !reply.status.is_success() {
            return Err(obstacle("open an upload", &reply));
        }
        opened.push(session.upload_location(&reply)?);
    }
    let blobs: Vec<Bytes> = (0..opened.len())
        .map(|number| content(session, &format!("side by side {number}")))
        .collect();
    let puts = opened.iter().zip(&blobs).map(|(location, blob)| {
        session
            .complete_upload(location, &digest_of(blob), blob)
            .send()
    });
    for reply in join_all(puts).await {
        let reply = reply?;
        let actual = format!("status {} for a PUT", reply.status);
        expect::holds(!busy(&reply), expected, actual, &[&reply])?;
    }
    Ok(())
}

/// The requirements of this area, in reading order.
pub(super) static ALL_OF_THEM: &[&Requirement] = &[
    &ABSENT,
    &FOUND,
    &PRESENT,
    &LENGTH,
    &USABLE,
    &REDIRECTED_HEAD,
    &POST_ALLOWED,
    &POST_202,
    &POST_NOT_201,
    &LOCATION,
    &ROOTED,
    &SAME_HOST,
    &SAME_SCHEME,
    &QUERY,
    &MONOLITHIC,
    &PUT_201,
    &PUT_NOT_202,
    &PUT_STAYS,
    &PUT_LOCATION,
    &LOCATION_LEADS,
    &PUT_DIGEST,
    &PUT_TRUE_DIGEST,
    &NO_TYPE,
    &VERIFIED,
    &LARGE,
    &AGAIN,
    &INTERLEAVED,
    &NOT_LOST,
    &TINY,
    &ABANDONED,
    &AT_ONCE,
    &CHUNKED,
    &CHUNK_RANGE,
    &SINGLE_POST,
    &MOUNT,
    &MOUNTED,
    &NOT_THROTTLED,
];
