//! What the list of referrers tells of each.

use super::{NOTE, SIGNATURE, attach, referrers, with_referrers};
use crate::oci::{Descriptor, Index};
use crate::requirement::requirement;
use crate::requirement::source::DISTRIBUTION;
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{CheckResult, Stop};

/// An attached artifact as the list of referrers describes it.
async fn described(session: &Session) -> Result<(Descriptor, Reply), Stop> {
    let chart = with_referrers(session).await?;
    let (_, artifact) = attach(session, &chart, SIGNATURE).await?;
    let reply = referrers(session, &chart.digest, "").await?;
    let index: Option<Index> = serde_json::from_slice(&reply.body).ok();
    let listed = index.map(|index| index.manifests).unwrap_or_default();
    let mut listed = listed.into_iter();
    match listed.find(|entry| entry.digest == artifact) {
        Some(entry) => Ok((entry, reply)),
        None => Err(obstacle("find an artifact among the referrers", &reply)),
    }
}

requirement! {
    /// A referrer is listed with its artifact type.
    ///
    /// ## Why Helm needs it
    /// It does not. Who looks for the signature of a chart tells it from a list of parts by the type.
    ///
    /// ## How it is checked
    /// Only where the referrers API is there: an artifact is attached and its entry read.
    TYPE = "referrers/type-named" {
        level: Should,
        title: "a referrer is listed with its artifact type",
        covers: ["REG-REF-01", "C03"],
        sources: [DISTRIBUTION.says(
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
    /// A referrer is listed with the annotations of its manifest.
    ///
    /// ## Why Helm needs it
    /// It does not. Tools choose among signatures by what stands there, and read no other manifest.
    ///
    /// ## How it is checked
    /// Only where the referrers API is there: an artifact with an annotation is attached and its entry read.
    ANNOTATIONS = "referrers/annotations-copied" {
        level: Should,
        title: "a referrer is listed with its annotations",
        covers: ["REG-REF-01"],
        sources: [DISTRIBUTION.says(
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
        format!("the annotation `{NOTE}`"),
        format!("{:?}", entry.annotations),
        &[&reply],
    )
}

requirement! {
    /// The referrers of something in a repository that does not exist are none, or are refused; they do not fail.
    ///
    /// ## Why Helm needs it
    /// It does not. A tool that verifies charts has to tell "nothing is signed here" from a registry that is broken.
    ///
    /// ## How it is checked
    /// Only where the referrers API is there: a repository that was never written to is asked; an empty list is as good
    /// as a refusal.
    UNKNOWN = "referrers/unknown-repository" {
        level: Should,
        title: "the referrers of an unknown repository do not fail",
        covers: ["C01", "C04"],
        sources: [DISTRIBUTION.says(
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
