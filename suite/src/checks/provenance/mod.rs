//! Provenance: the additional layer of a signed chart.

use helm_oci_fixtures::manifest::Shape;
use helm_oci_fixtures::media_type;

use crate::checks::manifests::accepted_like;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, ORAS, SINCE_3_7, SINCE_3_8};
use crate::requirement::source::{DISTRIBUTION, HELM_DOCS, IMAGE, helm, observed};
use crate::requirement::{Requirement, requirement};
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Session, digest_of};
use crate::verdict::CheckResult;

/// The tag of a signed chart.
const TAG: &str = "1.0.0-signed";

requirement! {
    /// The registry accepts a manifest with a provenance layer after the chart layer.
    ///
    /// ## Why Helm needs it
    /// Helm 3.7 and later push a `.prov` file next to the archive as a second layer.
    ///
    /// ## How it is checked
    /// The check pushes an unsigned chart, then a signed one as Helm 3.7 writes it. The second PUT must succeed.
    ACCEPTED = "provenance/layer-accepted" {
        level: Must,
        title: "the registry accepts a layer of type `application/vnd.cncf.helm.chart.provenance.v1.prov`",
        fix: "Add `application/vnd.cncf.helm.chart.provenance.v1.prov` to the allowed layer types, or accept layers of any media type.",
        covers: ["REG-MAN-06", "A15"],
        sources: [
            helm("v3.7.0", "internal/experimental/registry/constants.go:33", "defines the provenance layer type"),
            HELM_DOCS.states(
                "the-push-subcommand",
                "This results in an extra layer on [the Helm chart manifest](#helm-chart-manifest).",
            ),
            IMAGE.states("manifest.md, layers, mediaType", "Implementations storing or copying image manifests MUST NOT error on encountering a `mediaType` that is unknown to the implementation."),
        ],
        breaks: [
            Break::new(SINCE_3_7, &[Flow::PushProv], Symptom::ManifestPush),
        ],
        faults: [RefusesProvenanceLayer],
        shares: "additions" as Blobs,
        check: accepted,
    }
}

async fn accepted(session: &Session) -> CheckResult {
    let ordinary = session.arrange_chart("1.0.0").await?;
    let chart = session.arrange_signed_blobs("1.0.0", Shape::Helm37).await?;
    let reply = session.put_manifest(TAG, &chart.manifest).await?;
    accepted_like(session, &reply, &ordinary.manifest).await
}

requirement! {
    /// The registry accepts the chart layer and the provenance layer in either order.
    ///
    /// ## Why Helm needs it
    /// Helm 3.7 writes the chart layer first. Helm 3.8 and later sort layers by digest, so that the provenance layer
    /// comes first in about half of all signed charts.
    ///
    /// ## How it is checked
    /// The check pushes a signed chart with the chart layer first, then in the reverse order. The second PUT must
    /// succeed.
    ORDER = "provenance/either-order" {
        level: Must,
        title: "the registry accepts chart and provenance layers in either order",
        fix: "Find the chart layer by its media type, and not by its position. Accept the provenance layer before it.",
        covers: ["REG-MAN-08", "A15"],
        sources: [helm("v4.2.4", "pkg/registry/client.go:700", "sorts layers by digest")],
        breaks: [
            Break::new(SINCE_3_8, &[Flow::PushProv], Symptom::ManifestPush),
        ],
        faults: [RefusesProvenanceFirst],
        shares: "additions" as Blobs,
        check: order,
    }
}

async fn order(session: &Session) -> CheckResult {
    let chart = session.arrange_signed_blobs("1.0.0", Shape::Helm37).await?;
    session.arrange_manifest(TAG, &chart.manifest).await?;
    let text = String::from_utf8_lossy(&chart.manifest).into_owned();
    let Some((head, layers)) = text.split_once("\"layers\":[") else {
        return Ok(());
    };
    let Some((one, two)) = layers.trim_end_matches("]}").split_once("},{") else {
        return Ok(());
    };
    let reversed = format!("{head}\"layers\":[{{{two},{one}}}]}}");
    let reply = session
        .put_manifest("1.0.0-reversed", &reversed.into())
        .await?;
    accepted_like(session, &reply, &chart.manifest).await
}

requirement! {
    /// The registry preserves the provenance layer in the manifest of a signed chart.
    ///
    /// ## Why Helm needs it
    /// Without it `helm pull --verify` fails; `helm pull --prov` only warns, and the user keeps an unsigned chart.
    ///
    /// ## How it is checked
    /// The check pushes a signed chart and reads its manifest. The manifest must contain both layers.
    KEPT = "provenance/layer-kept" {
        level: Must,
        title: "the registry preserves the provenance layer in the manifest",
        fix: "Return the bytes of the manifest as they were pushed, with all layers. Do not generate a manifest from the chart layer.",
        covers: ["REG-MAN-06", "A15"],
        sources: [observed("3.3", "provenance layer missing: `--verify` exits 1")],
        breaks: [
            Break::new(ALL, &[Flow::PullProv], Symptom::ManifestShorter),
            Break::new(ORAS, &[Flow::PushProv], Symptom::TagReadLength),
        ],
        faults: [DropsProvenanceLayer],
        shares: "signed-chart",
        check: kept,
    }
}

async fn kept(session: &Session) -> CheckResult {
    session.arrange_signed_chart(Shape::Helm38).await?;
    let reply = session.get_manifest("1.0.0").await?;
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    if !reply.status.is_success() || !text.contains(media_type::HELM_CHART) {
        return Err(obstacle(
            "find a manifest with a chart layer under the tag",
            &reply,
        ));
    }
    expect::holds(
        text.contains(media_type::HELM_PROVENANCE),
        "a manifest with a chart layer and a provenance layer",
        "a manifest without its provenance layer",
        &[&reply],
    )
}

requirement! {
    /// The registry serves the provenance file byte for byte.
    ///
    /// ## Why Helm needs it
    /// It is a signed text: if one byte changes, `--verify` fails.
    ///
    /// ## How it is checked
    /// The check pushes a signed chart and reads the provenance blob. The response must be 200 with the same bytes.
    BYTES = "provenance/bytes-preserved" {
        level: Must,
        title: "the registry serves the provenance blob byte for byte",
        fix: "Return the provenance blob with 200 and unchanged bytes. Check that it is stored like the chart layer, and that nothing converts its line endings.",
        covers: ["REG-PUL-08"],
        sources: [DISTRIBUTION.states(
            "pulling-blobs",
            "A GET request to an existing blob URL MUST provide the expected blob, with a response code that MUST be `200 OK`.",
        )],
        breaks: [
            Break::new(SINCE_3_7, &[Flow::PullProv], Symptom::ProvenanceLost),
        ],
        faults: [LosesProvenanceBlobs],
        consequences: [
            BlobGetNotFound, AltersBlobs, TruncatesBlobs, AltersBlobsOver600Bytes, TruncatesBlobsAt600Bytes,
        ],
        shares: "signed-chart",
        check: bytes,
    }
}

async fn bytes(session: &Session) -> CheckResult {
    let chart = session.arrange_signed_chart(Shape::Helm38).await?;
    let Some(provenance) = chart.provenance else {
        return Ok(());
    };
    // `consistency/blob-readable-at-once` judges the first response after an upload.
    session.head_blob(&digest_of(&provenance)).await?;
    let reply = session.get_blob_following(&digest_of(&provenance)).await?;
    expect::status(&reply, &[200])?;
    expect::same_bytes(&reply, &provenance)
}

/// The requirements of this area, in reading order.
pub(super) static REQUIREMENTS: &[&Requirement] = &[&ACCEPTED, &ORDER, &KEPT, &BYTES];
