//! GET of a blob.

use http::Method;

use super::read_layer;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, Span, Versions, WITHOUT_RESUME};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, helm, observed};
use crate::session::Session;
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::verdict::CheckResult;

/// Helm versions that compare the digest header of a blob.
const COMPARES_BLOB_DIGEST: Versions = Versions(&[Span::since((3, 18, 3))]);

requirement! {
    /// The registry serves a blob byte for byte, with status 200.
    ///
    /// ## Why Helm needs it
    /// Every Helm version checks size and digest of each blob.
    ///
    /// ## How it is checked
    /// The check pushes a chart and reads its layer, following redirects. The response must be 200 with the same
    /// bytes.
    BLOB_BYTES = "pull/blob-bytes" {
        level: Must,
        title: "the registry serves blobs byte for byte",
        fix: "Return a blob with 200 and the bytes that were pushed. Check proxies that compress or cut off bodies, and the stored file.",
        covers: ["REG-PUL-08"],
        sources: [DISTRIBUTION.states(
            "pulling-blobs",
            "A GET request to an existing blob URL MUST provide the expected blob, with a response code that MUST be `200 OK`.",
        )],
        breaks: [
            Break::new(ALL, Flow::PULLS, Symptom::BlobAltered),
        ],
        faults: [
            AltersBlobs, AltersBlobsOver600Bytes, AltersBlobsOver1Kilobyte, AltersBlobsOver16Kilobytes,
            TruncatesBlobs, TruncatesBlobsAt600Bytes, TruncatesBlobsAt1Kilobyte, TruncatesBlobsAt16Kilobytes,
            RecompressesArchivesOver600Bytes, BlobGetNotFound,
        ],
        shares: "ordinary-chart",
        check: blob_bytes,
    }
}

async fn blob_bytes(session: &Session) -> CheckResult {
    let (archive, reply) = read_layer(session).await?;
    expect::status(&reply, &[200])?;
    expect::same_blob(&reply, &archive)
}

requirement! {
    /// The registry does not close the connection before it has sent the announced bytes of a blob.
    ///
    /// ## Why Helm needs it
    /// Only Helm 3.8 to 3.17 resume a broken transfer; other versions report an unexpected end.
    ///
    /// ## How it is checked
    /// The check reads a chart layer, at most three times. One transfer must be complete. If `GET /v2/` fails in
    /// between, the check is inconclusive.
    BLOB_WHOLE = "pull/blob-whole" {
        level: Must,
        title: "the registry sends a blob completely",
        fix: "Send as many bytes as `Content-Length` announces. Check time limits of the proxy, and the length that the handler announces.",
        covers: ["REG-PUL-08", "REG-PUL-09"],
        sources: [observed("7.6", "blob connection cut: 3.2.4 to 3.7.2 and 3.18.0 and later fail")],
        breaks: [
            Break::new(WITHOUT_RESUME, Flow::PULLS, Symptom::BlobCut),
        ],
        faults: [CutsBlobs, BlobGetWrongLength],
        shares: "ordinary-chart",
        check: blob_whole,
    }
}

async fn blob_whole(session: &Session) -> CheckResult {
    let chart = session.arrange_ordinary_chart("1.0.0").await?;
    let path = session.blob_path(&chart.layer_digest());
    match session
        .response_or_close(|| session.call(Method::GET, &path).no_retry().send())
        .await?
    {
        Some(_) => Ok(()),
        None => Err(expect::connection_closed(session, "the complete blob")),
    }
}

requirement! {
    /// The `Content-Length` of a blob is its size.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later compare it with the manifest before they read the body.
    ///
    /// ## How it is checked
    /// The check reads a chart layer. The header, if present, must be the size of the blob.
    BLOB_LENGTH = "pull/blob-length-is-true" {
        level: Must,
        title: "`Content-Length` from GET of a blob is the blob's size",
        fix: "Send the whole blob, with its size as `Content-Length`. Check whether the stored file is shorter than the blob that was pushed.",
        covers: ["REG-PUL-09", "A23"],
        sources: [observed("3.5", "blob shorter than its descriptor: `mismatch Content-Length`")],
        breaks: [
            Break::new(ALL, Flow::PULLS, Symptom::BlobLength),
        ],
        faults: [TruncatesBlobs, TruncatesBlobsAt600Bytes, TruncatesBlobsAt1Kilobyte, TruncatesBlobsAt16Kilobytes],
        consequences: [RecompressesArchivesOver600Bytes],
        shares: "ordinary-chart",
        check: blob_length,
    }
}

async fn blob_length(session: &Session) -> CheckResult {
    let (archive, reply) = read_layer(session).await?;
    if !reply.status.is_success() {
        return Err(obstacle("read the blob", &reply));
    }
    if reply.header("content-encoding").is_some() {
        return Ok(());
    }
    expect::header_absent_or(&reply, "content-length", &archive.length().to_string())
}

requirement! {
    /// The `Docker-Content-Digest` of a blob is absent or the requested digest.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18.3 and later compare it.
    ///
    /// ## How it is checked
    /// The check reads a chart layer. The header, if present, must be the requested digest.
    BLOB_DIGEST = "pull/blob-digest-is-true" {
        level: Must,
        title: "`Docker-Content-Digest` from GET of a blob is absent or correct",
        fix: "Send the requested digest as `Docker-Content-Digest` of a blob, or leave out the header. Check whether a cache sends the header of another blob.",
        covers: ["REG-PUL-10"],
        sources: [DISTRIBUTION.states(
            "pulling-blobs",
            "If present, the value of this header MUST be a digest matching that of the response body.",
        )],
        breaks: [
            Break::new(COMPARES_BLOB_DIGEST, Flow::PULLS, Symptom::BlobGetDigest),
        ],
        faults: [BlobGetWrongDigest],
        shares: "ordinary-chart",
        check: blob_digest,
    }
}

async fn blob_digest(session: &Session) -> CheckResult {
    let (archive, reply) = read_layer(session).await?;
    if !reply.status.is_success() {
        return Err(obstacle("read the blob", &reply));
    }
    expect::header_absent_or(&reply, "docker-content-digest", &archive.digest())
}

requirement! {
    /// The registry serves the config blob of a chart byte for byte.
    ///
    /// ## Why Helm needs it
    /// Every pull since Helm 3.7 reads it, checks its digest and parses its JSON.
    ///
    /// ## How it is checked
    /// The check pushes a chart and reads its config blob, following redirects. The response must be 200 with the same
    /// bytes.
    CONFIG = "pull/config-readable" {
        level: Must,
        title: "the registry serves the config blob of a chart byte for byte",
        fix: "Return the config blob with 200 to GET by its digest, with the bytes that were pushed. Store it like a layer, even if its content is kept in a database.",
        covers: ["REG-PUL-12"],
        sources: [helm("v4.2.4", "pkg/registry/client.go:519", "reads and parses the config on every pull")],
        breaks: [
            Break::new(ALL, Flow::PULLS, Symptom::BlobAltered),
        ],
        faults: [LosesConfigBlobs],
        consequences: [
            AltersBlobs, AltersBlobsOver600Bytes, AltersBlobsOver1Kilobyte,
            TruncatesBlobs, TruncatesBlobsAt600Bytes, TruncatesBlobsAt1Kilobyte, BlobGetNotFound,
        ],
        shares: "ordinary-chart",
        check: config,
    }
}

async fn config(session: &Session) -> CheckResult {
    let chart = session.arrange_ordinary_chart("1.0.0").await?;
    // `consistency/blob-readable-at-once` judges the first response after an upload.
    session.head_blob(&chart.config_digest()).await?;
    let reply = session.get_blob_following(&chart.config_digest()).await?;
    expect::status(&reply, &[200])?;
    expect::same_blob(&reply, &chart.config())
}
