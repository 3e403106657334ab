//! Probes of deletes.

use bytes::Bytes;
use helm_oci_suite::session::steps::Chart;
use helm_oci_suite::session::{Session, digest_of};
use http::Method;

use super::Found;

/// Deletes a tag.
pub(super) async fn tags(session: &Session) -> Found {
    delete(session, &session.manifest_path("1.0.2"), "a tag").await
}

/// Deletes a manifest without a tag, because some registries keep tagged ones.
pub(super) async fn manifests(session: &Session, chart: &Chart) -> Found {
    let mut text = chart.manifest.to_vec();
    text.push(b'\n');
    let manifest = Bytes::from(text);
    let digest = digest_of(&manifest);
    session.arrange_manifest(&digest, &manifest).await?;
    delete(session, &session.manifest_path(&digest), "a manifest").await
}

/// Deletes a blob that no manifest references, because a registry may keep referenced ones.
pub(super) async fn blobs(session: &Session, chart: &Chart) -> Found {
    let blob = Bytes::from(format!("a blob to delete, next to {}", chart.digest));
    let digest = session.arrange_blob(&blob).await?;
    delete(session, &session.blob_path(&digest), "a blob").await
}

async fn delete(session: &Session, path: &str, what: &str) -> Found {
    let reply = session.call(Method::DELETE, path).send().await?;
    let evidence = format!("DELETE of {what} returned {}", reply.status);
    Ok((reply.status.is_success(), evidence))
}
