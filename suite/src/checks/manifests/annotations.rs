//! Annotations of a chart manifest.

use helm_oci_fixtures::chart::{ChartMetadata, ChartPackage};
use helm_oci_fixtures::manifest::Shape;

use super::accepted_like;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ORAS, Span, Versions};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, IMAGE, helm};
use crate::session::Session;
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::verdict::CheckResult;

/// Helm versions with containerd that copy annotations into the manifest.
pub(super) const ANNOTATES_OVER_CONTAINERD: Versions =
    Versions(&[Span::new((3, 12, 0), (3, 18, 0))]);

/// The tag of a manifest with annotations.
const TAG: &str = "1.0.0-annotated";

/// A chart with annotations: one outside ASCII, one long.
fn annotated(session: &Session) -> ChartPackage {
    let metadata = ChartMetadata::new(session.chart_name(), "1.0.0")
        .annotation("category", "démo <of> & annotations")
        .annotation("example.test/long", &"x".repeat(500));
    let mut package = session.package("1.0.0");
    package.metadata = metadata;
    package
}

requirement! {
    /// The registry accepts a manifest with annotations, whatever their keys and values.
    ///
    /// ## Why Helm needs it
    /// Helm 3.12 and later write title, version and more, and copy every annotation of `Chart.yaml`.
    ///
    /// ## How it is checked
    /// The check pushes a manifest without annotations, then one as current Helm versions write it, with long and
    /// non-ASCII annotations. The second PUT must succeed.
    ANNOTATIONS = "manifests/annotations-accepted" {
        level: Must,
        title: "the registry accepts a manifest with annotations",
        fix: "Accept `annotations` in a manifest, with any keys and values, and store the manifest as it was received. Check whether a JSON schema rejects the field.",
        covers: ["REG-MAN-09", "REG-PUL-24"],
        sources: [
            helm("v3.12.0", "pkg/registry/util.go:165", "copies chart annotations into the manifest"),
            IMAGE.states("annotations.md, rules", "Consumers MUST NOT generate an error if they encounter an unknown annotation key."),
        ],
        breaks: [
            Break::new(ANNOTATES_OVER_CONTAINERD, Flow::PUSHES, Symptom::ManifestPut),
            Break::new(ORAS, Flow::WRITES, Symptom::ManifestPut),
        ],
        faults: [RefusesAnnotations],
        consequences: [RefusesSlashesInAnnotationKeys, LimitsBodiesTo1Kilobyte],
        shares: "additions" as Blobs,
        check: annotations,
    }
}

async fn annotations(session: &Session) -> CheckResult {
    let ordinary = session.arrange_chart("0.9.0").await?;
    let chart = session
        .arrange_blobs_of(annotated(session), Shape::Helm313, None)
        .await?;
    let reply = session.put_manifest(TAG, &chart.manifest).await?;
    accepted_like(session, &reply, &ordinary.manifest).await
}

requirement! {
    /// The registry preserves the annotations of a manifest.
    ///
    /// ## Why Helm needs it
    /// Without them the manifest has another digest, and user interfaces lose title and version.
    ///
    /// ## How it is checked
    /// The check pushes a manifest with annotations and reads it back. The annotations must be the same.
    ANNOTATIONS_KEPT = "manifests/annotations-kept" {
        level: Must,
        title: "the registry serves annotations as they were pushed",
        fix: "Store and return the bytes of the manifest as they were received. A manifest that is rebuilt from parsed fields has lost its `annotations`.",
        covers: ["REG-MAN-09"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests",
            "The registry MUST store the manifest in the exact byte representation provided by the client.",
        )],
        breaks: [
            Break::new(ANNOTATES_OVER_CONTAINERD, Flow::PULLS, Symptom::ManifestShorter),
            Break::new(ORAS, Flow::PULLS, Symptom::ManifestShorter),
            Break::new(ORAS, Flow::WRITES, Symptom::TagReadLength),
        ],
        faults: [DropsAnnotations],
        consequences: [CutsLongAnnotations],
        shares: "additions" as Blobs,
        check: annotations_kept,
    }
}

async fn annotations_kept(session: &Session) -> CheckResult {
    let chart = session
        .arrange_blobs_of(annotated(session), Shape::Helm313, None)
        .await?;
    session.arrange_manifest(TAG, &chart.manifest).await?;
    let reply = session.get_manifest(TAG).await?;
    let read = |bytes: &[u8]| {
        let value: Option<serde_json::Value> = serde_json::from_slice(bytes).ok();
        value.and_then(|value| value.get("annotations").cloned())
    };
    let (Some(pushed), true) = (read(&chart.manifest), reply.status.is_success()) else {
        return Err(obstacle("read the manifest", &reply));
    };
    if serde_json::from_slice::<serde_json::Value>(&reply.body).is_err() {
        return Err(obstacle("read the manifest as JSON", &reply));
    }
    match read(&reply.body) {
        Some(kept) if kept == pushed => Ok(()),
        // `pull/tag-is-no-index` judges an index in place of the manifest.
        None if !String::from_utf8_lossy(&reply.body).contains("\"layers\"") => {
            Err(obstacle("find an image manifest under the tag", &reply))
        }
        Some(_) => Err(expect::violated(
            "the annotations as pushed",
            "other annotations",
            &[&reply],
        )),
        None => Err(expect::violated(
            "the annotations as pushed",
            "no annotations",
            &[&reply],
        )),
    }
}
