//! OCI features that Helm does not use yet: informational.

mod apis;
mod fields;
mod index;
mod types;

use bytes::Bytes;

use crate::requirement::Requirement;
use crate::session::steps::{Chart, obstacle};
use crate::session::{Reply, Session, expect};
use crate::verdict::{CheckResult, Stop};

/// An artifact type of another tool.
const EXAMPLE_TYPE: &str = "application/vnd.example.chart";

/// The manifest with an additional first field.
fn with_field(manifest: &Bytes, field: &str) -> Bytes {
    let text = String::from_utf8_lossy(manifest);
    Bytes::from(text.replacen('{', &format!("{{{field},"), 1))
}

/// The descriptor of a manifest or an index.
fn descriptor(media_type: &str, digest: &str, bytes: &Bytes) -> String {
    let size = bytes.len();
    format!("{{\"mediaType\":\"{media_type}\",\"digest\":\"{digest}\",\"size\":{size}}}")
}

/// Pushes a variant of a chart manifest under this tag, and again after an ordinary manifest if the registry rejects it: other requirements
/// judge the first push to a repository.
async fn put_variant(
    session: &Session,
    tag: &str,
    variant: impl Fn(&Bytes) -> Bytes,
) -> Result<(Chart, Reply), Stop> {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let manifest = variant(&chart.manifest);
    let reply = session.put_manifest(tag, &manifest).await?;
    if !reply.status.is_success() {
        session.put_manifest("1.0.0", &chart.manifest).await?;
        let second = session.put_manifest(tag, &manifest).await?;
        if second.status.is_success() {
            return Ok((chart, second));
        }
    }
    Ok((chart, reply))
}

/// Expects the registry to accept a variant of a chart manifest. If it rejects the original as well, the variant is not
/// the cause.
async fn accepts(session: &Session, chart: &Chart, reply: &Reply) -> CheckResult {
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
    with_field(manifest, &format!("\"artifactType\":\"{EXAMPLE_TYPE}\""))
}

/// The requirements of this area, in reading order.
pub(super) static REQUIREMENTS: &[&Requirement] = &[
    &index::INDEX,
    &index::SEVERAL,
    &index::NESTED,
    &index::BYTES,
    &index::NOT_REPLACED,
    &fields::ARTIFACT_TYPE,
    &fields::ARTIFACT_TYPE_KEPT,
    &types::EMPTY_CONFIG,
    &types::ANY_LAYER,
    &types::ANY_CONFIG,
    &fields::EMBEDDED_DATA,
    &fields::SUBJECT,
    &apis::FILTER,
    &apis::SHA512,
];
