//! Media types in a chart manifest.

use bytes::Bytes;
use helm_oci_fixtures::manifest::{Shape, chart_manifest};
use helm_oci_fixtures::media_type;

use super::replaced;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{CONTAINERD, CONTAINERD_SINCE_3_7, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, IMAGE, helm};
use crate::session::Session;
use crate::session::expect;
use crate::session::steps::{obstacle, with_media_type};
use crate::verdict::CheckResult;

requirement! {
    /// The registry accepts a manifest without a top-level `mediaType` and takes its type from `Content-Type`.
    ///
    /// ## Why Helm needs it
    /// No Helm version has ever written the field.
    ///
    /// ## How it is checked
    /// The check pushes the exact bytes that Helm writes. The PUT must succeed if one of the same manifest with the
    /// field does.
    NO_MEDIA_TYPE = "manifests/media-type-field-optional" {
        level: Must,
        title: "the registry accepts a manifest without a `mediaType` field",
        fix: "Take the media type from `Content-Type` if the manifest has no `mediaType` field. Check whether a JSON schema or the JSON decoder requires the field.",
        covers: ["REG-MAN-03", "A16"],
        sources: [
            DISTRIBUTION.states(
                "pushing-manifests",
                "All manifests SHOULD include a `mediaType` field declaring the type of the manifest being pushed.",
            ),
            helm("v4.2.4", "pkg/registry/client.go:919", "writes no `mediaType` into the manifest"),
        ],
        specification: Silent,
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, Symptom::ManifestPut),
            Break::new(ORAS, Flow::WRITES, Symptom::ManifestPut),
        ],
        faults: [RequiresTopLevelMediaType],
        shares: "chart",
        check: no_media_type,
    }
}

async fn no_media_type(session: &Session) -> CheckResult {
    let package = session.arrange_chart_blobs("1.0.0").await?.package;
    let manifest = chart_manifest(Shape::Helm38, &package, None, None);
    let plain = session.put_manifest("1.0.0", &manifest).await?;
    if plain.status.is_success() {
        return Ok(());
    }
    let typed = session
        .put_manifest("1.0.1", &with_media_type(&manifest))
        .await?;
    if !typed.status.is_success() {
        return Err(obstacle(
            "push a manifest with or without `mediaType`",
            &typed,
        ));
    }
    refused_again(session, &manifest).await?;
    Err(expect::violated(
        "a 2xx status for a manifest without a `mediaType` field, as for one with it",
        format!("status {}", plain.status),
        &[&plain, &typed],
    ))
}

requirement! {
    /// The registry accepts Helm's config type and does not read the blob as an image config.
    ///
    /// ## Why Helm needs it
    /// Every chart has it, since Helm 3.0. The blob is the JSON of `Chart.yaml`, without `rootfs` and `diff_ids`.
    ///
    /// ## How it is checked
    /// The check pushes a chart's manifest. The PUT must succeed if one of the same manifest with an image's config
    /// type does.
    CONFIG_TYPE = "manifests/helm-config-accepted" {
        level: Must,
        title: "the registry accepts the config type `application/vnd.cncf.helm.config.v1+json`",
        fix: "Add `application/vnd.cncf.helm.config.v1+json` to the allowed config types, or accept any. Parse a config as an image config only if it has the media type of one.",
        covers: ["REG-MAN-04", "A14"],
        sources: [
            helm("v3.0.0", "internal/experimental/registry/constants.go:21", "defines the config type"),
            IMAGE.states("manifest.md, config, mediaType", "Implementations storing or copying image manifests MUST NOT error on encountering a value that is unknown to the implementation."),
        ],
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, Symptom::ManifestPut),
            Break::new(ORAS, Flow::WRITES, Symptom::ManifestPut),
        ],
        faults: [RefusesHelmConfig],
        shares: "chart",
        check: config_type,
    }
}

async fn config_type(session: &Session) -> CheckResult {
    let image = "application/vnd.oci.image.config.v1+json";
    accepted_like_image_type(session, media_type::HELM_CONFIG, image).await
}

requirement! {
    /// The registry accepts the layer type that Helm 3.7 and later write.
    ///
    /// ## Why Helm needs it
    /// Every chart pushed since Helm 3.7 has it.
    ///
    /// ## How it is checked
    /// The check pushes a chart's manifest. The PUT must succeed if one of the same manifest with an image's layer
    /// type does.
    LAYER_TYPE = "manifests/chart-layer-accepted" {
        level: Must,
        title: "the registry accepts the layer type `application/vnd.cncf.helm.chart.content.v1.tar+gzip`",
        fix: "Add `application/vnd.cncf.helm.chart.content.v1.tar+gzip` to the allowed layer types, or accept layers of any media type.",
        covers: ["REG-MAN-05", "A14"],
        sources: [
            helm("v3.7.0", "internal/experimental/registry/constants.go:30", "defines the chart layer type"),
            IMAGE.states("manifest.md, layers, mediaType", "Implementations storing or copying image manifests MUST NOT error on encountering a `mediaType` that is unknown to the implementation."),
        ],
        breaks: [
            Break::new(CONTAINERD_SINCE_3_7, Flow::PUSHES, Symptom::ManifestPut),
            Break::new(ORAS, Flow::WRITES, Symptom::ManifestPut),
        ],
        faults: [RefusesChartLayer],
        shares: "chart",
        check: layer_type,
    }
}

async fn layer_type(session: &Session) -> CheckResult {
    let image = "application/vnd.oci.image.layer.v1.tar+gzip";
    accepted_like_image_type(session, media_type::HELM_CHART, image).await
}

/// Pushes a chart's manifest, which has the media type `own`; if it is refused, the same with the media type of an image.
/// Inconclusive if that is refused as well.
async fn accepted_like_image_type(session: &Session, own: &str, image: &str) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let reply = session.put_manifest("1.0.0", &chart.manifest).await?;
    if reply.status.is_success() {
        return Ok(());
    }
    let other = replaced(&chart.manifest, own, image);
    let other = session.put_manifest("1.0.1", &other).await?;
    if !other.status.is_success() {
        return Err(obstacle("push a manifest with either type", &other));
    }
    refused_again(session, &chart.manifest).await?;
    Err(expect::violated(
        format!("a 2xx status for a manifest with `{own}`, as for one with an image's type"),
        format!("status {}", reply.status),
        &[&reply, &other],
    ))
}

/// Pushes a refused manifest again: `names/first-manifest-accepted` judges one that is refused the first time only.
async fn refused_again(session: &Session, manifest: &Bytes) -> CheckResult {
    let again = session.put_manifest("1.0.0", manifest).await?;
    if again.status.is_success() {
        return Err(obstacle("push the same manifest the first time", &again));
    }
    Ok(())
}
