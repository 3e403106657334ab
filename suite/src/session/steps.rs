//! The distribution API in the words of a session: paths, the request of each step, and arranging.
//!
//! A step sends what Helm sends. Arranging is lenient: it takes every answer from which one can go on, so
//! that one defect does not hide the others; what cannot be arranged is an obstacle, never a violation.

use bytes::Bytes;
use helm_oci_fixtures::chart::{ChartMetadata, ChartPackage};
use helm_oci_fixtures::manifest::{Shape, chart_manifest};
use helm_oci_fixtures::{media_type, provenance};
use http::{Method, StatusCode, Uri};

use crate::oci::TagList;
use crate::oci::percent::{encode_query, pairs};
use crate::oci::url::{is_same_origin, with_path};
use crate::session::{Call, Reply, Session, digest_of};
use crate::verdict::{Obstacle, ObstacleKind, Restriction, Stop};
use crate::wire::content::Content;
use crate::wire::content::Pattern;

/// `Accept` of Helm 3.0 to 3.17 when it resolves a tag.
pub const ACCEPT_CONTAINERD: &str = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*";

/// `Accept` of Helm 3.18 and later for manifests.
pub const ACCEPT_ORAS: &str = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, application/vnd.oci.artifact.manifest.v1+json";

/// The version of charts that are arranged, and the tag of one that is looked at instead.
const VERSION: &str = "1.0.0";

/// How many redirects in a row are followed: more than any Helm follows.
const REDIRECTS: usize = 20;

/// A chart as it stands in the registry.
#[derive(Debug, Clone)]
pub struct Chart {
    /// The package.
    pub package: ChartPackage,
    /// Its provenance, where it has one.
    pub provenance: Option<Bytes>,
    /// The manifest as pushed.
    pub manifest: Bytes,
    /// The manifest's digest.
    pub digest: String,
}

impl Chart {
    /// The digest of the chart layer.
    pub fn layer_digest(&self) -> String {
        digest_of(&self.package.archive)
    }

    /// The digest of the config.
    pub fn config_digest(&self) -> String {
        digest_of(&self.package.config)
    }

    /// The blobs the manifest names, config first.
    pub fn blobs(&self) -> Vec<Bytes> {
        let mut blobs = vec![self.package.config.clone(), self.package.archive.clone()];
        blobs.extend(self.provenance.clone());
        blobs
    }
}

impl Session {
    /// `/v2/<repository>/manifests/<reference>`.
    pub fn manifest_path(&self, reference: &str) -> String {
        let reference = match self.adopted() {
            Some(adopted) if reference == VERSION => &adopted.tag,
            _ => reference,
        };
        format!("/v2/{}/manifests/{reference}", self.repository())
    }

    /// `/v2/<repository>/blobs/<digest>`.
    pub fn blob_path(&self, digest: &str) -> String {
        format!("/v2/{}/blobs/{digest}", self.repository())
    }

    /// HEAD of a manifest, as Helm 3.0 to 3.17 resolves a tag.
    pub async fn head_manifest(&self, reference: &str) -> Result<Reply, Stop> {
        self.call(Method::HEAD, &self.manifest_path(reference))
            .accept(ACCEPT_CONTAINERD)
            .send()
            .await
    }

    /// GET of a manifest, as Helm 3.18 and later pulls.
    pub async fn get_manifest(&self, reference: &str) -> Result<Reply, Stop> {
        self.call(Method::GET, &self.manifest_path(reference))
            .accept(ACCEPT_ORAS)
            .send()
            .await
    }

    /// PUT of a manifest, as every Helm pushes it.
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

    /// HEAD of a blob, without `Accept`, as Helm 3.18 and later sends it.
    pub async fn head_blob(&self, digest: &str) -> Result<Reply, Stop> {
        self.call(Method::HEAD, &self.blob_path(digest))
            .send()
            .await
    }

    /// GET of a blob, without `Accept`.
    pub async fn get_blob(&self, digest: &str) -> Result<Reply, Stop> {
        self.call(Method::GET, &self.blob_path(digest)).send().await
    }

    /// GET of a blob, redirects followed without credentials; one that leads to no blob is an obstacle.
    pub async fn get_blob_following(&self, digest: &str) -> Result<Reply, Stop> {
        let reply = self.follow_blob(digest).await?;
        let redirected = reply.uri.path() != self.blob_path(digest);
        if redirected && !reply.status.is_success() {
            return Err(obstacle("read a blob where its redirect leads", &reply));
        }
        Ok(reply)
    }

    /// GET of a blob, redirects followed without credentials, whatever the end answers.
    pub async fn follow_blob(&self, digest: &str) -> Result<Reply, Stop> {
        self.follow(digest, |call| call).await
    }

    /// The same of a large blob, which is measured and not kept.
    pub async fn measure_blob(&self, blob: &Pattern) -> Result<Reply, Stop> {
        self.follow(blob.digest(), |call| call.measured(blob)).await
    }

    async fn follow<'s>(
        &'s self,
        digest: &str,
        dressed: impl Fn(Call<'s>) -> Call<'s>,
    ) -> Result<Reply, Stop> {
        let get = self.call(Method::GET, &self.blob_path(digest));
        let mut reply = dressed(get).send().await?;
        for _ in 0..REDIRECTS {
            if !reply.status.is_redirection() {
                return Ok(reply);
            }
            let location = reply
                .header("location")
                .ok_or_else(|| obstacle("follow a redirect", &reply))?;
            let uri = self.resolve(&reply.uri, location);
            let get = self.call_uri(Method::GET, uri).anonymous();
            reply = dressed(get).send().await?;
        }
        Err(obstacle("follow a chain of redirects to its end", &reply))
    }

    /// GET of the place that an answer names in `Location`; without one on the registry there is nothing to look at.
    pub async fn look_at_location(&self, stored: &Reply) -> Result<Reply, Stop> {
        let nowhere = || Stop::condition_not_met("the response has no `Location` on the registry");
        let location = stored.header("location").ok_or_else(nowhere)?;
        let uri = self.resolve(&stored.uri, location)?;
        if !is_same_origin(&uri, self.target().origin()) {
            return Err(nowhere());
        }
        self.call_uri(Method::GET, Ok(uri))
            .accept(ACCEPT_ORAS)
            .send()
            .await
    }

    /// POST that opens an upload in `repository`: no body, no query, no `Content-Type`.
    pub async fn start_upload_in(&self, repository: &str) -> Result<Reply, Stop> {
        self.call(Method::POST, &format!("/v2/{repository}/blobs/uploads/"))
            .send()
            .await
    }

    /// POST that opens an upload in the check's repository.
    pub async fn start_upload(&self) -> Result<Reply, Stop> {
        self.start_upload_in(self.repository()).await
    }

    /// Opens an upload and returns where to send the body; trouble is an obstacle.
    pub async fn arrange_upload(&self) -> Result<Uri, Stop> {
        self.arrange_upload_in(self.repository()).await
    }

    /// Opens an upload in `repository`.
    pub async fn arrange_upload_in(&self, repository: &str) -> Result<Uri, Stop> {
        let reply = self.start_upload_in(repository).await?;
        if !reply.status.is_success() {
            return Err(obstacle("open an upload", &reply));
        }
        self.upload_location(&reply)
    }

    /// Where the body of an upload goes, read leniently: only path and query of `Location` count.
    pub fn upload_location(&self, reply: &Reply) -> Result<Uri, Stop> {
        let location = reply
            .header("location")
            .ok_or_else(|| obstacle("find the upload's Location", reply))?;
        let resolved = self.resolve(&reply.uri, location)?;
        self.uri(resolved.path_and_query().map_or("/", |path| path.as_str()))
    }

    /// The PUT that completes an upload, as Helm sends it: the query of `Location` parsed and written anew,
    /// keys sorted, `digest` among them.
    pub fn complete_upload(
        &self,
        location: &Uri,
        digest: &str,
        body: impl Into<Content>,
    ) -> Call<'_> {
        self.call_uri(Method::PUT, self.upload_target(location, digest))
            .body(Some(media_type::OCTET_STREAM), body)
    }

    /// Where that PUT goes.
    pub(crate) fn upload_target(&self, location: &Uri, digest: &str) -> Result<Uri, Stop> {
        // Not resolved: a path that begins with `//` would name another host.
        Ok(with_path(location, &with_digest(location, digest))?)
    }

    /// Puts a blob into the check's repository.
    pub async fn arrange_blob(&self, body: &Bytes) -> Result<String, Stop> {
        self.arrange_blob_in(self.repository(), body).await
    }

    /// Puts a blob into `repository`: one PUT, or a PATCH and an empty PUT where that is refused.
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

    /// Puts a blob into the check's repository in one chunk.
    pub async fn arrange_chunked(&self, body: &Bytes) -> Result<(), Stop> {
        self.arrange_chunked_in(self.repository(), body).await
    }

    async fn arrange_chunked_in(&self, repository: &str, body: &Bytes) -> Result<(), Stop> {
        let location = self.arrange_upload_in(repository).await?;
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

    /// Puts a manifest under a reference; its blobs must be there.
    pub async fn arrange_manifest(&self, reference: &str, manifest: &Bytes) -> Result<(), Stop> {
        let reply = self.put_manifest(reference, manifest).await?;
        if reply.status.is_success() {
            Ok(())
        } else {
            Err(obstacle("push a manifest", &reply))
        }
    }

    /// A chart package that belongs to this check's repository.
    pub fn package(&self, version: &str) -> ChartPackage {
        ChartPackage::build(&ChartMetadata::new(self.chart_name(), version), self.seed())
    }

    /// Pushes the blobs of a chart in the shape of Helm 3.8 to 3.11 and returns it without its manifest pushed.
    pub async fn arrange_chart_blobs(&self, version: &str) -> Result<Chart, Stop> {
        self.arrange_blobs_of(self.package(version), Shape::Helm38, None)
            .await
    }

    /// The same with provenance.
    pub async fn arrange_signed_blobs(&self, version: &str, shape: Shape) -> Result<Chart, Stop> {
        let package = self.package(version);
        let signature = provenance::sign(&package);
        self.arrange_blobs_of(package, shape, Some(signature)).await
    }

    /// A package with the manifest that a Helm of this shape writes for it.
    pub fn chart_of(
        &self,
        package: ChartPackage,
        shape: Shape,
        provenance: Option<Bytes>,
    ) -> Chart {
        let created = matches!(shape, Shape::Helm313).then_some("2026-11-22T05:32:38Z");
        let manifest = chart_manifest(shape, &package, provenance.as_deref(), created);
        let manifest = if self.target().typed_manifests {
            with_media_type(&manifest)
        } else {
            manifest
        };
        let digest = digest_of(&manifest);
        Chart {
            package,
            provenance,
            manifest,
            digest,
        }
    }

    /// Pushes the blobs of a package and writes its manifest.
    pub async fn arrange_blobs_of(
        &self,
        package: ChartPackage,
        shape: Shape,
        provenance: Option<Bytes>,
    ) -> Result<Chart, Stop> {
        let chart = self.chart_of(package, shape, provenance);
        for blob in chart.blobs() {
            self.arrange_blob(&blob).await?;
        }
        Ok(chart)
    }

    /// Pushes a chart under a tag: the version, unless the tag says otherwise.
    pub async fn arrange_chart(&self, tag: &str) -> Result<Chart, Stop> {
        if let Some(adopted) = self.adopted().filter(|_| tag == VERSION) {
            return Ok(adopted.chart.clone());
        }
        let chart = self.arrange_chart_blobs("1.0.0").await?;
        self.arrange_manifest(tag, &chart.manifest).await?;
        Ok(chart)
    }

    /// Pushes a signed chart in the given shape under the tag 1.0.0.
    pub async fn arrange_signed_chart(&self, shape: Shape) -> Result<Chart, Stop> {
        if let Some(adopted) = self.adopted() {
            return match &adopted.chart.provenance {
                Some(_) => Ok(adopted.chart.clone()),
                None => Err(Stop::not_allowed(Restriction::UnsignedChart)),
            };
        }
        let chart = self.arrange_signed_blobs("1.0.0", shape).await?;
        self.arrange_manifest("1.0.0", &chart.manifest).await?;
        Ok(chart)
    }

    /// Another chart of the same name and version, with other content.
    pub async fn arrange_other_chart_blobs(&self, version: &str) -> Result<Chart, Stop> {
        let metadata = ChartMetadata::new(self.chart_name(), version);
        let package = ChartPackage::build(&metadata, self.seed().wrapping_add(1));
        self.arrange_blobs_of(package, Shape::Helm38, None).await
    }

    /// `GET tags/list`, as Helm sends it: no query, no `Accept`.
    pub async fn list_tags(&self) -> Result<Reply, Stop> {
        self.list_tags_with("").await
    }

    /// The first page of tags, where there is one to be read; otherwise an obstacle.
    pub async fn arranged_tags(&self) -> Result<(Reply, Vec<String>), Stop> {
        let reply = self.list_tags().await?;
        match serde_json::from_slice::<TagList>(&reply.body) {
            Ok(list) if reply.status.is_success() => Ok((reply, list.tags.unwrap_or_default())),
            _ => Err(obstacle("list tags", &reply)),
        }
    }

    /// `GET tags/list` with a query such as `?n=2`.
    pub async fn list_tags_with(&self, query: &str) -> Result<Reply, Stop> {
        self.call(
            Method::GET,
            &format!("/v2/{}/tags/list{query}", self.repository()),
        )
        .send()
        .await
    }
}

/// The same manifest with a `mediaType` field.
pub fn with_media_type(manifest: &Bytes) -> Bytes {
    let text = String::from_utf8_lossy(manifest);
    let field = format!("{{\"mediaType\":\"{}\",", media_type::OCI_MANIFEST);
    Bytes::from(text.replacen('{', &field, 1))
}

/// The path and query of an upload's PUT: keys sorted, values encoded anew, `digest` replaced or added.
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

/// What could not be arranged, and the answer that shows it.
pub(crate) fn obstacle(what: &str, reply: &Reply) -> Stop {
    Stop::from(Obstacle {
        kind: ObstacleKind::Arrangement,
        what: format!("could not {what}: the registry answered {}", reply.status),
        exchanges: vec![reply.exchange],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_query_is_rewritten_as_go_does() {
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
}
