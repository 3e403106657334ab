//! Manifests.

use bytes::Bytes;
use helm_oci_fixtures::media_type;
use http::Method;

use super::{ACCEPT_CONTAINERD, ACCEPT_MANIFEST, ACCEPT_ORAS, obstacle};
use crate::oci::{Digest, RepositoryName};
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

    /// GET of a manifest by digest, as Helm 3.0 to 3.17 send it after HEAD of its tag.
    pub async fn get_manifest_by_digest(&self, digest: &Digest) -> Result<Reply, Stop> {
        self.call(Method::GET, &self.manifest_path(digest))
            .accept(ACCEPT_MANIFEST)
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
        self.put_manifest_to(&self.manifest_path(reference), content_type, manifest)
            .await
    }

    async fn put_manifest_to(
        &self,
        path: &str,
        content_type: &str,
        manifest: &Bytes,
    ) -> Result<Reply, Stop> {
        self.call(Method::PUT, path)
            .body(Some(content_type), manifest)
            .send()
            .await
    }

    /// Pushes a manifest whose blobs are in the registry; a second time if it is refused.
    pub async fn arrange_manifest(&self, reference: &str, manifest: &Bytes) -> Result<(), Stop> {
        self.arrange_manifest_at(&self.manifest_path(reference), manifest)
            .await
    }

    /// Pushes such a manifest to `repository`.
    pub async fn arrange_manifest_in(
        &self,
        repository: &RepositoryName,
        reference: &str,
        manifest: &Bytes,
    ) -> Result<(), Stop> {
        let path = format!("/v2/{repository}/manifests/{reference}");
        self.arrange_manifest_at(&path, manifest).await
    }

    async fn arrange_manifest_at(&self, path: &str, manifest: &Bytes) -> Result<(), Stop> {
        let push = || self.put_manifest_to(path, media_type::OCI_MANIFEST, manifest);
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
