//! Uploads and downloads of the largest charts that Helm accepts. They are generated during the upload, never held.

use bytes::Bytes;

use crate::checks::upload::{content, succeeds_like_any_other};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{CONTAINERD_SINCE_3_7, ORAS_WITHOUT_CAP, WITHOUT_CAP};
use crate::requirement::requirement;
use crate::requirement::source::{helm, observed};
use crate::session::steps::obstacle;
use crate::session::target::MEBIBYTE;
use crate::session::{Reply, Session, expect};
use crate::verdict::{CheckResult, Stop};
use crate::wire::Measured;
use crate::wire::content::Pattern;

requirement! {
    /// The registry accepts a chart of 36 MiB in one PUT and returns all of it.
    ///
    /// ## Why Helm needs it
    /// Every Helm version sends a chart in one request, whatever its size: charts that contain dependencies or files
    /// have some ten mebibytes. Proxies in front of a registry often accept 1, 10 or 32 MiB.
    ///
    /// Helm 3.21.1 to 3.21.4 and 4.2.1 to 4.2.4 neither push nor pull more than 32 MiB themselves, whatever the
    /// registry does: `invalid descriptor size`. The messages of the others were observed with a chart of 39 MiB. If
    /// the end of a chart is missing, Helm 3.7 to 3.12 print `failed to read expected number of bytes: unexpected
    /// EOF`, and Helm 3.17 requests the rest first: `failed to copy: httpReadSeeker: failed open`.
    ///
    /// ## How it is checked
    /// The check pushes and pulls an ordinary blob, then one of 36 MiB, and compares the length and the digest of the
    /// result. If the connection closes three times while the registry responds to other requests, this is a
    /// violation as well. The blob is generated during the upload and hashed during the download. There is no time
    /// limit as long as bytes are transferred.
    OF_36_MEBIBYTES = "limits/chart-of-36-mebibytes" {
        level: Should,
        title: "a chart of 36 MiB can be pushed in one PUT and pulled",
        fix: "Raise the limits on size and duration of requests in every proxy, and write the body to storage as it arrives. Return 201 only after length and digest are verified.",
        covers: ["REG-BLB-20", "B16"],
        sources: [observed("2.2", "one PUT with the whole blob, in any version; 36 MiB recorded")],
        breaks: [
            Break::when("for charts of this size", WITHOUT_CAP, Flow::PUSHES, Symptom::BlobPut),
            Break::when("for charts of this size", CONTAINERD_SINCE_3_7, Flow::PULLS, Symptom::LargeBlobCut),
            Break::when("for charts of this size", ORAS_WITHOUT_CAP, Flow::PULLS, Symptom::LargeBlobCut),
        ],
        faults: [RefusesBlobsOver32Mebibytes, CutsBlobsAt32Mebibytes],
        consequences: [
            LimitsBodies, LimitsBodiesTo1Kilobyte, LimitsBodiesTo16Kilobytes, AltersBlobsOver600Bytes,
            AltersBlobsOver1Kilobyte, AltersBlobsOver16Kilobytes, TruncatesBlobsAt600Bytes,
            TruncatesBlobsAt1Kilobyte, TruncatesBlobsAt16Kilobytes,
        ],
        mebibytes: 72,
        check: of_36_mebibytes,
    }
}

async fn of_36_mebibytes(session: &Session) -> CheckResult {
    round_trip(session, 36).await
}

requirement! {
    /// The registry accepts a chart of 100 MiB in one PUT and returns all of it.
    ///
    /// ## Why Helm needs it
    /// Helm 3.17.3 and later unpack at most 100 MiB; nothing else in Helm limits a chart before that. Proxies and
    /// gateways have their own limits on size and time.
    ///
    /// Helm 3.21.1 to 3.21.4 and 4.2.1 to 4.2.4 neither push nor pull more than 32 MiB themselves, whatever the
    /// registry does: `invalid descriptor size`.
    ///
    /// ## How it is checked
    /// As for the chart of 36 MiB.
    OF_100_MEBIBYTES = "limits/chart-of-100-mebibytes" {
        level: Should,
        title: "a chart of 100 MiB can be pushed in one PUT and pulled",
        fix: "Accept a body of 100 MiB in one PUT: raise the limits on size and time in every proxy and gateway. Return 413 with a reason instead of closing the connection.",
        covers: ["REG-BLB-20", "B16"],
        sources: [
            helm("v3.17.3", "pkg/chart/loader/archive.go:36", "unpacks 100 MiB at most, and checks no size of the archive"),
            observed("2.2", "one PUT with the whole blob, in any version; 36 MiB recorded"),
        ],
        breaks: [
            Break::when("for charts of this size", WITHOUT_CAP, Flow::PUSHES, Symptom::BlobPut),
            Break::when("for charts of this size", CONTAINERD_SINCE_3_7, Flow::PULLS, Symptom::LargeBlobCut),
            Break::when("for charts of this size", ORAS_WITHOUT_CAP, Flow::PULLS, Symptom::LargeBlobCut),
        ],
        faults: [ClosesOnBlobsOver64Mebibytes],
        consequences: [
            RefusesBlobsOver32Mebibytes, CutsBlobsAt32Mebibytes, LimitsBodies, LimitsBodiesTo1Kilobyte,
            LimitsBodiesTo16Kilobytes, AltersBlobsOver600Bytes, AltersBlobsOver1Kilobyte,
            AltersBlobsOver16Kilobytes, TruncatesBlobsAt600Bytes, TruncatesBlobsAt1Kilobyte,
            TruncatesBlobsAt16Kilobytes,
        ],
        mebibytes: 200,
        check: of_100_mebibytes,
    }
}

async fn of_100_mebibytes(session: &Session) -> CheckResult {
    round_trip(session, 100).await
}

/// Pushes and pulls an ordinary blob, then one of `mebibytes`, and expects it unchanged.
async fn round_trip(session: &Session, mebibytes: u64) -> CheckResult {
    ordinary_round_trip(session).await?;
    let blob = chart_of(mebibytes, session.target().mebibyte);
    let put = session.response_or_close(|| push(session, &blob)).await?;
    let put = put.ok_or_else(|| expect::connection_closed(session, "a response to the PUT"))?;
    succeeds_like_any_other(session, &put).await?;
    let pull = || session.measure_blob(&blob);
    let read = session.response_or_close(pull).await?;
    let read = read.ok_or_else(|| expect::connection_closed(session, "the whole blob"))?;
    expect::status(&read, &[200])?;
    let came = read.measured.as_ref();
    let text = |length, digest: &str| format!("{length} bytes with the digest {digest}");
    expect::holds(
        came.is_some_and(|came| came.digest == blob.digest()),
        text(blob.length(), blob.digest()),
        came.map_or_else(String::new, |Measured { length, digest }| {
            text(*length, digest)
        }),
        &[&put, &read],
    )
}

/// The digests of the charts in their real size: to compute them takes longer than all small checks.
const DIGESTS: [(u64, &str); 2] = [
    (
        36,
        "sha256:d5d1976ba56fd133537de26b4f448202e0d1c6dc2eb23571ad50913b9c09cfd7",
    ),
    (
        100,
        "sha256:9126f81a9e4eca9c6356af513ea64eb2df3d23211615344e5fb672dd84065628",
    ),
];

/// The same chart in every run. The check never asks whether the registry has the blob, so an earlier run has no effect.
fn chart_of(mebibytes: u64, mebibyte: u64) -> Pattern {
    let length = mebibytes * mebibyte;
    let known = DIGESTS.iter().find(|(size, _)| *size == mebibytes);
    match known.filter(|_| mebibyte == MEBIBYTE) {
        Some((_, digest)) => Pattern::known(mebibytes, length, digest),
        None => Pattern::new(mebibytes, length),
    }
}

async fn push(session: &Session, blob: &Pattern) -> Result<Reply, Stop> {
    let location = session.arrange_upload().await?;
    let put = session.complete_upload(&location, blob.digest(), blob);
    put.send().await
}

/// Pushes and pulls an ordinary blob: if this fails, the size is not the cause.
async fn ordinary_round_trip(session: &Session) -> CheckResult {
    let ordinary: Bytes = content(session, "of ordinary size");
    let digest = session.arrange_blob(&ordinary).await?;
    let read = session.get_blob_following(&digest).await?;
    if read.body == ordinary && read.status.is_success() {
        Ok(())
    } else {
        Err(obstacle("read an ordinary blob unchanged", &read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_digests_are_those_of_the_charts() {
        for (mebibytes, digest) in DIGESTS {
            let generated = Pattern::new(mebibytes, mebibytes * MEBIBYTE);
            assert_eq!(generated.digest(), digest, "{mebibytes} MiB");
        }
    }
}
