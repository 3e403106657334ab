//! The `PUT` that makes a blob of an upload.

use super::{content, put, succeeds_like_any_other};
use crate::helm::era::{Break, CONTAINERD, Flow, ORAS, REFUSES_202};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, containerd, observed};
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Session, digest_of};
use crate::verdict::CheckResult;

requirement! {
    /// An upload is completed by one PUT with the whole body, without a PATCH before it.
    ///
    /// ## Why Helm needs it
    /// It is the only form of upload that any Helm uses.
    ///
    /// ## How it is checked
    /// POST, then PUT with digest and body.
    MONOLITHIC = "upload/one-put-completes" {
        level: Must,
        title: "POST, then one PUT with the whole body, stores a blob",
        covers: ["REG-BLB-11", "REG-API-15", "A19"],
        sources: [
            DISTRIBUTION.says(
                "post-then-put",
                "Upon successful completion of the request, the response MUST have code `201 Created` and MUST have the following header:",
            ),
            observed("2.2", "no PATCH, no chunked upload, in any version"),
        ],
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, "failed commit on ref \"unknown-{d}\": unexpected status…: 500 Internal Server Error"),
            Break::new(ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: PUT \"{u}\": response status code 500"),
        ],
        faults: [RefusesMonolithicPut],
        check: monolithic,
    }
}

async fn monolithic(session: &Session) -> CheckResult {
    let (reply, _) = put(session, "in one piece").await?;
    if !reply.status.is_success() {
        // A refusal that other requirements explain is not blamed on the form of the upload.
        session
            .arrange_chunked(&content(session, "in chunks"))
            .await?;
    }
    expect::success(&reply)
}

requirement! {
    /// The PUT that completes an upload answers 201.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later take nothing else.
    ///
    /// ## How it is checked
    /// The status of the PUT is read.
    PUT_201 = "upload/put-answers-201" {
        level: Must,
        title: "the PUT that completes an upload answers 201",
        covers: ["REG-BLB-12", "B13"],
        sources: [DISTRIBUTION.says(
            "post-then-put",
            "Upon successful completion of the request, the response MUST have code `201 Created` and MUST have the following header:",
        )],
        breaks: [
            Break::new(ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: PUT \"{u}\": response status code 200: OK"),
        ],
        faults: [BlobPutAnswers200, BlobPutAnswers202, BlobPutAnswers204],
        check: put_201,
    }
}

async fn put_201(session: &Session) -> CheckResult {
    let (reply, _) = put(session, "created").await?;
    if !reply.status.is_success() {
        return Err(obstacle("upload a blob", &reply));
    }
    expect::status(&reply, &[201])
}

requirement! {
    /// The PUT that completes an upload does not answer 202: the blob is there when it returns.
    ///
    /// ## Why Helm needs it
    /// The manifest follows within milliseconds. Most Helms of the containerd line refuse a 202 outright.
    ///
    /// ## How it is checked
    /// The status of the PUT is read.
    PUT_NOT_202 = "upload/put-is-final" {
        level: Must,
        title: "the PUT that completes an upload does not answer 202",
        covers: ["REG-BLB-12"],
        sources: [observed("7.6", "blob PUT 202: 3.2.4 fails, 3.6.2 to 3.10.1 accept, 3.12.0 to 3.17.4 fail")],
        breaks: [
            Break::new(REFUSES_202, Flow::PUSHES, "failed commit on ref \"unknown-{d}\": unexpected status…: 202 Accepted"),
        ],
        faults: [BlobPutAnswers202],
        check: put_not_202,
    }
}

async fn put_not_202(session: &Session) -> CheckResult {
    let (reply, _) = put(session, "final").await?;
    expect::holds(
        reply.status.as_u16() != 202,
        "any status but 202",
        "status 202 Accepted",
        &[&reply],
    )
}

requirement! {
    /// The 201 of an upload carries `Location`.
    ///
    /// ## Why Helm needs it
    /// It does not read it; the specification requires it.
    ///
    /// ## How it is checked
    /// The header of the PUT's answer is read.
    PUT_LOCATION = "upload/put-carries-location" {
        level: May,
        title: "the 201 of a blob carries `Location`",
        covers: ["REG-BLB-12"],
        sources: [DISTRIBUTION.says("post-then-put", "With `<blob-location>` being a pullable blob URL.")],
        breaks: [],
        faults: [BlobPutWithoutLocation],
        check: put_location,
    }
}

async fn put_location(session: &Session) -> CheckResult {
    let (reply, _) = put(session, "located").await?;
    if !reply.status.is_success() {
        return Err(obstacle("upload a blob", &reply));
    }
    expect::header(&reply, "location").map(|_| ())
}

requirement! {
    /// The `Location` of a stored blob leads to the blob.
    ///
    /// ## Why Helm needs it
    /// It does not. Other clients read what they pushed at the place they were told.
    ///
    /// ## How it is checked
    /// A blob is uploaded. Where the 201 has a `Location` on the registry, GET of it must not be a 404.
    LOCATION_LEADS = "upload/location-leads-to-blob" {
        level: Should,
        title: "the `Location` of a stored blob leads to it",
        covers: ["REG-BLB-12"],
        sources: [DISTRIBUTION.says("post-then-put", "With `<blob-location>` being a pullable blob URL.")],
        breaks: [],
        faults: [BlobLocationLeadsNowhere],
        check: location_leads,
    }
}

async fn location_leads(session: &Session) -> CheckResult {
    let (stored, digest) = put(session, "led to").await?;
    if stored.status.as_u16() != 201 {
        return Err(obstacle("upload a blob", &stored));
    }
    // Whether the blob is there is not the question.
    session.get_blob(&digest).await?;
    let known = session.get_blob(&digest).await?;
    if known.status.as_u16() == 404 {
        return Err(obstacle("read the blob", &known));
    }
    let found = session.look_at_location(&stored).await?;
    expect::holds(
        found.status.as_u16() != 404,
        "the blob at its `Location`",
        format!("status {}", found.status),
        &[&stored, &found],
    )
}

requirement! {
    /// The 201 of an upload carries `Docker-Content-Digest`.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 parse it without looking whether it is there.
    ///
    /// ## How it is checked
    /// The header of the PUT's answer is read.
    PUT_DIGEST = "upload/put-carries-digest" {
        level: Must,
        title: "the 201 of a blob carries `Docker-Content-Digest`",
        covers: ["REG-BLB-13", "A22"],
        sources: [containerd("v1.6.6", "remotes/docker/pusher.go", "`Commit` parses the header unconditionally")],
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, "failed commit on ref \"unknown-{d}\": invalid content digest in response: invalid checksum digest format"),
        ],
        faults: [BlobPutWithoutDigest],
        check: put_digest,
    }
}

async fn put_digest(session: &Session) -> CheckResult {
    let (reply, _) = put(session, "digested").await?;
    if !reply.status.is_success() {
        return Err(obstacle("upload a blob", &reply));
    }
    expect::header(&reply, "docker-content-digest").map(|_| ())
}

requirement! {
    /// The digest in the answer to an upload is the digest in the request.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 compare them, letter by letter.
    ///
    /// ## How it is checked
    /// The header, where it is sent, is compared.
    PUT_TRUE_DIGEST = "upload/put-digest-is-true" {
        level: Must,
        title: "`Docker-Content-Digest` of a blob PUT is the digest that was sent",
        covers: ["REG-BLB-14", "C11"],
        sources: [
            DISTRIBUTION.says("post-then-put", "With `<blob-location>` being a pullable blob URL."),
            containerd("v1.6.6", "remotes/docker/pusher.go", "`Commit` compares the digest with the expected one"),
        ],
        specification: Silent,
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, "failed commit on ref \"unknown-{d}\": got digest {d}, expected {d}"),
        ],
        faults: [BlobPutWrongDigest],
        check: put_true_digest,
    }
}

async fn put_true_digest(session: &Session) -> CheckResult {
    let (reply, digest) = put(session, "truly digested").await?;
    if !reply.status.is_success() {
        return Err(obstacle("upload a blob", &reply));
    }
    expect::header_absent_or(&reply, "docker-content-digest", &digest)
}

requirement! {
    /// The digest of an upload is verified.
    ///
    /// ## Why Helm needs it
    /// Helm relies on the server: it does not read back what it pushed. A blob stored under a wrong digest
    /// makes a chart that nobody can pull.
    ///
    /// ## How it is checked
    /// A body is uploaded under the digest of another.
    VERIFIED = "upload/digest-verified" {
        level: Must,
        title: "a body that does not match its digest is refused",
        covers: ["REG-BLB-17", "B42"],
        sources: [DISTRIBUTION.says("post-then-put", "Likewise, the `<digest>` MUST match the blob's digest.")],
        breaks: [
            Break::when("for a chart damaged on its way", CONTAINERD, Flow::PULLS, "unexpected commit digest {d}, expected {d}: failed precondition"),
            Break::when("for a chart damaged on its way", ORAS, Flow::PULLS, "failed to perform \"Push\" on destination: mismatched digest"),
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
        succeeds_like_any_other(session, &put(session, "another right").await?.0).await?;
    }
    expect::refused(&reply)
}
