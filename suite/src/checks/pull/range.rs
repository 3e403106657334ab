//! Ranges of a blob.

use http::Method;

use super::read_layer;
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, HTTP};
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Session, digest_of};
use crate::verdict::{CheckResult, Stop};

requirement! {
    /// The registry returns to GET with `Range` exactly that range of a blob, or the whole blob.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 to 3.17 resume a broken transfer with `Range: bytes=N-`. A wrong offset corrupts the chart.
    ///
    /// ## How it is checked
    /// The check reads a chart layer with an open-ended and with a closed range. A 206 must contain exactly that
    /// range, a 200 the whole blob.
    RANGE = "pull/range" {
        level: Should,
        title: "GET of a blob with `Range` returns that range or the whole blob",
        fix: "Return 206 with exactly the requested bytes, also to `bytes=10-` without an end, or 200 with the whole blob. Offsets start at 0, and the end is included.",
        covers: ["REG-PUL-18", "C19"],
        sources: [DISTRIBUTION.states(
            "pulling-blobs",
            "A registry SHOULD support the `Range` request header in accordance with [RFC 9110](https://www.rfc-editor.org/rfc/rfc9110.html#name-range-requests).",
        )],
        breaks: [],
        faults: [RangeOffByOne],
        shares: "ordinary-chart",
        check: range,
    }
}

async fn range(session: &Session) -> CheckResult {
    let (archive, whole) = read_layer(session).await?;
    let archive = archive.bytes()?;
    if whole.body != archive {
        return Err(obstacle("read the unchanged blob", &whole));
    }
    let path = session.blob_path(&digest_of(&archive));
    for (header, part) in [
        ("bytes=10-", archive.slice(10..)),
        ("bytes=5-20", archive.slice(5..21)),
    ] {
        let reply = session
            .call(Method::GET, &path)
            .header("range", header)
            .send()
            .await?;
        match reply.status.as_u16() {
            206 => expect::same_bytes(&reply, &part)?,
            200 => expect::same_bytes(&reply, &archive)?,
            301 | 302 | 303 | 307 | 308 => {}
            429 => return Err(obstacle("read a range of the blob", &reply)),
            _ => expect::status(&reply, &[206, 200])?,
        }
    }
    Ok(())
}

requirement! {
    /// A registry that sends `Accept-Ranges: bytes` for a blob returns 206 to a request for a range.
    ///
    /// ## Why Helm needs it
    /// The library of Helm 3.18 and later reads the header, and then uses `Range` to seek in the blob.
    ///
    /// ## How it is checked
    /// The check reads a blob, following redirects. If the response has the header, GET of a range at the same URL
    /// must return 206.
    CLAIMED_RANGES = "pull/claimed-ranges-served" {
        level: Should,
        title: "a registry that sends `Accept-Ranges: bytes` serves ranges",
        fix: "Return 206 with the requested bytes to a request with `Range`, or remove `Accept-Ranges: bytes`. Check whether a proxy adds this header.",
        covers: ["REG-PUL-18", "C19"],
        sources: [HTTP.states(
            "field.accept-ranges",
            "The \"Accept-Ranges\" field in a response indicates whether an upstream server supports range requests for the target resource.",
        )],
        breaks: [],
        faults: [ClaimsRanges],
        shares: "ordinary-chart",
        check: claimed_ranges,
    }
}

async fn claimed_ranges(session: &Session) -> CheckResult {
    let (archive, whole) = read_layer(session).await?;
    let archive = archive.bytes()?;
    if whole.body != archive {
        return Err(obstacle("read the unchanged blob", &whole));
    }
    if whole.header("accept-ranges") != Some("bytes") {
        return Err(Stop::condition_not_met(
            "the registry does not send `Accept-Ranges: bytes`",
        ));
    }
    let part = session
        .call_uri(Method::GET, Ok(whole.uri.clone()))
        .header("range", "bytes=5-20")
        .send()
        .await?;
    if !part.status.is_success() {
        return Err(obstacle("read a range of the blob", &part));
    }
    expect::status(&part, &[206])
}
