//! Push and pull over containerd, in Helm 3.0 to 3.17.

use helm_oci_fixtures::media_type;
use http::{Method, Uri};

use super::request::{Access, PlannedRequest};
use super::{ChartPart, ClientRun, Quirk};
use crate::oci::Index;
use crate::session::steps::{ACCEPT_CONTAINERD, Chart};
use crate::session::{Reply, digest_of, parse_uri};
use crate::verdict::{CheckResult, Stop};

/// A manifest as containerd describes it before it reads it.
struct Described {
    digest: String,
    size: usize,
    /// The media type.
    kind: String,
}

impl ClientRun<'_> {
    pub(super) async fn push_containerd(&mut self, chart: &Chart, tag: &str) -> CheckResult {
        let access = Access::PullPush;
        self.upload(chart, access).await?;
        let accept = format!("{}, */*", media_type::OCI_MANIFEST);
        let head = self.head_or_get(tag, &accept, access).await?;
        match head.status.as_u16() {
            200 if head.header("docker-content-digest") == Some(&chart.digest) => return Ok(()),
            200 | 404 => {}
            _ if self.pushes_unchecked(&head) => {}
            _ => return Err(self.abort("status 404 for a tag that does not exist", &head)),
        }
        let uri = self.session.uri(&self.session.manifest_path(tag))?;
        let put = PlannedRequest::new(Method::PUT, uri, access);
        let put = put.body(Some(media_type::OCI_MANIFEST), &chart.manifest);
        let put = self.request(put).await?;
        self.committed(&put, &chart.digest)
    }

    /// Sends HEAD for a manifest by tag, and GET if HEAD is not allowed.
    async fn head_or_get(
        &mut self,
        tag: &str,
        accept: &str,
        access: Access,
    ) -> Result<Reply, Stop> {
        let uri = self.session.uri(&self.session.manifest_path(tag))?;
        let head = PlannedRequest::new(Method::HEAD, uri, access).accept(accept);
        let get = head.with(Method::GET);
        let head = self.request(head).await?;
        if head.status.as_u16() == 405 {
            return self.request(get).await;
        }
        Ok(head)
    }

    /// The URL of an upload; `None` if Helm takes the blob for one that exists.
    pub(super) fn location_containerd(&self, post: &Reply) -> Result<Option<Uri>, Stop> {
        match post.status.as_u16() {
            200 | 202 | 204 => {}
            // containerd takes 201 for a blob that exists.
            201 => return Ok(None),
            _ => return Err(self.abort("status 202 for a new upload", post)),
        }
        let location = post.header("location").unwrap_or_default();
        if !location.starts_with('/') && !location.contains("://") {
            let wanted = "a `location` that is absolute or begins with `/`";
            return Err(self.abort(wanted, post));
        }
        if location.starts_with("//") {
            // containerd takes it for a path.
            let scheme = post.uri.scheme_str().unwrap_or_default();
            let host = post.uri.authority().map_or("", |host| host.as_str());
            return parse_uri(&format!("{scheme}://{host}{location}")).map(Some);
        }
        self.resolved(post, location).map(Some)
    }

    /// Accepts the response to a PUT that stored the content with this digest.
    pub(super) fn committed(&self, put: &Reply, digest: &str) -> CheckResult {
        match put.status.as_u16() {
            200 | 201 | 204 => {}
            202 if self.model.has(Quirk::AcceptsStatus202) => {}
            _ => return Err(self.abort("status 201 for a PUT", put)),
        }
        if put.header("docker-content-digest") == Some(digest) {
            Ok(())
        } else {
            Err(self.abort(
                "`docker-content-digest` with the digest of the sent content",
                put,
            ))
        }
    }

    pub(super) async fn pull_containerd(
        &mut self,
        chart: &Chart,
        tag: &str,
        part: ChartPart,
    ) -> CheckResult {
        let access = Access::Pull;
        let head = self.head_or_get(tag, ACCEPT_CONTAINERD, access).await?;
        // containerd reads with any successful status.
        if !head.status.is_success() {
            return Err(self.abort("status 200 for the tag", &head));
        }
        let described = self.described_containerd(tag, &head).await?;
        let Described { digest, size, kind } = described;
        let uri = self.session.uri(&self.session.manifest_path(&digest))?;
        let request = PlannedRequest::new(Method::GET, uri, access).accept(&format!("{kind}, */*"));
        let manifest = self.request(request).await?;
        let is_whole = size == manifest.body.len() && digest_of(&manifest.body) == digest;
        if !manifest.status.is_success() || !is_whole {
            return Err(self.abort("the manifest with the digest and length of HEAD", &manifest));
        }
        let is_index = serde_json::from_slice::<Index>(&manifest.body).is_ok();
        if is_index != (kind == media_type::OCI_INDEX) {
            return Err(self.abort("a media type that fits the manifest", &head));
        }
        if is_index {
            return self.fetch_from_index(chart, &manifest, part).await;
        }
        if kind != media_type::OCI_MANIFEST {
            return Err(self.abort("the media type of an image manifest", &head));
        }
        self.fetch(chart, &manifest, part).await
    }

    /// The descriptor of a manifest: from HEAD, or from GET if HEAD lacks the digest or the size.
    async fn described_containerd(&mut self, tag: &str, head: &Reply) -> Result<Described, Stop> {
        let kind = |reply: &Reply| reply.media_type().unwrap_or_default().to_owned();
        // A requested digest is not compared with that of the response.
        let requested = Some(tag).filter(|tag| tag.starts_with("sha256:"));
        let digest = requested.or_else(|| head.header("docker-content-digest"));
        let digest = digest.map(ToOwned::to_owned);
        let size = head.header("content-length");
        let size = size.and_then(|length| length.parse::<usize>().ok());
        if let (Some(digest), Some(size)) = (digest, size) {
            let kind = kind(head);
            return Ok(Described { digest, size, kind });
        }
        let uri = self.session.uri(&self.session.manifest_path(tag))?;
        let request = PlannedRequest::new(Method::GET, uri, Access::Pull).accept(ACCEPT_CONTAINERD);
        let get = self.request(request).await?;
        Ok(Described {
            digest: digest_of(&get.body).into(),
            size: get.body.len(),
            kind: kind(&get),
        })
    }
}
