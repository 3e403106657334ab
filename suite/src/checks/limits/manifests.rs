//! The size of manifests.

use bytes::Bytes;
use helm_oci_fixtures::chart::ChartPackage;
use helm_oci_fixtures::manifest::{Shape, chart_manifest};

use crate::checks::manifests::accepted_like;
use crate::requirement::requirement;
use crate::requirement::source::DISTRIBUTION;
use crate::session::Session;
use crate::session::steps::with_media_type;
use crate::session::target::MEBIBYTE;
use crate::verdict::CheckResult;

requirement! {
    /// The registry accepts a manifest of 1 MiB.
    ///
    /// ## Why Helm needs it
    /// Helm copies the annotations of `Chart.yaml` to the manifest, and some charts carry a changelog there. The
    /// specification requests 4 megabytes.
    ///
    /// ## How it is checked
    /// The check pushes a small manifest, then one of 1 MiB, filled with annotations. The PUT must return a 2xx.
    LARGE_MANIFEST = "limits/one-mebibyte-manifest" {
        level: Should,
        title: "the registry accepts a manifest of 1 MiB",
        fix: "Accept a manifest of 1 MiB, better of 4 MiB as Distribution, zot and Harbor do. Raise the limit in the manifest handler and on request bodies in the front end.",
        covers: ["REG-MAN-21", "B17"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests",
            "Client and registry implementations SHOULD expect to be able to support manifest pushes of at least 4 megabytes.",
        )],
        breaks: [],
        faults: [LimitsManifests],
        consequences: [LimitsBodiesTo1Kilobyte, LimitsBodiesTo16Kilobytes, LimitsAnnotationLength],
        shares: "additions" as Blobs,
        check: large_manifest,
    }
}

async fn large_manifest(session: &Session) -> CheckResult {
    accepts_manifest(session, session.target().mebibyte).await
}

requirement! {
    /// The registry accepts a manifest of 4 megabytes, that is 4 000 000 bytes.
    ///
    /// ## Why Helm needs it
    /// The manifest contains all annotations of a chart, and Helm 3.18 and later read up to 4 MiB of it. The
    /// specification requests 4 megabytes, so the check sends no more.
    ///
    /// ## How it is checked
    /// The check pushes a small manifest, then one of 4 000 000 bytes, filled with annotations. The PUT must return a
    /// 2xx.
    FOUR_MEGABYTES = "limits/four-megabyte-manifest" {
        level: Should,
        title: "the registry accepts a manifest of 4 MB",
        fix: "Raise the limit on manifests to at least 4 000 000 bytes, as the specification requests. Distribution, zot and Harbor accept 4 MiB.",
        covers: ["REG-MAN-21", "B17"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests",
            "Client and registry implementations SHOULD expect to be able to support manifest pushes of at least 4 megabytes.",
        )],
        breaks: [],
        faults: [RefusesManifestsOver2Mebibytes],
        consequences: [LimitsManifests, LimitsBodiesTo1Kilobyte, LimitsBodiesTo16Kilobytes, LimitsAnnotationLength],
        shares: "additions" as Blobs,
        check: four_megabytes,
    }
}

async fn four_megabytes(session: &Session) -> CheckResult {
    accepts_manifest(session, 4_000_000 * session.target().mebibyte / MEBIBYTE).await
}

/// Pushes a small manifest, then one of `length` bytes, and expects success.
async fn accepts_manifest(session: &Session, length: u64) -> CheckResult {
    let package = session.arrange_chart_blobs("1.0.0").await?.package;
    let small = annotated(session, &package, "small");
    session.arrange_manifest("0.9.0-small", &small).await?;
    let short = annotated(session, &package, "short");
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let line = "a line of changes ";
    let mut changes = line.repeat(length / line.len() + 1);
    changes.truncate(length - short.len() + "short".len());
    let large = annotated(session, &package, &changes);
    let tag = format!("1.0.0-{length}");
    let reply = session.put_manifest(&tag, &large).await?;
    accepted_like(session, &reply, &small).await
}

/// The manifest of a chart with a changelog in its annotations.
fn annotated(session: &Session, package: &ChartPackage, changes: &str) -> Bytes {
    let mut package = package.clone();
    package.metadata = package
        .metadata
        .annotation("example.test/changelog", changes);
    let manifest = chart_manifest(Shape::Helm312, &package, None, None);
    if session.target().typed_manifests {
        with_media_type(&manifest)
    } else {
        manifest
    }
}
