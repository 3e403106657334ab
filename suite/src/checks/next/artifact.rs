//! Charts with fields that no Helm writes yet, and digests of other algorithms.

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

/// The tag of a manifest that no Helm writes.
const TAG: &str = "1.0.0-next";

/// Pushes a variant of a chart's manifest.
async fn put_variant(
    session: &Session,
    variant: impl Fn(&Bytes) -> Bytes,
) -> Result<(Chart, Reply), Stop> {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let reply = session.put_manifest(TAG, &variant(&chart.manifest)).await?;
    Ok((chart, reply))
}

/// Expects a variant of a chart's manifest to be taken. Where the manifest itself is not, the variant is not to blame.
async fn takes(session: &Session, chart: &Chart, reply: &Reply) -> CheckResult {
    if reply.status.is_success() {
        return Ok(());
    }
    let ordinary = session.put_manifest("1.0.0", &chart.manifest).await?;
    if !ordinary.status.is_success() {
        return Err(obstacle("push an ordinary chart", &ordinary));
    }
    Err(expect::violated(
        "201, as for the chart as Helm writes it",
        format!("status {}", reply.status),
        &[reply, &ordinary],
    ))
}

fn with_artifact_type(manifest: &Bytes) -> Bytes {
    with_field(manifest, &format!("\"artifactType\":\"{KIND}\""))
}

requirement! {
    /// A chart's manifest with `artifactType` is accepted.
    ///
    /// ## Why Helm needs it
    /// It does not: no Helm writes the field. The next format of charts is told by it.
    ///
    /// ## How it is checked
    /// A chart is pushed with the field, and if that is refused, without it.
    ARTIFACT_TYPE = "next/artifact-type-accepted" {
        level: May,
        title: "a manifest with `artifactType` is accepted",
        covers: ["C17"],
        sources: [DISTRIBUTION.says(
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
    /// The `artifactType` of a manifest is served with it.
    ///
    /// ## Why Helm needs it
    /// It does not: no Helm reads the field. What tells charts from other artifacts must come back.
    ///
    /// ## How it is checked
    /// Only where a manifest with the field is taken: it is read, and the field looked for.
    ARTIFACT_TYPE_KEPT = "next/artifact-type-kept" {
        level: May,
        title: "`artifactType` is served as it was pushed",
        covers: ["C17"],
        sources: [DISTRIBUTION.says(
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
        return Err(Stop::NotApplicable(format!(
            "the registry takes no `artifactType`: it answers {}",
            stored.status
        )));
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
    /// A manifest with an empty config is accepted.
    ///
    /// ## Why Helm needs it
    /// It does not: every Helm writes a config of its own. Signatures and other artifacts beside a chart have none.
    ///
    /// ## How it is checked
    /// A manifest whose config is the empty one of the image-spec is pushed, with the layer of a chart.
    EMPTY_CONFIG = "next/empty-config-accepted" {
        level: May,
        title: "a manifest with an empty config is accepted",
        covers: ["REG-MAN-04"],
        sources: [DISTRIBUTION.says(
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
    // The image-spec wants an artifact type where the config says nothing.
    let manifest = with_artifact_type(&Bytes::from(manifest));
    let reply = session.put_manifest(TAG, &manifest).await?;
    takes(session, &chart, &reply).await
}

requirement! {
    /// A layer may be of any type.
    ///
    /// ## Why Helm needs it
    /// Registries with a list of types refused the provenance of charts once, and will refuse the next format.
    ///
    /// ## How it is checked
    /// The manifest of a chart is pushed with another type for its layer.
    ANY_LAYER = "next/any-layer-type" {
        level: May,
        title: "a layer of an unknown type is accepted",
        covers: ["REG-MAN-05", "A14"],
        sources: [DISTRIBUTION.says(
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
    /// Descriptors with their content in them are accepted.
    ///
    /// ## Why Helm needs it
    /// It does not. A config that stands in the manifest saves a request.
    ///
    /// ## How it is checked
    /// The manifest of a chart is pushed with its config as `data` in the descriptor.
    EMBEDDED_DATA = "next/embedded-data-accepted" {
        level: May,
        title: "a descriptor with `data` is accepted",
        covers: ["REG-PUL-25"],
        sources: [DISTRIBUTION.says(
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
    /// A chart that names a subject is accepted.
    ///
    /// ## Why Helm needs it
    /// It does not: no Helm writes the field. A chart may belong to an application that is its subject.
    ///
    /// ## How it is checked
    /// A chart is pushed that names the same chart without the field as its subject, by digest.
    SUBJECT = "next/subject-accepted" {
        level: May,
        title: "a chart that names a subject is accepted",
        covers: ["REG-REF-01", "REG-REF-03"],
        sources: [DISTRIBUTION.says(
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
    /// Referrers can be asked for by their type.
    ///
    /// ## Why Helm needs it
    /// It does not. Who looks for the signatures of a chart need not read what else is attached to it.
    ///
    /// ## How it is checked
    /// Only where there is a referrers API: an artifact is attached, another type is asked for, and the answer must
    /// say that it was filtered.
    FILTER = "next/referrers-filtered" {
        level: May,
        title: "referrers are filtered by type",
        covers: ["REG-REF-01", "C03"],
        sources: [DISTRIBUTION.says(
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
    // An empty list needs no filter, and some registries do not say that they applied one.
    attach(session, &chart, SIGNATURE).await?;
    let reply = referrers(session, &chart.digest, &format!("?artifactType={KIND}")).await?;
    if !reply.status.is_success() {
        return Err(obstacle("list the referrers of one type", &reply));
    }
    expect::header(&reply, "oci-filters-applied").map(|_| ())
}

requirement! {
    /// A blob can be pushed by its sha512 digest.
    ///
    /// ## Why Helm needs it
    /// It does not: every Helm writes sha256.
    ///
    /// ## How it is checked
    /// A blob is uploaded by its sha512 digest.
    SHA512 = "next/sha512-digests" {
        level: May,
        title: "sha512 digests are taken",
        covers: ["REG-BLB-17"],
        sources: [DISTRIBUTION.says(
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
