//! Manifests.

use bytes::Bytes;
use helm_oci_fixtures::media_type;
use http::Method;

use super::{ACCEPT_CONTAINERD, ACCEPT_ORAS, obstacle};
use crate::session::{Reply, Session};
use crate::verdict::Stop;

impl Session {
    /// HEAD of a manifest, as Helm 3.0 to 3.17 sends it to resolve a tag.
    pub async fn head_manifest(&self, reference: &str) -> Result<Reply, Stop> {
        self.call(Method::HEAD, &self.manifest_path(reference))
            .accept(ACCEPT_CONTAINERD)
            .send()
            .await
    }

    /// GET of a manifest, as Helm 3.18 and later send it.
    pub async fn get_manifest(&self, reference: &str) -> Result<Reply, Stop> {
        self.call(Method::GET, &self.manifest_path(reference))
            .accept(ACCEPT_ORAS)
            .send()
            .await
    }

    /// PUT of a manifest, as every Helm version sends it.
    pub async fn put_manifest(&self, reference: &str, manifest: &Bytes) -> Result<Reply, Stop> {
        self.put_manifest_as(reference, media_type::OCI_MANIFEST, manifest)
            .await
    }

    /// PUT of a manifest with another media type.
    pub async fn put_manifest_as(
        &self,
        reference: &str,
        content_type: &str,
        manifest: &Bytes,
    ) -> Result<Reply, Stop> {
        let path = self.manifest_path(reference);
        self.call(Method::PUT, &path)
            .body(Some(content_type), manifest)
            .send()
            .await
    }

    /// Pushes a manifest whose blobs are in the registry; a second time if it is refused.
    pub async fn arrange_manifest(&self, reference: &str, manifest: &Bytes) -> Result<(), Stop> {
        let push = || self.put_manifest(reference, manifest);
        let reply = self.persisting(push).await?;
        if reply.status.is_success() {
            return Ok(());
        }
        let second = self.persisting(push).await?;
        if second.status.is_success() {
            self.note_recovered(reply.exchange);
            return Ok(());
        }
        Err(obstacle("push a manifest", &reply))
    }
}
