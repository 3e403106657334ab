//! Chart manifests with fields that no Helm version writes yet.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use helm_oci_fixtures::media_type;
use serde_json::Value;

use super::{EXAMPLE_TYPE, accepts, descriptor, put_variant, with_artifact_type, with_field};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, IMAGE};
use crate::session::steps::obstacle;
use crate::session::{Session, digest_of, expect};
use crate::verdict::{CheckResult, Stop};

/// The tag of a chart with an artifact type.
const TYPED: &str = "1.0.0-typed";

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
        fix: "Accept the field `artifactType` in an image manifest. Check whether a JSON schema rejects fields that it does not list.",
        covers: ["C17"],
        sources: [
            IMAGE.states("manifest.md, artifactType", "Implementations storing or copying image manifests MUST NOT error on encountering an `artifactType` that is unknown to the implementation."),
        ],
        breaks: [],
        faults: [RefusesArtifactTypes],
        shares: "additions" as Blobs,
        check: artifact_type,
    }
}

async fn artifact_type(session: &Session) -> CheckResult {
    let (chart, reply) = put_variant(session, TYPED, with_artifact_type).await?;
    accepts(session, &chart, &reply).await
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
        fix: "Return the bytes of the manifest as they were pushed. A manifest that is rebuilt from parsed fields has lost its `artifactType`.",
        covers: ["C17"],
        sources: [DISTRIBUTION.states(
            "pulling-manifests",
            "A GET request to an existing manifest URL MUST provide the expected manifest, with a response code that MUST be `200 OK`.",
        )],
        breaks: [],
        faults: [DropsArtifactTypes],
        shares: "additions" as Blobs,
        check: artifact_type_kept,
    }
}

async fn artifact_type_kept(session: &Session) -> CheckResult {
    let (_, stored) = put_variant(session, TYPED, with_artifact_type).await?;
    if !stored.status.is_success() {
        return Err(Stop::not_offered(
            "the registry does not accept `artifactType`",
            stored.status,
        ));
    }
    let reply = session.get_manifest(TYPED).await?;
    let manifest: Option<Value> = serde_json::from_slice(&reply.body).ok();
    let Some(manifest) = manifest.filter(|one| one["config"].is_object()) else {
        return Err(obstacle("read a manifest with `artifactType`", &reply));
    };
    expect::holds(
        manifest["artifactType"] == EXAMPLE_TYPE,
        format!("`\"artifactType\": \"{EXAMPLE_TYPE}\"`"),
        format!("`\"artifactType\": {}`", manifest["artifactType"]),
        &[&stored, &reply],
    )
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
        fix: "Accept the field `data` in a descriptor of a manifest. Check whether a JSON schema rejects fields that it does not list.",
        covers: ["REG-PUL-25"],
        sources: [
            IMAGE.states("descriptor.md, embedded content", "In contrast, a client MAY populate the `data` field before uploading a manifest, because the manifest would not yet have a content identifier in the registry."),
        ],
        breaks: [],
        faults: [RefusesEmbeddedData],
        shares: "additions" as Blobs,
        check: embedded_data,
    }
}

async fn embedded_data(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let data = BASE64_STANDARD.encode(&chart.package.config);
    let text = String::from_utf8_lossy(&chart.manifest);
    let with_data = format!("\"config\":{{\"data\":\"{data}\",");
    let manifest = Bytes::from(text.replacen("\"config\":{", &with_data, 1));
    let reply = session.put_manifest("1.0.0-data", &manifest).await?;
    accepts(session, &chart, &reply).await
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
        fix: "Accept the field `subject` in the manifest of a chart, and return 201, with or without the referrers API.",
        covers: ["REG-REF-01", "REG-REF-03"],
        sources: [
            DISTRIBUTION.states("push", "A registry MUST initially accept an otherwise valid manifest with a `subject` field that references a manifest that does not exist in the repository, allowing clients to push a manifest and referrers to that manifest in either order."),
        ],
        breaks: [],
        faults: [RefusesSubjects],
        shares: "additions" as Blobs,
        check: subject,
    }
}

async fn subject(session: &Session) -> CheckResult {
    let (chart, reply) = put_variant(session, "1.0.0-subject", |manifest| {
        let subject = descriptor(media_type::OCI_MANIFEST, &digest_of(manifest), manifest);
        with_field(manifest, &format!("\"subject\":{subject}"))
    })
    .await?;
    accepts(session, &chart, &reply).await
}
