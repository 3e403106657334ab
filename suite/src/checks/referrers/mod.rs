//! Referrers, signatures and what they leave alone.

mod listed;

use bytes::Bytes;
use helm_oci_fixtures::media_type;
use http::Method;

use crate::helm::era::{Break, Flow, NO_INDEX, ORAS};
use crate::oci::Index;
use crate::requirement::source::{DISTRIBUTION, HELM_DOCS, observed};
use crate::requirement::{Requirement, requirement};
use crate::session::expect;
use crate::session::steps::{Chart, obstacle};
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{CheckResult, Stop};

pub(super) const SIGNATURE: &str = "application/vnd.example.signature";

/// An annotation of everything that is attached.
const NOTE: &str = "org.example.note";

/// A manifest of this type that names a chart as its subject; its blobs are uploaded.
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

/// Attaches an artifact of this type to a chart; returns the answer and the artifact's digest.
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
    /// The referrers API is there.
    ///
    /// ## Why Helm needs it
    /// It does not; signing tools for charts do, and fall back to a tag without it.
    ///
    /// ## How it is checked
    /// The referrers of a chart to which nothing is attached.
    API = "referrers/api-present" {
        level: May,
        title: "the referrers API is there",
        covers: ["REG-REF-01", "C01"],
        sources: [
            DISTRIBUTION.says("listing-referrers", "Assuming a repository is found, this request MUST return a `200 OK` response code."),
            HELM_DOCS.says(
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
    /// A registry without the referrers API answers 404 there, and nothing else.
    ///
    /// ## Why Helm needs it
    /// Tools that sign charts fall back to a tag only on 404. Another answer, and signatures are not found.
    ///
    /// ## How it is checked
    /// The referrers of a chart: 200 or 404.
    ABSENT_API = "referrers/absent-api-is-404" {
        level: Should,
        title: "without a referrers API the answer is 404",
        covers: ["REG-REF-01", "C01"],
        sources: [DISTRIBUTION.says(
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
    /// A registry that has the referrers API says so when something is attached: `OCI-Subject`.
    ///
    /// ## Why Helm needs it
    /// Without the header signing tools write fallback tags, and the tag list of every signed chart grows.
    ///
    /// ## How it is checked
    /// Only where the referrers API is there: an artifact is attached and the header read.
    SUBJECT = "referrers/subject-acknowledged" {
        level: Should,
        title: "`OCI-Subject` acknowledges an attached artifact",
        covers: ["REG-REF-01", "C02"],
        sources: [DISTRIBUTION.says(
            "pushing-manifests-with-subject",
            "When processing a request for an image manifest with the `subject` field, a registry implementation that supports the [referrers API](#listing-referrers) MUST respond with the response header `OCI-Subject: <subject digest>` to indicate to the client that the registry processed the request's `subject`.",
        )],
        breaks: [],
        faults: [OmitsOciSubject],
        check: subject,
    }
}

/// Skips registries without the referrers API.
pub(super) async fn with_referrers(session: &Session) -> Result<Chart, Stop> {
    let chart = session.arrange_chart("1.0.0").await?;
    let reply = referrers(session, &chart.digest, "").await?;
    if reply.status.as_u16() == 200 {
        Ok(chart)
    } else {
        Err(Stop::NotApplicable(format!(
            "no referrers API: it answers {}",
            reply.status
        )))
    }
}

async fn subject(session: &Session) -> CheckResult {
    let chart = with_referrers(session).await?;
    let (reply, _) = attach(session, &chart, SIGNATURE).await?;
    expect::header_is(&reply, "oci-subject", &chart.digest)
}

requirement! {
    /// What is attached to a chart is listed among its referrers.
    ///
    /// ## Why Helm needs it
    /// A signature that is not listed is a signature that nobody checks.
    ///
    /// ## How it is checked
    /// Only where the referrers API is there: an artifact is attached and looked for.
    LISTED = "referrers/attached-is-listed" {
        level: Should,
        title: "an attached artifact is listed among the referrers",
        covers: ["REG-REF-01"],
        sources: [DISTRIBUTION.says(
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
        format!("{artifact} among the referrers"),
        format!("{} other entries", index.manifests.len()),
        &[&reply],
    )
}

requirement! {
    /// A registry that acknowledges a subject with `OCI-Subject` has the referrers API.
    ///
    /// ## Why Helm needs it
    /// The header tells a signing tool that no fallback tag is needed. Where it is untrue, the signature is found
    /// by nobody.
    ///
    /// ## How it is checked
    /// An artifact is attached. Where the answer has `OCI-Subject`, the referrers of the chart must answer 200.
    CLAIMED = "referrers/acknowledged-means-api" {
        level: Should,
        title: "`OCI-Subject` is sent only where there is a referrers API",
        covers: ["REG-REF-01", "C02"],
        sources: [DISTRIBUTION.says(
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
    // Nor does one that refuses them.
    if attached.header("oci-subject").is_none() {
        return Err(Stop::NotApplicable(
            "the registry does not acknowledge subjects".to_owned(),
        ));
    }
    let reply = referrers(session, &chart.digest, "").await?;
    expect::holds(
        reply.status.as_u16() == 200,
        "200 for the referrers, as `OCI-Subject` promised",
        format!("status {}", reply.status),
        &[&attached, &reply],
    )
}

requirement! {
    /// A filter that the registry says it applied was applied.
    ///
    /// ## Why Helm needs it
    /// A client that asks for signatures takes everything that comes for one.
    ///
    /// ## How it is checked
    /// Two artifacts of different types are attached. Where the answer to a filtered request carries
    /// `OCI-Filters-Applied`, it must hold one type only.
    FILTER = "referrers/claimed-filter-applied" {
        level: Should,
        title: "`OCI-Filters-Applied` is true",
        covers: ["REG-REF-01", "C03"],
        sources: [DISTRIBUTION.says(
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
        return Err(Stop::NotApplicable(
            "the registry does not say that it filters".to_owned(),
        ));
    }
    let index: Index = expect::json(&reply, "with `manifests`")?;
    let others: Vec<&str> = index
        .manifests
        .iter()
        .map(|entry| entry.artifact_type.as_str())
        // One without a type is judged by `referrers/type-named`.
        .filter(|own| !own.is_empty() && *own != SIGNATURE)
        .collect();
    expect::holds(
        others.is_empty(),
        format!("only `{SIGNATURE}`"),
        format!("also {others:?}"),
        &[&reply],
    )
}

requirement! {
    /// Attaching something to a chart leaves its tag, its digest and its manifest alone.
    ///
    /// ## Why Helm needs it
    /// A registry that puts an index over chart and signature under the tag hides the chart from Helm 3.18.0 to
    /// 3.20.0 and 4.0.0 to 4.1.1, and breaks every digest pin.
    ///
    /// ## How it is checked
    /// An artifact is attached; the tag must still hold the chart's manifest.
    UNTOUCHED = "referrers/chart-untouched" {
        level: Must,
        title: "attaching a signature does not change the chart",
        covers: ["REG-REF-02"],
        sources: [observed("1.2", "an index under the tag is refused by 3.18.0 to 3.20.0 and 4.0.0 to 4.1.1")],
        breaks: [
            Break::when("for signed charts", NO_INDEX, Flow::PULLS, "unable to retrieve blob with digest {d}: {d}: application/vnd.oci.image.index.v1+json: not found"),
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
            "status {}, {} bytes instead of {}",
            after.status,
            after.body.len(),
            before.body.len()
        ),
        &[&before, &after],
    )
}

requirement! {
    /// A manifest that names a subject is served together with its subject.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later follow `subject` while they pull, and fail where it leads to nothing.
    ///
    /// ## How it is checked
    /// A chart is pushed by digest alone, and another manifest with it as the subject under a tag. If the tag can be
    /// read, the subject must be there as well. Where manifests with a subject are refused, it cannot be told.
    WITH_SUBJECT = "referrers/subject-served" {
        level: Should,
        title: "the subject of a manifest is served with it",
        covers: ["REG-REF-03"],
        sources: [observed("5", "Helm 3.18 and later follow `subject` during the copy and fail if it is absent")],
        breaks: [
            Break::when("for charts that name a subject", ORAS, Flow::PULLS, "failed to perform \"FindSuccessors\" on source: {d}: not found"),
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
    // What was pushed by digest is judged by `consistency/manifest-readable-at-once` when it is first read.
    session.get_manifest(&chart.digest).await?;
    let attached = artifact(session, &chart, SIGNATURE).await?;
    session.arrange_manifest("signed", &attached).await?;
    let tagged = session.get_manifest("signed").await?;
    if !tagged.status.is_success() {
        return Err(obstacle("read the manifest that names a subject", &tagged));
    }
    let subject = session.get_manifest(&chart.digest).await?;
    expect::holds(
        subject.status.is_success(),
        "200 for the subject, as for the manifest that names it",
        format!("status {}", subject.status),
        &[&tagged, &subject],
    )
}

/// The requirements of this area, in reading order.
pub(super) static ALL_OF_THEM: &[&Requirement] = &[
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
