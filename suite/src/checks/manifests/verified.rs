//! Manifests that a registry has to refuse.

use super::replaced;
use crate::requirement::requirement;
use crate::requirement::source::DISTRIBUTION;
use crate::session::expect;
use crate::session::{Session, digest_of};
use crate::verdict::CheckResult;

requirement! {
    /// The registry refuses a manifest whose blobs are missing.
    ///
    /// ## Why Helm needs it
    /// Helm does not notice: the push reports success, and every pull fails.
    ///
    /// ## How it is checked
    /// The check pushes a manifest with a layer that was never uploaded. The response must be a 4xx.
    MISSING_BLOBS = "manifests/missing-blobs-refused" {
        level: Should,
        title: "the registry refuses a manifest whose blobs are missing",
        covers: ["REG-MAN-22", "C08"],
        sources: [
            DISTRIBUTION.states("push", "A registry MAY reject a manifest uploaded to the manifest endpoint with descriptors in other fields that reference a manifest or blob that does not exist in the registry."),
        ],
        breaks: [],
        faults: [AcceptsMissingBlobs],
        check: missing_blobs,
    }
}

async fn missing_blobs(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    session.arrange_manifest("1.0.0", &chart.manifest).await?;
    let absent = digest_of(b"a layer that was never uploaded");
    let manifest = replaced(&chart.manifest, &chart.layer_digest(), &absent);
    expect::refused(&session.put_manifest("1.0.1", &manifest).await?)
}

requirement! {
    /// The registry refuses a manifest pushed under the digest of other bytes.
    ///
    /// ## Why Helm needs it
    /// Users pin digests. If a registry stores any bytes under any digest, a pin is worthless.
    ///
    /// ## How it is checked
    /// The check pushes a manifest under the digest of other bytes. The PUT must not succeed.
    FOREIGN_DIGEST = "manifests/wrong-digest-refused" {
        level: Must,
        title: "the registry refuses a manifest under the digest of other bytes",
        covers: ["C09"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests",
            "The Docker-Content-Digest header returns the canonical digest of the uploaded blob, and MUST be equal to the client provided digest.",
        )],
        breaks: [],
        faults: [AcceptsForeignDigests],
        check: foreign_digest,
    }
}

async fn foreign_digest(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let reply = session
        .put_manifest(&digest_of(b"other bytes"), &chart.manifest)
        .await?;
    expect::holds(
        !reply.status.is_success(),
        "a 4xx status",
        format!("status {}", reply.status),
        &[&reply],
    )
}
