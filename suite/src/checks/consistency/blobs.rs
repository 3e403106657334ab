//! Uploads: what is acknowledged is there, at once and beside others.

use bytes::Bytes;
use futures_util::future::join_all;

use super::super::upload::{content, control, put, succeeds_like_any_other};
use crate::helm::era::{Break, CONTAINERD, Flow, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, containerd, observed};
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Session, digest_of};
use crate::verdict::CheckResult;

requirement! {
    /// A 200 on HEAD of a blob means that a manifest in this repository may name it.
    ///
    /// ## Why Helm needs it
    /// Every Helm skips the upload of a blob that is said to be there. If it is there in another repository
    /// only, the manifest is refused, or a chart is published that nobody can pull.
    ///
    /// ## How it is checked
    /// A blob is uploaded to one repository and looked for in another. If it is said to be there, a manifest
    /// that names it must be accepted, and it must be readable.
    USABLE = "consistency/present-means-usable" {
        level: Must,
        title: "a blob that HEAD reports can be used in this repository",
        covers: ["REG-BLB-03", "C10", "B45"],
        sources: [
            DISTRIBUTION.says(
                "pushing-manifests",
                "The uploaded manifest MUST reference any blobs that make up the object.",
            ),
            containerd("v1.6.6", "remotes/docker/pusher.go", "200 on HEAD skips the upload"),
        ],
        breaks: [
            Break::when("where another repository holds the same chart", CONTAINERD, Flow::PUSHES, "failed commit on ref \"manifest-{d}\": unexpected status…: 400 Bad Request"),
            Break::when("where another repository holds the same chart", ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: PUT \"{url}/manifests/{d}\": response status code 400: manifest blob unknown"),
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
        return Err(obstacle("tell an absent blob", &nowhere));
    }
    let head = session.head_blob(&digest).await?;
    if head.status.as_u16() != 200 {
        return Ok(());
    }
    let get = session.get_blob(&digest).await?;
    expect::holds(
        get.status.is_success() || get.status.is_redirection(),
        "404 on HEAD, or a blob that GET returns",
        format!("200 on HEAD, {} on GET", get.status),
        &[&head, &get],
    )
}

requirement! {
    /// A blob that is there may be uploaded again, also by two clients at once.
    ///
    /// ## Why Helm needs it
    /// Two jobs that push charts with the same config both see 404 and both upload it.
    ///
    /// ## How it is checked
    /// Two uploads of one blob are opened, then both are completed.
    SAME_BLOB = "consistency/same-blob-twice" {
        level: Must,
        title: "uploading a blob twice succeeds twice",
        covers: ["REG-BLB-21", "B12"],
        sources: [DISTRIBUTION.says(
            "post-then-put",
            "Upon successful completion of the request, the response MUST have code `201 Created` and MUST have the following header:",
        )],
        breaks: [
            Break::when("when two pushes meet", CONTAINERD, Flow::PUSHES, "failed commit on ref \"unknown-{d}\": unexpected status…: 409 Conflict"),
            Break::when("when two pushes meet", ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: PUT \"{u}\": response status code 409"),
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
    /// Several uploads may be open in one repository, and are completed in any order on any connection.
    ///
    /// ## Why Helm needs it
    /// Helm uploads the blobs of a chart in parallel; POST and PUT of one blob may use different connections,
    /// and behind a load balancer different nodes.
    ///
    /// ## How it is checked
    /// Three uploads are opened and completed in reverse order, all at once.
    INTERLEAVED = "consistency/uploads-independent" {
        level: Must,
        title: "three open uploads are completed independently",
        covers: ["REG-API-07", "B11", "B12"],
        sources: [observed("2.2", "for each missing blob, in parallel: POST, then PUT")],
        breaks: [
            Break::new(CONTAINERD, Flow::FIRST_PUSHES, "failed commit on ref \"unknown-{d}\": unexpected status…: 404 Not Found"),
            Break::new(ORAS, Flow::FIRST_PUSHES, "failed to perform \"Push\" on destination: PUT \"{u}\": response status code 404: blob upload unknown"),
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
        // Where no upload succeeds by itself either, it is not their number that is to blame.
        let (count, alone) = control(session).await?;
        if count == 0 {
            return Err(obstacle("upload a blob by itself", &alone));
        }
        return Err(expect::violated(
            "201 for each of three uploads",
            format!("status {}", reply.status),
            &[&reply],
        ));
    }
    Ok(())
}

requirement! {
    /// No upload is lost between its POST and its PUT.
    ///
    /// ## Why Helm needs it
    /// Behind a load balancer POST and PUT may reach different nodes; no Helm keeps cookies or tries again.
    ///
    /// ## How it is checked
    /// Six blobs are uploaded one after the other. Where none succeeds, something else is wrong.
    NOT_LOST = "consistency/no-upload-lost" {
        level: Must,
        title: "of several uploads in a row none is lost",
        covers: ["REG-API-07", "B11"],
        sources: [observed("2.2", "POST and PUT of a session may use different connections; nothing is tried again")],
        breaks: [
            Break::new(CONTAINERD, Flow::FIRST_PUSHES, "failed commit on ref \"unknown-{d}\": unexpected status…: 404 Not Found"),
            Break::new(ORAS, Flow::FIRST_PUSHES, "failed to perform \"Push\" on destination: PUT \"{u}\": response status code 404: blob upload unknown"),
        ],
        faults: [DropsHalfTheUploads],
        check: not_lost,
    }
}

async fn not_lost(session: &Session) -> CheckResult {
    let mut lost = None;
    let mut stored = 0;
    for n in 0..6 {
        let (reply, _) = put(session, &format!("in a row {n}")).await?;
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
            "201 for each of six uploads",
            format!("status {} for one, 201 for {stored}", reply.status),
            &[&reply],
        )),
    }
}

requirement! {
    /// Uploads that were begun and never completed do not stand in the way of later ones.
    ///
    /// ## Why Helm needs it
    /// A push that fails leaves its uploads open: no Helm cancels them.
    ///
    /// ## How it is checked
    /// Six uploads are opened and left; then a blob is uploaded.
    ABANDONED = "consistency/abandoned-uploads-harmless" {
        level: Should,
        title: "abandoned uploads do not stand in the way",
        covers: ["REG-BLB-24"],
        sources: [observed("2.2", "nothing is ever cancelled by DELETE")],
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
            "an open upload, though others were abandoned",
            format!("status {}", reply.status),
            &[&reply],
        )?;
    }
    Ok(())
}

requirement! {
    /// A blob can be read as soon as its upload was answered.
    ///
    /// ## Why Helm needs it
    /// The manifest that names it follows within milliseconds.
    ///
    /// ## How it is checked
    /// Five times: a blob is uploaded and at once looked for with HEAD.
    BLOB_AT_ONCE = "consistency/blob-readable-at-once" {
        level: Must,
        title: "a blob can be read as soon as its PUT is answered",
        covers: ["REG-BLB-25", "A18"],
        sources: [DISTRIBUTION.says("post-then-put", "With `<blob-location>` being a pullable blob URL.")],
        breaks: [
            Break::when("right after a push", CONTAINERD, Flow::PULLS, "failed open: could not fetch content descriptor {d} ({type}) from remote: not found"),
            Break::when("right after a push", ORAS, Flow::PULLS, "failed to perform \"Fetch\" on source: {d}: not found"),
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
            return Err(obstacle("find an uploaded blob with HEAD at all", &second));
        }
        return Err(expect::violated(
            "the blob, at once",
            format!("status {}", first.status),
            &[&first, &second],
        ));
    }
    Ok(())
}
