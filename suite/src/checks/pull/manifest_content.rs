//! Media type and bytes of a manifest.

use bytes::Bytes;
use helm_oci_fixtures::media_type;

use super::{is_image_manifest, read_manifest};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{BEFORE_3_7, CONTAINERD, CONTAINERD_SINCE_3_7, NO_INDEX, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, observed};
use crate::session::Session;
use crate::session::expect;
use crate::session::steps::{obstacle, with_media_type};
use crate::verdict::CheckResult;

requirement! {
    /// The registry serves a manifest with the media type it was pushed with.
    ///
    /// ## Why Helm needs it
    /// Helm determines the kind of content from `Content-Type`. With another type it finds no chart, whatever the
    /// manifest contains.
    ///
    /// ## How it is checked
    /// The check reads a manifest by digest as Helm 3.0 to 3.17 do. The response must have the OCI manifest type;
    /// parameters such as a charset are ignored.
    TYPE = "pull/manifest-type" {
        level: Must,
        title: "`Content-Type` of a manifest is the type it was pushed with",
        fix: "Send `Content-Type: application/vnd.oci.image.manifest.v1+json`, the type of the push, for a manifest. Store the type, and keep it when files are copied in the storage.",
        covers: ["REG-PUL-03", "A24"],
        sources: [
            DISTRIBUTION.states(
                "pulling-manifests",
                "The `Content-Type` header SHOULD match what the client [pushed as the manifest's `Content-Type`](#pushing-manifests).",
            ),
            observed("7.6", "manifest Content-Type json, octet-stream, docker or none: every Helm version fails"),
        ],
        breaks: [
            Break::new(CONTAINERD_SINCE_3_7, Flow::PULLS, Symptom::NoLayers),
            Break::new(BEFORE_3_7, &[Flow::ChartPull], Symptom::NotInCache),
            Break::new(BEFORE_3_7, &[Flow::Pull, Flow::DependencyUpdate], Symptom::NoLayers),
        ],
        faults: [ServesManifestsAsJson, ServesManifestsAsOctetStream, ServesManifestsAsDocker, ServesManifestsWithoutType],
        shares: "chart",
        check: manifest_type,
    }
}

async fn manifest_type(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    // `consistency/manifest-readable-at-once` judges the first response by digest.
    session.head_manifest(&chart.digest).await?;
    let reply = session.get_manifest_by_digest(&chart.digest).await?;
    if reply.status.as_u16() != 200 {
        return Err(obstacle("read the manifest by digest", &reply));
    }
    expect::media_type(&reply, media_type::OCI_MANIFEST)
}

requirement! {
    /// The registry does not convert a manifest for a client that also accepts Docker types.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later list Docker types first. A converted manifest is not a chart.
    ///
    /// ## How it is checked
    /// The check reads a manifest by tag with the `Accept` of Helm 3.18 and later. The response must have the OCI
    /// manifest type. `pull/tag-is-no-index` judges an index.
    NOT_CONVERTED = "pull/manifest-not-converted" {
        level: Must,
        title: "the registry does not convert a manifest, whatever else `Accept` lists",
        fix: "Return the stored OCI manifest if `Accept` lists its media type, even if a Docker type comes first. Do not convert it.",
        covers: ["REG-PUL-03", "REG-PUL-07", "A24"],
        sources: [observed("7.4", "T13: GET of the tag with `M5`, Docker types first")],
        breaks: [
            Break::new(ORAS, Flow::TAG_PULLS, Symptom::DockerManifestPulled),
            Break::new(ORAS, &[Flow::PullDigest], Symptom::ManifestGetDigest),
        ],
        faults: [ConvertsManifests],
        consequences: [ServesManifestsAsJson, ServesManifestsAsOctetStream, ServesManifestsAsDocker, ServesManifestsWithoutType],
        shares: "chart",
        check: not_converted,
    }
}

async fn not_converted(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let reply = read_manifest(session, "1.0.0").await?;
    if reply.media_type() == Some(media_type::OCI_INDEX) {
        return Err(obstacle("find an image manifest under the tag", &reply));
    }
    expect::media_type(&reply, media_type::OCI_MANIFEST)
}

requirement! {
    /// The registry serves a manifest byte for byte as it was pushed.
    ///
    /// ## Why Helm needs it
    /// Helm prints the digest of the manifest it pushed, and users pin it. Helm 3.0 to 3.17 read the manifest by that
    /// digest and check size and digest; a registry that reformats the JSON breaks them.
    ///
    /// ## How it is checked
    /// The check pushes a manifest under a tag and reads it by digest with the `Accept` of Helm 3.0 to 3.17. The
    /// response must have the same bytes.
    BYTES = "pull/manifest-bytes" {
        level: Must,
        title: "the registry serves manifests byte for byte",
        fix: "Store the bytes of a manifest as they were received, and return them to GET by digest. Do not decode and encode the JSON.",
        covers: ["REG-MAN-10", "A28"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests",
            "The registry MUST store the manifest in the exact byte representation provided by the client.",
        )],
        breaks: [
            Break::new(CONTAINERD, Flow::PULLS, Symptom::ManifestAltered),
            Break::new(ORAS, &[Flow::PullDigest], Symptom::ManifestGetDigest),
        ],
        faults: [ReformatsManifests, ReformatsAndRehashesManifests],
        shares: "chart",
        check: manifest_bytes,
    }
}

async fn manifest_bytes(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    // `consistency/manifest-readable-at-once` judges the first response by digest.
    session.head_manifest(&chart.digest).await?;
    let reply = session.get_manifest_by_digest(&chart.digest).await?;
    if reply.status.as_u16() != 200 || !is_image_manifest(&reply) {
        return Err(obstacle("read an image manifest by digest", &reply));
    }
    expect::same_bytes(&reply, &chart.manifest)
}

requirement! {
    /// The registry preserves unusual spacing and key order in a manifest.
    ///
    /// ## Why Helm needs it
    /// Six forms of chart manifests are in use, one for each change in Helm; other tools write more.
    ///
    /// ## How it is checked
    /// The check pushes a manifest with additional spaces, line feeds and another key order, and reads it by tag. The
    /// response must have the same bytes.
    ODD_SHAPE = "pull/odd-manifest-bytes" {
        level: Must,
        title: "the registry preserves spacing and key order of a manifest",
        fix: "Return a manifest with the spaces, line feeds and key order of the push. Store it as bytes, not in a JSON column, which may change all three.",
        covers: ["REG-MAN-10", "REG-PUL-24", "A28"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests",
            "The registry MUST store the manifest in the exact byte representation provided by the client.",
        )],
        breaks: [
            Break::when("for manifests that another tool wrote", CONTAINERD, Flow::PULLS, Symptom::ManifestAltered),
            Break::when("for manifests that another tool wrote", ORAS, &[Flow::PullDigest], Symptom::ManifestGetDigest),
        ],
        faults: [ReformatsManifests, ReformatsAndRehashesManifests, ConvertsManifests],
        consequences: [RewritesChartLayerType],
        shares: "additions" as Blobs,
        check: odd_shape,
    }
}

async fn odd_shape(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let compact = String::from_utf8_lossy(&chart.manifest).into_owned();
    let odd = compact
        .replacen("{\"schemaVersion\":2,", "{\n  ", 1)
        .replace("\":", "\" :\t")
        .replace("]}", "],\r\n \"schemaVersion\": 2 }\n");
    let odd = if session.target().typed_manifests {
        Bytes::from(odd)
    } else {
        with_media_type(&Bytes::from(odd))
    };
    session.arrange_manifest("1.0.0-odd", &odd).await?;
    let reply = read_manifest(session, "1.0.0-odd").await?;
    if !is_image_manifest(&reply) {
        return Err(obstacle("find an image manifest under the tag", &reply));
    }
    expect::same_bytes(&reply, &odd)
}

requirement! {
    /// The registry serves the chart's own manifest under a tag to which one chart was pushed, and not an index of
    /// it.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18.0 to 3.20.0 and 4.0.0 to 4.1.1 cannot pull a chart through an index.
    ///
    /// ## How it is checked
    /// The check pushes a chart and reads its tag. The response must not be an index.
    NO_INDEX_WRAPPED = "pull/tag-is-no-index" {
        level: Must,
        title: "a chart's tag refers to its manifest, not to an index",
        fix: "Return the pushed manifest under its tag, and generate no index around it. List signatures and attestations in the referrers API.",
        covers: ["REG-PUL-21", "C17"],
        sources: [observed("1.2", "3.20.1 and 4.1.2 accept an OCI index under a tag")],
        breaks: [
            Break::new(BEFORE_3_7, &[Flow::ChartPull], Symptom::IndexPulled),
            Break::new(NO_INDEX, Flow::TAG_PULLS, Symptom::IndexPulled),
        ],
        faults: [WrapsChartsInIndexes],
        shares: "chart",
        check: no_index,
    }
}

async fn no_index(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let reply = read_manifest(session, "1.0.0").await?;
    expect::holds(
        reply.media_type() != Some(media_type::OCI_INDEX),
        "the chart's own manifest under the tag",
        "an index",
        &[&reply],
    )
}
