//! Manifests of old Helm versions, and their media type.

use helm_oci_fixtures::manifest::Shape;

use crate::checks::manifests::accepted_like;
use crate::checks::pull::{is_image_manifest, read_manifest};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{BEFORE_3_7, SINCE_3_7};
use crate::requirement::requirement;
use crate::requirement::source::{helm, observed};
use crate::session::steps::obstacle;
use crate::session::{Session, expect};
use crate::verdict::CheckResult;

requirement! {
    /// The registry accepts manifests with the layer type of Helm 3.0 to 3.6.
    ///
    /// ## Why Helm needs it
    /// `helm chart push` of these versions wrote it. Helm 3.7.1 and later still pull such charts, with a warning.
    ///
    /// ## How it is checked
    /// The check pushes a manifest in the format of Helm 3.8, then one in the format of Helm 3.6. The PUT must return
    /// a 2xx.
    OLD_LAYER = "legacy/old-layer-accepted" {
        level: Should,
        title: "the registry accepts the layer type `application/tar+gzip` of Helm 3.0 to 3.6",
        fix: "Add `application/tar+gzip` to the allowed layer types, or accept layers of any media type.",
        covers: ["REG-MAN-07", "REG-PUL-24"],
        sources: [
            helm("v3.6.3", "internal/experimental/registry/constants.go:24", "defines the chart layer type before 3.7"),
            helm("v3.7.1", "internal/experimental/registry/constants.go:36", "reads the old layer type again"),
        ],
        breaks: [
            Break::new(BEFORE_3_7, &[Flow::ChartPush], Symptom::ManifestPush),
        ],
        faults: [RefusesLegacyLayer],
        shares: "additions" as Blobs,
        check: old_layer,
    }
}

async fn old_layer(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let old = session.chart_of(chart.package, Shape::Legacy, None);
    let reply = session.put_manifest("1.0.0-old", &old.manifest).await?;
    accepted_like(session, &reply, &chart.manifest).await
}

requirement! {
    /// The registry serves chart manifests of every Helm era unchanged.
    ///
    /// ## Why Helm needs it
    /// A registry holds charts of all ages. Every Helm version must find them as they were pushed.
    ///
    /// ## How it is checked
    /// The check pushes one chart in each manifest format of Helm 3.0 to 4.2 and reads it back. The bytes must be the
    /// same.
    SHAPES = "legacy/every-shape-served" {
        level: Must,
        title: "the registry serves chart manifests of every Helm era unchanged",
        fix: "Store the bytes of a manifest as they were received, and return them unchanged for every `Accept` that lists its type. Do not decode and encode the JSON.",
        covers: ["REG-PUL-24"],
        sources: [observed("7.3", "the manifests G1 to G11 as recorded from Helm 3.2.4 to 4.2.4")],
        breaks: [
            Break::when("for charts of some eras", SINCE_3_7, Flow::PULLS, Symptom::ManifestAltered),
        ],
        faults: [ReformatsManifests, ReformatsAndRehashesManifests, ConvertsManifests],
        consequences: [DropsAnnotations, RewritesChartLayerType],
        shares: "additions" as Blobs,
        check: shapes,
    }
}

async fn shapes(session: &Session) -> CheckResult {
    let package = session.arrange_chart_blobs("1.0.0").await?.package;
    for (number, shape) in [
        Shape::Legacy,
        Shape::Helm37,
        Shape::Helm38,
        Shape::Helm312,
        Shape::Helm313,
    ]
    .into_iter()
    .enumerate()
    {
        let tag = format!("3.{number}.0");
        let chart = session.chart_of(package.clone(), shape, None);
        session.arrange_manifest(&tag, &chart.manifest).await?;
        let reply = read_manifest(session, &tag).await?;
        if !is_image_manifest(&reply) {
            return Err(obstacle("read an image manifest", &reply));
        }
        expect::same_bytes(&reply, &chart.manifest)?;
    }
    Ok(())
}

requirement! {
    /// The `Content-Type` of a manifest has no parameters.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it: every Helm version ignores the part after `;`. Strict clients compare the whole header.
    ///
    /// ## How it is checked
    /// The check sends GET for a tag. The `Content-Type` of the response must not contain `;`.
    BARE_TYPE = "legacy/bare-manifest-type" {
        level: May,
        title: "`Content-Type` of a manifest has no parameters",
        fix: "Send the media type of a manifest without `; charset=utf-8`. Check the default of the web framework for JSON.",
        covers: ["C18"],
        sources: [observed("7.6", "every Helm version accepts `; charset=utf-8` in the media type of a manifest")],
        breaks: [],
        faults: [AddsCharset],
        shares: "chart",
        check: bare_type,
    }
}

async fn bare_type(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let reply = session.get_manifest("1.0.0").await?;
    let Some(served) = reply.header("content-type") else {
        return Err(obstacle("read the `content-type` of a manifest", &reply));
    };
    expect::holds(
        !served.contains(';'),
        "a `content-type` without parameters",
        format!("`content-type: {served}`"),
        &[&reply],
    )
}
