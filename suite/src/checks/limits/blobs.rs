//! The size of blobs.

use bytes::Bytes;

use crate::checks::upload::{content, put_blob, succeeds_like_any_other};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::ALL;
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, observed};
use crate::session::{Session, digest_of};
use crate::verdict::CheckResult;
use crate::wire::content::Pattern;

requirement! {
    /// The registry accepts a blob of 5 MiB in one PUT.
    ///
    /// ## Why Helm needs it
    /// Every Helm version sends a chart in one request. A proxy with its default limit on bodies rejects charts that
    /// contain their dependencies.
    ///
    /// ## How it is checked
    /// The check uploads a small blob, then one of 5 MiB. The PUT must return a 2xx.
    LARGE_BLOB = "limits/five-mebibyte-blob" {
        level: Must,
        title: "the registry accepts a blob of 5 MiB in one PUT",
        fix: "Raise the limit on request bodies in every proxy above the largest chart: nginx rejects 5 MiB with its default. Return 201 to one PUT of 5 MiB.",
        covers: ["REG-BLB-20", "B16"],
        sources: [observed("2.2", "one PUT with the whole blob, in any version; 36 MiB recorded")],
        breaks: [
            Break::when("for large charts", ALL, Flow::PUSHES, Symptom::BlobPut),
        ],
        faults: [LimitsBodies],
        consequences: [LimitsBodiesTo1Kilobyte, LimitsBodiesTo16Kilobytes],
        shares: "additions" as Blobs,
        check: large_blob,
    }
}

async fn large_blob(session: &Session) -> CheckResult {
    session.arrange_blob(&content(session, "small")).await?;
    let blob = Pattern::new(session.seed(), 5 * session.target().mebibyte);
    let location = session.arrange_upload().await?;
    let reply = session
        .complete_upload(&location, blob.digest(), &blob)
        .send()
        .await?;
    succeeds_like_any_other(session, &reply).await
}

requirement! {
    /// The registry accepts a blob of any size and content, however small it is.
    ///
    /// ## Why Helm needs it
    /// The config of a chart has a few hundred bytes; other OCI tools write `{}`.
    ///
    /// ## How it is checked
    /// The check uploads the two bytes `{}`. The PUT must return a 2xx.
    TINY = "limits/two-byte-blob" {
        level: Must,
        title: "the registry accepts a blob of two bytes",
        fix: "Accept a blob of any length from one byte on, whatever it contains. Remove the minimum size.",
        covers: ["REG-BLB-22"],
        sources: [observed("7.2", "configs of 141 bytes; the specification has no minimum size")],
        breaks: [
            Break::when("for small configs", ALL, Flow::PUSHES, Symptom::BlobPut),
        ],
        faults: [RefusesTinyBlobs],
        shares: "additions" as Blobs,
        check: tiny,
    }
}

async fn tiny(session: &Session) -> CheckResult {
    session
        .arrange_blob(&content(session, "of ordinary size"))
        .await?;
    let blob = Bytes::from_static(b"{}");
    let (reply, _) = put_blob(session, &blob).await?;
    succeeds_like_any_other(session, &reply).await
}

requirement! {
    /// The registry accepts a blob without content.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it. The `artifacthub.io` tag of a chart repository has an empty config, and so have other
    /// artifacts.
    ///
    /// ## How it is checked
    /// The check uploads a blob of no bytes. The PUT must return a 2xx.
    EMPTY = "limits/empty-blob" {
        level: Should,
        title: "the registry accepts a blob without content",
        fix: "Accept a PUT with `Content-Length: 0` and the digest of no bytes, `sha256:e3b0c442…`, and return 201.",
        covers: ["REG-BLB-22"],
        sources: [DISTRIBUTION.states(
            "post-then-put",
            "Here, `<digest>` is the digest of the blob being uploaded, and `<length>` is its size in bytes.",
        )],
        breaks: [],
        faults: [RefusesEmptyBlobs],
        shares: "additions" as Blobs,
        check: empty,
    }
}

async fn empty(session: &Session) -> CheckResult {
    session
        .arrange_blob(&content(session, "of ordinary size"))
        .await?;
    let digest = digest_of(b"");
    let location = session.arrange_upload().await?;
    let put = session.complete_upload(&location, &digest, Bytes::new());
    succeeds_like_any_other(session, &put.send().await?).await
}
