//! The deletion of a manifest.

use http::Method;

use super::delete;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{CONTAINERD, ORAS, SINCE_3_8};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, containerd};
use crate::session::steps::{Chart, obstacle};
use crate::session::{Session, expect};
use crate::verdict::{CheckResult, Stop};

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
        fix: "Delete the manifest on `DELETE /v2/<name>/manifests/<digest>`, and return 202. In Distribution, set `storage.delete.enabled`.",
        covers: ["REG-DEL-01", "B43"],
        sources: [
            DISTRIBUTION.states("content-management", "Registries MAY implement deletion or they MAY disable it."),
        ],
        breaks: [],
        faults: [DeletesRefused, DeletesAnswered400],
        consequences: [DeletesDespiteRefusal, KeepsTaggedManifests, DeletesNotRouted],
        shares: "deleted-chart",
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
    REMOVED = "deletion/deleted-is-gone" {
        level: Must,
        title: "a deleted manifest disappears from digest, tag and tag list",
        fix: "Remove the manifest, all tags that refer to it, and their entries in the tag list before a DELETE by digest returns 202.",
        covers: ["REG-DEL-02", "REG-TAG-10", "B43"],
        sources: [
            DISTRIBUTION.states("deleting-manifests", "Once deleted, a `GET` to `/v2/<name>/manifests/<digest>` and any tag pointing to that digest will return a 404."),
        ],
        breaks: [
            Break::when("after a chart was deleted", SINCE_3_8, Flow::LISTINGS, Symptom::ManifestNotFound),
        ],
        faults: [DeletesWithoutEffect, ListsDeletedTags],
        consequences: [HeadRemembersDeletedTags],
        shares: "deleted-chart",
        check: removed,
    }
}

async fn removed(session: &Session) -> CheckResult {
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
    REFUSED_KEEPS = "deletion/refused-means-kept" {
        level: Should,
        title: "a manifest remains if the registry refused to delete it",
        fix: "Check permissions and settings before the deletion starts. If DELETE returns an error, the manifest and its tags must still be served.",
        covers: ["REG-DEL-01", "B43"],
        sources: [
            DISTRIBUTION.states("deleting-manifests", "If manifest deletion is disabled, the registry MUST respond with either a `400 Bad Request` or a `405 Method Not Allowed`."),
            DISTRIBUTION.states("pulling-manifests", "A GET request to an existing manifest URL MUST provide the expected manifest, with a response code that MUST be `200 OK`."),
        ],
        specification: Silent,
        breaks: [],
        faults: [DeletesDespiteRefusal],
        shares: "additions" as Blobs,
        check: refused_keeps,
    }
}

async fn refused_keeps(session: &Session) -> CheckResult {
    let chart = session.arrange_own_manifest("1.0.0-refused").await?;
    // `pull/by-digest` judges the first read after the push.
    session.get_manifest(&chart.digest).await?;
    let before = session.get_manifest(&chart.digest).await?;
    if !before.status.is_success() {
        return Err(obstacle("read the manifest", &before));
    }
    let path = session.manifest_path(&chart.digest);
    let response = session.call(Method::DELETE, &path).send().await?;
    if !response.status.is_client_error() {
        return Err(Stop::not_offered(
            "the registry does not refuse the deletion",
            response.status,
        ));
    }
    let after = session.get_manifest(&chart.digest).await?;
    expect::holds(
        after.status.as_u16() != 404,
        "the manifest, as before the refused deletion",
        format!("status {}", after.status),
        &[&before, &response, &after],
    )
}

requirement! {
    /// After a deletion the registry returns 404 to HEAD of the digest as it does to GET.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later send HEAD of the digest to find out whether a manifest exists, and upload nothing if it does.
    ///
    /// ## How it is checked
    /// If the registry deletes manifests, the check deletes one by digest. If GET of the digest returns 404, HEAD must
    /// not return 200.
    HEAD_OF_DIGEST_AGREES = "deletion/head-sees-it" {
        level: Must,
        title: "HEAD of the digest of a deleted manifest returns 404, as GET does",
        fix: "Return 404 to HEAD by digest after the manifest was deleted. Let HEAD and GET use one lookup, and remove the digest from the cache during the DELETE.",
        covers: ["REG-DEL-02", "REG-DEL-04"],
        sources: [DISTRIBUTION.states(
            "checking-if-content-exists-in-the-registry",
            "If the blob or manifest is not found in the repository, the response code MUST be `404 Not Found`.",
        )],
        breaks: [
            Break::when("after a chart was deleted", ORAS, &[Flow::Push, Flow::RePush], Symptom::TagReadNotFound),
        ],
        faults: [RemembersDeletedManifests, HeadRemembersDeletedDigests],
        shares: "deleted-manifest",
        check: head_of_digest_agrees,
    }
}

async fn head_of_digest_agrees(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    head_agrees_after_deletion(session, &chart, &chart.digest).await
}

requirement! {
    /// After a deletion the registry returns 404 to HEAD of the tag as it does to GET.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 send HEAD of the tag before they push it. If the digest in the response is that of the chart,
    /// they report success and send nothing; the pull afterwards fails.
    ///
    /// ## How it is checked
    /// If the registry deletes manifests, the check deletes one by digest. If GET of its tag returns 404, HEAD must not
    /// return 200.
    HEAD_OF_TAG_AGREES = "deletion/head-of-tag-sees-it" {
        level: Must,
        title: "HEAD of the tag of a deleted manifest returns 404, as GET does",
        fix: "Delete the tags of a manifest with it, or return 404 to HEAD of such a tag. Let HEAD check that the manifest exists, and not only that the tag does.",
        covers: ["REG-DEL-02", "REG-DEL-04"],
        sources: [
            DISTRIBUTION.states(
                "checking-if-content-exists-in-the-registry",
                "If the blob or manifest is not found in the repository, the response code MUST be `404 Not Found`.",
            ),
            containerd("v1.6.6", "remotes/docker/pusher.go", "sends nothing if HEAD returns the digest to push"),
        ],
        breaks: [
            Break::when("after a chart was deleted", CONTAINERD, &[Flow::ChartPush, Flow::Push, Flow::RePush], Symptom::TagLost),
            Break::when("after a chart was deleted", CONTAINERD, Flow::TAG_PULLS, Symptom::ManifestNotFoundByDigest),
        ],
        faults: [RemembersDeletedManifests, HeadRemembersDeletedTags],
        shares: "deleted-manifest",
        check: head_of_tag_agrees,
    }
}

async fn head_of_tag_agrees(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    head_agrees_after_deletion(session, &chart, "1.0.0").await
}

/// Deletes a chart by digest; if GET of the reference returns 404, HEAD must not return 200.
async fn head_agrees_after_deletion(
    session: &Session,
    chart: &Chart,
    reference: &str,
) -> CheckResult {
    let absent = session.head_manifest("0.0.1").await?;
    if absent.status.as_u16() != 404 {
        return Err(obstacle("get a 404 to HEAD of an absent manifest", &absent));
    }
    let deleted = delete(session, &session.manifest_path(&chart.digest), "manifests").await?;
    let get = session.get_manifest(reference).await?;
    let head = session.head_manifest(reference).await?;
    expect::holds(
        get.status.as_u16() != 404 || head.status.as_u16() != 200,
        "status 404 for HEAD, as for GET",
        "status 200 for HEAD and 404 for GET",
        &[&deleted, &get, &head],
    )
}
