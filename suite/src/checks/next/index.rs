//! Indexes of charts: of one, of several, and nested.

use bytes::Bytes;
use helm_oci_fixtures::media_type;

use super::descriptor;
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, observed};
use crate::session::steps::{Chart, obstacle};
use crate::session::{Reply, Session, digest_of, expect};
use crate::verdict::{CheckResult, Stop};

/// An index with these descriptors.
fn index_of(descriptors: &[String]) -> Bytes {
    Bytes::from(format!(
        "{{\"schemaVersion\":2,\"mediaType\":\"{}\",\"manifests\":[{}]}}",
        media_type::OCI_INDEX,
        descriptors.join(",")
    ))
}

/// The tag of an index.
const TAG: &str = "1.0.0-index";

/// The tag of a second index.
const OTHER_TAG: &str = "2.0.0-index";
/// The tag of an index of an index.
const NESTED_TAG: &str = "3.0.0-index";

async fn put_index(session: &Session, tag: &str, index: &Bytes) -> Result<Reply, Stop> {
    session
        .put_manifest_as(tag, media_type::OCI_INDEX, index)
        .await
}

fn descriptor_of(chart: &Chart) -> String {
    descriptor(media_type::OCI_MANIFEST, &chart.digest, &chart.manifest)
}

/// Pushes an index of one chart; skips registries that accept no index.
async fn arrange_index(session: &Session) -> Result<(Chart, Bytes), Stop> {
    let chart = session.arrange_chart("1.0.0").await?;
    let index = index_of(&[descriptor_of(&chart)]);
    let stored = put_index(session, TAG, &index).await?;
    if stored.status.is_success() {
        Ok((chart, index))
    } else {
        Err(Stop::not_offered(
            "the registry does not accept an index",
            stored.status,
        ))
    }
}

requirement! {
    /// The registry accepts an index of a chart manifest.
    ///
    /// ## Why Helm needs it
    /// Most Helm versions pull a chart through an index, and tools that attach attestations write one.
    ///
    /// ## How it is checked
    /// The check pushes an index of a chart manifest with a tag. The PUT must return a 2xx.
    INDEX = "next/index-accepted" {
        level: Should,
        title: "the registry accepts an index of a chart",
        fix: "Accept PUT with `Content-Type: application/vnd.oci.image.index.v1+json`, also for an index of charts instead of images, and return 201.",
        covers: ["REG-PUL-22"],
        sources: [observed("3.4", "Helm 3.7 to 3.17, 3.20.1 and later, 4.1.2 and later accept an OCI index")],
        breaks: [],
        faults: [RefusesIndexes],
        shares: "additions" as Blobs,
        check: index,
    }
}

async fn index(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let reply = put_index(session, TAG, &index_of(&[descriptor_of(&chart)])).await?;
    expect::success(&reply)
}

requirement! {
    /// The registry accepts an index of several charts.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it. The next chart format lets one tag refer to a chart in several formats, each with its
    /// artifact type.
    ///
    /// ## How it is checked
    /// The check pushes an index of two charts. The PUT must return a 2xx. The requirement does not apply to
    /// registries that accept no index at all.
    SEVERAL = "next/index-of-several" {
        level: May,
        title: "the registry accepts an index of several charts",
        fix: "Accept an index with several entries, even if all of them are manifests of charts. Check for a limit of one entry.",
        covers: ["REG-PUL-22", "C17"],
        sources: [observed("3.4", "Helm 3.7 to 3.17, 3.20.1 and later, 4.1.2 and later accept an OCI index")],
        breaks: [],
        faults: [RefusesIndexesOfSeveral],
        shares: "additions" as Blobs,
        check: several,
    }
}

async fn several(session: &Session) -> CheckResult {
    let (first, _) = arrange_index(session).await?;
    let second = session.arrange_other_chart_blobs("1.0.0").await?;
    session
        .arrange_manifest(&second.digest, &second.manifest)
        .await?;
    let reply = put_index(
        session,
        OTHER_TAG,
        &index_of(&[descriptor_of(&first), descriptor_of(&second)]),
    )
    .await?;
    expect::success(&reply)
}

requirement! {
    /// The registry accepts an index that references another index.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it. Collections of charts are indexes whose entries can be indexes.
    ///
    /// ## How it is checked
    /// The check pushes an index of an index. The PUT must return a 2xx. The requirement does not apply to registries
    /// that accept no index at all.
    NESTED = "next/nested-index" {
        level: May,
        title: "the registry accepts an index of an index",
        fix: "Accept an entry of an index whose media type is `application/vnd.oci.image.index.v1+json`.",
        covers: ["REG-PUL-22", "C17"],
        sources: [observed("3.4", "Helm 3.7 to 3.17, 3.20.1 and later, 4.1.2 and later accept an OCI index")],
        breaks: [],
        faults: [RefusesNestedIndexes],
        shares: "additions" as Blobs,
        check: nested,
    }
}

async fn nested(session: &Session) -> CheckResult {
    let (_, inner) = arrange_index(session).await?;
    let over_it = descriptor(media_type::OCI_INDEX, &digest_of(&inner), &inner);
    let reply = put_index(session, NESTED_TAG, &index_of(&[over_it])).await?;
    expect::success(&reply)
}

/// Pushes an index and reads it by its tag.
async fn read_back(session: &Session) -> Result<(Bytes, Reply), Stop> {
    let (_, index) = arrange_index(session).await?;
    let reply = session.get_manifest(TAG).await?;
    if reply.status.is_success() {
        Ok((index, reply))
    } else {
        Err(obstacle("read an index by its tag", &reply))
    }
}

requirement! {
    /// The registry serves an index byte for byte as it was pushed.
    ///
    /// ## Why Helm needs it
    /// Users pin the digest of the index.
    ///
    /// ## How it is checked
    /// The check pushes an index and reads it by its tag. If the response is an index, it must have the same bytes.
    BYTES = "next/index-bytes" {
        level: May,
        title: "the registry serves an index byte for byte",
        fix: "Store the bytes of an index as they were received, and return them unchanged. Do not decode and encode the JSON.",
        covers: ["REG-PUL-22"],
        sources: [DISTRIBUTION.states(
            "pulling-manifests",
            "A GET request to an existing manifest URL MUST provide the expected manifest, with a response code that MUST be `200 OK`.",
        )],
        breaks: [],
        faults: [ReformatsIndexes],
        consequences: [ReformatsManifests, ReformatsAndRehashesManifests],
        shares: "additions" as Blobs,
        check: bytes,
    }
}

async fn bytes(session: &Session) -> CheckResult {
    let (index, reply) = read_back(session).await?;
    if reply.media_type() != Some(media_type::OCI_INDEX) {
        // `next/index-not-replaced` judges this.
        return Err(Stop::condition_not_met(
            "the registry returns no index for the tag of an index",
        ));
    }
    expect::same_bytes(&reply, &index)
}

requirement! {
    /// The registry serves an index as an index, and does not replace it with one of its manifests.
    ///
    /// ## Why Helm needs it
    /// Helm selects a manifest of the index itself; a manifest that the registry selected has another digest.
    ///
    /// ## How it is checked
    /// The check pushes an index and reads it by its tag, with an `Accept` that lists indexes. The body must be an
    /// index.
    NOT_REPLACED = "next/index-not-replaced" {
        level: May,
        title: "the registry does not replace an index with one of its manifests",
        fix: "Return the index itself if `Accept` lists `application/vnd.oci.image.index.v1+json`. Do not select one of its manifests for the client.",
        covers: ["REG-PUL-22"],
        sources: [DISTRIBUTION.states(
            "pulling-manifests",
            "A GET request to an existing manifest URL MUST provide the expected manifest, with a response code that MUST be `200 OK`.",
        )],
        breaks: [],
        faults: [FlattensIndexes],
        shares: "additions" as Blobs,
        check: not_replaced,
    }
}

async fn not_replaced(session: &Session) -> CheckResult {
    let (_, reply) = read_back(session).await?;
    let is_index = String::from_utf8_lossy(&reply.body).contains("\"manifests\"");
    expect::holds(
        is_index,
        "the index that was pushed",
        "a manifest that is not an index",
        &[&reply],
    )
}
