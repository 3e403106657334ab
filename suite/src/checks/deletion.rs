//! Deletion and its effects. No Helm version deletes anything; users and clean-up jobs do.

use helm_oci_fixtures::manifest::Shape;
use http::Method;

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, ORAS, SINCE_3_8};
use crate::requirement::source::{DISTRIBUTION, observed};
use crate::requirement::{Requirement, requirement};
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Reply, Session};
use crate::verdict::{CheckResult, Stop};

/// Sends DELETE; skips registries that do not delete such content.
async fn delete(session: &Session, path: &str, what: &str) -> Result<Reply, Stop> {
    let reply = session.call(Method::DELETE, path).send().await?;
    match reply.status.as_u16() {
        202 | 200 | 204 => Ok(reply),
        400 | 401 | 403 | 404 | 405 | 501 => Err(Stop::not_offered(
            format!("the registry does not delete {what}"),
            reply.status,
        )),
        _ => Err(obstacle(&format!("delete {what}"), &reply)),
    }
}

requirement! {
    /// The registry deletes a manifest by digest.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it. Clean-up jobs do, and so does this suite.
    ///
    /// ## How it is checked
    /// The check pushes a manifest and sends DELETE with its digest. The response must be a 2xx.
    MANIFESTS = "deletion/manifests" {
        level: May,
        title: "the registry deletes a manifest by digest",
        covers: ["REG-DEL-01", "B43"],
        sources: [DISTRIBUTION.states(
            "deleting-manifests",
            "If manifest deletion is disabled, the registry MUST respond with either a `400 Bad Request` or a `405 Method Not Allowed`.",
        )],
        specification: May,
        breaks: [],
        faults: [DeletesRefused, DeletesAnswered400],
        consequences: [DeletesDespiteRefusal, KeepsTaggedManifests],
        check: manifests,
    }
}

async fn manifests(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let reply = session
        .call(Method::DELETE, &session.manifest_path(&chart.digest))
        .send()
        .await?;
    if reply.status.is_server_error() {
        return Err(obstacle("delete a manifest", &reply));
    }
    expect::success(&reply)
}

requirement! {
    /// The registry returns 404 for the digest and the tag of a deleted manifest, and does not list the tag.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 and later select a listed tag for a range; if it cannot be pulled, the pull fails.
    ///
    /// ## How it is checked
    /// If the registry deletes manifests, the check deletes one by digest, then sends GET for the digest and the tag,
    /// and `GET tags/list`. No response may contain the manifest or the tag.
    GONE = "deletion/deleted-is-gone" {
        level: Must,
        title: "a deleted manifest disappears from digest, tag and tag list",
        covers: ["REG-DEL-02", "REG-TAG-10", "B43"],
        sources: [DISTRIBUTION.states(
            "pulling-manifests",
            "If the manifest is not found in the repository, the response code MUST be `404 Not Found`.",
        )],
        breaks: [
            Break::when("after a chart was deleted", SINCE_3_8, Flow::LISTINGS, Symptom::ManifestNotFound),
        ],
        faults: [DeletesWithoutEffect, ListsDeletedTags],
        check: gone,
    }
}

async fn gone(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let deleted = delete(session, &session.manifest_path(&chart.digest), "manifests").await?;
    for reference in [chart.digest.as_str(), "1.0.0"] {
        let reply = session.get_manifest(reference).await?;
        if reply.body == chart.manifest {
            return Err(expect::violated(
                format!("status 404 for `{reference}`, whose manifest was deleted"),
                format!("status {} and the deleted manifest", reply.status),
                &[&deleted, &reply],
            ));
        }
    }
    let list = session.list_tags().await?;
    let named = String::from_utf8_lossy(&list.body).contains("\"1.0.0\"");
    expect::holds(
        !(list.status.is_success() && named),
        "a tag list without the tag of the deleted manifest",
        "a tag list that contains the tag",
        &[&deleted, &list],
    )
}

requirement! {
    /// If the registry refuses to delete a manifest, the manifest remains available.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it. A user who gets an error from a deletion does not expect the chart to be missing
    /// afterwards.
    ///
    /// ## How it is checked
    /// The check reads a manifest, sends DELETE with its digest, and reads the manifest again. The requirement does
    /// not apply if the registry does not refuse the deletion.
    REFUSED = "deletion/refused-means-kept" {
        level: Should,
        title: "a manifest remains if the registry refused to delete it",
        covers: ["REG-DEL-01", "B43"],
        sources: [DISTRIBUTION.states(
            "deleting-manifests",
            "If manifest deletion is disabled, the registry MUST respond with either a `400 Bad Request` or a `405 Method Not Allowed`.",
        )],
        specification: Silent,
        breaks: [],
        faults: [DeletesDespiteRefusal],
        check: refused,
    }
}

async fn refused(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    // `pull/by-digest` judges the first read after the push.
    session.get_manifest(&chart.digest).await?;
    let before = session.get_manifest(&chart.digest).await?;
    if !before.status.is_success() {
        return Err(obstacle("read the manifest", &before));
    }
    let path = session.manifest_path(&chart.digest);
    let answer = session.call(Method::DELETE, &path).send().await?;
    if !answer.status.is_client_error() {
        return Err(Stop::not_offered(
            "the registry does not refuse the deletion",
            answer.status,
        ));
    }
    let after = session.get_manifest(&chart.digest).await?;
    expect::holds(
        after.status.as_u16() != 404,
        "the manifest, as before the refused deletion",
        format!("status {}", after.status),
        &[&before, &answer, &after],
    )
}

requirement! {
    /// If a tag is deleted, the other tags of its manifest remain.
    ///
    /// ## Why Helm needs it
    /// A manifest can have several tags. Cleaning up one of them must not remove the others.
    ///
    /// ## How it is checked
    /// If the registry deletes tags, the check deletes one of the two tags of a manifest. GET of the other tag must
    /// not return 404.
    SIBLINGS = "deletion/other-tags-stay" {
        level: Should,
        title: "deleting a tag keeps the other tags of the manifest",
        covers: ["REG-DEL-03"],
        sources: [DISTRIBUTION.states(
            "deleting-tags",
            "If tag deletion is disabled, the registry MUST respond with either a `400 Bad Request` or a `405 Method Not Allowed`.",
        )],
        specification: Silent,
        breaks: [],
        faults: [DeletingTagRemovesManifest],
        check: siblings,
    }
}

async fn siblings(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    session.arrange_manifest("1.0.1", &chart.manifest).await?;
    let before = session.get_manifest("1.0.0").await?;
    if !before.status.is_success() {
        return Err(obstacle("read the manifest by its other tag", &before));
    }
    let deleted = delete(session, &session.manifest_path("1.0.1"), "tags").await?;
    let after = session.get_manifest("1.0.0").await?;
    expect::holds(
        after.status.as_u16() != 404,
        "the manifest by its other tag, as before",
        format!("status {}", after.status),
        &[&before, &deleted, &after],
    )
}

requirement! {
    /// After a deletion the registry returns 404 to HEAD as it does to GET.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later send HEAD to find out whether a manifest exists, and upload nothing if it does.
    ///
    /// ## How it is checked
    /// If the registry deletes manifests, the check deletes one by digest. If GET returns 404 for the digest or the
    /// tag, HEAD must not return 200.
    HEAD_GONE = "deletion/head-sees-it" {
        level: Must,
        title: "HEAD of a deleted manifest returns 404, as GET does",
        covers: ["REG-DEL-02", "REG-DEL-04"],
        sources: [DISTRIBUTION.states(
            "checking-if-content-exists-in-the-registry",
            "If the blob or manifest is not found in the repository, the response code MUST be `404 Not Found`.",
        )],
        breaks: [
            Break::when("after a chart was deleted", ORAS, &[Flow::Push, Flow::RePush], Symptom::TagReadNotFound),
        ],
        faults: [RemembersDeletedManifests],
        check: head_gone,
    }
}

async fn head_gone(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let nowhere = session.head_manifest("0.0.1").await?;
    if nowhere.status.as_u16() != 404 {
        return Err(obstacle(
            "get a 404 to HEAD of an absent manifest",
            &nowhere,
        ));
    }
    let deleted = delete(session, &session.manifest_path(&chart.digest), "manifests").await?;
    for reference in [chart.digest.as_str(), "1.0.0"] {
        let get = session.get_manifest(reference).await?;
        let head = session.head_manifest(reference).await?;
        expect::holds(
            get.status.as_u16() != 404 || head.status.as_u16() != 200,
            "status 404 for HEAD, as for GET",
            "status 200 for HEAD and 404 for GET",
            &[&deleted, &get, &head],
        )?;
    }
    Ok(())
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
        covers: ["REG-DEL-03", "REG-MAN-24"],
        sources: [DISTRIBUTION.states(
            "pulling-blobs",
            "A GET request to an existing blob URL MUST provide the expected blob, with a response code that MUST be `200 OK`.",
        )],
        breaks: [
            Break::when("after another chart was deleted", ALL, Flow::PULLS, Symptom::BlobNotFound),
        ],
        faults: [DeletingManifestRemovesBlobs],
        check: shared_blobs,
    }
}

async fn shared_blobs(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let other = session.chart_of(chart.package.clone(), Shape::Helm313, None);
    session.arrange_manifest("2.0.0", &other.manifest).await?;
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
    /// A deleted tag can be pushed again. The registry then lists and serves it like any other tag.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 and later must find a version that was withdrawn and published again.
    ///
    /// ## How it is checked
    /// If the registry deletes tags, the check deletes a tag and pushes it again. The tag list must contain the tag,
    /// and GET of the tag must not return 404.
    TAG_AGAIN = "deletion/tag-comes-back" {
        level: Must,
        title: "a deleted tag reappears when it is pushed again",
        covers: ["REG-DEL-04", "REG-TAG-10"],
        sources: [observed("5", "Helm pushes deleted content as if it had never existed")],
        breaks: [
            Break::when("after a tag was deleted and pushed again", SINCE_3_8, Flow::LISTINGS, Symptom::ManifestNotFound),
        ],
        faults: [HidesReturnedTags],
        check: tag_again,
    }
}

async fn tag_again(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    session.arrange_manifest("1.0.1", &chart.manifest).await?;
    delete(session, &session.manifest_path("1.0.1"), "tags").await?;
    // Some registries delete the manifest as well; `deletion/other-tags-stay` judges that.
    let put = session.put_manifest("1.0.1", &chart.manifest).await?;
    if !put.status.is_success() {
        return Err(obstacle("push a deleted tag again", &put));
    }
    session.list_tags().await?;
    let (list, tags) = session.arranged_tags().await?;
    let kept = session.get_manifest("1.0.0").await?;
    let back = session.get_manifest("1.0.1").await?;
    if !kept.status.is_success() || !tags.iter().any(|tag| tag == "1.0.0") {
        return Err(obstacle("list and read the other tag", &kept));
    }
    expect::holds(
        tags.iter().any(|tag| tag == "1.0.1") && back.status.as_u16() != 404,
        "a list with the tag, and its manifest",
        format!("a list of {tags:?}, and status {} for the tag", back.status),
        &[&put, &list, &back],
    )
}

requirement! {
    /// Deleted content can be pushed again immediately.
    ///
    /// ## Why Helm needs it
    /// Every Helm version skips the upload of a blob if HEAD returns 200. If that response is stale, the registry
    /// rejects the manifest, or the chart cannot be pulled.
    ///
    /// ## How it is checked
    /// If the registry deletes manifests and blobs, the check deletes a manifest and its layer. If HEAD of the layer
    /// returns 200, GET must return the layer.
    AGAIN = "deletion/push-again" {
        level: Must,
        title: "deleted content can be pushed again immediately",
        covers: ["REG-DEL-04", "B45"],
        sources: [observed("2.2", "Helm skips the upload of a blob if HEAD returns 200")],
        breaks: [
            Break::when("after a chart was deleted", ALL, Flow::PUSHES, Symptom::ManifestPush),
        ],
        faults: [RemembersDeletedBlobs],
        check: again,
    }
}

async fn again(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let nowhere = session
        .head_blob(&crate::session::digest_of(b"never uploaded"))
        .await?;
    if nowhere.status.as_u16() != 404 {
        return Err(obstacle("get a 404 to HEAD of an absent blob", &nowhere));
    }
    delete(session, &session.manifest_path(&chart.digest), "manifests").await?;
    delete(session, &session.blob_path(&chart.layer_digest()), "blobs").await?;
    let head = session.head_blob(&chart.layer_digest()).await?;
    if head.status.as_u16() != 200 {
        return Ok(());
    }
    let get = session.get_blob(&chart.layer_digest()).await?;
    expect::holds(
        get.status.is_success() || get.status.is_redirection(),
        "status 404 for HEAD, or a blob that GET returns",
        format!("status 200 for HEAD and {} for GET", get.status),
        &[&head, &get],
    )
}

/// The requirements of this area, in reading order.
pub(super) static REQUIREMENTS: &[&Requirement] = &[
    &MANIFESTS,
    &GONE,
    &HEAD_GONE,
    &REFUSED,
    &SIBLINGS,
    &SHARED_BLOBS,
    &AGAIN,
    &TAG_AGAIN,
];
