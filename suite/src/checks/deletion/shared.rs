//! Content that a deletion must keep.

use super::delete;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::ALL;
use crate::requirement::requirement;
use crate::requirement::source::DISTRIBUTION;
use crate::session::steps::obstacle;
use crate::session::{Session, expect};
use crate::verdict::CheckResult;

requirement! {
    /// If a tag is deleted, the other tags of its manifest remain.
    ///
    /// ## Why Helm needs it
    /// A manifest can have several tags. Cleaning up one of them must not remove the others.
    ///
    /// ## How it is checked
    /// If the registry deletes tags, the check deletes one of the two tags of a manifest. GET of the other tag must
    /// not return 404.
    OTHER_TAGS = "deletion/other-tags-stay" {
        level: Should,
        title: "deleting a tag keeps the other tags of the manifest",
        fix: "Remove only the named tag on `DELETE /v2/<name>/manifests/<tag>`, and keep the manifest while another tag refers to it.",
        covers: ["REG-DEL-03"],
        sources: [
            DISTRIBUTION.states("deleting-tags", "Once deleted, a `GET` to `/v2/<name>/manifests/<tag>` will return a 404."),
            DISTRIBUTION.states("pulling-manifests", "A GET request to an existing manifest URL MUST provide the expected manifest, with a response code that MUST be `200 OK`."),
        ],
        specification: Silent,
        breaks: [],
        faults: [DeletingTagRemovesManifest],
        shares: "additions" as Blobs,
        check: other_tags,
    }
}

async fn other_tags(session: &Session) -> CheckResult {
    let chart = session.arrange_own_manifest("1.0.0-other-tags").await?;
    session
        .arrange_manifest("1.0.1-other-tags", &chart.manifest)
        .await?;
    let before = session.get_manifest("1.0.0-other-tags").await?;
    if !before.status.is_success() {
        return Err(obstacle("read the manifest by its other tag", &before));
    }
    let deleted = delete(session, &session.manifest_path("1.0.1-other-tags"), "tags").await?;
    let after = session.get_manifest("1.0.0-other-tags").await?;
    expect::holds(
        after.status.as_u16() != 404,
        "the manifest by its other tag, as before",
        format!("status {}", after.status),
        &[&before, &deleted, &after],
    )
}

requirement! {
    /// If a manifest is deleted, the blobs that other manifests reference remain.
    ///
    /// ## Why Helm needs it
    /// Charts share blobs: Helm versions push the same archive with different annotations. Cleaning up one manifest
    /// must not remove the layer of another.
    ///
    /// ## How it is checked
    /// If the registry deletes manifests, the check pushes two manifests with the same blobs and deletes one. GET of
    /// the chart layer must not return 404.
    SHARED_BLOBS = "deletion/shared-blobs-stay" {
        level: Must,
        title: "deleting a manifest keeps the blobs of other manifests",
        fix: "Delete a blob only if no other manifest references it. Count the references, or leave blobs to garbage collection.",
        covers: ["REG-DEL-03", "REG-MAN-24"],
        sources: [DISTRIBUTION.states(
            "pulling-blobs",
            "A GET request to an existing blob URL MUST provide the expected blob, with a response code that MUST be `200 OK`.",
        )],
        breaks: [
            Break::when("after another chart was deleted", ALL, Flow::PULLS, Symptom::BlobNotFound),
        ],
        faults: [DeletingManifestRemovesBlobs],
        shares: "additions" as Blobs,
        check: shared_blobs,
    }
}

async fn shared_blobs(session: &Session) -> CheckResult {
    let chart = session.arrange_own_manifest("1.0.0-shared-blobs").await?;
    let other = session.chart_of_own("2.0.0-shared-blobs");
    session
        .arrange_manifest("2.0.0-shared-blobs", &other.manifest)
        .await?;
    let before = session.get_blob_following(&chart.layer_digest()).await?;
    if !before.status.is_success() {
        return Err(obstacle(
            "read a blob that two manifests reference",
            &before,
        ));
    }
    let deleted = delete(session, &session.manifest_path(&other.digest), "manifests").await?;
    let after = session.get_blob_following(&chart.layer_digest()).await?;
    expect::holds(
        after.status.as_u16() != 404,
        "the blob, which the remaining manifest references",
        format!("status {}", after.status),
        &[&before, &deleted, &after],
    )
}

requirement! {
    /// If a manifest is deleted, its blobs remain in other repositories.
    ///
    /// ## Why Helm needs it
    /// Users push one archive to a staging and to a production repository. Cleaning up the first must not break pulls from
    /// the second.
    ///
    /// ## How it is checked
    /// If the registry deletes manifests, the check pushes one chart to two repositories and deletes its manifest in the
    /// second. GET of the layer in the first must not return 404.
    OTHER_REPOSITORIES = "deletion/other-repositories-keep-blobs" {
        level: Must,
        title: "deleting a manifest keeps its blobs in other repositories",
        fix: "Remove the link from this repository to the blob, and delete the stored file only if no other repository has a link to it.",
        covers: ["REG-DEL-03", "REG-BLB-21"],
        sources: [DISTRIBUTION.states(
            "pulling-blobs",
            "A GET request to an existing blob URL MUST provide the expected blob, with a response code that MUST be `200 OK`.",
        )],
        breaks: [
            Break::when("after the chart was deleted in another repository", ALL, Flow::PULLS, Symptom::BlobNotFound),
        ],
        faults: [DeletingManifestRemovesForeignBlobs],
        check: other_repositories,
    }
}

async fn other_repositories(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let other = session.sibling("other");
    for blob in chart.blobs() {
        session.arrange_blob_in(&other, &blob).await?;
    }
    session
        .arrange_manifest_in(&other, &chart.digest, &chart.manifest)
        .await?;
    let before = session.get_blob_following(&chart.layer_digest()).await?;
    if !before.status.is_success() {
        return Err(obstacle("read a blob that two repositories have", &before));
    }
    let path = format!("/v2/{other}/manifests/{}", chart.digest);
    let deleted = delete(session, &path, "manifests").await?;
    let after = session.get_blob_following(&chart.layer_digest()).await?;
    expect::holds(
        after.status.as_u16() != 404,
        "the blob, whose manifest was deleted in another repository",
        format!("status {}", after.status),
        &[&before, &deleted, &after],
    )
}
