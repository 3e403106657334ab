//! The entries in the list of referrers.

use super::{NOTE, SIGNATURE, attach, referrers, with_referrers};
use crate::oci::{Descriptor, Index};
use crate::requirement::requirement;
use crate::requirement::source::DISTRIBUTION;
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{CheckResult, Stop};

/// Attaches an artifact and returns its entry in the list of referrers.
async fn described(session: &Session) -> Result<(Descriptor, Reply), Stop> {
    let chart = with_referrers(session).await?;
    let (_, artifact) = attach(session, &chart, SIGNATURE).await?;
    let reply = referrers(session, &chart.digest, "").await?;
    let index: Option<Index> = serde_json::from_slice(&reply.body).ok();
    let listed = index.map(|index| index.manifests).unwrap_or_default();
    let mut listed = listed.into_iter();
    match listed.find(|entry| entry.digest == artifact) {
        Some(entry) => Ok((entry, reply)),
        None => Err(obstacle(
            "find an artifact in the list of referrers",
            &reply,
        )),
    }
}

requirement! {
    /// The list of referrers contains the artifact type of each entry.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it. Tools that search for the signature of a chart distinguish it from a bill of materials
    /// by the type.
    ///
    /// ## How it is checked
    /// If the registry has the referrers API, the check attaches an artifact to a chart and requests the referrers of
    /// the chart. The entry must have the `artifactType` of the artifact.
    TYPE = "referrers/type-named" {
        level: Should,
        title: "the list of referrers contains the artifact type",
        covers: ["REG-REF-01", "C03"],
        sources: [DISTRIBUTION.states(
            "listing-referrers",
            "The descriptors MUST include an `artifactType` field that is set to the value of the `artifactType` in the image manifest or index, if present.",
        )],
        breaks: [],
        faults: [ReferrersWithoutArtifactType],
        check: named_type,
    }
}

async fn named_type(session: &Session) -> CheckResult {
    let (entry, reply) = described(session).await?;
    expect::holds(
        entry.artifact_type == SIGNATURE,
        format!("`\"artifactType\": \"{SIGNATURE}\"`"),
        format!("`\"artifactType\": \"{}\"`", entry.artifact_type),
        &[&reply],
    )
}

requirement! {
    /// The list of referrers contains the annotations of each manifest.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it. Tools select a signature by its annotations in the list, without reading each manifest.
    ///
    /// ## How it is checked
    /// If the registry has the referrers API, the check attaches an artifact with an annotation and requests the
    /// referrers of the chart. The entry must have the annotation.
    ANNOTATIONS = "referrers/annotations-copied" {
        level: Should,
        title: "the list of referrers contains the annotations",
        covers: ["REG-REF-01"],
        sources: [DISTRIBUTION.states(
            "listing-referrers",
            "The descriptors MUST include annotations from the image manifest or index.",
        )],
        breaks: [],
        faults: [ReferrersWithoutAnnotations],
        check: annotations,
    }
}

async fn annotations(session: &Session) -> CheckResult {
    let (entry, reply) = described(session).await?;
    expect::holds(
        entry.annotations.contains_key(NOTE),
        format!("the annotation `{NOTE}` in the entry"),
        format!("the annotations {:?}", entry.annotations),
        &[&reply],
    )
}

requirement! {
    /// In a repository that does not exist, the referrers endpoint returns an empty list or a 4xx, not a 5xx.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it. A tool that verifies charts has to distinguish a chart without signatures from a broken
    /// registry.
    ///
    /// ## How it is checked
    /// If the registry has the referrers API, the check requests referrers in a repository to which nothing was ever
    /// pushed. The status must not be a 5xx.
    UNKNOWN = "referrers/unknown-repository" {
        level: Should,
        title: "the referrers endpoint returns no 5xx for an unknown repository",
        covers: ["C01", "C04"],
        sources: [DISTRIBUTION.states(
            "listing-referrers",
            "Assuming a repository is found, this request MUST return a `200 OK` response code.",
        )],
        specification: Silent,
        breaks: [],
        faults: [UnknownReferrersFail],
        check: unknown,
    }
}

async fn unknown(session: &Session) -> CheckResult {
    with_referrers(session).await?;
    let nowhere = session.sibling("nowhere");
    let digest = digest_of(b"nothing");
    let path = format!("/v2/{nowhere}/referrers/{digest}");
    let reply = session.call(http::Method::GET, &path).send().await?;
    expect::holds(
        !reply.status.is_server_error(),
        "an empty list, or a 4xx status",
        format!("status {}", reply.status),
        &[&reply],
    )
}
