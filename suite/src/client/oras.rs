//! Push and pull over oras-go v2, in Helm 3.18 and later.

use helm_oci_fixtures::media_type;
use http::{Method, Uri};

use super::request::{Access, PlannedRequest};
use super::{ChartPart, ClientRun, Quirk, named_digest};
use crate::oci::url::is_same_origin;
use crate::session::steps::{ACCEPT_ORAS, Chart};
use crate::session::{Reply, digest_of};
use crate::verdict::{CheckResult, Stop};

impl ClientRun<'_> {
    pub(super) async fn push_oras(&mut self, chart: &Chart, tag: &str) -> CheckResult {
        let by_digest = self.session.manifest_path(&chart.digest);
        let by_digest = self.session.uri(&by_digest)?;
        let head = PlannedRequest::new(Method::HEAD, by_digest.clone(), self.read_access());
        let head = self.request(head.accept(ACCEPT_ORAS)).await?;
        match head.status.as_u16() {
            200 => self.described(&head, &chart.digest)?,
            404 => {
                self.upload(chart, Access::PullPush).await?;
                self.put_manifest(&by_digest, chart).await?;
            }
            _ => return Err(self.abort("status 404 for a manifest that does not exist", &head)),
        }
        let get = PlannedRequest::new(Method::GET, by_digest, Access::PullPush);
        let get = self.request(get.accept(media_type::OCI_MANIFEST)).await?;
        if get.status.as_u16() != 200 {
            return Err(self.abort("the manifest that was pushed", &get));
        }
        let named = named_digest(&get);
        let is_named = named.is_none_or(|digest| digest == chart.digest);
        let is_typed = get.media_type() == Some(media_type::OCI_MANIFEST);
        if get.body != chart.manifest || !is_named || !is_typed {
            return Err(self.abort(
                "the manifest that was pushed, with its digest and type",
                &get,
            ));
        }
        let tagged = self.session.uri(&self.session.manifest_path(tag))?;
        self.put_manifest(&tagged, chart).await
    }

    /// Accepts a response to HEAD from which oras-go can make a descriptor.
    fn described(&self, head: &Reply, digest: &str) -> CheckResult {
        let named = named_digest(head);
        if named.is_some_and(|named| named != digest) {
            return Err(self.abort("the requested digest", head));
        }
        if head.header("content-length").is_none() || head.header("content-type").is_none() {
            return Err(self.abort("`content-length` and `content-type` on HEAD", head));
        }
        Ok(())
    }

    async fn put_manifest(&mut self, uri: &Uri, chart: &Chart) -> CheckResult {
        let put = PlannedRequest::new(Method::PUT, uri.clone(), Access::PullPush);
        let put = put.body(Some(media_type::OCI_MANIFEST), &chart.manifest);
        let put = self.request(put).await?;
        if put.status.as_u16() != 201 {
            return Err(self.abort("status 201 for a manifest", &put));
        }
        let named = named_digest(&put);
        if named.is_some_and(|digest| digest != chart.digest) {
            return Err(self.abort("the digest of the manifest", &put));
        }
        Ok(())
    }

    /// The URL of an upload.
    pub(super) fn location_oras(&self, post: &Reply) -> Result<Uri, Stop> {
        if post.status.as_u16() != 202 {
            return Err(self.abort("status 202 for a new upload", post));
        }
        let location = post.header("location");
        let Some(location) = location.filter(|location| !location.is_empty()) else {
            return Err(self.abort("a `location`", post));
        };
        let uri = self.resolved(post, location)?;
        if self.model.has(Quirk::ChecksUrls)
            && !is_same_origin(&uri, self.session.target().origin())
        {
            return Err(self.abort("a `location` on the registry's own origin", post));
        }
        Ok(uri)
    }

    pub(super) async fn pull_oras(
        &mut self,
        chart: &Chart,
        tag: &str,
        part: ChartPart,
    ) -> CheckResult {
        let uri = self.session.uri(&self.session.manifest_path(tag))?;
        let request = PlannedRequest::new(Method::GET, uri, Access::Pull).accept(ACCEPT_ORAS);
        let head = request.with(Method::HEAD);
        let manifest = self.request(request).await?;
        if manifest.media_type() == Some(media_type::OCI_INDEX) {
            return self.fetch_from_index(chart, &manifest, part).await;
        }
        let is_typed = manifest.media_type() == Some(media_type::OCI_MANIFEST);
        if manifest.status.as_u16() != 200 || !is_typed {
            return Err(self.abort(
                "status 200 for the manifest, with its media type",
                &manifest,
            ));
        }
        let digest = digest_of(&manifest.body);
        if tag.starts_with("sha256:") && tag != digest {
            return Err(self.abort("the manifest with the requested digest", &manifest));
        }
        let named = named_digest(&manifest);
        if named.is_some_and(|named| named != digest) {
            return Err(self.abort("the digest of the body", &manifest));
        }
        if manifest.header("content-length").is_none() {
            let head = self.request(head).await?;
            if head.status.as_u16() != 200 {
                return Err(self.abort("the length of the manifest", &head));
            }
            self.described(&head, &digest)?;
        }
        self.fetch(chart, &manifest, part).await
    }
}
