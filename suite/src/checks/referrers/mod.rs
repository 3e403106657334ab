//! Referrers and signatures, and the charts to which they are attached.

mod api;
mod charts;
mod list;

use bytes::Bytes;
use helm_oci_fixtures::media_type;
use http::Method;

use crate::oci::Digest;
use crate::requirement::Requirement;
use crate::session::steps::{Chart, obstacle};
use crate::session::{Reply, Session, digest_of};
use crate::verdict::Stop;

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
) -> Result<(Reply, Digest), Stop> {
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

/// Pushes a chart; skips registries without the referrers API.
pub(super) async fn with_referrers(session: &Session) -> Result<Chart, Stop> {
    offering(session, session.arrange_chart("1.0.0").await?).await
}

/// Returns a pushed chart, unless the registry has no referrers API.
pub(super) async fn offering(session: &Session, chart: Chart) -> Result<Chart, Stop> {
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

/// The requirements of this area, in reading order.
pub(super) static REQUIREMENTS: &[&Requirement] = &[
    &api::API,
    &api::ABSENT_API,
    &api::SUBJECT,
    &list::LISTED,
    &api::ACKNOWLEDGED_MEANS_API,
    &list::FILTER,
    &list::ARTIFACT_TYPE,
    &list::ANNOTATIONS,
    &api::UNKNOWN_REPOSITORY,
    &charts::CHART_UNCHANGED,
    &charts::SUBJECT_SERVED,
];
