//! Ways in that Helm does not take: chunks, a single POST, mounts.

use http::Method;

use super::content;
use crate::requirement::requirement;
use crate::requirement::source::DISTRIBUTION;
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{CheckResult, Stop};

requirement! {
    /// A blob can be uploaded in chunks.
    ///
    /// ## Why Helm needs it
    /// It does not: no Helm uploads in chunks. Other clients of the registry may.
    ///
    /// ## How it is checked
    /// POST, one PATCH, PUT without a body.
    CHUNKED = "upload/chunks" {
        level: May,
        title: "a blob can be uploaded in chunks",
        covers: ["REG-BLB-23", "C06"],
        sources: [DISTRIBUTION.says(
            "pushing-a-blob-in-chunks",
            "Each successful chunk upload MUST have a `202 Accepted` response code, and MUST have the following headers:",
        )],
        breaks: [],
        faults: [RefusesPatch, PatchAnswers204],
        check: chunked,
    }
}

async fn chunked(session: &Session) -> CheckResult {
    let location = session.arrange_upload().await?;
    let reply = session
        .patch_upload(&location, &content(session, "a chunk"))
        .await?;
    expect::status(&reply, &[202])
}

requirement! {
    /// The answer to a chunk says how far the upload has come: `Range: 0-<last byte>`.
    ///
    /// ## Why Helm needs it
    /// It does not; a client that uploads in chunks continues there, and corrupts the blob where it is wrong.
    ///
    /// ## How it is checked
    /// Only where a PATCH is taken: the header of its answer is compared with what was sent.
    CHUNK_RANGE = "upload/chunk-range" {
        level: May,
        title: "the answer to a chunk carries the right `Range`",
        covers: ["REG-BLB-23", "C06"],
        sources: [DISTRIBUTION.says(
            "pushing-a-blob-in-chunks",
            "The `<range>` refers to the byte range of the chunk, and MUST be inclusive on both ends.",
        )],
        breaks: [],
        faults: [PatchRangeOffByOne],
        check: chunk_range,
    }
}

async fn chunk_range(session: &Session) -> CheckResult {
    let location = session.arrange_upload().await?;
    let chunk = content(session, "a chunk of some length");
    let reply = session.patch_upload(&location, &chunk).await?;
    if !reply.status.is_success() {
        return Err(Stop::NotApplicable(format!(
            "no upload in chunks: PATCH answers {}",
            reply.status
        )));
    }
    expect::header_is(&reply, "range", &format!("0-{}", chunk.len() - 1))
}

requirement! {
    /// A blob can be uploaded with a single POST.
    ///
    /// ## Why Helm needs it
    /// It does not; observed for the sake of other clients.
    ///
    /// ## How it is checked
    /// A POST with digest and body.
    SINGLE_POST = "upload/single-post" {
        level: May,
        title: "a blob can be uploaded with a single POST",
        covers: ["REG-BLB-23", "C07"],
        sources: [DISTRIBUTION.says(
            "single-post",
            "Registries MAY support pushing blobs using a single POST request.",
        )],
        breaks: [],
        faults: [IgnoresSinglePost],
        check: single_post,
    }
}

async fn single_post(session: &Session) -> CheckResult {
    session.arrange_upload().await?;
    let blob = content(session, "in one post");
    let path = format!(
        "/v2/{}/blobs/uploads/?digest={}",
        session.repository(),
        digest_of(&blob)
    );
    let reply = session
        .call(Method::POST, &path)
        .body(Some("application/octet-stream"), &blob)
        .send()
        .await?;
    match reply.status.as_u16() {
        201 => Ok(()),
        202 | 400 | 404 | 405 => expect::status(&reply, &[201]),
        _ => Err(obstacle("tell what became of a single POST", &reply)),
    }
}

requirement! {
    /// A blob can be mounted from another repository.
    ///
    /// ## Why Helm needs it
    /// It does not; tools that copy charts do.
    ///
    /// ## How it is checked
    /// A blob is uploaded to one repository and mounted into another.
    MOUNT = "upload/mount" {
        level: May,
        title: "a blob can be mounted from another repository",
        covers: ["REG-BLB-23", "C05"],
        sources: [DISTRIBUTION.says(
            "mounting-a-blob-from-another-repository",
            "The response to a successful mount MUST be `201 Created`, and MUST contain the following header:",
        )],
        specification: May,
        breaks: [],
        faults: [RefusesMount, IgnoresMounts],
        check: mount,
    }
}

/// Mounts a blob of a sibling; returns its digest and the answer.
async fn try_mount(session: &Session) -> Result<(String, Reply), Stop> {
    let from = session.sibling("from");
    let digest = session
        .arrange_blob_in(&from, &content(session, "mounted"))
        .await?;
    let path = format!(
        "/v2/{}/blobs/uploads/?mount={}&from={}",
        session.repository(),
        crate::oci::percent::encode(&digest),
        crate::oci::percent::encode(&from)
    );
    let reply = session
        .call(Method::POST, &path)
        .also_reading(&from)
        .send()
        .await?;
    Ok((digest, reply))
}

async fn mount(session: &Session) -> CheckResult {
    let (_, reply) = try_mount(session).await?;
    match reply.status.as_u16() {
        201 => Ok(()),
        202 | 400 | 404 | 405 => expect::status(&reply, &[201]),
        _ => Err(obstacle("tell what became of a mount", &reply)),
    }
}

requirement! {
    /// A blob that the registry says it mounted is there.
    ///
    /// ## Why Helm needs it
    /// It does not. A tool that copies charts uploads nothing after 201, and the copy cannot be pulled.
    ///
    /// ## How it is checked
    /// A blob is uploaded to one repository and mounted into another. Where the answer is 201, it is looked for
    /// there with HEAD.
    MOUNTED = "upload/mounted-means-there" {
        level: Should,
        title: "a blob that was mounted is there",
        covers: ["REG-BLB-23", "C05"],
        sources: [DISTRIBUTION.says(
            "mounting-a-blob-from-another-repository",
            "The response to a successful mount MUST be `201 Created`, and MUST contain the following header:",
        )],
        breaks: [],
        faults: [MountsNothing],
        consequences: [HidesPresentBlobs],
        check: mounted,
    }
}

async fn mounted(session: &Session) -> CheckResult {
    let (digest, reply) = try_mount(session).await?;
    if reply.status.as_u16() != 201 {
        return Err(Stop::NotApplicable(format!(
            "the registry does not mount: it answers {}",
            reply.status
        )));
    }
    let head = session.head_blob(&digest).await?;
    expect::holds(
        head.status.as_u16() != 404,
        "the blob that was mounted",
        format!("status {}", head.status),
        &[&reply, &head],
    )
}
