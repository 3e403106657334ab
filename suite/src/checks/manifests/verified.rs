//! Manifests that a registry has to refuse.

use super::replaced;
use crate::requirement::requirement;
use crate::requirement::source::DISTRIBUTION;
use crate::session::expect;
use crate::session::{Session, digest_of};
use crate::verdict::CheckResult;

requirement! {
    /// The registry returns a 4xx status to the push of a manifest whose blobs are missing.
    ///
    /// ## Why Helm needs it
    /// If the registry accepts the manifest, the push reports success and every pull fails. A 5xx status blames the
    /// registry for a push that lost a blob.
    ///
    /// ## How it is checked
    /// The check pushes a manifest with a layer that was never uploaded. The response must be a 4xx.
    MISSING_BLOBS = "manifests/missing-blobs-refused" {
        level: Should,
        title: "the push of a manifest whose blobs are missing returns a 4xx status",
        fix: "Look up the config and every layer in the repository before the manifest is stored, and return a 4xx with the code `MANIFEST_BLOB_UNKNOWN` if one is missing.",
        covers: ["REG-MAN-22", "C08"],
        sources: [
            DISTRIBUTION.states("push", "A registry MAY reject a manifest uploaded to the manifest endpoint with descriptors in other fields that reference a manifest or blob that does not exist in the registry. When a manifest is rejected for this reason, it MUST result in one or more `MANIFEST_BLOB_UNKNOWN` errors"),
        ],
        specification: May,
        breaks: [],
        faults: [AcceptsMissingBlobs],
        shares: "additions" as Blobs,
        check: missing_blobs,
    }
}

async fn missing_blobs(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    session.arrange_manifest("1.0.0", &chart.manifest).await?;
    let absent = digest_of(b"a layer that was never uploaded");
    let manifest = replaced(&chart.manifest, &chart.layer_digest(), &absent);
    expect::refused(&session.put_manifest("1.0.1-missing", &manifest).await?)
}

requirement! {
    /// The registry refuses a manifest pushed under the digest of other bytes.
    ///
    /// ## Why Helm needs it
    /// No ordinary flow depends on it: Helm pushes a manifest under its own digest. Users pin digests, and a registry
    /// that stores any bytes under any digest makes a pin worthless.
    ///
    /// ## How it is checked
    /// The check pushes a manifest under the digest of other bytes. The PUT must not succeed.
    FOREIGN_DIGEST = "manifests/wrong-digest-refused" {
        level: Should,
        title: "the registry refuses a manifest under the digest of other bytes",
        fix: "Hash the body of a PUT by digest, and return 400 with the code `DIGEST_INVALID` if it does not have the digest in the URL.",
        covers: ["C09"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests",
            "The Docker-Content-Digest header returns the canonical digest of the uploaded blob, and MUST be equal to the client provided digest.",
        )],
        breaks: [],
        faults: [AcceptsForeignDigests],
        shares: "additions" as Blobs,
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
