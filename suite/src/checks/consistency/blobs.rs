//! Uploads: immediately after a PUT, in repeated uploads, and under concurrent uploads.

use bytes::Bytes;
use futures_util::future::join_all;

use super::super::upload::{content, control_uploads, succeeds_like_any_other, upload_blob};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::ALL;
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, containerd, observed};
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Session, digest_of};
use crate::verdict::CheckResult;

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
        covers: ["REG-BLB-03", "C10", "B45"],
        sources: [
            DISTRIBUTION.states(
                "pushing-manifests",
                "The uploaded manifest MUST reference any blobs that make up the object.",
            ),
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
    let nowhere = session
        .head_blob(&digest_of(&content(session, "nowhere")))
        .await?;
    if nowhere.status.as_u16() != 404 {
        return Err(obstacle("get a 404 to HEAD of an absent blob", &nowhere));
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
        covers: ["REG-BLB-21", "B12"],
        sources: [DISTRIBUTION.states(
            "post-then-put",
            "Upon successful completion of the request, the response MUST have code `201 Created` and MUST have the following header:",
        )],
        breaks: [
            Break::when("when two pushes meet", ALL, Flow::PUSHES, Symptom::BlobPut),
        ],
        faults: [RefusesExistingBlobs],
        check: again,
    }
}

async fn again(session: &Session) -> CheckResult {
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
    /// Several uploads can be open in one repository, and be completed in any order on any connection.
    ///
    /// ## Why Helm needs it
    /// Every Helm version uploads the blobs of a chart concurrently. POST and PUT of one blob may use different
    /// connections, and reach different nodes behind a load balancer.
    ///
    /// ## How it is checked
    /// The check opens three uploads and sends their PUTs concurrently, in reverse order. Each PUT must return a 2xx.
    INTERLEAVED = "consistency/uploads-independent" {
        level: Must,
        title: "the registry completes three open uploads independently",
        covers: ["REG-API-07", "B11", "B12"],
        sources: [observed("2.2", "for each missing blob, concurrently: POST, then PUT")],
        breaks: [
            Break::new(ALL, Flow::FIRST_PUSHES, Symptom::BlobPut),
        ],
        faults: [KeepsOneUploadSession],
        consequences: [DropsHalfTheUploads],
        check: interleaved,
    }
}

async fn interleaved(session: &Session) -> CheckResult {
    let blobs: Vec<Bytes> = (0..3)
        .map(|n| content(session, &format!("parallel {n}")))
        .collect();
    let mut locations = Vec::new();
    for _ in &blobs {
        locations.push(session.arrange_upload().await?);
    }
    let puts = blobs.iter().zip(&locations).rev().map(|(blob, location)| {
        let digest = digest_of(blob);
        async move {
            session
                .complete_upload(location, &digest, blob)
                .send()
                .await
        }
    });
    for reply in join_all(puts).await {
        let reply = reply?;
        if reply.status.is_success() {
            continue;
        }
        // If a single upload fails as well, their number is not the cause.
        let (count, alone) = control_uploads(session).await?;
        if count == 0 {
            return Err(obstacle("upload a single blob", &alone));
        }
        return Err(expect::violated(
            "status 201 for each of three concurrent uploads",
            format!("status {}", reply.status),
            &[&reply],
        ));
    }
    Ok(())
}

requirement! {
    /// The registry loses no upload between its POST and its PUT.
    ///
    /// ## Why Helm needs it
    /// Behind a load balancer POST and PUT may reach different nodes. No Helm version keeps cookies or retries.
    ///
    /// ## How it is checked
    /// The check uploads six blobs one after the other. Each PUT must return a 2xx; if none does, the result is
    /// inconclusive.
    NOT_LOST = "consistency/no-upload-lost" {
        level: Must,
        title: "the registry loses no upload between POST and PUT",
        covers: ["REG-API-07", "B11"],
        sources: [observed("2.2", "POST and PUT of an upload may use different connections; Helm does not retry")],
        breaks: [
            Break::new(ALL, Flow::FIRST_PUSHES, Symptom::BlobPut),
        ],
        faults: [DropsHalfTheUploads],
        check: not_lost,
    }
}

async fn not_lost(session: &Session) -> CheckResult {
    let mut lost = None;
    let mut stored = 0;
    for n in 0..6 {
        let (reply, _) = upload_blob(session, &format!("in a row {n}")).await?;
        if reply.status.is_success() {
            stored += 1;
        } else {
            lost = Some(reply);
        }
    }
    match lost {
        None => Ok(()),
        Some(reply) if stored == 0 => Err(obstacle("upload a blob", &reply)),
        Some(reply) => Err(expect::violated(
            "status 201 for each of six uploads",
            format!("status {} for one, 201 for {stored}", reply.status),
            &[&reply],
        )),
    }
}

requirement! {
    /// Uploads that were opened and never completed do not block later uploads.
    ///
    /// ## Why Helm needs it
    /// A failed push leaves its uploads open: no Helm version cancels them.
    ///
    /// ## How it is checked
    /// The check opens seven uploads and completes none. No POST may return 429.
    ABANDONED = "consistency/abandoned-uploads-harmless" {
        level: Should,
        title: "abandoned uploads do not block later ones",
        covers: ["REG-BLB-24"],
        sources: [observed("2.2", "Helm never cancels an upload with DELETE")],
        breaks: [],
        faults: [LimitsUploadSessions],
        check: abandoned,
    }
}

async fn abandoned(session: &Session) -> CheckResult {
    session.arrange_upload().await?;
    for _ in 0..6 {
        let reply = session.start_upload().await?;
        expect::holds(
            reply.status.as_u16() != 429,
            "an open upload, in spite of abandoned ones",
            format!("status {}", reply.status),
            &[&reply],
        )?;
    }
    Ok(())
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
        covers: ["REG-BLB-25", "A18"],
        sources: [DISTRIBUTION.states("post-then-put", "With `<blob-location>` being a pullable blob URL.")],
        breaks: [
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
