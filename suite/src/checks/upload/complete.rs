//! The PUT that completes an upload.

use super::{content, succeeds_like_any_other, upload_blob};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, CONTAINERD, ORAS, REFUSES_202};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, containerd, observed};
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Session, digest_of};
use crate::verdict::CheckResult;

requirement! {
    /// The registry stores a blob from one PUT with the whole body, without a PATCH before it.
    ///
    /// ## Why Helm needs it
    /// It is the only form of upload that any Helm version uses.
    ///
    /// ## How it is checked
    /// The check sends POST, then PUT with digest and body. The PUT must succeed if a chunked upload does.
    MONOLITHIC = "upload/one-put-completes" {
        level: Must,
        title: "POST and one PUT with the whole body store a blob",
        covers: ["REG-BLB-11", "REG-API-15", "A19"],
        sources: [
            DISTRIBUTION.states(
                "post-then-put",
                "Upon successful completion of the request, the response MUST have code `201 Created` and MUST have the following header:",
            ),
            observed("2.2", "no PATCH, no chunked upload, in any version"),
        ],
        breaks: [
            Break::new(ALL, Flow::PUSHES, Symptom::BlobPut),
        ],
        faults: [RefusesMonolithicPut],
        check: monolithic,
    }
}

async fn monolithic(session: &Session) -> CheckResult {
    let (reply, _) = upload_blob(session, "in one piece").await?;
    if !reply.status.is_success() {
        // Control: if a chunked upload fails as well, the form of the upload is not the cause.
        session
            .arrange_chunked(&content(session, "in chunks"))
            .await?;
    }
    expect::success(&reply)
}

requirement! {
    /// The registry returns 201 to the PUT that completes an upload.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later accept no other status.
    ///
    /// ## How it is checked
    /// The check uploads a blob. A successful response to the PUT must be 201.
    PUT_201 = "upload/put-answers-201" {
        level: Must,
        title: "the PUT that completes an upload returns 201",
        covers: ["REG-BLB-12", "B13"],
        sources: [DISTRIBUTION.states(
            "post-then-put",
            "Upon successful completion of the request, the response MUST have code `201 Created` and MUST have the following header:",
        )],
        breaks: [
            Break::new(ORAS, Flow::PUSHES, Symptom::BlobPut),
        ],
        faults: [BlobPutAnswers200, BlobPutAnswers202, BlobPutAnswers204],
        check: put_201,
    }
}

async fn put_201(session: &Session) -> CheckResult {
    let (reply, _) = upload_blob(session, "created").await?;
    if !reply.status.is_success() {
        return Err(obstacle("upload a blob", &reply));
    }
    expect::status(&reply, &[201])
}

requirement! {
    /// The registry does not return 202 to the PUT that completes an upload: the blob exists when the response
    /// arrives.
    ///
    /// ## Why Helm needs it
    /// The PUT of the manifest follows within milliseconds. Helm 3.0 to 3.5 and 3.11 to 3.17 reject a 202.
    ///
    /// ## How it is checked
    /// The check uploads a blob. The response to the PUT must not be 202.
    PUT_NOT_202 = "upload/put-is-final" {
        level: Must,
        title: "the PUT that completes an upload does not return 202",
        covers: ["REG-BLB-12"],
        sources: [observed("7.6", "blob PUT 202: 3.2.4 fails, 3.6.2 to 3.10.1 accept, 3.12.0 to 3.17.4 fail")],
        breaks: [
            Break::new(REFUSES_202, Flow::PUSHES, Symptom::BlobPut),
        ],
        faults: [BlobPutAnswers202],
        check: put_not_202,
    }
}

async fn put_not_202(session: &Session) -> CheckResult {
    let (reply, _) = upload_blob(session, "final").await?;
    expect::holds(
        reply.status.as_u16() != 202,
        "any status except 202",
        "status 202 Accepted",
        &[&reply],
    )
}

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
        covers: ["REG-BLB-12"],
        sources: [DISTRIBUTION.states("post-then-put", "With `<blob-location>` being a pullable blob URL.")],
        breaks: [],
        faults: [BlobPutWithoutLocation],
        check: put_location,
    }
}

async fn put_location(session: &Session) -> CheckResult {
    let (reply, _) = upload_blob(session, "located").await?;
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
        title: "the `Location` of a stored blob serves the blob",
        covers: ["REG-BLB-12"],
        sources: [DISTRIBUTION.states("post-then-put", "With `<blob-location>` being a pullable blob URL.")],
        breaks: [],
        faults: [BlobLocationLeadsNowhere],
        check: location_leads,
    }
}

async fn location_leads(session: &Session) -> CheckResult {
    let (stored, digest) = upload_blob(session, "led to").await?;
    if stored.status.as_u16() != 201 {
        return Err(obstacle("upload a blob", &stored));
    }
    // Other requirements judge a blob that is missing under its own URL as well.
    session.get_blob(&digest).await?;
    let known = session.get_blob(&digest).await?;
    if known.status.as_u16() == 404 {
        return Err(obstacle("read the blob", &known));
    }
    let found = session.look_at_location(&stored).await?;
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
        covers: ["REG-BLB-13", "A22"],
        sources: [containerd("v1.6.6", "remotes/docker/pusher.go", "`Commit` parses the header unconditionally")],
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, Symptom::BlobPutWithoutDigest),
        ],
        faults: [BlobPutWithoutDigest],
        check: put_digest,
    }
}

async fn put_digest(session: &Session) -> CheckResult {
    let (reply, _) = upload_blob(session, "digested").await?;
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
        covers: ["REG-BLB-14", "C11"],
        sources: [
            DISTRIBUTION.states("post-then-put", "With `<blob-location>` being a pullable blob URL."),
            containerd("v1.6.6", "remotes/docker/pusher.go", "`Commit` compares the digest with the expected one"),
        ],
        specification: Silent,
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, Symptom::BlobPutDigest),
        ],
        faults: [BlobPutWrongDigest],
        check: put_true_digest,
    }
}

async fn put_true_digest(session: &Session) -> CheckResult {
    let (reply, digest) = upload_blob(session, "truly digested").await?;
    if !reply.status.is_success() {
        return Err(obstacle("upload a blob", &reply));
    }
    expect::header_absent_or(&reply, "docker-content-digest", &digest)
}

requirement! {
    /// The registry verifies the digest of an upload.
    ///
    /// ## Why Helm needs it
    /// Helm relies on the registry: it does not read back what it pushed. A blob under a wrong digest makes a chart
    /// that nobody can pull.
    ///
    /// ## How it is checked
    /// The check uploads a body under the digest of another body. The response to the PUT must be a 4xx.
    VERIFIED = "upload/digest-verified" {
        level: Must,
        title: "a body that does not match its digest is refused",
        covers: ["REG-BLB-17", "B42"],
        sources: [DISTRIBUTION.states("post-then-put", "Likewise, the `<digest>` MUST match the blob's digest.")],
        breaks: [
            Break::when("for a chart damaged on its way", ALL, Flow::PULLS, Symptom::BlobAltered),
        ],
        faults: [AcceptsWrongDigests, DigestMismatchFails],
        check: verified,
    }
}

async fn verified(session: &Session) -> CheckResult {
    session.arrange_blob(&content(session, "right")).await?;
    let wrong = digest_of(&content(session, "promised"));
    let location = session.arrange_upload().await?;
    let reply = session
        .complete_upload(&location, &wrong, content(session, "delivered"))
        .send()
        .await?;
    if reply.status.is_server_error() {
        succeeds_like_any_other(session, &upload_blob(session, "another right").await?.0).await?;
    }
    expect::refused(&reply)
}
