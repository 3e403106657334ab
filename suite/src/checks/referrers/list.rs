//! The list of referrers and its entries.

use super::{NOTE, SIGNATURE, attach, offering, referrers, with_referrers};
use crate::oci::{Descriptor, Index};
use crate::requirement::requirement;
use crate::requirement::source::DISTRIBUTION;
use crate::session::steps::obstacle;
use crate::session::{Reply, Session, expect};
use crate::verdict::{CheckResult, Stop};

requirement! {
    /// The list of referrers of a chart contains every artifact that is attached to it.
    ///
    /// ## Why Helm needs it
    /// No client verifies a signature that is not listed.
    ///
    /// ## How it is checked
    /// If the registry has the referrers API, the check attaches an artifact to a chart and requests the referrers of
    /// the chart. The list must contain the digest of the artifact.
    LISTED = "referrers/attached-is-listed" {
        level: Should,
        title: "an attached artifact is in the list of referrers",
        fix: "Add a manifest with a `subject` to the list of referrers of this subject before the 201 for its push is sent.",
        covers: ["REG-REF-01"],
        sources: [
            DISTRIBUTION.states("enabling-the-referrers-api", "After the referrers API is enabled, Registries MUST include all newly pushed image manifests with a valid `subject` field in the referrers API response."),
        ],
        breaks: [],
        faults: [EmptiesReferrers],
        shares: "attached",
        check: attached_listed,
    }
}

async fn attached_listed(session: &Session) -> CheckResult {
    let chart = with_referrers(session).await?;
    let (_, artifact) = attach(session, &chart, SIGNATURE).await?;
    let reply = referrers(session, &chart.digest, "").await?;
    let index: Index = expect::json(&reply, "with `manifests`")?;
    expect::holds(
        index.manifests.iter().any(|entry| artifact == entry.digest),
        format!("{artifact} in the list of referrers"),
        format!("a list of {} other entries", index.manifests.len()),
        &[&reply],
    )
}

requirement! {
    /// If the registry sends `OCI-Filters-Applied`, the list of referrers is filtered.
    ///
    /// ## Why Helm needs it
    /// A client that requests signatures treats every entry of the list as one.
    ///
    /// ## How it is checked
    /// The check attaches two artifacts of different types and requests the referrers of one type. If the response
    /// has `OCI-Filters-Applied`, the list must contain this type only.
    FILTER = "referrers/claimed-filter-applied" {
        level: Should,
        title: "`OCI-Filters-Applied` is sent only if the list is filtered",
        fix: "Remove entries of other types from the list of referrers when `OCI-Filters-Applied: artifactType` is sent, or do not send the header.",
        covers: ["REG-REF-01", "C03"],
        sources: [DISTRIBUTION.states(
            "listing-referrers",
            "If filtering is requested and applied, the response MUST include a header `OCI-Filters-Applied: artifactType` denoting that an `artifactType` filter was applied.",
        )],
        breaks: [],
        faults: [IgnoresArtifactTypeFilter],
        shares: "additions" as Blobs,
        check: filter,
    }
}

async fn filter(session: &Session) -> CheckResult {
    let chart = offering(session, session.arrange_own_manifest("1.0.0-filter").await?).await?;
    attach(session, &chart, SIGNATURE).await?;
    attach(session, &chart, "application/vnd.example.sbom").await?;
    let reply = referrers(
        session,
        &chart.digest,
        &format!("?artifactType={SIGNATURE}"),
    )
    .await?;
    if reply.header("oci-filters-applied").is_none() {
        return Err(Stop::condition_not_met(
            "the registry does not send `OCI-Filters-Applied`",
        ));
    }
    let index: Index = expect::json(&reply, "with `manifests`")?;
    let others: Vec<&str> = index
        .manifests
        .iter()
        .map(|entry| entry.artifact_type.as_str())
        // `referrers/type-named` judges an entry without a type.
        .filter(|own| !own.is_empty() && *own != SIGNATURE)
        .collect();
    expect::holds(
        others.is_empty(),
        format!("only entries of the type `{SIGNATURE}`"),
        format!("entries of the types {others:?} as well"),
        &[&reply],
    )
}

/// Attaches an artifact and returns its entry in the list of referrers.
async fn attached_entry(session: &Session) -> Result<(Descriptor, Reply), Stop> {
    let chart = with_referrers(session).await?;
    let (_, artifact) = attach(session, &chart, SIGNATURE).await?;
    let reply = referrers(session, &chart.digest, "").await?;
    let index: Option<Index> = serde_json::from_slice(&reply.body).ok();
    let listed = index.map(|index| index.manifests).unwrap_or_default();
    let mut listed = listed.into_iter();
    match listed.find(|entry| artifact == entry.digest) {
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
    ARTIFACT_TYPE = "referrers/type-named" {
        level: Should,
        title: "the list of referrers contains the artifact type",
        fix: "Copy `artifactType` of the manifest to its entry in the list of referrers. If the manifest has none, use the media type of its config.",
        covers: ["REG-REF-01", "C03"],
        sources: [DISTRIBUTION.states(
            "listing-referrers",
            "The descriptors MUST include an `artifactType` field that is set to the value of the `artifactType` in the image manifest or index, if present.",
        )],
        breaks: [],
        faults: [ReferrersWithoutArtifactType],
        shares: "attached",
        check: lists_artifact_type,
    }
}

async fn lists_artifact_type(session: &Session) -> CheckResult {
    let (entry, reply) = attached_entry(session).await?;
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
        fix: "Copy `annotations` of the manifest to its entry in the list of referrers.",
        covers: ["REG-REF-01"],
        sources: [DISTRIBUTION.states(
            "listing-referrers",
            "The descriptors MUST include annotations from the image manifest or index.",
        )],
        breaks: [],
        faults: [ReferrersWithoutAnnotations],
        shares: "attached",
        check: annotations,
    }
}

async fn annotations(session: &Session) -> CheckResult {
    let (entry, reply) = attached_entry(session).await?;
    expect::holds(
        entry.annotations.contains_key(NOTE),
        format!("the annotation `{NOTE}` in the entry"),
        format!("the annotations {:?}", entry.annotations),
        &[&reply],
    )
}
