//! HEAD of a blob, the first request of an upload.

use super::content;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, CONTAINERD, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, oras_go};
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{CheckResult, Stop};

requirement! {
    /// The registry returns 404 to HEAD of a blob that does not exist.
    ///
    /// ## Why Helm needs it
    /// Every Helm version sends HEAD for each blob before it uploads it. 404 means that the blob must be uploaded;
    /// any other status except 200 ends the push.
    ///
    /// ## How it is checked
    /// The check sends HEAD for a random digest in an existing repository. The response must be 404.
    ABSENT = "upload/absent-blob-is-404" {
        level: Must,
        title: "HEAD of an absent blob returns 404",
        fix: "Return 404, without a body, to HEAD of a blob that the repository does not have. Check that the route accepts HEAD, and that a client that may push does not get 403.",
        covers: ["REG-BLB-01", "A20", "B45"],
        sources: [DISTRIBUTION.states(
            "checking-if-content-exists-in-the-registry",
            "If the blob or manifest is not found in the repository, the response code MUST be `404 Not Found`.",
        )],
        breaks: [
            Break::new(ALL, Flow::PUSHES, Symptom::BlobHead),
        ],
        faults: [HeadBlobForbidden, HeadBlobNotAllowed, HeadBlobFails, ReportsAbsentBlobs],
        shares: "blob",
        check: absent,
    }
}

async fn absent(session: &Session) -> CheckResult {
    session.arrange_blob(&content(session, "a blob")).await?;
    let reply = session
        .head_blob(&digest_of(&content(session, "absent")))
        .await?;
    expect::status(&reply, &[404])
}

requirement! {
    /// The registry returns 200 to HEAD of an existing blob.
    ///
    /// ## Why Helm needs it
    /// After a 404, Helm uploads the blob again with every push.
    ///
    /// ## How it is checked
    /// The check uploads a blob and sends HEAD for it. The response must not be 404. `upload/present-blob-answered`
    /// judges a refusal.
    FOUND = "upload/present-blob-is-found" {
        level: Should,
        title: "HEAD of an existing blob does not return 404",
        fix: "Return 200 to HEAD of a blob that the repository has. Check for a cached 404 from before the upload.",
        covers: ["REG-BLB-01"],
        sources: [DISTRIBUTION.states(
            "checking-if-content-exists-in-the-registry",
            "A HEAD request to an existing blob or manifest URL MUST return `200 OK`.",
        )],
        breaks: [],
        faults: [HidesPresentBlobs],
        shares: "blob",
        check: found,
    }
}

async fn found(session: &Session) -> CheckResult {
    let digest = session.arrange_blob(&content(session, "a blob")).await?;
    // `consistency/blob-readable-at-once` judges the first response after an upload.
    session.head_blob(&digest).await?;
    let reply = session.head_blob(&digest).await?;
    expect::holds(
        reply.status.as_u16() != 404,
        "status 200",
        format!("status {}", reply.status),
        &[&reply],
    )
}

requirement! {
    /// The registry does not refuse HEAD of an existing blob.
    ///
    /// ## Why Helm needs it
    /// A status other than 200 and 404 ends the push of a chart if one of its blobs exists already.
    ///
    /// ## How it is checked
    /// The check uploads a blob and sends HEAD for it. The response must be 200, a redirect or 404.
    PRESENT = "upload/present-blob-answered" {
        level: Must,
        title: "the registry does not refuse HEAD of an existing blob",
        fix: "Return 200 to HEAD of a blob that GET returns. Add HEAD to the route of GET, and to the methods that a front end allows.",
        covers: ["REG-BLB-01", "A20"],
        sources: [DISTRIBUTION.states(
            "checking-if-content-exists-in-the-registry",
            "A HEAD request to an existing blob or manifest URL MUST return `200 OK`.",
        )],
        breaks: [
            Break::new(CONTAINERD, Flow::WRITES, Symptom::BlobHead),
            Break::new(ORAS, Flow::PUSHES, Symptom::BlobHead),
        ],
        faults: [HeadBlobNotAllowed],
        shares: "blob",
        check: present,
    }
}

async fn present(session: &Session) -> CheckResult {
    let digest = session.arrange_blob(&content(session, "a blob")).await?;
    let reply = session.head_blob(&digest).await?;
    // `origins/redirected-head-works` judges the target of a redirect.
    if reply.uri.path() != session.blob_path(&digest) && !reply.status.is_success() {
        return Err(obstacle("follow the redirect of HEAD to a blob", &reply));
    }
    expect::status(&reply, &[200, 301, 302, 303, 307, 308, 404])
}

requirement! {
    /// The response to HEAD of a blob has a `Content-Length` header.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later reject a response without a length. That ends the push of a chart if one of its blobs
    /// exists already.
    ///
    /// ## How it is checked
    /// The check uploads a blob and sends HEAD for it. The response must have the header.
    LENGTH = "upload/present-blob-has-length" {
        level: Must,
        title: "HEAD of an existing blob returns `Content-Length`",
        fix: "Send the size of the blob as `Content-Length` of HEAD, as for GET. Check whether a proxy removes it.",
        covers: ["REG-BLB-02", "A21"],
        sources: [
            DISTRIBUTION.states(
                "checking-if-content-exists-in-the-registry",
                "A successful response SHOULD contain the size in bytes of the uploaded blob in the header `Content-Length`.",
            ),
            oras_go("v2.6.0", "registry/remote/repository.go", "rejects a response to HEAD without a length"),
        ],
        breaks: [
            Break::new(ORAS, &[Flow::PushChanged], Symptom::BlobHeadWithoutLength),
        ],
        faults: [HeadBlobWithoutLength],
        shares: "blob",
        check: length,
    }
}

/// Uploads a blob and sends HEAD for it; returns its size and the response.
async fn head_of_blob(session: &Session, what: &str) -> Result<(usize, Reply), Stop> {
    let blob = content(session, what);
    let digest = session.arrange_blob(&blob).await?;
    let reply = session.head_blob(&digest).await?;
    if reply.status.as_u16() == 200 {
        Ok((blob.len(), reply))
    } else {
        Err(obstacle("find the blob with HEAD", &reply))
    }
}

async fn length(session: &Session) -> CheckResult {
    let (_, reply) = head_of_blob(session, "a blob").await?;
    expect::header(&reply, "content-length").map(|_| ())
}

requirement! {
    /// The `Content-Length` in the response to HEAD of a blob is the blob's size.
    ///
    /// ## Why Helm needs it
    /// No Helm version compares it: a push only looks whether the blob exists. Other clients allocate and compare by it.
    ///
    /// ## How it is checked
    /// The check uploads a blob and sends HEAD for it. The header, if present, must be the size of the blob.
    TRUE_LENGTH = "upload/present-blob-length-is-true" {
        level: Should,
        title: "`Content-Length` from HEAD of a blob is the blob's size",
        fix: "Send the size of the stored blob as `Content-Length` of HEAD, the same number as for GET.",
        covers: ["REG-BLB-02", "A23"],
        sources: [DISTRIBUTION.states(
            "checking-if-content-exists-in-the-registry",
            "A successful response SHOULD contain the size in bytes of the uploaded blob in the header `Content-Length`.",
        )],
        breaks: [],
        faults: [HeadBlobWrongLength],
        shares: "blob",
        check: true_length,
    }
}

async fn true_length(session: &Session) -> CheckResult {
    let (size, reply) = head_of_blob(session, "a blob").await?;
    expect::header_absent_or(&reply, "content-length", &size.to_string())
}
