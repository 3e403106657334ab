//! The `Location` of an upload.

use http::Method;

use super::{content, fresh_location};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, CONTAINERD};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, observed};
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Session, digest_of};
use crate::verdict::{CheckResult, Stop};

requirement! {
    /// The response to the POST that starts an upload has a `Location` header.
    ///
    /// ## Why Helm needs it
    /// It is the only source of the URL for the PUT.
    ///
    /// ## How it is checked
    /// The check starts an upload. The response must have the header.
    LOCATION = "upload/location-sent" {
        level: Must,
        title: "the POST that starts an upload returns `Location`",
        fix: "Send `Location` with the URL of the upload session in the 202 to POST. Check whether a front end removes the header.",
        covers: ["REG-BLB-06", "B14"],
        sources: [DISTRIBUTION.states(
            "post-then-put",
            "Upon success, the response MUST have a code of `202 Accepted`, and MUST include the following header: `Location: <location>`",
        )],
        breaks: [
            Break::new(ALL, Flow::PUSHES, Symptom::LocationMissing),
        ],
        faults: [DropsUploadLocation],
        consequences: [ServesSignInEverywhere],
        shares: "upload",
        check: location,
    }
}

async fn location(session: &Session) -> CheckResult {
    let reply = session.start_upload().await?;
    if !reply.status.is_success() {
        return Err(obstacle("start an upload", &reply));
    }
    expect::header(&reply, "location").map(|_| ())
}

requirement! {
    /// The `Location` of an upload is an absolute URL or a path that begins with a slash.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 take the beginning of any other value as a host name.
    ///
    /// ## How it is checked
    /// The check starts an upload. Its `Location` must have one of the two forms.
    ROOTED = "upload/location-rooted" {
        level: Must,
        title: "`Location` of an upload is absolute or begins with `/`",
        fix: "Begin `Location` with `/v2/…`, or with the scheme and host of the registry. Check the slash where a path prefix is joined.",
        covers: ["REG-BLB-07", "B15"],
        sources: [
            DISTRIBUTION.states("post-then-put", "Optionally, the location MAY be absolute (containing the protocol and/or hostname), or it MAY be relative (containing just the URL path)."),
            observed("7.6", "`Location` relative without `/`: Helm 3.2.4 to 3.17.4 fail, later versions do not"),
        ],
        specification: Stated,
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, Symptom::LocationWithoutSlash),
        ],
        faults: [UploadLocationWithoutSlash],
        shares: "upload",
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
    /// The `Location` of an upload that names a host also names the scheme.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 take a `Location` that begins with `//` for a path, and send the PUT there.
    ///
    /// ## How it is checked
    /// The check starts an upload. Its `Location` must not begin with `//`.
    WITH_SCHEME = "upload/location-names-scheme" {
        level: Must,
        title: "`Location` of an upload does not begin with `//`",
        fix: "Begin `Location` with one slash and the path, or with `https://` and the host. Check the slash where a base URL and a path are joined.",
        covers: ["REG-BLB-07", "B15"],
        sources: [
            DISTRIBUTION.states("post-then-put", "Optionally, the location MAY be absolute (containing the protocol and/or hostname), or it MAY be relative (containing just the URL path)."),
            observed("7.6", "`Location` that begins with `//`: Helm 3.2.4 to 3.17.3 send the PUT to the path `//{host}/…`, later versions do not"),
        ],
        specification: Stated,
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, Symptom::LocationWithoutScheme),
        ],
        faults: [UploadLocationOmitsScheme],
        shares: "upload",
        check: with_scheme,
    }
}

async fn with_scheme(session: &Session) -> CheckResult {
    let (reply, location) = fresh_location(session).await?;
    expect::holds(
        !location.starts_with("//"),
        "an absolute URL, or a path",
        format!(
            "`location: {}`",
            location.split('?').next().unwrap_or_default()
        ),
        &[&reply],
    )
}

requirement! {
    /// The registry accepts the query of an upload's `Location` after the client has parsed and re-encoded it.
    ///
    /// ## Why Helm needs it
    /// Every Helm version re-encodes the query to add `digest`: keys are sorted, values are percent-encoded again, a
    /// space becomes `+`. A signature over the raw query becomes invalid.
    ///
    /// ## How it is checked
    /// The check completes an upload with the query re-encoded. If the PUT fails, it completes a second upload with
    /// the raw query. The first must succeed if the second does. The requirement does not apply if `Location` has no
    /// query.
    QUERY = "upload/location-query-survives" {
        level: Must,
        title: "the registry accepts the query of `Location` sorted and re-encoded",
        fix: "Put the state of the upload into the path of `Location`, or verify a signature over the decoded, sorted parameters without `digest`: Helm encodes the query again.",
        covers: ["REG-BLB-10", "B14"],
        sources: [observed("2.2", "both libraries parse and re-encode the query of `Location`")],
        breaks: [
            Break::new(ALL, Flow::PUSHES, Symptom::BlobPut),
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
        return Err(Stop::condition_not_met("`Location` has no query"));
    };
    let raw = raw.to_owned();
    let reencoded = session
        .complete_upload(&location, &digest, &blob)
        .send()
        .await?;
    if reencoded.status.is_success() {
        return Ok(());
    }
    let again = session.arrange_upload().await?;
    let raw = again.query().map_or(raw, ToOwned::to_owned);
    let uri = session.uri(&format!(
        "{}?{raw}&digest={}",
        again.path(),
        crate::oci::percent::encode(&digest)
    ));
    let raw_query = session
        .call_uri(Method::PUT, uri)
        .body(Some("application/octet-stream"), &blob)
        .send()
        .await?;
    if !raw_query.status.is_success() {
        return Err(obstacle(
            "complete an upload with either form of the query",
            &raw_query,
        ));
    }
    Err(expect::violated(
        "a 2xx status for the re-encoded query, as for the raw query",
        format!("status {}", reencoded.status),
        &[&reencoded, &raw_query],
    ))
}
