//! `Location` and `Docker-Content-Digest` of a stored blob.

use super::upload_blob;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::CONTAINERD;
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, containerd};
use crate::session::Session;
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::verdict::CheckResult;

requirement! {
    /// The 201 for a completed upload has a `Location` header.
    ///
    /// ## Why Helm needs it
    /// Helm does not read it; the specification requires it.
    ///
    /// ## How it is checked
    /// The check uploads a blob. The response to the PUT must have the header.
    PUT_LOCATION = "upload/put-carries-location" {
        level: May,
        title: "the 201 for a blob has a `Location` header",
        fix: "Send `Location: /v2/<name>/blobs/<digest>` with the 201 for an upload.",
        covers: ["REG-BLB-12"],
        sources: [
            DISTRIBUTION.states("post-then-put", "Upon successful completion of the request, the response MUST have code `201 Created` and MUST have the following header: `Location: <blob-location>`"),
        ],
        breaks: [],
        faults: [BlobPutWithoutLocation],
        shares: "blob",
        check: put_location,
    }
}

async fn put_location(session: &Session) -> CheckResult {
    let (reply, _) = upload_blob(session, "a blob").await?;
    if !reply.status.is_success() {
        return Err(obstacle("upload a blob", &reply));
    }
    expect::header(&reply, "location").map(|_| ())
}

requirement! {
    /// The blob can be pulled from the `Location` that the registry returned for it.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it. Other clients read what they pushed from this URL.
    ///
    /// ## How it is checked
    /// The check uploads a blob. If the 201 has a `Location` on the registry, GET of it must not return 404.
    LOCATION_LEADS = "upload/location-leads-to-blob" {
        level: Should,
        title: "the registry serves a blob at the `Location` it returned for it",
        fix: "Write `/v2/<name>/blobs/<digest>` into `Location` of the 201, and not the URL of the upload session.",
        covers: ["REG-BLB-12"],
        sources: [
            DISTRIBUTION.states("post-then-put", "Upon successful completion of the request, the response MUST have code `201 Created` and MUST have the following header: `Location: <blob-location>` With `<blob-location>` being a pullable blob URL."),
        ],
        breaks: [],
        faults: [BlobLocationLeadsNowhere],
        shares: "blob",
        check: location_leads,
    }
}

async fn location_leads(session: &Session) -> CheckResult {
    let (stored, digest) = upload_blob(session, "a blob").await?;
    if stored.status.as_u16() != 201 {
        return Err(obstacle("get a 201 for an uploaded blob", &stored));
    }
    // Other requirements judge a blob that is missing under its own URL as well.
    session.get_blob(&digest).await?;
    let known = session.get_blob(&digest).await?;
    if known.status.as_u16() == 404 {
        return Err(obstacle("read the blob", &known));
    }
    let found = session.get_location(&stored).await?;
    expect::holds(
        found.status.as_u16() != 404,
        "the blob at the `Location` of the upload",
        format!("status {}", found.status),
        &[&stored, &found],
    )
}

requirement! {
    /// The 201 for a completed upload has a `Docker-Content-Digest` header.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 parse the header without checking that it exists.
    ///
    /// ## How it is checked
    /// The check uploads a blob. The response to the PUT must have the header.
    PUT_DIGEST = "upload/put-carries-digest" {
        level: Must,
        title: "the 201 for a blob has a `Docker-Content-Digest` header",
        fix: "Send `Docker-Content-Digest: sha256:…` with the 201 for an upload. Check whether a front end removes the header.",
        covers: ["REG-BLB-13", "A22"],
        sources: [containerd("v1.6.6", "remotes/docker/pusher.go", "`Commit` parses the header unconditionally")],
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, Symptom::BlobPutWithoutDigest),
        ],
        faults: [BlobPutWithoutDigest],
        shares: "blob",
        check: put_digest,
    }
}

async fn put_digest(session: &Session) -> CheckResult {
    let (reply, _) = upload_blob(session, "a blob").await?;
    if !reply.status.is_success() {
        return Err(obstacle("upload a blob", &reply));
    }
    expect::header(&reply, "docker-content-digest").map(|_| ())
}

requirement! {
    /// The `Docker-Content-Digest` in the response to an upload is the digest in the request.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 compare the two as strings.
    ///
    /// ## How it is checked
    /// The check uploads a blob. The header, if present, must be the digest in the request.
    PUT_TRUE_DIGEST = "upload/put-digest-is-true" {
        level: Must,
        title: "`Docker-Content-Digest` for an uploaded blob is the requested digest",
        fix: "Send the digest of the request unchanged as `Docker-Content-Digest` of the 201.",
        covers: ["REG-BLB-14", "C11"],
        sources: [
            DISTRIBUTION.states("mounting-a-blob-from-another-repository", "The Docker-Content-Digest header returns the canonical digest of the uploaded blob which MAY differ from the provided digest."),
            containerd("v1.6.6", "remotes/docker/pusher.go", "`Commit` compares the digest with the expected one"),
        ],
        specification: Silent,
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, Symptom::BlobPutDigest),
        ],
        faults: [BlobPutWrongDigest],
        shares: "blob",
        check: put_true_digest,
    }
}

async fn put_true_digest(session: &Session) -> CheckResult {
    let (reply, digest) = upload_blob(session, "a blob").await?;
    if !reply.status.is_success() {
        return Err(obstacle("upload a blob", &reply));
    }
    expect::header_absent_or(&reply, "docker-content-digest", &digest)
}
