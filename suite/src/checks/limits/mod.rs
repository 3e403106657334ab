//! Limits on sizes and lengths, from the smallest to the largest that Helm needs.

mod charts;

use bytes::Bytes;
use helm_oci_fixtures::chart::{ChartMetadata, ChartPackage};
use helm_oci_fixtures::manifest::{Parts, Shape, chart_manifest};

use super::names::first_write;
use super::upload::{content, succeeds_like_any_other};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::ALL;
use crate::requirement::source::{DISTRIBUTION, observed};
use crate::requirement::{Requirement, requirement};
use crate::session::expect;
use crate::session::steps::{obstacle, with_media_type};
use crate::session::target::MEBIBYTE;
use crate::session::{Session, digest_of};
use crate::verdict::CheckResult;
use crate::wire::content::Pattern;

requirement! {
    /// Repository names with more than two segments can be pushed to.
    ///
    /// ## Why Helm needs it
    /// Helm sets no limit, and many registries keep charts below the path of a project.
    ///
    /// ## How it is checked
    /// The check opens uploads in repositories whose names are one, two and five segments longer than its own. Each
    /// POST must return a 2xx.
    DEEP_NAMES = "limits/deep-names" {
        level: Should,
        title: "repository names can have many segments",
        covers: ["REG-NAM-03", "A26"],
        sources: [DISTRIBUTION.states(
            "pulling-manifests",
            "Throughout this document, `<name>` MUST match the following regular expression:",
        )],
        breaks: [],
        faults: [RefusesDeepNames],
        check: deep,
    }
}

async fn deep(session: &Session) -> CheckResult {
    let base = session.repository();
    let plain = first_write(session, base).await?;
    if !plain.status.is_success() {
        return Err(obstacle(
            "open an upload under a name without additional segments",
            &plain,
        ));
    }
    for tail in ["c3", "c3/c4", "c3/c4/c5/c6/c7"] {
        expect::success(&first_write(session, &format!("{base}/{tail}")).await?)?;
    }
    Ok(())
}

requirement! {
    /// The registry accepts tags of up to 128 characters.
    ///
    /// ## Why Helm needs it
    /// The tag is the version of the chart. A commit id and build metadata make it long; Helm itself rejects only
    /// tags of more than 128 characters.
    ///
    /// ## How it is checked
    /// The check pushes a manifest with a short tag, then with tags of 64 and 128 characters. Each PUT must return a
    /// 2xx.
    LONG_TAGS = "limits/long-tags" {
        level: Must,
        title: "the registry accepts tags of 128 characters",
        covers: ["REG-NAM-05", "A27"],
        sources: [DISTRIBUTION.states(
            "pulling-manifests",
            "Throughout this document, `<reference>` as a tag MUST be at most 128 characters in length and MUST match the following regular expression:",
        )],
        breaks: [
            Break::when("for long versions", ALL, &[Flow::PushPlus], Symptom::TagPut),
        ],
        faults: [LimitsTagLength],
        check: long_tags,
    }
}

async fn long_tags(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    for length in [64, 128] {
        let tag = format!("1.0.0-{}", "a".repeat(length - 6));
        expect::success(&session.put_manifest(&tag, &chart.manifest).await?)?;
    }
    Ok(())
}

requirement! {
    /// The registry accepts a blob of 5 MiB in one PUT.
    ///
    /// ## Why Helm needs it
    /// Every Helm version sends a chart in one request. A proxy with its default limit on bodies rejects charts that
    /// contain their dependencies.
    ///
    /// ## How it is checked
    /// The check uploads a small blob, then one of 5 MiB. The PUT must return a 2xx.
    LARGE_BLOB = "limits/five-mebibyte-blob" {
        level: Must,
        title: "the registry accepts a blob of 5 MiB in one PUT",
        covers: ["REG-BLB-20", "B16"],
        sources: [observed("2.2", "one PUT with the whole blob, in any version; 36 MiB recorded")],
        breaks: [
            Break::when("for large charts", ALL, Flow::PUSHES, Symptom::BlobPut),
        ],
        faults: [LimitsBodies],
        check: large_blob,
    }
}

async fn large_blob(session: &Session) -> CheckResult {
    session.arrange_blob(&content(session, "small")).await?;
    let blob = Pattern::new(session.seed(), 5 * session.target().mebibyte);
    let location = session.arrange_upload().await?;
    let reply = session
        .complete_upload(&location, blob.digest(), &blob)
        .send()
        .await?;
    succeeds_like_any_other(session, &reply).await
}

requirement! {
    /// The registry accepts a blob of any size and content, however small it is.
    ///
    /// ## Why Helm needs it
    /// The config of a chart has a few hundred bytes; other OCI tools write `{}`.
    ///
    /// ## How it is checked
    /// The check uploads the two bytes `{}`. The PUT must return a 2xx.
    TINY = "limits/two-byte-blob" {
        level: Must,
        title: "the registry accepts a blob of two bytes",
        covers: ["REG-BLB-22"],
        sources: [observed("7.2", "configs of 141 bytes; the specification has no minimum size")],
        breaks: [
            Break::when("for small configs", ALL, Flow::PUSHES, Symptom::BlobPut),
        ],
        faults: [RefusesTinyBlobs],
        check: tiny,
    }
}

async fn tiny(session: &Session) -> CheckResult {
    session
        .arrange_blob(&content(session, "of ordinary size"))
        .await?;
    let blob = Bytes::from_static(b"{}");
    let digest = digest_of(&blob);
    let location = session.arrange_upload().await?;
    let reply = session
        .complete_upload(&location, &digest, &blob)
        .send()
        .await?;
    succeeds_like_any_other(session, &reply).await
}

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
        covers: ["REG-MAN-21", "B17"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests",
            "Client and registry implementations SHOULD expect to be able to support manifest pushes of at least 4 megabytes.",
        )],
        breaks: [],
        faults: [LimitsManifests],
        check: large_manifest,
    }
}

async fn large_manifest(session: &Session) -> CheckResult {
    takes_manifest(session, session.target().mebibyte).await
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
        covers: ["REG-MAN-21", "B17"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests",
            "Client and registry implementations SHOULD expect to be able to support manifest pushes of at least 4 megabytes.",
        )],
        breaks: [],
        faults: [RefusesManifestsOver2Mebibytes],
        consequences: [LimitsManifests],
        check: four_megabytes,
    }
}

async fn four_megabytes(session: &Session) -> CheckResult {
    takes_manifest(session, 4_000_000 * session.target().mebibyte / MEBIBYTE).await
}

/// Pushes a small manifest, then one of `length` bytes, and expects success.
async fn takes_manifest(session: &Session, length: u64) -> CheckResult {
    let small = ChartMetadata::new(session.chart_name(), "0.9.0")
        .annotation("example.test/changelog", "short");
    let small = ChartPackage::build(&small, session.seed());
    let small = session
        .arrange_blobs_of(small, Shape::Helm312, None)
        .await?;
    session.arrange_manifest("0.9.0", &small.manifest).await?;
    let metadata = ChartMetadata::new(session.chart_name(), "1.0.0");
    let package = ChartPackage::build(&metadata, session.seed());
    session.arrange_blob(&package.config).await?;
    session.arrange_blob(&package.archive).await?;
    let short = annotated(session, &metadata, &package, "short");
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let line = "a line of changes ";
    let mut changes = line.repeat(length / line.len() + 1);
    changes.truncate(length - short.len() + "short".len());
    let large = annotated(session, &metadata, &package, &changes);
    expect::success(&session.put_manifest("1.0.0", &large).await?)
}

/// The manifest of a chart with a changelog in its annotations.
fn annotated(
    session: &Session,
    metadata: &ChartMetadata,
    package: &ChartPackage,
    changes: &str,
) -> Bytes {
    let metadata = metadata
        .clone()
        .annotation("example.test/changelog", changes);
    let parts = Parts {
        metadata: &metadata,
        config: &package.config,
        archive: &package.archive,
    };
    let manifest = chart_manifest(Shape::Helm312, parts, None, None);
    if session.target().typed_manifests {
        with_media_type(&manifest)
    } else {
        manifest
    }
}

/// The requirements of this area, in reading order.
pub(super) static REQUIREMENTS: &[&Requirement] = &[
    &DEEP_NAMES,
    &LONG_TAGS,
    &TINY,
    &LARGE_BLOB,
    &charts::OF_36_MEBIBYTES,
    &charts::OF_100_MEBIBYTES,
    &LARGE_MANIFEST,
    &FOUR_MEGABYTES,
];
