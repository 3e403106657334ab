//! Referrers and signatures, and the charts to which they are attached.

mod listed;

use bytes::Bytes;
use helm_oci_fixtures::media_type;
use http::Method;

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{NO_INDEX, ORAS};
use crate::oci::Index;
use crate::requirement::source::{DISTRIBUTION, HELM_DOCS, observed};
use crate::requirement::{Requirement, requirement};
use crate::session::expect;
use crate::session::steps::{Chart, obstacle};
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{CheckResult, Stop};

pub(super) const SIGNATURE: &str = "application/vnd.example.signature";

/// The annotation of every attached artifact.
const NOTE: &str = "org.example.note";

/// Uploads the blobs of an artifact of this type and returns its manifest, with a chart as the subject.
async fn artifact(session: &Session, chart: &Chart, artifact_type: &str) -> Result<Bytes, Stop> {
    let empty = Bytes::from_static(b"{}");
    let config = session.arrange_blob(&empty).await?;
    let descriptor = |media_type: &str| {
        format!("{{\"mediaType\":\"{media_type}\",\"digest\":\"{config}\",\"size\":2}}")
    };
    Ok(Bytes::from(format!(
        "{{\"schemaVersion\":2,\"mediaType\":\"{own}\",\"artifactType\":\"{artifact_type}\",\"annotations\":{{\"{NOTE}\":\"a signature\"}},\"config\":{},\"layers\":[{}],\"subject\":{{\"mediaType\":\"{own}\",\"digest\":\"{}\",\"size\":{}}}}}",
        descriptor("application/vnd.oci.empty.v1+json"),
        descriptor("application/vnd.oci.empty.v1+json"),
        chart.digest,
        chart.manifest.len(),
        own = media_type::OCI_MANIFEST,
    )))
}

/// Attaches an artifact of this type to a chart; returns the response and the digest of the artifact.
pub(super) async fn attach(
    session: &Session,
    chart: &Chart,
    artifact_type: &str,
) -> Result<(Reply, String), Stop> {
    let manifest = artifact(session, chart, artifact_type).await?;
    let digest = digest_of(&manifest);
    let reply = session.put_manifest(&digest, &manifest).await?;
    if reply.status.is_success() {
        Ok((reply, digest))
    } else {
        Err(obstacle("attach an artifact", &reply))
    }
}

pub(super) async fn referrers(session: &Session, digest: &str, query: &str) -> Result<Reply, Stop> {
    let path = format!("/v2/{}/referrers/{digest}{query}", session.repository());
    session.call(Method::GET, &path).send().await
}

requirement! {
    /// The registry has the referrers API.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it. Signing tools for charts do; without the API they fall back to a tag.
    ///
    /// ## How it is checked
    /// The check requests the referrers of a chart that has none. The status must be 200.
    API = "referrers/api-present" {
        level: May,
        title: "the registry has the referrers API",
        covers: ["REG-REF-01", "C01"],
        sources: [
            DISTRIBUTION.states("listing-referrers", "Assuming a repository is found, this request MUST return a `200 OK` response code."),
            HELM_DOCS.states(
                "using-sigstore-to-sign-oci-based-charts",
                "plugin allows using [Sigstore](https://sigstore.dev/) to sign Helm charts with the same tools used to sign container images.",
            ),
        ],
        specification: May,
        breaks: [],
        faults: [ReferrersForbidden, ReferrersNotOffered],
        consequences: [ClaimsOciSubject],
        check: api,
    }
}

async fn api(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let reply = referrers(session, &chart.digest, "").await?;
    expect::status(&reply, &[200])
}

requirement! {
    /// A registry without the referrers API returns 404 at its endpoint, and no other status.
    ///
    /// ## Why Helm needs it
    /// Signing tools for charts fall back to a tag only on 404. With any other status they find no signatures.
    ///
    /// ## How it is checked
    /// The check requests the referrers of a chart. The status must be 200 or 404.
    ABSENT_API = "referrers/absent-api-is-404" {
        level: Should,
        title: "the referrers endpoint returns 200 or 404",
        covers: ["REG-REF-01", "C01"],
        sources: [DISTRIBUTION.states(
            "listing-referrers",
            "If the registry supports the referrers API, the registry MUST NOT return a `404 Not Found` to a referrers API requests.",
        )],
        specification: Silent,
        breaks: [],
        faults: [ReferrersForbidden],
        check: absent_api,
    }
}

async fn absent_api(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let reply = referrers(session, &chart.digest, "").await?;
    expect::status(&reply, &[200, 404])
}

requirement! {
    /// A registry with the referrers API acknowledges the `subject` of a pushed manifest with the header
    /// `OCI-Subject`.
    ///
    /// ## Why Helm needs it
    /// Without the header signing tools also write fallback tags, and the tag list of every signed chart grows.
    ///
    /// ## How it is checked
    /// If the registry has the referrers API, the check pushes an artifact with a chart as its subject. The response
    /// must have `OCI-Subject` with the digest of the chart.
    SUBJECT = "referrers/subject-acknowledged" {
        level: Should,
        title: "the push of a referrer returns `OCI-Subject`",
        covers: ["REG-REF-01", "C02"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests-with-subject",
            "When processing a request for an image manifest with the `subject` field, a registry implementation that supports the [referrers API](#listing-referrers) MUST respond with the response header `OCI-Subject: <subject digest>` to indicate to the client that the registry processed the request's `subject`.",
        )],
        breaks: [],
        faults: [OmitsOciSubject],
        check: subject,
    }
}

/// Pushes a chart; skips registries without the referrers API.
pub(super) async fn with_referrers(session: &Session) -> Result<Chart, Stop> {
    let chart = session.arrange_chart("1.0.0").await?;
    let reply = referrers(session, &chart.digest, "").await?;
    if reply.status.as_u16() == 200 {
        Ok(chart)
    } else {
        Err(Stop::not_offered(
            "the registry has no referrers API",
            reply.status,
        ))
    }
}

async fn subject(session: &Session) -> CheckResult {
    let chart = with_referrers(session).await?;
    let (reply, _) = attach(session, &chart, SIGNATURE).await?;
    expect::header_is(&reply, "oci-subject", &chart.digest)
}

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
        covers: ["REG-REF-01"],
        sources: [DISTRIBUTION.states(
            "listing-referrers",
            "Upon success, the response MUST be a JSON body with an image index containing a list of descriptors.",
        )],
        breaks: [],
        faults: [EmptiesReferrers],
        check: attached_listed,
    }
}

async fn attached_listed(session: &Session) -> CheckResult {
    let chart = with_referrers(session).await?;
    let (_, artifact) = attach(session, &chart, SIGNATURE).await?;
    let reply = referrers(session, &chart.digest, "").await?;
    let index: Index = expect::json(&reply, "with `manifests`")?;
    expect::holds(
        index.manifests.iter().any(|entry| entry.digest == artifact),
        format!("{artifact} in the list of referrers"),
        format!("a list of {} other entries", index.manifests.len()),
        &[&reply],
    )
}

requirement! {
    /// A registry that acknowledges a subject with `OCI-Subject` has the referrers API.
    ///
    /// ## Why Helm needs it
    /// The header tells a signing tool that no fallback tag is needed. If there is no API, no client finds the
    /// signature.
    ///
    /// ## How it is checked
    /// The check attaches an artifact to a chart. If the response has `OCI-Subject`, the request for the referrers of
    /// the chart must return 200.
    CLAIMED = "referrers/acknowledged-means-api" {
        level: Should,
        title: "a registry that sends `OCI-Subject` has the referrers API",
        covers: ["REG-REF-01", "C02"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests-with-subject",
            "When processing a request for an image manifest with the `subject` field, a registry implementation that supports the [referrers API](#listing-referrers) MUST respond with the response header `OCI-Subject: <subject digest>` to indicate to the client that the registry processed the request's `subject`.",
        )],
        breaks: [],
        faults: [ClaimsOciSubject],
        consequences: [ReferrersForbidden],
        check: claimed,
    }
}

async fn claimed(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let manifest = artifact(session, &chart, SIGNATURE).await?;
    let attached = session
        .put_manifest(&digest_of(&manifest), &manifest)
        .await?;
    // The header is also absent if the registry rejects the manifest.
    if attached.header("oci-subject").is_none() {
        return Err(Stop::condition_not_met(
            "the registry does not acknowledge subjects",
        ));
    }
    let reply = referrers(session, &chart.digest, "").await?;
    expect::holds(
        reply.status.as_u16() == 200,
        "status 200 for the referrers, as `oci-subject` in the response to the PUT implies",
        format!("status {}", reply.status),
        &[&attached, &reply],
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
        covers: ["REG-REF-01", "C03"],
        sources: [DISTRIBUTION.states(
            "listing-referrers",
            "If filtering is requested and applied, the response MUST include a header `OCI-Filters-Applied: artifactType` denoting that an `artifactType` filter was applied.",
        )],
        breaks: [],
        faults: [IgnoresArtifactTypeFilter],
        check: filter,
    }
}

async fn filter(session: &Session) -> CheckResult {
    let chart = with_referrers(session).await?;
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

requirement! {
    /// If a client attaches an artifact to a chart, the chart's tag, digest and manifest stay the same.
    ///
    /// ## Why Helm needs it
    /// A registry that replaces the tag with an index of chart and signature hides the chart from Helm 3.18.0 to
    /// 3.20.0 and 4.0.0 to 4.1.1, and breaks every pinned digest.
    ///
    /// ## How it is checked
    /// The check attaches an artifact to a chart. GET of the tag must return the same manifest before and after.
    UNTOUCHED = "referrers/chart-untouched" {
        level: Must,
        title: "attaching a signature does not change the chart",
        covers: ["REG-REF-02"],
        sources: [observed("1.2", "Helm 3.18.0 to 3.20.0 and 4.0.0 to 4.1.1 reject an index under the tag")],
        breaks: [
            Break::when("for signed charts", NO_INDEX, Flow::PULLS, Symptom::IndexPulled),
        ],
        faults: [AttachingReplacesTags],
        check: untouched,
    }
}

async fn untouched(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let before = session.get_manifest("1.0.0").await?;
    attach(session, &chart, SIGNATURE).await?;
    let after = session.get_manifest("1.0.0").await?;
    expect::holds(
        before.body == after.body && before.status == after.status,
        "the same manifest as before",
        format!(
            "status {} and {} bytes, instead of {} bytes",
            after.status,
            after.body.len(),
            before.body.len()
        ),
        &[&before, &after],
    )
}

requirement! {
    /// If the registry serves a manifest with a `subject`, it serves the subject as well.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later follow `subject` during a pull, and fail if the manifest does not exist.
    ///
    /// ## How it is checked
    /// The check pushes a chart by digest only, and under a tag another manifest with the chart as its subject. If
    /// GET of the tag succeeds, GET of the subject must succeed as well. If the registry rejects manifests with a
    /// subject, the result is inconclusive.
    WITH_SUBJECT = "referrers/subject-served" {
        level: Should,
        title: "the registry serves a manifest together with its subject",
        covers: ["REG-REF-03"],
        sources: [observed("5", "Helm 3.18 and later follow `subject` during the copy and fail if it is absent")],
        breaks: [
            Break::when("for charts that name a subject", ORAS, Flow::PULLS, Symptom::SubjectNotFound),
        ],
        faults: [HidesUntaggedManifests],
        check: with_subject,
    }
}

async fn with_subject(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    session
        .arrange_manifest(&chart.digest, &chart.manifest)
        .await?;
    // `consistency/manifest-readable-at-once` judges the first read after a push by digest.
    session.get_manifest(&chart.digest).await?;
    let attached = artifact(session, &chart, SIGNATURE).await?;
    session.arrange_manifest("signed", &attached).await?;
    let tagged = session.get_manifest("signed").await?;
    if !tagged.status.is_success() {
        return Err(obstacle("read the manifest with a subject", &tagged));
    }
    let subject = session.get_manifest(&chart.digest).await?;
    expect::holds(
        subject.status.is_success(),
        "status 200 for the subject, as for the manifest that names it",
        format!("status {}", subject.status),
        &[&tagged, &subject],
    )
}

/// The requirements of this area, in reading order.
pub(super) static REQUIREMENTS: &[&Requirement] = &[
    &API,
    &ABSENT_API,
    &SUBJECT,
    &LISTED,
    &CLAIMED,
    &FILTER,
    &listed::TYPE,
    &listed::ANNOTATIONS,
    &listed::UNKNOWN,
    &UNTOUCHED,
    &WITH_SUBJECT,
];
