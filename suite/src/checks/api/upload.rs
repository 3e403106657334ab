//! Encoded digests and cookies in an upload.

use bytes::Bytes;
use helm_oci_fixtures::media_type;
use http::{Method, Uri};

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::ALL;
use crate::requirement::requirement;
use crate::requirement::source::containerd;
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Reply, Session};
use crate::verdict::{CheckResult, Stop};

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
        title: "the registry accepts `digest=sha256%3A…` like `digest=sha256:…`",
        fix: "Percent-decode the query before the digest is parsed, so that `sha256%3A…` and `sha256:…` are equal. Check that a front end does not encode the query a second time.",
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
pub(in crate::checks) async fn complete_with_digest(
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
        title: "the registry accepts an upload without cookies",
        fix: "Accept the PUT of an upload without a cookie. Share the state of uploads between all nodes, or encode it in `Location`, instead of routing by cookie.",
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
