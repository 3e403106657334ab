//! Content that is pushed again after its deletion.

use super::delete;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, SINCE_3_8};
use crate::requirement::requirement;
use crate::requirement::source::observed;
use crate::session::steps::obstacle;
use crate::session::{Session, expect};
use crate::verdict::CheckResult;

requirement! {
    /// A deleted tag can be pushed again. The registry then lists and serves it like any other tag.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 and later must find a version that was withdrawn and published again.
    ///
    /// ## How it is checked
    /// If the registry deletes tags, the check deletes a tag and pushes it again. The tag list must contain the tag,
    /// and GET of the tag must not return 404.
    TAG_PUSHED_AGAIN = "deletion/tag-comes-back" {
        level: Must,
        title: "a deleted tag reappears when it is pushed again",
        fix: "Clear the mark of a deleted tag when the tag is pushed again, then serve and list it. Check caches of the tag and of the tag list.",
        covers: ["REG-DEL-04", "REG-TAG-10"],
        sources: [observed("5", "Helm pushes deleted content as if it had never existed")],
        breaks: [
            Break::when("after a tag was deleted and pushed again", SINCE_3_8, Flow::LISTINGS, Symptom::ManifestNotFound),
        ],
        faults: [HidesReturnedTags],
        consequences: [CutsTagListsToOne, LosesATagOfEachPage, LosesTheLastTagOfEachPage],
        check: tag_pushed_again,
    }
}

async fn tag_pushed_again(session: &Session) -> CheckResult {
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
    PUSH_AGAIN = "deletion/push-again" {
        level: Must,
        title: "deleted content can be pushed again immediately",
        fix: "Return 404 to HEAD of a blob from its deletion on. Remove the blob from the cache that HEAD reads before the DELETE returns 202.",
        covers: ["REG-DEL-04", "B45"],
        sources: [observed("2.2", "Helm skips the upload of a blob if HEAD returns 200")],
        breaks: [
            Break::when("after a chart was deleted", ALL, Flow::PUSHES, Symptom::ManifestPush),
        ],
        faults: [RemembersDeletedBlobs],
        check: push_again,
    }
}

async fn push_again(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let absent = session
        .head_blob(&crate::session::digest_of(b"never uploaded"))
        .await?;
    if absent.status.as_u16() != 404 {
        return Err(obstacle("get a 404 to HEAD of an absent blob", &absent));
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
