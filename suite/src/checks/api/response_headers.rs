//! `Content-Encoding` and `Content-Length` of responses.

use http::Method;

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::ALL;
use crate::requirement::requirement;
use crate::requirement::source::{HTTP, oras_go};
use crate::session::Session;
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::verdict::CheckResult;

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
        fix: "Return an archive as the bytes that were pushed, without `Content-Encoding: gzip`. Check the front end and the metadata that the object store keeps for the file.",
        covers: ["REG-API-11"],
        sources: [HTTP.states(
            "field.content-encoding",
            "The \"Content-Encoding\" header field indicates what content codings have been applied to the representation, beyond those inherent in the media type, and thus what decoding mechanisms have to be applied in order to obtain data in the media type referenced by the Content-Type header field.",
        )],
        breaks: [
            Break::new(ALL, Flow::PULLS, Symptom::DecodedLength),
        ],
        faults: [MarksArchivesAsEncoded],
        shares: "chart",
        check: content_encoding,
    }
}

async fn content_encoding(session: &Session) -> CheckResult {
    let blob = session.arrange_chart("1.0.0").await?.layer();
    let path = session.blob_path(&blob.digest());
    let reply = session
        .call(Method::GET, &path)
        .header("accept-encoding", "gzip")
        .send()
        .await?;
    let is_declared = reply
        .header("content-encoding")
        .is_some_and(|value| value != "identity");
    expect::holds(
        !(is_declared && blob.is_in(&reply)),
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
        fix: "Send `Content-Length` with GET of a manifest, not `Transfer-Encoding: chunked`. Check whether a proxy compresses the response.",
        covers: ["REG-API-12"],
        sources: [oras_go("v2.6.0", "registry/remote/repository.go", "sends a HEAD if the response to GET of a manifest has no length")],
        breaks: [],
        faults: [ManifestGetWithoutLength],
        shares: "chart",
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
        fix: "Send `Content-Length` with GET of a blob, not `Transfer-Encoding: chunked`. Check whether a proxy compresses or rewrites the response.",
        covers: ["REG-API-12"],
        sources: [oras_go("v2.6.0", "registry/remote/repository.go", "compares the length with the descriptor before it reads the body")],
        breaks: [],
        faults: [BlobGetWithoutLength],
        shares: "chart",
        check: blob_length,
    }
}

async fn blob_length(session: &Session) -> CheckResult {
    let digest = session.arrange_chart("1.0.0").await?.layer_digest();
    let reply = session.get_blob(&digest).await?;
    if !reply.status.is_success() {
        return Err(obstacle("read the blob", &reply));
    }
    expect::header(&reply, "content-length").map(|_| ())
}
