//! The descriptors of a manifest under its tag.

use super::read_manifest;
use crate::oci::Manifest;
use crate::requirement::requirement;
use crate::requirement::source::DISTRIBUTION;
use crate::session::{Session, expect};
use crate::verdict::CheckResult;

requirement! {
    /// The manifest under a tag has the media types of config and layers with which it was pushed.
    ///
    /// ## Why Helm needs it
    /// Helm finds the chart and its provenance by their media types. Helm 3.7.0 and the tools of users do not know the
    /// layer type of Helm before 3.7; other versions still read it, with a warning.
    ///
    /// ## How it is checked
    /// The check pushes a chart and reads its tag. Config and layers must have the media types as pushed.
    TYPES = "pull/layer-types-kept" {
        level: Should,
        title: "the manifest under a tag has the media types that were pushed",
        fix: "Return the manifest that was pushed under the tag, with its media types. Do not replace the type of the chart layer.",
        covers: ["REG-MAN-10", "REG-PUL-24"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests",
            "The registry MUST store the manifest in the exact byte representation provided by the client.",
        )],
        breaks: [],
        faults: [RewritesChartLayerType],
        shares: "chart",
        check: types,
    }
}

async fn types(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let reply = read_manifest(session, "1.0.0").await?;
    let of = |bytes: &[u8]| {
        let manifest: Option<Manifest> = serde_json::from_slice(bytes).ok();
        manifest.map(|manifest| {
            let layers = manifest.layers.into_iter();
            let types = layers.map(|layer| layer.media_type);
            types
                .chain([manifest.config.media_type])
                .collect::<Vec<_>>()
        })
    };
    // `pull/tag-is-no-index` and others judge another document.
    let Some(served) = of(&reply.body).filter(|types| types.len() > 1) else {
        return Ok(());
    };
    let pushed = of(&chart.manifest).unwrap_or_default();
    expect::holds(
        served == pushed,
        format!("the media types {pushed:?}"),
        format!("the media types {served:?}"),
        &[&reply],
    )
}
