//! Open, concurrent and abandoned uploads.

use bytes::Bytes;
use futures_util::future::join_all;
use http::Method;

use crate::checks::upload::{content, control_uploads, upload_blob};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::ALL;
use crate::requirement::requirement;
use crate::requirement::source::observed;
use crate::session::steps::obstacle;
use crate::session::{Session, digest_of, expect};
use crate::verdict::CheckResult;

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
        fix: "Find an upload by its session id alone, on every node and connection, and accept PUTs in any order. Replicas of Distribution need the same `http.secret`.",
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
        fix: "Let every node accept the PUT of an upload that another node opened: share the sessions, or encode them in `Location`. Replicas of Distribution need the same `http.secret`.",
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
        fix: "Do not count uploads without a PUT against a limit, or discard the oldest when the limit is reached. Seven open uploads in a repository must not prevent another POST.",
        covers: ["REG-BLB-24"],
        sources: [observed("2.2", "Helm never cancels an upload with DELETE")],
        breaks: [],
        faults: [LimitsUploadSessions],
        check: abandoned,
    }
}

async fn abandoned(session: &Session) -> CheckResult {
    session.arrange_upload().await?;
    let path = format!("/v2/{}/blobs/uploads/", session.repository());
    for _ in 0..6 {
        let post = session.call(Method::POST, &path).no_retry();
        let reply = post.send().await?;
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
    /// The registry opens an upload while another upload of the repository is open.
    ///
    /// ## Why Helm needs it
    /// Every Helm version uploads config and layers concurrently, and does not retry.
    ///
    /// ## How it is checked
    /// The check sends the POST of three uploads one after the other, and completes none before the last. Each POST
    /// must return a 2xx.
    OPEN_UPLOADS = "consistency/uploads-open-together" {
        level: Must,
        title: "an upload can begin while another is open",
        fix: "Return 202 to each POST while other uploads of the repository are open. Do not hold a lock on the repository from POST to PUT.",
        covers: ["REG-API-07", "B12"],
        sources: [observed("2.2", "for each missing blob, concurrently: POST, then PUT")],
        breaks: [
            Break::new(ALL, Flow::FIRST_PUSHES, Symptom::UploadPost),
        ],
        faults: [RefusesParallelUploads],
        check: open_uploads,
    }
}

async fn open_uploads(session: &Session) -> CheckResult {
    let (count, alone) = control_uploads(session).await?;
    if count < 2 {
        return Err(obstacle("upload one blob after another", &alone));
    }
    session.arrange_upload().await?;
    for _ in 0..2 {
        let reply = session.start_upload().await?;
        expect::success(&reply)?;
    }
    Ok(())
}
