//! Blobs.

use bytes::Bytes;
use http::{Method, StatusCode};

use super::{ACCEPT_ORAS, obstacle};
use crate::oci::url::is_same_origin;
use crate::session::{Call, Reply, Session, digest_of};
use crate::verdict::Stop;
use crate::wire::content::Pattern;

/// The maximum length of a chain of redirects: more than any Helm version follows.
const REDIRECTS: usize = 20;

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

    /// GET of a blob that follows redirects without credentials. A redirect that does not lead to a blob is an obstacle.
    pub async fn get_blob_following(&self, digest: &str) -> Result<Reply, Stop> {
        let reply = self.follow_blob(digest).await?;
        let redirected = reply.uri.path() != self.blob_path(digest);
        if redirected && !reply.status.is_success() {
            return Err(obstacle(
                "read a blob at the target of its redirect",
                &reply,
            ));
        }
        Ok(reply)
    }

    /// GET of a blob that follows redirects without credentials, whatever the last response is.
    pub async fn follow_blob(&self, digest: &str) -> Result<Reply, Stop> {
        self.follow(digest, |call| call).await
    }

    /// GET of a large blob that follows redirects without credentials. The body is measured and not kept.
    pub async fn measure_blob(&self, blob: &Pattern) -> Result<Reply, Stop> {
        self.follow(blob.digest(), |call| call.measured(blob)).await
    }

    async fn follow<'s>(
        &'s self,
        digest: &str,
        prepare: impl Fn(Call<'s>) -> Call<'s>,
    ) -> Result<Reply, Stop> {
        let get = self.call(Method::GET, &self.blob_path(digest));
        let mut reply = prepare(get).send().await?;
        for _ in 0..REDIRECTS {
            if !reply.status.is_redirection() {
                return Ok(reply);
            }
            let location = reply
                .header("location")
                .ok_or_else(|| obstacle("follow a redirect", &reply))?;
            let uri = self.resolve(&reply.uri, location);
            let get = self.call_uri(Method::GET, uri).anonymous();
            reply = prepare(get).send().await?;
        }
        Err(obstacle("follow a chain of redirects to its end", &reply))
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
    pub async fn arrange_blob(&self, body: &Bytes) -> Result<String, Stop> {
        self.arrange_blob_in(self.repository(), body).await
    }

    /// Uploads a blob to `repository`: with one PUT, or with a PATCH and an empty PUT if the PUT fails.
    pub async fn arrange_blob_in(&self, repository: &str, body: &Bytes) -> Result<String, Stop> {
        let digest = digest_of(body);
        let location = self.arrange_upload_in(repository).await?;
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
