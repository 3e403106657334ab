//! The PUT that completes an upload.

use super::{content, upload_blob};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, ORAS, REFUSES_202};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, observed};
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
        fix: "Accept a PUT with `digest` and the whole body at the `Location` of the POST, without a PATCH before it, and return 201. Pulp does so since 2.16.",
        covers: ["REG-BLB-11", "REG-API-15", "A19"],
        sources: [
            DISTRIBUTION.states(
                "post-then-put",
                "Upon successful completion of the request, the response MUST have code `201 Created` and MUST have the following header: `Location: <blob-location>`",
            ),
            observed("2.2", "no PATCH, no chunked upload, in any version"),
        ],
        breaks: [
            Break::new(ALL, Flow::PUSHES, Symptom::BlobPut),
        ],
        faults: [RefusesMonolithicPut],
        shares: "blob",
        check: monolithic,
    }
}

async fn monolithic(session: &Session) -> CheckResult {
    let (reply, _) = upload_blob(session, "a blob").await?;
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
        fix: "Return 201 Created to the PUT that completes an upload, not 200, 202 or 204.",
        covers: ["REG-BLB-12", "B13"],
        sources: [DISTRIBUTION.states(
            "post-then-put",
            "Upon successful completion of the request, the response MUST have code `201 Created` and MUST have the following header: `Location: <blob-location>`",
        )],
        breaks: [
            Break::new(ORAS, Flow::PUSHES, Symptom::BlobPut),
        ],
        faults: [BlobPutAnswers200, BlobPutAnswers202, BlobPutAnswers204],
        shares: "blob",
        check: put_201,
    }
}

async fn put_201(session: &Session) -> CheckResult {
    let (reply, _) = upload_blob(session, "a blob").await?;
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
        fix: "Store the blob before the response to the PUT, and return 201. Start scans and copies after it, instead of returning 202.",
        covers: ["REG-BLB-12"],
        sources: [observed("7.6", "blob PUT 202: 3.2.4 fails, 3.6.2 to 3.10.1 accept, 3.12.0 to 3.17.4 fail")],
        breaks: [
            Break::new(REFUSES_202, Flow::PUSHES, Symptom::BlobPut),
        ],
        faults: [BlobPutAnswers202],
        shares: "blob",
        check: put_not_202,
    }
}

async fn put_not_202(session: &Session) -> CheckResult {
    let (reply, _) = upload_blob(session, "a blob").await?;
    expect::holds(
        reply.status.as_u16() != 202,
        "any status except 202",
        "status 202 Accepted",
        &[&reply],
    )
}

requirement! {
    /// The registry verifies the digest of an upload, and stores nothing if it is wrong.
    ///
    /// ## Why Helm needs it
    /// Helm relies on the registry: it does not read back what it pushed. A blob under a wrong digest makes a chart
    /// that nobody can pull.
    ///
    /// ## How it is checked
    /// The check uploads a body under the digest of another body, then reads the blob with that digest. The PUT must
    /// not succeed, and GET must not return a blob. `errors/refused-upload-says-why` judges the status of the refusal.
    VERIFIED = "upload/digest-verified" {
        level: Must,
        title: "the registry does not store a body under a digest that it does not have",
        fix: "Hash the body of the upload. If it does not have the digest of the request, discard it and return 400 with the code `DIGEST_INVALID`.",
        covers: ["REG-BLB-17", "B42"],
        sources: [
            DISTRIBUTION.states("post-then-put", "Here, `<digest>` is the digest of the blob being uploaded, and `<length>` is its size in bytes."),
            DISTRIBUTION.states("single-post", "Likewise, the `<digest>` MUST match the blob's digest."),
        ],
        breaks: [
            Break::when("for a chart damaged on its way", ALL, Flow::PULLS, Symptom::BlobAltered),
        ],
        faults: [AcceptsWrongDigests, StoresWrongDigests],
        shares: "additions" as Blobs,
        check: verified,
    }
}

async fn verified(session: &Session) -> CheckResult {
    session.arrange_blob(&content(session, "right")).await?;
    let digest = digest_of(&content(session, "promised"));
    let location = session.arrange_upload().await?;
    let put = session
        .complete_upload(&location, &digest, content(session, "delivered"))
        .send()
        .await?;
    let stored = session.get_blob(&digest).await?;
    expect::holds(
        !put.status.is_success() && !stored.status.is_success(),
        "a 4xx status, and no blob with that digest",
        format!(
            "status {} for the PUT, and {} for GET of the digest",
            put.status, stored.status
        ),
        &[&put, &stored],
    )
}
