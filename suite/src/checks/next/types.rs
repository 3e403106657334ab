//! Configs and layers of other media types.

use bytes::Bytes;
use helm_oci_fixtures::media_type;

use super::{EXAMPLE_TYPE, accepts, descriptor, put_variant, with_artifact_type};
use crate::requirement::requirement;
use crate::requirement::source::IMAGE;
use crate::session::{Session, digest_of};
use crate::verdict::CheckResult;

requirement! {
    /// The registry accepts a manifest with an empty config.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it: every Helm version writes a config. Signatures and other artifacts for a chart have
    /// none.
    ///
    /// ## How it is checked
    /// The check pushes a manifest with the layer of a chart and the empty config of the image-spec. The PUT must
    /// return a 2xx if the chart manifest itself is accepted.
    EMPTY_CONFIG = "next/empty-config-accepted" {
        level: May,
        title: "the registry accepts a manifest with an empty config",
        fix: "Accept a config of the type `application/vnd.oci.empty.v1+json` with the content `{}`.",
        covers: ["REG-MAN-04"],
        sources: [
            IMAGE.states("manifest.md, config", "To set an effectively null or empty config and maintain portability see the [guidance for an empty descriptor](#guidance-for-an-empty-descriptor) below, and `DescriptorEmptyJSON` of the reference code."),
        ],
        breaks: [],
        faults: [RefusesEmptyConfigs],
        consequences: [RefusesArtifactTypes],
        shares: "additions" as Blobs,
        check: empty_config,
    }
}

async fn empty_config(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let empty = Bytes::from_static(b"{}");
    session.arrange_blob(&empty).await?;
    let config = descriptor(media_type::EMPTY_JSON, &digest_of(&empty), &empty);
    let layer = descriptor(
        media_type::HELM_CHART,
        &chart.layer_digest(),
        &chart.package.archive,
    );
    let manifest = format!(
        "{{\"schemaVersion\":2,\"mediaType\":\"{}\",\"config\":{config},\"layers\":[{layer}]}}",
        media_type::OCI_MANIFEST
    );
    // The image-spec requires an artifact type with an empty config.
    let manifest = with_artifact_type(&Bytes::from(manifest));
    let reply = session.put_manifest("1.0.0-empty", &manifest).await?;
    accepts(session, &chart, &reply).await
}

requirement! {
    /// The registry accepts layers of any media type.
    ///
    /// ## Why Helm needs it
    /// Registries with a list of allowed types once rejected the provenance of charts, and will reject the next
    /// format.
    ///
    /// ## How it is checked
    /// The check pushes a chart manifest with an unknown media type for its layer. The PUT must return a 2xx if the
    /// chart manifest itself is accepted.
    ANY_LAYER = "next/any-layer-type" {
        level: May,
        title: "the registry accepts a layer of an unknown type",
        fix: "Accept a layer of any media type: remove the list of allowed layer types, or let the administrator extend it.",
        covers: ["REG-MAN-05", "A14"],
        sources: [
            IMAGE.states("manifest.md, layers, mediaType", "Implementations storing or copying image manifests MUST NOT error on encountering a `mediaType` that is unknown to the implementation."),
        ],
        breaks: [],
        faults: [RefusesUnknownLayers],
        shares: "additions" as Blobs,
        check: any_layer,
    }
}

async fn any_layer(session: &Session) -> CheckResult {
    let (chart, reply) = put_variant(session, "1.0.0-layer", |manifest| {
        let text = String::from_utf8_lossy(manifest);
        Bytes::from(text.replace(media_type::HELM_CHART, EXAMPLE_TYPE))
    })
    .await?;
    accepts(session, &chart, &reply).await
}

requirement! {
    /// The registry accepts a config of any media type.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it: its own config type is the subject of `manifests/helm-config-accepted`. Artifact Hub stores
    /// the metadata of a chart repository with a config type of its own.
    ///
    /// ## How it is checked
    /// The check pushes a chart manifest with an unknown media type for its config. The PUT must return a 2xx if the chart
    /// manifest itself is accepted.
    ANY_CONFIG = "next/any-config-type" {
        level: Should,
        title: "the registry accepts a config of an unknown type",
        fix: "Accept a config of any media type, and do not parse a config of an unknown type. Artifact Hub stores the metadata of a repository this way.",
        covers: ["REG-MAN-04", "A14"],
        sources: [
            IMAGE.states("manifest.md, config, mediaType", "Implementations storing or copying image manifests MUST NOT error on encountering a value that is unknown to the implementation."),
        ],
        breaks: [],
        faults: [RefusesForeignConfigs],
        shares: "additions" as Blobs,
        check: any_config,
    }
}

async fn any_config(session: &Session) -> CheckResult {
    let (chart, reply) = put_variant(session, "1.0.0-config", |manifest| {
        let text = String::from_utf8_lossy(manifest);
        Bytes::from(text.replace(
            media_type::HELM_CONFIG,
            "application/vnd.example.config.v1+json",
        ))
    })
    .await?;
    accepts(session, &chart, &reply).await
}
