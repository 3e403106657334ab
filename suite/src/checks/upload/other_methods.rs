//! Upload methods that Helm does not use: chunks, a single POST, mounts.

use http::Method;

use super::content;
use crate::oci::Digest;
use crate::requirement::requirement;
use crate::requirement::source::DISTRIBUTION;
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{CheckResult, Stop};

requirement! {
    /// The registry accepts the chunks of a chunked upload.
    ///
    /// ## Why Helm needs it
    /// No Helm version uploads in chunks; other clients may.
    ///
    /// ## How it is checked
    /// The check sends POST, then one PATCH. The response to the PATCH must be 202.
    CHUNKED = "upload/chunks" {
        level: May,
        title: "the registry accepts a blob in chunks",
        fix: "Append the body of PATCH to the upload, and return 202 with `Location` and `Range: 0-<last byte>`, not 201 or 204.",
        covers: ["REG-BLB-23", "C06"],
        sources: [DISTRIBUTION.states(
            "pushing-a-blob-in-chunks",
            "Each successful chunk upload MUST have a `202 Accepted` response code, and MUST have the following headers: `Location: <location>` `Range: 0-<end-of-range>`",
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
    /// The response to a chunk has a `Range` header with the bytes that the upload has so far: `0-<last byte>`.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it. A client that uploads in chunks continues there, and corrupts the blob if the range is
    /// wrong.
    ///
    /// ## How it is checked
    /// The check sends one chunk with PATCH. `Range` in the response must match it. The requirement does not apply if
    /// the PATCH is refused.
    CHUNK_RANGE = "upload/chunk-range" {
        level: May,
        title: "the response to a chunk has the right `Range`",
        fix: "Send `Range: 0-<offset of the last byte>` in the response to PATCH: `0-9` after ten bytes, not `0-10`.",
        covers: ["REG-BLB-23", "C06"],
        sources: [
            DISTRIBUTION.states("pushing-a-blob-in-chunks", "Each successful chunk upload MUST have a `202 Accepted` response code, and MUST have the following headers: `Location: <location>` `Range: 0-<end-of-range>`"),
            DISTRIBUTION.states("pushing-a-blob-in-chunks", "The `<end-of-range>` value is the position of the last uploaded byte."),
        ],
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
        return Err(Stop::not_offered(
            "the registry does not accept a chunked upload",
            reply.status,
        ));
    }
    expect::header_is(&reply, "range", &format!("0-{}", chunk.len() - 1))
}

requirement! {
    /// The registry stores a blob from a single POST with digest and body.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it; it is observed for other clients.
    ///
    /// ## How it is checked
    /// The check sends a POST with digest and body. The response must be 201.
    SINGLE_POST = "upload/single-post" {
        level: May,
        title: "the registry accepts a blob in a single POST",
        fix: "Store the body of `POST /v2/<name>/blobs/uploads/?digest=<digest>`, and return 201 instead of 202.",
        covers: ["REG-BLB-23", "C07"],
        sources: [DISTRIBUTION.states(
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
        _ => Err(obstacle("upload a blob with a single POST", &reply)),
    }
}

requirement! {
    /// The registry mounts a blob from another repository.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it; tools that copy charts do.
    ///
    /// ## How it is checked
    /// The check uploads a blob to one repository and mounts it into another. The response to the POST must be 201.
    MOUNT = "upload/mount" {
        level: May,
        title: "the registry mounts a blob from another repository",
        fix: "Link the blob to the repository on `POST /v2/<name>/blobs/uploads/?mount=<digest>&from=<other>`, and return 201 instead of 202.",
        covers: ["REG-BLB-23", "C05"],
        sources: [DISTRIBUTION.states(
            "mounting-a-blob-from-another-repository",
            "The response to a successful mount MUST be `201 Created`, and MUST contain the following header: `Location: <blob-location>`",
        )],
        specification: May,
        breaks: [],
        faults: [RefusesMount, IgnoresMounts],
        check: mount,
    }
}

/// Mounts a blob from a sibling repository; returns its digest and the response.
async fn try_mount(session: &Session) -> Result<(Digest, Reply), Stop> {
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
        .with_pull_scope(&from)
        .send()
        .await?;
    Ok((digest, reply))
}

async fn mount(session: &Session) -> CheckResult {
    let (_, reply) = try_mount(session).await?;
    match reply.status.as_u16() {
        201 => Ok(()),
        202 | 400 | 404 | 405 => expect::status(&reply, &[201]),
        _ => Err(obstacle("mount a blob", &reply)),
    }
}

requirement! {
    /// A blob exists in a repository after the registry has returned 201 for mounting it there.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it. A tool that copies charts uploads nothing after a 201; if the blob is missing, the copy
    /// cannot be pulled.
    ///
    /// ## How it is checked
    /// The check uploads a blob to one repository and mounts it into another. If the POST returns 201, HEAD of the
    /// blob there must not return 404.
    MOUNTED = "upload/mounted-means-there" {
        level: Should,
        title: "a mounted blob exists in the target repository",
        fix: "Return 201 to a mount only after the blob is linked to the target repository. Return 202 with `Location` if it cannot be mounted.",
        covers: ["REG-BLB-23", "C05"],
        sources: [
            DISTRIBUTION.states("mounting-a-blob-from-another-repository", "The response to a successful mount MUST be `201 Created`, and MUST contain the following header: `Location: <blob-location>` The Location header will contain the registry URL to access the accepted layer file."),
        ],
        breaks: [],
        faults: [MountsNothing],
        consequences: [HidesPresentBlobs],
        check: mounted,
    }
}

async fn mounted(session: &Session) -> CheckResult {
    let (digest, reply) = try_mount(session).await?;
    if reply.status.as_u16() != 201 {
        return Err(Stop::not_offered(
            "the registry did not mount the blob",
            reply.status,
        ));
    }
    let head = session.head_blob(&digest).await?;
    expect::holds(
        head.status.as_u16() != 404,
        "the blob that was mounted",
        format!("status {}", head.status),
        &[&reply, &head],
    )
}
