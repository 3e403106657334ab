//! Deletion and what follows it. No Helm deletes; users and clean-up jobs do.

use helm_oci_fixtures::manifest::Shape;
use http::Method;

use crate::helm::era::{Break, CONTAINERD, Flow, ORAS, SINCE_3_8};
use crate::requirement::source::{DISTRIBUTION, observed};
use crate::requirement::{Requirement, requirement};
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Reply, Session};
use crate::verdict::{CheckResult, Stop};

/// Deletes a path; a registry that does not delete is not concerned.
async fn delete(session: &Session, path: &str, what: &str) -> Result<Reply, Stop> {
    let reply = session.call(Method::DELETE, path).send().await?;
    match reply.status.as_u16() {
        202 | 200 | 204 => Ok(reply),
        400 | 401 | 403 | 404 | 405 | 501 => Err(Stop::NotApplicable(format!(
            "the registry does not delete {what}: it answers {}",
            reply.status
        ))),
        _ => Err(obstacle("delete", &reply)),
    }
}

requirement! {
    /// Manifests can be deleted.
    ///
    /// ## Why Helm needs it
    /// It does not. Clean-up jobs do, and so does this suite.
    ///
    /// ## How it is checked
    /// A manifest is pushed and deleted by digest.
    MANIFESTS = "deletion/manifests" {
        level: May,
        title: "a manifest can be deleted by digest",
        covers: ["REG-DEL-01", "B43"],
        sources: [DISTRIBUTION.says(
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
    /// A manifest that was deleted is gone: from its digest, from its tag, and from the list.
    ///
    /// ## Why Helm needs it
    /// A tag that is listed but cannot be pulled is picked by ranges, and the pull fails.
    ///
    /// ## How it is checked
    /// Only where the registry deletes: a manifest is deleted by digest; tag, digest and list are read.
    GONE = "deletion/deleted-is-gone" {
        level: Must,
        title: "a deleted manifest is gone from digest, tag and list",
        covers: ["REG-DEL-02", "REG-TAG-10", "B43"],
        sources: [DISTRIBUTION.says(
            "pulling-manifests",
            "If the manifest is not found in the repository, the response code MUST be `404 Not Found`.",
        )],
        breaks: [
            Break::when("after a chart was deleted", SINCE_3_8, Flow::LISTINGS, "{ref}: not found"),
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
                "404 for what was deleted",
                format!("status {}", reply.status),
                &[&deleted, &reply],
            ));
        }
    }
    let list = session.list_tags().await?;
    let named = String::from_utf8_lossy(&list.body).contains("\"1.0.0\"");
    expect::holds(
        !(list.status.is_success() && named),
        "a list without the deleted tag",
        "the deleted tag in the list",
        &[&deleted, &list],
    )
}

requirement! {
    /// A manifest that the registry refused to delete is still there.
    ///
    /// ## Why Helm needs it
    /// It does not. Who is told that nothing was deleted looks nowhere else for a chart that is gone.
    ///
    /// ## How it is checked
    /// Only where the registry refuses: a manifest is read, its deletion by digest is asked for, and it is read again.
    REFUSED = "deletion/refused-means-kept" {
        level: Should,
        title: "what the registry refused to delete is still there",
        covers: ["REG-DEL-01", "B43"],
        sources: [DISTRIBUTION.says(
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
    // What was just pushed is judged by `pull/by-digest` when it is first read.
    session.get_manifest(&chart.digest).await?;
    let before = session.get_manifest(&chart.digest).await?;
    if !before.status.is_success() {
        return Err(obstacle("read the manifest", &before));
    }
    let path = session.manifest_path(&chart.digest);
    let answer = session.call(Method::DELETE, &path).send().await?;
    if !answer.status.is_client_error() {
        return Err(Stop::NotApplicable(format!(
            "the registry does not refuse to delete: it answers {}",
            answer.status
        )));
    }
    let after = session.get_manifest(&chart.digest).await?;
    expect::holds(
        after.status.as_u16() != 404,
        "the manifest, as before",
        format!("status {}", after.status),
        &[&before, &answer, &after],
    )
}

requirement! {
    /// Deleting a tag leaves the manifest's other tags alone.
    ///
    /// ## Why Helm needs it
    /// One manifest may have several tags; a clean-up of one must not take the others.
    ///
    /// ## How it is checked
    /// Only where the registry deletes tags: one of two tags of a manifest is deleted; the other is read.
    SIBLINGS = "deletion/other-tags-stay" {
        level: Should,
        title: "deleting a tag leaves other tags of the manifest",
        covers: ["REG-DEL-03"],
        sources: [DISTRIBUTION.says(
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
        return Err(obstacle("read the manifest under its other tag", &before));
    }
    let deleted = delete(session, &session.manifest_path("1.0.1"), "tags").await?;
    let after = session.get_manifest("1.0.0").await?;
    expect::holds(
        after.status.as_u16() != 404,
        "the manifest under its other tag, as before",
        format!("status {}", after.status),
        &[&before, &deleted, &after],
    )
}

requirement! {
    /// HEAD sees a deletion as GET does.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later ask by HEAD whether a manifest is there, and upload nothing if it is said to be.
    ///
    /// ## How it is checked
    /// Only where the registry deletes: a manifest is deleted by digest; where GET answers 404 by digest or tag, so must
    /// HEAD.
    HEAD_GONE = "deletion/head-sees-it" {
        level: Must,
        title: "HEAD of a deleted manifest answers 404, as GET does",
        covers: ["REG-DEL-02", "REG-DEL-04"],
        sources: [DISTRIBUTION.says(
            "checking-if-content-exists-in-the-registry",
            "If the blob or manifest is not found in the repository, the response code MUST be `404 Not Found`.",
        )],
        breaks: [
            Break::when("after a chart was deleted", ORAS, &[Flow::Push, Flow::RePush], "failed to perform \"Tag\" on destination: {d}: not found"),
        ],
        faults: [RemembersDeletedManifests],
        check: head_gone,
    }
}

async fn head_gone(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let nowhere = session.head_manifest("0.0.1").await?;
    if nowhere.status.as_u16() != 404 {
        return Err(obstacle("tell an absent manifest by HEAD", &nowhere));
    }
    let deleted = delete(session, &session.manifest_path(&chart.digest), "manifests").await?;
    for reference in [chart.digest.as_str(), "1.0.0"] {
        let get = session.get_manifest(reference).await?;
        let head = session.head_manifest(reference).await?;
        expect::holds(
            get.status.as_u16() != 404 || head.status.as_u16() != 200,
            "404 on HEAD, as on GET",
            "200 on HEAD, 404 on GET",
            &[&deleted, &get, &head],
        )?;
    }
    Ok(())
}

requirement! {
    /// Deleting a manifest leaves the blobs alone that others name.
    ///
    /// ## Why Helm needs it
    /// Charts share blobs: the same archive is pushed by several Helms with other annotations. A clean-up of one must not
    /// take the layer of another.
    ///
    /// ## How it is checked
    /// Only where the registry deletes: two manifests name the same blobs; one is deleted, and the blobs are read.
    SHARED_BLOBS = "deletion/shared-blobs-stay" {
        level: Must,
        title: "deleting a manifest leaves blobs that another names",
        covers: ["REG-DEL-03", "REG-MAN-24"],
        sources: [DISTRIBUTION.says(
            "pulling-blobs",
            "A GET request to an existing blob URL MUST provide the expected blob, with a response code that MUST be `200 OK`.",
        )],
        breaks: [
            Break::when("after another chart was deleted", CONTAINERD, Flow::PULLS, "failed open: could not fetch content descriptor {d} ({type}) from remote: not found"),
            Break::when("after another chart was deleted", ORAS, Flow::PULLS, "failed to perform \"Fetch\" on source: {d}: not found"),
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
        return Err(obstacle("read a blob that two manifests name", &before));
    }
    let deleted = delete(session, &session.manifest_path(&other.digest), "manifests").await?;
    let after = session.get_blob_following(&chart.layer_digest()).await?;
    expect::holds(
        after.status.as_u16() != 404,
        "the blob that the other manifest names",
        format!("status {}", after.status),
        &[&before, &deleted, &after],
    )
}

requirement! {
    /// A tag that was deleted can be pushed again, and is then listed and read as any other.
    ///
    /// ## Why Helm needs it
    /// A version that was withdrawn and published again must be found.
    ///
    /// ## How it is checked
    /// Only where the registry deletes tags: a tag is deleted and pushed again; it must be listed and readable.
    TAG_AGAIN = "deletion/tag-comes-back" {
        level: Must,
        title: "a deleted tag comes back when it is pushed again",
        covers: ["REG-DEL-04", "REG-TAG-10"],
        sources: [observed("5", "what was deleted is pushed as if it had never been there")],
        breaks: [
            Break::when("after a tag was deleted and pushed again", SINCE_3_8, Flow::LISTINGS, "{ref}: not found"),
        ],
        faults: [HidesReturnedTags],
        check: tag_again,
    }
}

async fn tag_again(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    session.arrange_manifest("1.0.1", &chart.manifest).await?;
    delete(session, &session.manifest_path("1.0.1"), "tags").await?;
    // Some take the manifest along; other requirements look at that.
    let put = session.put_manifest("1.0.1", &chart.manifest).await?;
    if !put.status.is_success() {
        return Err(obstacle("push a tag again that was deleted", &put));
    }
    session.list_tags().await?;
    let (list, tags) = session.arranged_tags().await?;
    let kept = session.get_manifest("1.0.0").await?;
    let back = session.get_manifest("1.0.1").await?;
    if !kept.status.is_success() || !tags.iter().any(|tag| tag == "1.0.0") {
        return Err(obstacle("find the other tag in a list, and read it", &kept));
    }
    expect::holds(
        tags.iter().any(|tag| tag == "1.0.1") && back.status.as_u16() != 404,
        "the tag in the list, and its manifest",
        format!("the list {tags:?}, and status {} for the tag", back.status),
        &[&put, &list, &back],
    )
}

requirement! {
    /// What was deleted can be pushed again at once.
    ///
    /// ## Why Helm needs it
    /// A stale 200 on HEAD makes every Helm skip the upload, and the manifest is refused or cannot be pulled.
    ///
    /// ## How it is checked
    /// Only where the registry deletes: manifest and layer are deleted; the layer is looked for with HEAD, and
    /// if it is said to be there, it must be readable.
    AGAIN = "deletion/push-again" {
        level: Must,
        title: "deleted content can be pushed again at once",
        covers: ["REG-DEL-04", "B45"],
        sources: [observed("2.2", "200 on HEAD of a blob: its upload is skipped")],
        breaks: [
            Break::when("after a chart was deleted", CONTAINERD, Flow::PUSHES, "failed commit on ref \"manifest-{d}\": unexpected status…: 400 Bad Request"),
            Break::when("after a chart was deleted", ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: PUT \"{url}/manifests/{d}\": response status code 400: manifest blob unknown"),
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
        return Err(obstacle("tell an absent blob", &nowhere));
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
        "404 on HEAD, or a blob that GET returns",
        format!("200 on HEAD, {} on GET", get.status),
        &[&head, &get],
    )
}

/// The requirements of this area, in reading order.
pub(super) static ALL_OF_THEM: &[&Requirement] = &[
    &MANIFESTS,
    &GONE,
    &HEAD_GONE,
    &REFUSED,
    &SIBLINGS,
    &SHARED_BLOBS,
    &AGAIN,
    &TAG_AGAIN,
];
