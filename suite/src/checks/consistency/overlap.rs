//! Pushes, pulls and lists during another push.

use futures_util::future::join_all;

use crate::checks::tags::all_tags;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::ALL;
use crate::requirement::requirement;
use crate::requirement::source::observed;
use crate::session::steps::{Chart, obstacle};
use crate::session::{Session, expect};
use crate::verdict::{CheckResult, Stop};

/// A page limit that two tags never reach.
const PAGE_LIMIT: usize = 4;

/// Uploads the blobs of two charts of one name and returns the charts; their manifests are not pushed.
async fn two_charts(session: &Session) -> Result<[Chart; 2], Stop> {
    Ok([
        session.arrange_chart_blobs("1.0.0").await?,
        session.arrange_other_chart_blobs("2.0.0").await?,
    ])
}

requirement! {
    /// The tag list does not change while an upload is open.
    ///
    /// ## Why Helm needs it
    /// If Helm 3.8 and later resolve a range while another version is pushed, they must get the existing versions.
    ///
    /// ## How it is checked
    /// The check pushes a chart and lists its tag, opens an upload, and requests the list again. The tag must still
    /// be in it.
    LIST_DURING_UPLOAD = "consistency/tags-stay-during-uploads" {
        level: Must,
        title: "the tag list does not change during an upload",
        fix: "Return the stored tags from `tags/list` while uploads are open. Check for a state or a lock of the repository that hides its content during a write.",
        covers: ["REG-TAG-02", "REG-TAG-12"],
        sources: [observed("3.1", "Helm computes the version from one list and does not retry")],
        breaks: [
            Break::when("while another version is pushed", ALL, Flow::LISTINGS, Symptom::NoTags),
        ],
        faults: [HidesTagsDuringUploads],
        check: list_during_upload,
    }
}

async fn list_during_upload(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    // `consistency/tag-listed-at-once` judges the first list after a push.
    session.list_tags().await?;
    let (before, tags) = session.arranged_tags().await?;
    let tag = session.tag("1.0.0");
    if !tags.iter().any(|listed| listed == tag) {
        return Err(obstacle("find the tag in the list", &before));
    }
    let open = session.start_upload().await?;
    let (during, tags) = session.arranged_tags().await?;
    expect::holds(
        tags.iter().any(|listed| listed == tag),
        "a list with the tag, as before the upload was opened",
        format!("a list of {tags:?}"),
        &[&before, &open, &during],
    )
}

requirement! {
    /// If two versions are pushed at the same time, the registry lists both.
    ///
    /// ## Why Helm needs it
    /// Pipelines push several versions concurrently. Helm 3.8 and later never select a version that is missing from
    /// the list, although both pushes succeeded.
    ///
    /// ## How it is checked
    /// The check uploads the blobs of two charts and pushes their manifests concurrently. The list must contain both
    /// tags.
    BOTH_LISTED = "consistency/both-versions-listed" {
        level: Must,
        title: "the registry lists both of two versions pushed at the same time",
        fix: "Add each tag in a write of its own, or in a transaction. Do not read, change and write back the whole list, because a concurrent push is lost then.",
        covers: ["REG-MAN-25", "REG-TAG-02"],
        sources: [observed("5", "Helm has no lock; jobs of one pipeline push concurrently")],
        breaks: [
            Break::when("after two pushes met", ALL, Flow::LISTINGS, Symptom::NoMatchingVersion),
        ],
        faults: [LosesTagsOfOverlappingPushes],
        consequences: [CutsTagListsToOne, LosesATagOfEachPage, LosesTheLastTagOfEachPage],
        check: both_listed,
    }
}

async fn both_listed(session: &Session) -> CheckResult {
    let [first, second] = two_charts(session).await?;
    let pushes = [("1.0.0", &first), ("2.0.0", &second)];
    let pushes = pushes.map(|(tag, chart)| session.arrange_manifest(tag, &chart.manifest));
    join_all(pushes)
        .await
        .into_iter()
        .collect::<CheckResult>()?;
    session.list_tags().await?;
    let (pages, tags) = all_tags(session, PAGE_LIMIT).await?;
    let is_listed = |wanted: &&str| tags.iter().any(|tag| tag == wanted);
    let missing = ["1.0.0", "2.0.0"].into_iter().find(|tag| !is_listed(tag));
    let Some(missing) = missing else {
        return Ok(());
    };
    if tags.is_empty() {
        return Err(obstacle("find either of two tags in the list", &pages[0]));
    }
    // A tag that cannot be read either was not stored; other requirements judge that.
    let read = session.get_manifest(missing).await?;
    if !read.status.is_success() {
        return Err(obstacle("read one of two tags pushed concurrently", &read));
    }
    Err(expect::violated(
        "a list with both tags that were pushed concurrently",
        format!("a list of {tags:?}"),
        &[&pages[0], &read],
    ))
}

requirement! {
    /// An uploaded blob remains until its manifest is pushed, even if another manifest is pushed meanwhile.
    ///
    /// ## Why Helm needs it
    /// Between a blob and its manifest other pushes take place, and the upload of a large layer lasts minutes. If a
    /// registry deletes blobs that no manifest references yet, one of two pushes fails.
    ///
    /// ## How it is checked
    /// The check uploads the blobs of two charts, then pushes the first manifest and the second. If the registry
    /// rejects the second, the check uploads its blobs again: the requirement is violated if the manifest is accepted
    /// now.
    UNREFERENCED_BLOBS = "consistency/blobs-wait-for-their-manifest" {
        level: Must,
        title: "uploaded blobs remain until their manifest is pushed",
        fix: "Keep uploaded blobs without a manifest for longer than a push lasts. Do not delete them during the push of another manifest, and exempt new ones from garbage collection.",
        covers: ["REG-MAN-23", "REG-MAN-25"],
        sources: [observed("2.2", "Helm uploads all blobs before the manifest, and none of them again")],
        breaks: [
            Break::when("when two pushes meet", ALL, Flow::PUSHES, Symptom::ManifestPush),
        ],
        faults: [SweepsWaitingBlobs],
        shares: "additions" as Blobs,
        check: unreferenced_blobs,
    }
}

async fn unreferenced_blobs(session: &Session) -> CheckResult {
    let first = session.chart_of_own("1.0.0-waiting");
    for blob in first.blobs() {
        session.arrange_blob(&blob).await?;
    }
    let second = session.arrange_other_chart_blobs("2.0.0").await?;
    session
        .arrange_manifest("1.0.0-waiting", &first.manifest)
        .await?;
    let refused = session
        .put_manifest("2.0.0-waiting", &second.manifest)
        .await?;
    if refused.status.is_success() {
        return Ok(());
    }
    for blob in second.blobs() {
        session.arrange_blob(&blob).await?;
    }
    let again = session
        .put_manifest("2.0.0-waiting", &second.manifest)
        .await?;
    if !again.status.is_success() {
        return Err(obstacle("push a second chart", &again));
    }
    Err(expect::violated(
        "status 201 for the manifest, as after its blobs are uploaded again",
        format!("status {}", refused.status),
        &[&refused, &again],
    ))
}

requirement! {
    /// A pull that began before a tag moved can be completed.
    ///
    /// ## Why Helm needs it
    /// Helm reads the manifest first and then its blobs. If another client pushes the version again in between, the
    /// blobs of the first manifest must remain.
    ///
    /// ## How it is checked
    /// The check pushes a chart and reads its layer, pushes another chart with the same tag, and reads the layer of
    /// the first again. The status must not be 404.
    PULL_DURING_OVERWRITE = "consistency/pull-outlives-overwrite" {
        level: Should,
        title: "the blobs of a manifest remain when its tag moves",
        fix: "Keep the blobs of a manifest when its tag moves, and delete them later by garbage collection, not during the PUT of the new manifest.",
        covers: ["REG-PUL-20", "REG-MAN-17"],
        sources: [observed("3.2", "Helm reads the manifest first, then its blobs by digest")],
        breaks: [
            Break::when("where a tag moves during a pull", ALL, Flow::PULLS, Symptom::BlobNotFound),
        ],
        faults: [ForgetsBlobsOfOverwrittenManifests],
        check: pull_during_overwrite,
    }
}

async fn pull_during_overwrite(session: &Session) -> CheckResult {
    let [first, second] = two_charts(session).await?;
    session.arrange_manifest("1.0.0", &first.manifest).await?;
    let before = session.get_blob_following(&first.layer_digest()).await?;
    if !before.status.is_success() {
        return Err(obstacle("read the layer before the tag moves", &before));
    }
    let moved = session.put_manifest("1.0.0", &second.manifest).await?;
    if !moved.status.is_success() {
        return Err(Stop::condition_not_met(
            "the registry does not overwrite tags",
        ));
    }
    let after = session.get_blob_following(&first.layer_digest()).await?;
    expect::holds(
        after.status.as_u16() != 404,
        "the layer of the first manifest, as before the tag moved",
        format!("status {}", after.status),
        &[&before, &moved, &after],
    )
}
