//! Verification of manifests, reading them back, and manifests that do not exist.

use helm_oci_fixtures::media_type;
use http::Method;

use super::replaced;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{CONTAINERD, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, observed};
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Session, digest_of};
use crate::verdict::CheckResult;

requirement! {
    /// The registry serves a manifest to a client that accepts only the OCI manifest type.
    ///
    /// ## Why Helm needs it
    /// A push since Helm 3.18 reads the manifest back with exactly this `Accept`.
    ///
    /// ## How it is checked
    /// The check reads a manifest by digest with that header. The GET must succeed if one with a list of types does.
    SINGLE_ACCEPT = "manifests/single-accept" {
        level: Must,
        title: "`Accept: application/vnd.oci.image.manifest.v1+json` alone is enough",
        covers: ["REG-MAN-14", "A24"],
        sources: [observed("7.4", "T11: GET of the manifest by digest with `Accept: OM`")],
        breaks: [
            Break::new(ORAS, Flow::WRITES, Symptom::TagReadNotFound),
        ],
        faults: [RefusesOciManifestAccept],
        check: single_accept,
    }
}

async fn single_accept(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let path = session.manifest_path(&chart.digest);
    let single = session
        .call(Method::GET, &path)
        .accept(media_type::OCI_MANIFEST)
        .send()
        .await?;
    if single.status.is_success() {
        return Ok(());
    }
    let list = session.get_manifest(&chart.digest).await?;
    if !list.status.is_success() {
        return Err(obstacle("read the manifest with any `Accept`", &list));
    }
    Err(expect::violated(
        "status 200, as with a list of types",
        format!("status {}", single.status),
        &[&single, &list],
    ))
}

requirement! {
    /// A manifest pushed by digest is read back unchanged: its bytes, its media type and, if the header is present,
    /// its digest.
    ///
    /// ## Why Helm needs it
    /// A push since Helm 3.18 reads the manifest back before it tags it, and compares all three.
    ///
    /// ## How it is checked
    /// The check pushes a manifest by digest and reads it by digest with the `Accept` of that step. Body,
    /// `Content-Type` and `Docker-Content-Digest` must match the push.
    READ_BACK = "manifests/read-back-exact" {
        level: Must,
        title: "a manifest pushed by digest is read back unchanged",
        covers: ["REG-MAN-13", "REG-MAN-14", "A18", "A24", "A28"],
        sources: [observed("7.4", "T11: GET of the manifest by digest, then PUT of the bytes just read")],
        breaks: [
            Break::new(ORAS, Flow::WRITES, Symptom::TagReadLength),
        ],
        faults: [ReformatsManifests, ReformatsAndRehashesManifests, ManifestGetWrongDigest],
        consequences: [ServesManifestsAsJson, ServesManifestsAsOctetStream, ServesManifestsAsDocker, ServesManifestsWithoutType],
        check: read_back,
    }
}

async fn read_back(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    session
        .arrange_manifest(&chart.digest, &chart.manifest)
        .await?;
    // `consistency/manifest-readable-at-once` judges the first response by digest.
    session.head_manifest(&chart.digest).await?;
    let path = session.manifest_path(&chart.digest);
    let reply = session
        .call(Method::GET, &path)
        .accept(media_type::OCI_MANIFEST)
        .send()
        .await?;
    if reply.status.as_u16() != 200 {
        return Err(obstacle("read the manifest back", &reply));
    }
    expect::same_bytes(&reply, &chart.manifest)?;
    expect::media_type(&reply, media_type::OCI_MANIFEST)?;
    expect::header_absent_or(&reply, "docker-content-digest", &chart.digest)
}

requirement! {
    /// The registry returns 404 to HEAD of a tag that does not exist, or 405, from which Helm recovers.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 send HEAD for a tag before they push it. Any other status, except 200, ends the push.
    ///
    /// ## How it is checked
    /// The check sends HEAD for an absent tag in an existing repository. The response must be 404 or 405.
    /// `pull/absent-tag-is-404` judges a 200.
    ABSENT_TAG = "manifests/absent-tag-is-404" {
        level: Must,
        title: "HEAD of an absent tag is not refused",
        covers: ["REG-MAN-18", "A20"],
        sources: [DISTRIBUTION.states(
            "checking-if-content-exists-in-the-registry",
            "If the blob or manifest is not found in the repository, the response code MUST be `404 Not Found`.",
        )],
        breaks: [
            Break::new(CONTAINERD, Flow::FIRST_PUSHES, Symptom::ManifestHead),
        ],
        faults: [HeadAbsentTagForbidden],
        consequences: [AbsentManifestFails],
        check: absent_tag,
    }
}

async fn absent_tag(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let path = session.manifest_path("9.9.9");
    let accept = "application/vnd.oci.image.manifest.v1+json, */*";
    let reply = session
        .call(Method::HEAD, &path)
        .accept(accept)
        .send()
        .await?;
    // `pull/absent-tag-is-404` judges a 200: Helm continues with the push.
    expect::status(&reply, &[404, 405, 200])
}

requirement! {
    /// The registry returns 404 to HEAD of a manifest digest that does not exist.
    ///
    /// ## Why Helm needs it
    /// It is the first request of every push since Helm 3.18.
    ///
    /// ## How it is checked
    /// The check sends HEAD for a random digest in an existing repository. The response must be 404.
    ABSENT_DIGEST = "manifests/absent-digest-is-404" {
        level: Must,
        title: "HEAD of an absent manifest digest returns 404",
        covers: ["REG-MAN-19", "A01", "A20"],
        sources: [DISTRIBUTION.states(
            "checking-if-content-exists-in-the-registry",
            "If the blob or manifest is not found in the repository, the response code MUST be `404 Not Found`.",
        )],
        breaks: [
            Break::new(ORAS, Flow::PUSHES, Symptom::ManifestHead),
        ],
        faults: [HeadAbsentDigestNotAllowed, HeadAbsentDigestUnauthorized],
        consequences: [AbsentManifestIsHtml, AbsentManifestFails],
        check: absent_digest,
    }
}

async fn absent_digest(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let path = session.manifest_path(&digest_of(b"no such manifest"));
    let reply = session
        .call(Method::HEAD, &path)
        .accept(crate::session::steps::ACCEPT_ORAS)
        .send()
        .await?;
    expect::status(&reply, &[404])
}

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
        title: "a manifest whose blobs are missing is refused",
        covers: ["REG-MAN-22", "C08"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests",
            "The uploaded manifest MUST reference any blobs that make up the object.",
        )],
        specification: Silent,
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
        title: "a manifest under a digest that is not its own is refused",
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
