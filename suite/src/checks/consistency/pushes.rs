//! Pushes that meet: in one repository, in two, and with a pull.

use bytes::Bytes;
use futures_util::future::join_all;
use http::Method;

use super::super::tags::whole_list;
use super::super::upload::{content, control};
use crate::helm::era::{
    BEFORE_3_7, Break, CONTAINERD, CONTAINERD_1_5, CONTAINERD_1_7, Flow, HELM_3, HELM_4, ORAS,
};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, observed};
use crate::session::expect;
use crate::session::steps::{Chart, obstacle};
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{CheckResult, Stop};

/// More pages than two tags have.
const FEW: usize = 4;

/// Two charts of one name, with blobs of their own; their blobs are in the repository, their manifests are not.
async fn two_charts(session: &Session) -> Result<[Chart; 2], Stop> {
    Ok([
        session.arrange_chart_blobs("1.0.0").await?,
        session.arrange_other_chart_blobs("2.0.0").await?,
    ])
}

requirement! {
    /// An upload can begin while another one of the repository is open.
    ///
    /// ## Why Helm needs it
    /// Helm uploads config and layers at the same time, and tries nothing again.
    ///
    /// ## How it is checked
    /// Three uploads are opened one after the other, and none is completed before the last.
    PARALLEL_UPLOADS = "consistency/uploads-open-together" {
        level: Must,
        title: "an upload can begin while another is open",
        covers: ["REG-API-07", "B12"],
        sources: [observed("2.2", "for each missing blob, in parallel: POST, then PUT")],
        breaks: [
            Break::new(BEFORE_3_7, &[Flow::ChartPush], "unexpected response: 409 Conflict"),
            Break::new(CONTAINERD_1_5, Flow::FIRST_PUSHES, "unexpected status: 409 Conflict"),
            Break::new(CONTAINERD_1_7, Flow::FIRST_PUSHES, "unexpected status from POST request to {url}/blobs/uploads/: 409 Conflict"),
            Break::new(ORAS, Flow::FIRST_PUSHES, "failed to perform \"Push\" on destination: POST \"{url}/blobs/uploads/\": response status code 409: denied"),
        ],
        faults: [RefusesParallelUploads],
        check: parallel_uploads,
    }
}

async fn parallel_uploads(session: &Session) -> CheckResult {
    let (count, alone) = control(session).await?;
    if count < 2 {
        return Err(obstacle("upload one blob after the other", &alone));
    }
    session.arrange_upload().await?;
    for _ in 0..2 {
        let reply = session.start_upload().await?;
        expect::success(&reply)?;
    }
    Ok(())
}

requirement! {
    /// The list of tags does not change while somebody uploads.
    ///
    /// ## Why Helm needs it
    /// Who resolves a range while another version is pushed gets the versions that were there.
    ///
    /// ## How it is checked
    /// A chart is pushed and listed; an upload is begun, and the list read again.
    LIST_MEANWHILE = "consistency/tags-stay-during-uploads" {
        level: Must,
        title: "tags stay listed while an upload is open",
        covers: ["REG-TAG-02", "REG-TAG-12"],
        sources: [observed("3.1", "the version is computed from one listing; nothing is asked twice")],
        breaks: [
            Break::when("while another version is pushed", HELM_3, Flow::LISTINGS, "Unable to locate any tags in provided repository: oci://{host}/{repo}"),
            Break::when("while another version is pushed", HELM_4, Flow::LISTINGS, "unable to locate any tags in provided repository: oci://{host}/{repo}"),
        ],
        faults: [HidesTagsDuringUploads],
        check: list_meanwhile,
    }
}

async fn list_meanwhile(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    // The first list after a push is judged by `consistency/tag-listed-at-once`.
    session.list_tags().await?;
    let (before, tags) = session.arranged_tags().await?;
    if !tags.iter().any(|tag| tag == "1.0.0") {
        return Err(obstacle("find the tag in a list", &before));
    }
    let open = session.start_upload().await?;
    let (meanwhile, tags) = session.arranged_tags().await?;
    expect::holds(
        tags.iter().any(|tag| tag == "1.0.0"),
        "the tag that was listed before the upload began",
        format!("the list {tags:?}"),
        &[&before, &open, &meanwhile],
    )
}

requirement! {
    /// Two versions that are pushed at the same time are both listed.
    ///
    /// ## Why Helm needs it
    /// Pipelines push several versions side by side. One that is lost from the list is never chosen, though both pushes
    /// succeeded.
    ///
    /// ## How it is checked
    /// The blobs of two charts are uploaded, then their manifests are pushed side by side; both tags must be listed.
    BOTH_LISTED = "consistency/both-versions-listed" {
        level: Must,
        title: "of two versions pushed together both are listed",
        covers: ["REG-MAN-25", "REG-TAG-02"],
        sources: [observed("5", "no locking in Helm; jobs of one pipeline push side by side")],
        breaks: [
            Break::when("after two pushes met", HELM_3, Flow::LISTINGS, "Could not locate a version matching provided version string"),
            Break::when("after two pushes met", HELM_4, Flow::LISTINGS, "could not locate a version matching provided version string"),
        ],
        faults: [LosesTagsOfOverlappingPushes],
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
    let (pages, tags) = whole_list(session, FEW).await?;
    let is_listed = |wanted: &&str| tags.iter().any(|tag| tag == wanted);
    let missing = ["1.0.0", "2.0.0"].into_iter().find(|tag| !is_listed(tag));
    let Some(missing) = missing else {
        return Ok(());
    };
    if tags.is_empty() {
        return Err(obstacle("find either of two tags in a list", &pages[0]));
    }
    // A tag that cannot be read either was not stored: that is another requirement's business.
    let read = session.get_manifest(missing).await?;
    if !read.status.is_success() {
        return Err(obstacle("read a tag that was pushed beside another", &read));
    }
    Err(expect::violated(
        "both of two tags that were pushed side by side",
        format!("the list {tags:?}"),
        &[&pages[0], &read],
    ))
}

requirement! {
    /// A blob stays while it waits for its manifest, also when another manifest is pushed meanwhile.
    ///
    /// ## Why Helm needs it
    /// Between the upload of a blob and its manifest other pushes come and go, and a large layer takes minutes. A
    /// registry that clears away what nobody names yet ends one of two pushes.
    ///
    /// ## How it is checked
    /// The blobs of two charts are uploaded and the first chart is pushed; the manifest of the second must be accepted. If
    /// it is not, its blobs are uploaded again: with those it has to be, or something else is wrong.
    WAITING_BLOBS = "consistency/blobs-wait-for-their-manifest" {
        level: Must,
        title: "uploaded blobs stay until their manifest comes",
        covers: ["REG-MAN-23", "REG-MAN-25"],
        sources: [observed("2.2", "all blobs are uploaded before the manifest, and none is sent again")],
        breaks: [
            Break::when("when two pushes meet", CONTAINERD, Flow::PUSHES, "failed commit on ref \"manifest-{d}\": unexpected status…: 400 Bad Request"),
            Break::when("when two pushes meet", ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: PUT \"{url}/manifests/{d}\": response status code 400: manifest blob unknown"),
        ],
        faults: [SweepsWaitingBlobs],
        check: waiting_blobs,
    }
}

async fn waiting_blobs(session: &Session) -> CheckResult {
    let [first, second] = two_charts(session).await?;
    session.arrange_manifest("1.0.0", &first.manifest).await?;
    let refused = session.put_manifest("2.0.0", &second.manifest).await?;
    if refused.status.is_success() {
        return Ok(());
    }
    for blob in second.blobs() {
        session.arrange_blob(&blob).await?;
    }
    let again = session.put_manifest("2.0.0", &second.manifest).await?;
    if !again.status.is_success() {
        return Err(obstacle("push a second chart", &again));
    }
    Err(expect::violated(
        "201 for a manifest whose blobs were uploaded before, as with the blobs uploaded again",
        format!("status {}", refused.status),
        &[&refused, &again],
    ))
}

requirement! {
    /// A pull that began before a tag moved can be finished.
    ///
    /// ## Why Helm needs it
    /// Helm reads the manifest, then its blobs. If somebody pushes the version again in between, what the first manifest
    /// names must still be there.
    ///
    /// ## How it is checked
    /// A chart is pushed and its manifest read; another chart is pushed under the tag; the layer of the first is read.
    PULL_GOES_ON = "consistency/pull-outlives-overwrite" {
        level: Should,
        title: "blobs of a manifest stay when its tag moves",
        covers: ["REG-PUL-20", "REG-MAN-17"],
        sources: [observed("3.2", "the manifest first, then its blobs by digest")],
        breaks: [
            Break::when("where a tag moves during a pull", CONTAINERD, Flow::PULLS, "failed open: could not fetch content descriptor {d} ({type}) from remote: not found"),
            Break::when("where a tag moves during a pull", ORAS, Flow::PULLS, "failed to perform \"Fetch\" on source: {d}: not found"),
        ],
        faults: [ForgetsBlobsOfOverwrittenManifests],
        check: pull_goes_on,
    }
}

async fn pull_goes_on(session: &Session) -> CheckResult {
    let [first, second] = two_charts(session).await?;
    session.arrange_manifest("1.0.0", &first.manifest).await?;
    let before = session.get_blob_following(&first.layer_digest()).await?;
    if !before.status.is_success() {
        return Err(obstacle("read the layer before the tag moves", &before));
    }
    let moved = session.put_manifest("1.0.0", &second.manifest).await?;
    if !moved.status.is_success() {
        return Err(Stop::NotApplicable(
            "the registry refuses to overwrite a tag".to_owned(),
        ));
    }
    let after = session.get_blob_following(&first.layer_digest()).await?;
    expect::holds(
        after.status.as_u16() != 404,
        "the layer of the manifest that was read before the tag moved",
        format!("status {}", after.status),
        &[&before, &moved, &after],
    )
}

requirement! {
    /// A blob that is pushed to two repositories is in both.
    ///
    /// ## Why Helm needs it
    /// One archive is pushed to staging and to production; the second push must take nothing from the first.
    ///
    /// ## How it is checked
    /// One blob is uploaded to two repositories side by side, and read in each.
    BOTH_REPOSITORIES = "consistency/blob-in-both-repositories" {
        level: Must,
        title: "a blob pushed to two repositories is in both",
        covers: ["REG-BLB-21", "REG-BLB-25"],
        sources: [DISTRIBUTION.says(
            "pulling-blobs",
            "A GET request to an existing blob URL MUST provide the expected blob, with a response code that MUST be `200 OK`.",
        )],
        breaks: [
            Break::when("where the chart is pushed to another repository too", CONTAINERD, Flow::PULLS, "failed open: could not fetch content descriptor {d} ({type}) from remote: not found"),
            Break::when("where the chart is pushed to another repository too", ORAS, Flow::PULLS, "failed to perform \"Fetch\" on source: {d}: not found"),
        ],
        faults: [MovesBlobsBetweenRepositories],
        check: both_repositories,
    }
}

async fn both_repositories(session: &Session) -> CheckResult {
    let blob: Bytes = content(session, "in two places");
    let digest = digest_of(&blob);
    let other = session.sibling("too");
    let places = [session.repository(), other.as_str()];
    let uploads = places.map(|place| session.arrange_blob_in(place, &blob));
    join_all(uploads)
        .await
        .into_iter()
        .collect::<Result<Vec<_>, Stop>>()?;
    let mut replies = Vec::new();
    for place in places {
        let path = format!("/v2/{place}/blobs/{digest}");
        // Who comes first after a push is judged by `consistency/blob-readable-at-once`.
        session.call(Method::HEAD, &path).send().await?;
        replies.push(session.call(Method::GET, &path).send().await?);
    }
    let is_absent = |reply: &&Reply| reply.status.as_u16() == 404;
    match replies.iter().filter(is_absent).count() {
        0 => Ok(()),
        1 => Err(expect::violated(
            "the blob in both repositories",
            "404 in one of them",
            &[&replies[0], &replies[1]],
        )),
        _ => Err(obstacle(
            "read a blob in either of two repositories",
            &replies[0],
        )),
    }
}
