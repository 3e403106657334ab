//! Push and pull over oras-go v2, as Helm has them since 3.18.

use helm_oci_fixtures::media_type;
use http::{Method, Uri};

use super::wire::{Ask, Rights};
use super::{Part, Run, Way};
use crate::oci::url::is_same_origin;
use crate::session::steps::{ACCEPT_ORAS, Chart};
use crate::session::{Reply, digest_of};
use crate::verdict::{CheckResult, Stop};

impl Run<'_> {
    pub(super) async fn push_oras(&mut self, chart: &Chart, tag: &str) -> CheckResult {
        let by_digest = self.session.manifest_path(&chart.digest);
        let by_digest = self.session.uri(&by_digest)?;
        let head = Ask::new(Method::HEAD, by_digest.clone(), self.looking());
        let head = self.one(head.accept(ACCEPT_ORAS)).await?;
        match head.status.as_u16() {
            200 => self.described(&head, &chart.digest)?,
            404 => {
                self.upload(chart, Rights::PullAndPush).await?;
                self.put_manifest(&by_digest, chart).await?;
            }
            _ => return Err(self.gives_up("404 for a manifest that is not there", &head)),
        }
        let get = Ask::new(Method::GET, by_digest, Rights::PullAndPush);
        let get = self.one(get.accept(media_type::OCI_MANIFEST)).await?;
        if get.status.as_u16() != 200 {
            return Err(self.gives_up("the manifest just pushed", &get));
        }
        let named = get.header("docker-content-digest");
        let is_named = named.is_none_or(|digest| digest == chart.digest);
        let is_typed = get.media_type() == Some(media_type::OCI_MANIFEST);
        if get.body != chart.manifest || !is_named || !is_typed {
            return Err(self.gives_up("the very manifest just pushed", &get));
        }
        let tagged = self.session.uri(&self.session.manifest_path(tag))?;
        self.put_manifest(&tagged, chart).await
    }

    /// A HEAD answer that oras-go can make a descriptor of.
    fn described(&self, head: &Reply, digest: &str) -> CheckResult {
        let named = head.header("docker-content-digest");
        if named.is_some_and(|named| named != digest) {
            return Err(self.gives_up("the digest that was asked for", head));
        }
        if head.header("content-length").is_none() || head.header("content-type").is_none() {
            return Err(self.gives_up("`content-length` and `content-type` on HEAD", head));
        }
        Ok(())
    }

    async fn put_manifest(&mut self, uri: &Uri, chart: &Chart) -> CheckResult {
        let put = Ask::new(Method::PUT, uri.clone(), Rights::PullAndPush);
        let put = put.body(Some(media_type::OCI_MANIFEST), &chart.manifest);
        let put = self.one(put).await?;
        if put.status.as_u16() != 201 {
            return Err(self.gives_up("201 for a manifest", &put));
        }
        let named = put.header("docker-content-digest");
        if named.is_some_and(|digest| digest != chart.digest) {
            return Err(self.gives_up("the manifest's own digest", &put));
        }
        Ok(())
    }

    /// Where to send a blob.
    pub(super) fn opened_oras(&self, post: &Reply) -> Result<Uri, Stop> {
        if post.status.as_u16() != 202 {
            return Err(self.gives_up("202 for a new upload", post));
        }
        let location = post.header("location");
        let Some(location) = location.filter(|location| !location.is_empty()) else {
            return Err(self.gives_up("a `location`", post));
        };
        let uri = self.session.resolve(&post.uri, location)?;
        if self.client.does(Way::ChecksUrls)
            && !is_same_origin(&uri, self.session.target().origin())
        {
            return Err(self.gives_up("a `location` on the registry's own origin", post));
        }
        Ok(uri)
    }

    pub(super) async fn pull_oras(&mut self, chart: &Chart, tag: &str, part: Part) -> CheckResult {
        let uri = self.session.uri(&self.session.manifest_path(tag))?;
        let ask = Ask::new(Method::GET, uri, Rights::Pull).accept(ACCEPT_ORAS);
        let head = ask.with(Method::HEAD);
        let manifest = self.one(ask).await?;
        if manifest.media_type() == Some(media_type::OCI_INDEX) {
            return self.fetch_from_index(chart, &manifest, part).await;
        }
        let is_typed = manifest.media_type() == Some(media_type::OCI_MANIFEST);
        if manifest.status.as_u16() != 200 || !is_typed {
            return Err(self.gives_up("the chart's manifest, typed as one", &manifest));
        }
        let digest = digest_of(&manifest.body);
        let named = manifest.header("docker-content-digest");
        if named.is_some_and(|named| named != digest) {
            return Err(self.gives_up("the digest of the body", &manifest));
        }
        if manifest.header("content-length").is_none() {
            let head = self.one(head).await?;
            if head.status.as_u16() != 200 {
                return Err(self.gives_up("the length of the manifest", &head));
            }
            self.described(&head, &digest)?;
        }
        self.fetch(chart, &manifest, part).await
    }
}
