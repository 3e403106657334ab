//! Reading back a manifest that was pushed by digest.

use helm_oci_fixtures::media_type;
use http::Method;

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::ORAS;
use crate::requirement::requirement;
use crate::requirement::source::observed;
use crate::session::Session;
use crate::session::expect;
use crate::session::steps::obstacle;
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
        title: "the registry serves a manifest for `Accept: application/vnd.oci.image.manifest.v1+json` alone",
        fix: "Return the manifest with 200 to GET whose `Accept` lists only `application/vnd.oci.image.manifest.v1+json`. Do not require a Docker type or `*/*` in the header.",
        covers: ["REG-MAN-14", "A24"],
        sources: [observed("7.4", "T11: GET of the manifest by digest with `Accept: OM`")],
        breaks: [
            Break::new(ORAS, Flow::WRITES, Symptom::TagReadNotFound),
        ],
        faults: [RefusesOciManifestAccept],
        shares: "chart",
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
        title: "the registry serves a manifest pushed by digest unchanged",
        fix: "Return to GET by digest the bytes of the push, its media type as `Content-Type`, and the digest of these bytes as `Docker-Content-Digest`.",
        covers: ["REG-MAN-13", "REG-MAN-14", "A18", "A24", "A28"],
        sources: [observed("7.4", "T11: GET of the manifest by digest, then PUT of the bytes just read")],
        breaks: [
            Break::new(ORAS, Flow::WRITES, Symptom::TagReadLength),
        ],
        faults: [ReformatsManifests, ReformatsAndRehashesManifests, ManifestGetWrongDigest],
        consequences: [ServesManifestsAsJson, ServesManifestsAsOctetStream, ServesManifestsAsDocker, ServesManifestsWithoutType],
        shares: "digest",
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
