//! Charts as large as Helm takes them, up and down. They are made as they are sent and never held.

use bytes::Bytes;

use crate::checks::upload::{content, succeeds_like_any_other};
use crate::helm::era::{Break, CONTAINERD, CONTAINERD_SINCE_3_7, Flow, ORAS_WITHOUT_CAP};
use crate::requirement::requirement;
use crate::requirement::source::{helm, observed};
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::target::MEBIBYTE;
use crate::session::{Reply, Session};
use crate::verdict::{CheckResult, Stop};
use crate::wire::content::{Measured, Pattern};

requirement! {
    /// A chart of 36 MiB is pushed in one PUT, and pulled back whole.
    ///
    /// ## Why Helm needs it
    /// Every Helm sends a chart in one request, however large it is: charts with dependencies or files in them
    /// have some ten mebibytes. What stands in front of a registry often takes 1, 10 or 32 MiB.
    ///
    /// Helm 3.21.1 to 3.21.4 and 4.2.1 to 4.2.4 neither push nor pull more than 32 MiB themselves, whatever the registry
    /// does: `invalid descriptor size`. What the others print was seen with a chart of 39 MiB; where the end of one is missing,
    /// 3.7 to 3.12 say `failed to read expected number of bytes: unexpected EOF`, and 3.17 asks for the rest first:
    /// `failed to copy: httpReadSeeker: failed open`.
    ///
    /// ## How it is checked
    /// An ordinary blob is pushed and pulled, then one of 36 MiB; length and digest of what comes back are compared. A
    /// connection that closes each of three times, while the registry answers in between, is a refusal as well. The blob
    /// is made while it is sent, and measured while it is read. It has no time limit, as long as it gets on.
    OF_36_MEBIBYTES = "limits/chart-of-36-mebibytes" {
        level: Should,
        title: "a chart of 36 MiB goes up in one PUT and comes down whole",
        covers: ["REG-BLB-20", "B16"],
        sources: [observed("2.2", "one PUT with the whole blob, in any version; 36 MiB recorded")],
        breaks: [
            Break::when("for charts of this size", CONTAINERD, Flow::PUSHES, "failed commit on ref \"unknown-{d}\": unexpected status…: 413"),
            Break::when("for charts of this size", ORAS_WITHOUT_CAP, Flow::PUSHES, "failed to perform \"Push\" on destination: PUT \"{u}\": response status code 413"),
            Break::when("for charts of this size", CONTAINERD_SINCE_3_7, Flow::PULLS, "failed to …"),
            Break::when("for charts of this size", ORAS_WITHOUT_CAP, Flow::PULLS, "failed to perform \"Fetch\" on source: GET \"{url}/blobs/{d}\": mismatch Content-Length"),
        ],
        faults: [RefusesBlobsOver32Mebibytes, CutsBlobsAt32Mebibytes],
        consequences: [LimitsBodies],
        moves: 72,
        check: of_36_mebibytes,
    }
}

async fn of_36_mebibytes(session: &Session) -> CheckResult {
    goes_through(session, 36).await
}

requirement! {
    /// A chart of 100 MiB is pushed in one PUT, and pulled back whole.
    ///
    /// ## Why Helm needs it
    /// 100 MiB is what Helm 3.17.3 and later unpacks at most; nothing else in Helm limits a chart before that. Proxies
    /// and gateways have limits of their own, in size and in time.
    ///
    /// Helm 3.21.1 to 3.21.4 and 4.2.1 to 4.2.4 neither push nor pull more than 32 MiB themselves, whatever the registry
    /// does: `invalid descriptor size`.
    ///
    /// ## How it is checked
    /// As with 36 MiB.
    OF_100_MEBIBYTES = "limits/chart-of-100-mebibytes" {
        level: Should,
        title: "a chart of 100 MiB goes up in one PUT and comes down whole",
        covers: ["REG-BLB-20", "B16"],
        sources: [
            helm("v3.17.3", "pkg/chart/loader/archive.go:36", "unpacks 100 MiB at most, and checks no size of the archive"),
            observed("2.2", "one PUT with the whole blob, in any version; 36 MiB recorded"),
        ],
        breaks: [
            Break::when("for charts of this size", CONTAINERD, Flow::PUSHES, "failed commit on ref \"unknown-{d}\": unexpected status…: 413"),
            Break::when("for charts of this size", ORAS_WITHOUT_CAP, Flow::PUSHES, "failed to perform \"Push\" on destination: PUT \"{u}\": response status code 413"),
            Break::when("for charts of this size", CONTAINERD_SINCE_3_7, Flow::PULLS, "failed to …"),
            Break::when("for charts of this size", ORAS_WITHOUT_CAP, Flow::PULLS, "failed to perform \"Fetch\" on source: GET \"{url}/blobs/{d}\": mismatch Content-Length"),
        ],
        faults: [ClosesOnBlobsOver64Mebibytes],
        consequences: [RefusesBlobsOver32Mebibytes, CutsBlobsAt32Mebibytes, LimitsBodies],
        moves: 200,
        check: of_100_mebibytes,
    }
}

async fn of_100_mebibytes(session: &Session) -> CheckResult {
    goes_through(session, 100).await
}

/// Pushes a blob of so many mebibytes and pulls it, as it is done with an ordinary one before.
async fn goes_through(session: &Session, mebibytes: u64) -> CheckResult {
    ordinary_goes_through(session).await?;
    let blob = chart_of(mebibytes, session.target().mebibyte);
    let put = session.answered(|| push(session, &blob)).await?;
    let put = put.ok_or_else(|| expect::unanswered(session, "an answer to the PUT"))?;
    succeeds_like_any_other(session, &put).await?;
    let pull = || session.measure_blob(&blob);
    let read = session.answered(pull).await?;
    let read = read.ok_or_else(|| expect::unanswered(session, "the whole blob"))?;
    expect::status(&read, &[200])?;
    let came = read.measured.as_ref();
    let told = |length, digest: &str| format!("{length} bytes of {digest}");
    expect::holds(
        came.is_some_and(|came| came.digest == blob.digest()),
        format!("the {}", told(blob.length(), blob.digest())),
        came.map_or_else(String::new, |Measured { length, digest }| {
            told(*length, digest)
        }),
        &[&put, &read],
    )
}

/// The digests of the charts in their real size, which a run would take longer for than for all small checks.
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

/// The same chart in every run: what a registry has of it already changes nothing, for it is not asked.
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

/// Where not even that works, size is not to blame.
async fn ordinary_goes_through(session: &Session) -> CheckResult {
    let ordinary: Bytes = content(session, "of ordinary size");
    let digest = session.arrange_blob(&ordinary).await?;
    let read = session.get_blob_following(&digest).await?;
    if read.body == ordinary && read.status.is_success() {
        Ok(())
    } else {
        Err(obstacle("read an ordinary blob as it was pushed", &read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_digests_are_those_of_the_charts() {
        for (mebibytes, digest) in DIGESTS {
            let taken = Pattern::new(mebibytes, mebibytes * MEBIBYTE);
            assert_eq!(taken.digest(), digest, "{mebibytes} MiB");
        }
    }
}
