//! Blobs after their upload.

use bytes::Bytes;
use futures_util::future::join_all;
use http::Method;

use crate::checks::upload::{content, succeeds_like_any_other};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::ALL;
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, containerd};
use crate::session::steps::obstacle;
use crate::session::{Reply, Session, digest_of, expect};
use crate::verdict::{CheckResult, Stop};

requirement! {
    /// If HEAD of a blob returns 200, a manifest in this repository can reference the blob.
    ///
    /// ## Why Helm needs it
    /// Every Helm version skips the upload of a blob if HEAD returns 200. If the blob exists only in another
    /// repository, the registry rejects the manifest, or stores a chart that no client can pull.
    ///
    /// ## How it is checked
    /// The check uploads a blob to one repository and sends HEAD for it in another. If the status is 200, GET must
    /// return the blob.
    USABLE = "consistency/present-means-usable" {
        level: Must,
        title: "a manifest can reference every blob for which HEAD returns 200",
        fix: "Return 200 to HEAD of a blob only if GET in the same repository returns it, and 404 otherwise. Check whether HEAD looks in storage that all repositories share.",
        covers: ["REG-BLB-03", "C10", "B45"],
        sources: [
            DISTRIBUTION.states("checking-if-content-exists-in-the-registry", "In order to verify that a repository contains a given manifest or blob, make a `HEAD` request to a URL in the following form: `/v2/<name>/manifests/<reference>` (for manifests), or `/v2/<name>/blobs/<digest>` (for blobs)."),
            DISTRIBUTION.states("checking-if-content-exists-in-the-registry", "If the blob or manifest is not found in the repository, the response code MUST be `404 Not Found`."),
            containerd("v1.6.6", "remotes/docker/pusher.go", "200 on HEAD skips the upload"),
        ],
        breaks: [
            Break::when("where another repository holds the same chart", ALL, Flow::PUSHES, Symptom::ManifestPush),
        ],
        faults: [ReportsForeignBlobs],
        check: usable,
    }
}

async fn usable(session: &Session) -> CheckResult {
    let blob = content(session, "elsewhere");
    let digest = session
        .arrange_blob_in(&session.sibling("other"), &blob)
        .await?;
    session.arrange_blob(&content(session, "here")).await?;
    let absent = session
        .head_blob(&digest_of(&content(session, "nowhere")))
        .await?;
    if absent.status.as_u16() != 404 {
        return Err(obstacle("get a 404 to HEAD of an absent blob", &absent));
    }
    let head = session.head_blob(&digest).await?;
    if head.status.as_u16() != 200 {
        return Ok(());
    }
    let get = session.get_blob(&digest).await?;
    expect::holds(
        get.status.is_success() || get.status.is_redirection(),
        "status 404 for HEAD, or a blob that GET returns",
        format!("status 200 for HEAD and {} for GET", get.status),
        &[&head, &get],
    )
}

requirement! {
    /// The registry accepts the upload of an existing blob, also from two clients at the same time.
    ///
    /// ## Why Helm needs it
    /// If two jobs push charts with the same config, both get 404 for it and both upload it.
    ///
    /// ## How it is checked
    /// The check opens two uploads of one blob and completes both. The second PUT must return a 2xx. If it does not,
    /// the upload of ordinary blobs excludes another cause.
    SAME_BLOB = "consistency/same-blob-twice" {
        level: Must,
        title: "a blob can be uploaded twice",
        fix: "Return 201 to the PUT of a blob that exists already, even if another upload of it was completed meanwhile. Treat a duplicate key in the database as success.",
        covers: ["REG-BLB-21", "B12"],
        sources: [DISTRIBUTION.states(
            "post-then-put",
            "Upon successful completion of the request, the response MUST have code `201 Created` and MUST have the following header: `Location: <blob-location>`",
        )],
        breaks: [
            Break::when("when two pushes meet", ALL, Flow::PUSHES, Symptom::BlobPut),
        ],
        faults: [RefusesExistingBlobs],
        check: same_blob,
    }
}

async fn same_blob(session: &Session) -> CheckResult {
    let blob = content(session, "twice");
    let digest = digest_of(&blob);
    let first = session.arrange_upload().await?;
    let second = session.arrange_upload().await?;
    let one = session
        .complete_upload(&first, &digest, &blob)
        .send()
        .await?;
    if !one.status.is_success() {
        return Err(obstacle("upload a blob once", &one));
    }
    let reply = session
        .complete_upload(&second, &digest, &blob)
        .send()
        .await?;
    succeeds_like_any_other(session, &reply).await
}

requirement! {
    /// A blob can be read immediately after its upload.
    ///
    /// ## Why Helm needs it
    /// The manifest that references the blob follows within milliseconds.
    ///
    /// ## How it is checked
    /// The check uploads a blob and immediately sends HEAD for it, five times. The status must not be 404.
    BLOB_AT_ONCE = "consistency/blob-readable-at-once" {
        level: Must,
        title: "a blob can be read immediately after its PUT",
        fix: "Send the 201 for a blob only when every node can read it. Check the delay of replicas, and caches that keep a 404 from before the upload.",
        covers: ["REG-BLB-25", "A18"],
        sources: [
            DISTRIBUTION.states("post-then-put", "Upon successful completion of the request, the response MUST have code `201 Created` and MUST have the following header: `Location: <blob-location>` With `<blob-location>` being a pullable blob URL."),
        ],
        breaks: [
            Break::new(ALL, &[Flow::PushPull], Symptom::BlobNotFound),
            Break::when("right after a push", ALL, Flow::PULLS, Symptom::BlobNotFound),
        ],
        faults: [BlobsLag],
        check: at_once,
    }
}

async fn at_once(session: &Session) -> CheckResult {
    for round in 0..5 {
        let digest = session
            .arrange_blob(&content(session, &format!("round {round}")))
            .await?;
        let first = session.head_blob(&digest).await?;
        if first.status.as_u16() != 404 {
            continue;
        }
        let second = session.head_blob(&digest).await?;
        if second.status.as_u16() == 404 {
            return Err(obstacle("find an uploaded blob with HEAD", &second));
        }
        return Err(expect::violated(
            "the blob, immediately after its upload",
            format!("status {}", first.status),
            &[&first, &second],
        ));
    }
    Ok(())
}

requirement! {
    /// A blob that is pushed to two repositories is available in both.
    ///
    /// ## Why Helm needs it
    /// Users push one archive to a staging and to a production repository. The second push must not remove the blob
    /// from the first.
    ///
    /// ## How it is checked
    /// The check uploads one blob to two repositories concurrently and reads it from each. Neither may return 404.
    BOTH_REPOSITORIES = "consistency/blob-in-both-repositories" {
        level: Must,
        title: "a blob pushed to two repositories is in both",
        fix: "Add a link from the second repository to the blob, and keep the link of the first. Do not move the stored file.",
        covers: ["REG-BLB-21", "REG-BLB-25"],
        sources: [DISTRIBUTION.states(
            "pulling-blobs",
            "A GET request to an existing blob URL MUST provide the expected blob, with a response code that MUST be `200 OK`.",
        )],
        breaks: [
            Break::when("where the chart is pushed to another repository too", ALL, Flow::PULLS, Symptom::BlobNotFound),
        ],
        faults: [MovesBlobsBetweenRepositories],
        check: both_repositories,
    }
}

async fn both_repositories(session: &Session) -> CheckResult {
    let blob: Bytes = content(session, "in two places");
    let digest = digest_of(&blob);
    let other = session.sibling("too");
    let repositories = [session.repository(), &other];
    let uploads = repositories.map(|repository| session.arrange_blob_in(repository, &blob));
    join_all(uploads)
        .await
        .into_iter()
        .collect::<Result<Vec<_>, Stop>>()?;
    let mut replies = Vec::new();
    for repository in repositories {
        let path = format!("/v2/{repository}/blobs/{digest}");
        // `consistency/blob-readable-at-once` judges the first read after an upload.
        session.call(Method::HEAD, &path).send().await?;
        replies.push(session.call(Method::GET, &path).send().await?);
    }
    let is_absent = |reply: &&Reply| reply.status.as_u16() == 404;
    match replies.iter().filter(is_absent).count() {
        0 => Ok(()),
        1 => Err(expect::violated(
            "the blob in both repositories",
            "status 404 in one of them",
            &[&replies[0], &replies[1]],
        )),
        _ => Err(obstacle(
            "read the blob in either of two repositories",
            &replies[0],
        )),
    }
}
