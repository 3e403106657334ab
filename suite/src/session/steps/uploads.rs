//! Uploads.

use bytes::Bytes;
use helm_oci_fixtures::media_type;
use http::{Method, Uri};

use super::obstacle;
use crate::oci::RepositoryName;
use crate::oci::percent::{encode_query, pairs};
use crate::oci::url::with_path;
use crate::session::{Call, Reply, Session, digest_of};
use crate::verdict::Stop;
use crate::wire::content::Content;

impl Session {
    /// POST that starts an upload in `repository`: no body, no query, no `Content-Type`.
    pub async fn start_upload_in(&self, repository: &str) -> Result<Reply, Stop> {
        self.call(Method::POST, &format!("/v2/{repository}/blobs/uploads/"))
            .send()
            .await
    }

    /// POST that starts an upload in the check's repository.
    pub async fn start_upload(&self) -> Result<Reply, Stop> {
        self.start_upload_in(self.repository()).await
    }

    /// Starts an upload and returns its location.
    pub async fn arrange_upload(&self) -> Result<Uri, Stop> {
        self.arrange_upload_in(self.repository()).await
    }

    /// Starts an upload in `repository` and returns its location.
    pub async fn arrange_upload_in(&self, repository: &RepositoryName) -> Result<Uri, Stop> {
        self.persisting(|| self.open_upload_in(repository)).await
    }

    pub(super) async fn open_upload_in(&self, repository: &RepositoryName) -> Result<Uri, Stop> {
        let reply = self.start_upload_in(repository).await?;
        if !reply.status.is_success() {
            return Err(obstacle("start an upload", &reply));
        }
        self.upload_location(&reply)
    }

    /// The location of an upload, read leniently: only path and query of `Location` count.
    pub fn upload_location(&self, reply: &Reply) -> Result<Uri, Stop> {
        let location = reply
            .header("location")
            .ok_or_else(|| obstacle("find the `Location` of an upload", reply))?;
        let resolved = self.resolve(&reply.uri, location)?;
        self.uri(resolved.path_and_query().map_or("/", |path| path.as_str()))
    }

    /// The PUT that completes an upload, as Helm sends it: the query of `Location` is parsed and encoded again, with
    /// its keys and `digest` sorted.
    pub fn complete_upload(
        &self,
        location: &Uri,
        digest: &str,
        body: impl Into<Content>,
    ) -> Call<'_> {
        self.call_uri(Method::PUT, Self::upload_target(location, digest))
            .body(Some(media_type::OCTET_STREAM), body)
    }

    /// The URL of the PUT that completes an upload.
    pub(crate) fn upload_target(location: &Uri, digest: &str) -> Result<Uri, Stop> {
        // Not resolved: a path that begins with `//` would name another host.
        Ok(with_path(location, &with_digest(location, digest))?)
    }

    /// Uploads a blob to the check's repository in one chunk.
    pub async fn arrange_chunked(&self, body: &Bytes) -> Result<(), Stop> {
        self.persisting(|| self.arrange_chunked_in(self.repository(), body))
            .await
    }

    pub(super) async fn arrange_chunked_in(
        &self,
        repository: &RepositoryName,
        body: &Bytes,
    ) -> Result<(), Stop> {
        let location = self.open_upload_in(repository).await?;
        let patch = self.patch_upload(&location, body).await?;
        if !patch.status.is_success() {
            return Err(obstacle("upload a chunk", &patch));
        }
        let location = self.upload_location(&patch)?;
        let put = self
            .complete_upload(&location, &digest_of(body), Bytes::new())
            .send()
            .await?;
        if put.status.is_success() {
            Ok(())
        } else {
            Err(obstacle("complete a chunked upload", &put))
        }
    }

    /// PATCH with one chunk from the beginning.
    pub async fn patch_upload(&self, location: &Uri, body: &Bytes) -> Result<Reply, Stop> {
        self.call_uri(Method::PATCH, Ok(location.clone()))
            .body(Some(media_type::OCTET_STREAM), body)
            .header(
                "content-range",
                &format!("0-{}", body.len().saturating_sub(1)),
            )
            .send()
            .await
    }
}

/// The path and query of an upload's PUT: keys sorted, values encoded again, `digest` replaced or added.
fn with_digest(location: &Uri, digest: &str) -> String {
    let mut pairs: Vec<(String, String)> = pairs(location.query().unwrap_or_default())
        .filter(|(name, _)| name != "digest")
        .collect();
    pairs.push(("digest".to_owned(), digest.to_owned()));
    pairs.sort();
    let query: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encode_query(name), encode_query(value)))
        .collect();
    format!("{}?{}", location.path(), query.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_of_an_upload_is_encoded_as_go_encodes_it() {
        let location: Uri = "/v2/a/b/blobs/uploads/1?zeta=a%20b&alpha=c%2Fd&digest=old"
            .parse()
            .expect("a URI");
        assert_eq!(
            with_digest(&location, "sha256:ab"),
            "/v2/a/b/blobs/uploads/1?alpha=c%2Fd&digest=sha256%3Aab&zeta=a+b"
        );
        let bare: Uri = "/u".parse().expect("a URI");
        assert_eq!(with_digest(&bare, "sha256:ab"), "/u?digest=sha256%3Aab");
    }

    #[test]
    fn a_location_with_two_slashes_stays_on_its_host() {
        let location = Uri::from_static("https://registry.test//host.test/upload?a=b");
        let uri = Session::upload_target(&location, "sha256:ab");
        assert_eq!(
            uri.expect("a URL").to_string(),
            "https://registry.test//host.test/upload?a=b&digest=sha256%3Aab"
        );
    }
}
