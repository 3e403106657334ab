//! Charts with fields that no Helm version writes yet, and digests of other algorithms.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use helm_oci_fixtures::digest::sha512;
use helm_oci_fixtures::media_type;
use serde_json::Value;

use super::super::referrers::{SIGNATURE, attach, referrers, with_referrers};
use super::super::upload::{content, succeeds_like_any_other};
use super::{KIND, descriptor, with_field};
use crate::requirement::requirement;
use crate::requirement::source::DISTRIBUTION;
use crate::session::expect;
use crate::session::steps::{Chart, obstacle};
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{CheckResult, Stop};

/// The tag of a manifest that no Helm version writes.
const TAG: &str = "1.0.0-next";

/// Pushes a variant of a chart manifest.
async fn put_variant(
    session: &Session,
    variant: impl Fn(&Bytes) -> Bytes,
) -> Result<(Chart, Reply), Stop> {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let reply = session.put_manifest(TAG, &variant(&chart.manifest)).await?;
    Ok((chart, reply))
}

/// Expects the registry to accept a variant of a chart manifest. If it rejects the original as well, the variant is not
/// the cause.
async fn takes(session: &Session, chart: &Chart, reply: &Reply) -> CheckResult {
    if reply.status.is_success() {
        return Ok(());
    }
    let ordinary = session.put_manifest("1.0.0", &chart.manifest).await?;
    if !ordinary.status.is_success() {
        return Err(obstacle("push an ordinary chart", &ordinary));
    }
    Err(expect::violated(
        "status 201, as for the manifest that Helm writes",
        format!("status {}", reply.status),
        &[reply, &ordinary],
    ))
}

fn with_artifact_type(manifest: &Bytes) -> Bytes {
    with_field(manifest, &format!("\"artifactType\":\"{KIND}\""))
}

requirement! {
    /// The registry accepts a chart manifest with `artifactType`.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it: no Helm version writes the field. The next chart format is recognised by this field.
    ///
    /// ## How it is checked
    /// The check pushes a chart manifest with the field. The PUT must return a 2xx if the manifest without the field
    /// is accepted.
    ARTIFACT_TYPE = "next/artifact-type-accepted" {
        level: May,
        title: "the registry accepts a manifest with `artifactType`",
        covers: ["C17"],
        sources: [DISTRIBUTION.states(
            "listing-referrers",
            "The descriptors MUST include an `artifactType` field that is set to the value of the `artifactType` in the image manifest or index, if present.",
        )],
        specification: Silent,
        breaks: [],
        faults: [RefusesArtifactTypes],
        check: artifact_type,
    }
}

async fn artifact_type(session: &Session) -> CheckResult {
    let (chart, reply) = put_variant(session, with_artifact_type).await?;
    takes(session, &chart, &reply).await
}

requirement! {
    /// The registry serves a manifest with its `artifactType`.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it: no Helm version reads the field. Clients that distinguish charts from other artifacts
    /// by the field need it.
    ///
    /// ## How it is checked
    /// If the registry accepts a manifest with the field, the check reads the manifest. The field must have the same
    /// value.
    ARTIFACT_TYPE_KEPT = "next/artifact-type-kept" {
        level: May,
        title: "the registry serves `artifactType` as it was pushed",
        covers: ["C17"],
        sources: [DISTRIBUTION.states(
            "pulling-manifests",
            "A GET request to an existing manifest URL MUST provide the expected manifest, with a response code that MUST be `200 OK`.",
        )],
        breaks: [],
        faults: [DropsArtifactTypes],
        check: artifact_type_kept,
    }
}

async fn artifact_type_kept(session: &Session) -> CheckResult {
    let (_, stored) = put_variant(session, with_artifact_type).await?;
    if !stored.status.is_success() {
        return Err(Stop::not_offered(
            "the registry does not accept `artifactType`",
            stored.status,
        ));
    }
    let reply = session.get_manifest(TAG).await?;
    let manifest: Option<Value> = serde_json::from_slice(&reply.body).ok();
    let Some(manifest) = manifest.filter(|one| one["config"].is_object()) else {
        return Err(obstacle("read a manifest with `artifactType`", &reply));
    };
    expect::holds(
        manifest["artifactType"] == KIND,
        format!("`\"artifactType\": \"{KIND}\"`"),
        format!("`\"artifactType\": {}`", manifest["artifactType"]),
        &[&stored, &reply],
    )
}

requirement! {
    /// The registry accepts a manifest with an empty config.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it: every Helm version writes a config. Signatures and other artifacts for a chart have
    /// none.
    ///
    /// ## How it is checked
    /// The check pushes a manifest with the layer of a chart and the empty config of the image-spec. The PUT must
    /// return a 2xx if the chart manifest itself is accepted.
    EMPTY_CONFIG = "next/empty-config-accepted" {
        level: May,
        title: "the registry accepts a manifest with an empty config",
        covers: ["REG-MAN-04"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests",
            "The uploaded manifest MUST reference any blobs that make up the object.",
        )],
        specification: Silent,
        breaks: [],
        faults: [RefusesEmptyConfigs],
        consequences: [RefusesArtifactTypes],
        check: empty_config,
    }
}

async fn empty_config(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let empty = Bytes::from_static(b"{}");
    session.arrange_blob(&empty).await?;
    let config = descriptor(media_type::EMPTY_JSON, &digest_of(&empty), &empty);
    let layer = descriptor(
        media_type::HELM_CHART,
        &chart.layer_digest(),
        &chart.package.archive,
    );
    let manifest = format!(
        "{{\"schemaVersion\":2,\"mediaType\":\"{}\",\"config\":{config},\"layers\":[{layer}]}}",
        media_type::OCI_MANIFEST
    );
    // The image-spec requires an artifact type with an empty config.
    let manifest = with_artifact_type(&Bytes::from(manifest));
    let reply = session.put_manifest(TAG, &manifest).await?;
    takes(session, &chart, &reply).await
}

requirement! {
    /// The registry accepts layers of any media type.
    ///
    /// ## Why Helm needs it
    /// Registries with a list of allowed types once rejected the provenance of charts, and will reject the next
    /// format.
    ///
    /// ## How it is checked
    /// The check pushes a chart manifest with an unknown media type for its layer. The PUT must return a 2xx if the
    /// chart manifest itself is accepted.
    ANY_LAYER = "next/any-layer-type" {
        level: May,
        title: "the registry accepts a layer of an unknown type",
        covers: ["REG-MAN-05", "A14"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests",
            "The uploaded manifest MUST reference any blobs that make up the object.",
        )],
        specification: Silent,
        breaks: [],
        faults: [RefusesUnknownLayers],
        check: any_layer,
    }
}

async fn any_layer(session: &Session) -> CheckResult {
    let (chart, reply) = put_variant(session, |manifest| {
        let text = String::from_utf8_lossy(manifest);
        Bytes::from(text.replace(media_type::HELM_CHART, KIND))
    })
    .await?;
    takes(session, &chart, &reply).await
}

requirement! {
    /// The registry accepts descriptors with embedded content.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it. A config in the manifest saves a request.
    ///
    /// ## How it is checked
    /// The check pushes a chart manifest with its config as `data` in the descriptor. The PUT must return a 2xx if
    /// the chart manifest itself is accepted.
    EMBEDDED_DATA = "next/embedded-data-accepted" {
        level: May,
        title: "the registry accepts a descriptor with `data`",
        covers: ["REG-PUL-25"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests",
            "The uploaded manifest MUST reference any blobs that make up the object.",
        )],
        specification: Silent,
        breaks: [],
        faults: [RefusesEmbeddedData],
        check: embedded_data,
    }
}

async fn embedded_data(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let data = BASE64_STANDARD.encode(&chart.package.config);
    let text = String::from_utf8_lossy(&chart.manifest);
    let with_data = format!("\"config\":{{\"data\":\"{data}\",");
    let manifest = Bytes::from(text.replacen("\"config\":{", &with_data, 1));
    let reply = session.put_manifest(TAG, &manifest).await?;
    takes(session, &chart, &reply).await
}

requirement! {
    /// The registry accepts a chart manifest with a `subject`.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it: no Helm version writes the field. A chart can belong to an application that is its
    /// subject.
    ///
    /// ## How it is checked
    /// The check pushes a chart manifest whose subject is the manifest of the same chart without the field, by
    /// digest. The PUT must return a 2xx if the chart manifest itself is accepted.
    SUBJECT = "next/subject-accepted" {
        level: May,
        title: "the registry accepts a chart with a `subject`",
        covers: ["REG-REF-01", "REG-REF-03"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests-with-subject",
            "When processing a request for an image manifest with the `subject` field, a registry implementation that supports the [referrers API](#listing-referrers) MUST respond with the response header `OCI-Subject: <subject digest>` to indicate to the client that the registry processed the request's `subject`.",
        )],
        specification: Silent,
        breaks: [],
        faults: [RefusesSubjects],
        check: subject,
    }
}

async fn subject(session: &Session) -> CheckResult {
    let (chart, reply) = put_variant(session, |manifest| {
        let subject = descriptor(media_type::OCI_MANIFEST, &digest_of(manifest), manifest);
        with_field(manifest, &format!("\"subject\":{subject}"))
    })
    .await?;
    takes(session, &chart, &reply).await
}

requirement! {
    /// The registry filters the list of referrers by artifact type.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it. A client that searches for the signatures of a chart need not read its other referrers.
    ///
    /// ## How it is checked
    /// If the registry has the referrers API, the check attaches an artifact and requests the referrers of another
    /// type. The response must have `OCI-Filters-Applied`.
    FILTER = "next/referrers-filtered" {
        level: May,
        title: "the registry filters referrers by type",
        covers: ["REG-REF-01", "C03"],
        sources: [DISTRIBUTION.states(
            "listing-referrers",
            "The registry SHOULD support filtering on `artifactType`.",
        )],
        breaks: [],
        faults: [ReferrersUnfiltered],
        check: filter,
    }
}

async fn filter(session: &Session) -> CheckResult {
    let chart = with_referrers(session).await?;
    // Some registries omit the header if the list is empty and needs no filter.
    attach(session, &chart, SIGNATURE).await?;
    let reply = referrers(session, &chart.digest, &format!("?artifactType={KIND}")).await?;
    if !reply.status.is_success() {
        return Err(obstacle("request the referrers of one type", &reply));
    }
    expect::header(&reply, "oci-filters-applied").map(|_| ())
}

requirement! {
    /// The registry accepts a blob with its sha512 digest.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it: every Helm version writes sha256.
    ///
    /// ## How it is checked
    /// The check uploads a blob with its sha512 digest. The PUT must return a 2xx.
    SHA512 = "next/sha512-digests" {
        level: May,
        title: "the registry accepts sha512 digests",
        covers: ["REG-BLB-17"],
        sources: [DISTRIBUTION.states(
            "post-then-put",
            "Upon successful completion of the request, the response MUST have code `201 Created` and MUST have the following header:",
        )],
        specification: Silent,
        breaks: [],
        faults: [RefusesSha512],
        check: by_sha512,
    }
}

async fn by_sha512(session: &Session) -> CheckResult {
    let blob = content(session, "by sha512");
    let location = session.arrange_upload().await?;
    let reply = session
        .complete_upload(&location, &sha512(&blob), &blob)
        .send()
        .await?;
    succeeds_like_any_other(session, &reply).await
}
