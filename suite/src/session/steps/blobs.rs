//! Blobs.

use bytes::Bytes;
use http::{Method, StatusCode};

use super::{ACCEPT_ORAS, obstacle};
use crate::oci::url::is_same_origin;
use crate::oci::{Digest, RepositoryName};
use crate::session::{Reply, Session, digest_of};
use crate::verdict::Stop;
use crate::wire::content::Pattern;

impl Session {
    /// HEAD of a blob without `Accept`, as Helm 3.18 and later send it.
    pub async fn head_blob(&self, digest: &str) -> Result<Reply, Stop> {
        self.call(Method::HEAD, &self.blob_path(digest))
            .send()
            .await
    }

    /// GET of a blob without `Accept`.
    pub async fn get_blob(&self, digest: &str) -> Result<Reply, Stop> {
        self.call(Method::GET, &self.blob_path(digest)).send().await
    }

    /// GET of a blob whose redirect must lead to the blob: one that does not is an obstacle.
    pub async fn get_blob_following(&self, digest: &str) -> Result<Reply, Stop> {
        let reply = self.get_blob(digest).await?;
        let redirected =
            reply.status.is_redirection() || reply.uri.path() != self.blob_path(digest);
        if redirected && !reply.status.is_success() {
            return Err(obstacle(
                "read a blob at the target of its redirect",
                &reply,
            ));
        }
        Ok(reply)
    }

    /// GET of a large blob. The body is measured and not kept.
    pub async fn measure_blob(&self, blob: &Pattern) -> Result<Reply, Stop> {
        self.call(Method::GET, &self.blob_path(blob.digest()))
            .measured(blob)
            .send()
            .await
    }

    /// GET of the `Location` of a response. The requirement does not apply if there is none on the registry.
    pub async fn get_location(&self, stored: &Reply) -> Result<Reply, Stop> {
        let no_location =
            || Stop::condition_not_met("the response has no `Location` on the registry");
        let location = stored.header("location").ok_or_else(no_location)?;
        let uri = self.resolve(&stored.uri, location)?;
        if !is_same_origin(&uri, self.target().origin()) {
            return Err(no_location());
        }
        self.call_uri(Method::GET, Ok(uri))
            .accept(ACCEPT_ORAS)
            .send()
            .await
    }

    /// Uploads a blob to the check's repository.
    pub async fn arrange_blob(&self, body: &Bytes) -> Result<Digest, Stop> {
        self.arrange_blob_in(self.repository(), body).await
    }

    /// Uploads a blob to `repository`: with one PUT, or with a PATCH and an empty PUT if the PUT fails.
    pub async fn arrange_blob_in(
        &self,
        repository: &RepositoryName,
        body: &Bytes,
    ) -> Result<Digest, Stop> {
        let upload = self.persisting(|| self.upload_blob_in(repository, body));
        self.upload_once(repository, digest_of(body), upload).await
    }

    async fn upload_blob_in(
        &self,
        repository: &RepositoryName,
        body: &Bytes,
    ) -> Result<Digest, Stop> {
        let digest = digest_of(body);
        let location = self.open_upload_in(repository).await?;
        let put = self
            .complete_upload(&location, &digest, body)
            .send()
            .await?;
        if put.status.is_success() || put.status == StatusCode::CONFLICT {
            return Ok(digest);
        }
        if put.status.is_server_error() && self.arrange_chunked_in(repository, body).await.is_ok() {
            return Ok(digest);
        }
        Err(obstacle("upload a blob", &put))
    }
}
