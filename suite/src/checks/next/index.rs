//! Indexes over charts: one, several, nested.

use bytes::Bytes;
use helm_oci_fixtures::media_type;

use super::{descriptor, index_of};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, observed};
use crate::session::expect;
use crate::session::steps::{Chart, obstacle};
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{CheckResult, Stop};

/// The tag of an index.
const TAG: &str = "1.0.0-index";

/// The tag of another one.
const OTHER_TAG: &str = "2.0.0-index";

async fn put(session: &Session, tag: &str, index: &Bytes) -> Result<Reply, Stop> {
    session
        .put_manifest_as(tag, media_type::OCI_INDEX, index)
        .await
}

fn over(chart: &Chart) -> String {
    descriptor(media_type::OCI_MANIFEST, &chart.digest, &chart.manifest)
}

/// An index over one chart, which the registry took.
async fn arranged(session: &Session) -> Result<(Chart, Bytes), Stop> {
    let chart = session.arrange_chart("1.0.0").await?;
    let index = index_of(&[over(&chart)]);
    let stored = put(session, TAG, &index).await?;
    if stored.status.is_success() {
        Ok((chart, index))
    } else {
        Err(Stop::NotApplicable(format!(
            "the registry takes no index: it answers {}",
            stored.status
        )))
    }
}

requirement! {
    /// An index over a chart is stored and served.
    ///
    /// ## Why Helm needs it
    /// Most Helms pull a chart through an index; tools that attach attestations write one.
    ///
    /// ## How it is checked
    /// An index over a chart's manifest is pushed under a tag.
    INDEX = "next/index-accepted" {
        level: Should,
        title: "an index over a chart is accepted",
        covers: ["REG-PUL-22"],
        sources: [observed("3.4", "OCI index: accepted by 3.7 to 3.17, 3.20.1 and later, 4.1.2 and later")],
        breaks: [],
        faults: [RefusesIndexes],
        check: index,
    }
}

async fn index(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let reply = put(session, TAG, &index_of(&[over(&chart)])).await?;
    expect::success(&reply)
}

requirement! {
    /// An index over several charts is accepted.
    ///
    /// ## Why Helm needs it
    /// It does not. The next format lets one tag stand for a chart in several shapes, each with its artifact type.
    ///
    /// ## How it is checked
    /// An index over two charts is pushed. Registries that take no index at all are not concerned.
    SEVERAL = "next/index-of-several" {
        level: May,
        title: "an index over several charts is accepted",
        covers: ["REG-PUL-22", "C17"],
        sources: [observed("3.4", "OCI index: accepted by 3.7 to 3.17, 3.20.1 and later, 4.1.2 and later")],
        breaks: [],
        faults: [RefusesIndexesOfSeveral],
        check: several,
    }
}

async fn several(session: &Session) -> CheckResult {
    let (first, _) = arranged(session).await?;
    let second = session.arrange_other_chart_blobs("1.0.0").await?;
    session
        .arrange_manifest(&second.digest, &second.manifest)
        .await?;
    let reply = put(
        session,
        OTHER_TAG,
        &index_of(&[over(&first), over(&second)]),
    )
    .await?;
    expect::success(&reply)
}

requirement! {
    /// An index of indexes is accepted.
    ///
    /// ## Why Helm needs it
    /// It does not. Collections of charts are indexes of what may be indexes.
    ///
    /// ## How it is checked
    /// An index over an index is pushed. Registries that take no index at all are not concerned.
    NESTED = "next/nested-index" {
        level: May,
        title: "an index over an index is accepted",
        covers: ["REG-PUL-22", "C17"],
        sources: [observed("3.4", "OCI index: accepted by 3.7 to 3.17, 3.20.1 and later, 4.1.2 and later")],
        breaks: [],
        faults: [RefusesNestedIndexes],
        check: nested,
    }
}

async fn nested(session: &Session) -> CheckResult {
    let (_, inner) = arranged(session).await?;
    let over_it = descriptor(media_type::OCI_INDEX, &digest_of(&inner), &inner);
    let reply = put(session, OTHER_TAG, &index_of(&[over_it])).await?;
    expect::success(&reply)
}

/// What is read under the tag of an index that the registry took.
async fn read_back(session: &Session) -> Result<(Bytes, Reply), Stop> {
    let (_, index) = arranged(session).await?;
    let reply = session.get_manifest(TAG).await?;
    if reply.status.is_success() {
        Ok((index, reply))
    } else {
        Err(obstacle("read an index under its tag", &reply))
    }
}

requirement! {
    /// An index is served as it was pushed, byte by byte.
    ///
    /// ## Why Helm needs it
    /// Its digest is what a user pins.
    ///
    /// ## How it is checked
    /// An index is pushed and read under its tag; what comes as an index must be those bytes.
    BYTES = "next/index-bytes" {
        level: May,
        title: "an index is served byte by byte",
        covers: ["REG-PUL-22"],
        sources: [DISTRIBUTION.says(
            "pulling-manifests",
            "A GET request to an existing manifest URL MUST provide the expected manifest, with a response code that MUST be `200 OK`.",
        )],
        breaks: [],
        faults: [ReformatsIndexes],
        consequences: [ReformatsManifests, ReformatsAndRehashesManifests],
        check: bytes,
    }
}

async fn bytes(session: &Session) -> CheckResult {
    let (index, reply) = read_back(session).await?;
    if reply.media_type() != Some(media_type::OCI_INDEX) {
        return Err(obstacle("read an index as an index", &reply));
    }
    expect::same_bytes(&reply, &index)
}

requirement! {
    /// An index is served as an index, not replaced by what it names.
    ///
    /// ## Why Helm needs it
    /// Helm chooses among the manifests of an index by itself; one that the registry chose has another digest.
    ///
    /// ## How it is checked
    /// An index is pushed and read under its tag, with an `Accept` that lists indexes; no manifest may come.
    KEPT = "next/index-not-replaced" {
        level: May,
        title: "an index is not replaced by one of its manifests",
        covers: ["REG-PUL-22"],
        sources: [DISTRIBUTION.says(
            "pulling-manifests",
            "A GET request to an existing manifest URL MUST provide the expected manifest, with a response code that MUST be `200 OK`.",
        )],
        breaks: [],
        faults: [FlattensIndexes],
        check: kept,
    }
}

async fn kept(session: &Session) -> CheckResult {
    let (_, reply) = read_back(session).await?;
    let says_manifests = String::from_utf8_lossy(&reply.body).contains("\"manifests\"");
    expect::holds(
        says_manifests,
        "the index that was pushed",
        "another manifest",
        &[&reply],
    )
}
