//! Push and pull over containerd, as Helm 3.0 to 3.17 has them.

use helm_oci_fixtures::media_type;
use http::{Method, Uri};

use super::wire::{Ask, Rights};
use super::{Part, Run, Way};
use crate::session::steps::{ACCEPT_CONTAINERD, Chart};
use crate::session::{Reply, digest_of};
use crate::verdict::{CheckResult, Stop};

impl Run<'_> {
    pub(super) async fn push_containerd(&mut self, chart: &Chart, tag: &str) -> CheckResult {
        let rights = Rights::PullAndPush;
        self.upload(chart, rights).await?;
        let accept = format!("{}, */*", media_type::OCI_MANIFEST);
        let head = self.head_or_get(tag, &accept, rights).await?;
        match head.status.as_u16() {
            200 if head.header("docker-content-digest") == Some(&chart.digest) => return Ok(()),
            200 | 404 => {}
            _ => return Err(self.gives_up("404 for a tag that is not there", &head)),
        }
        let uri = self.session.uri(&self.session.manifest_path(tag))?;
        let put = Ask::new(Method::PUT, uri, rights);
        let put = put.body(Some(media_type::OCI_MANIFEST), &chart.manifest);
        let put = self.one(put).await?;
        self.committed(&put, &chart.digest)
    }

    /// HEAD of a manifest under a tag, or GET where there is no HEAD.
    async fn head_or_get(
        &mut self,
        tag: &str,
        accept: &str,
        rights: Rights,
    ) -> Result<Reply, Stop> {
        let uri = self.session.uri(&self.session.manifest_path(tag))?;
        let head = Ask::new(Method::HEAD, uri, rights).accept(accept);
        let get = head.with(Method::GET);
        let head = self.one(head).await?;
        if head.status.as_u16() == 405 {
            return self.one(get).await;
        }
        Ok(head)
    }

    /// Where to send a blob; `None` if it is taken for one that is there.
    pub(super) fn opened_containerd(&self, post: &Reply) -> Result<Option<Uri>, Stop> {
        match post.status.as_u16() {
            200 | 202 | 204 => {}
            // Taken for "it is there already".
            201 => return Ok(None),
            _ => return Err(self.gives_up("202 for a new upload", post)),
        }
        let location = post.header("location").unwrap_or_default();
        if !location.starts_with('/') && !location.contains("://") {
            let wanted = "a `location` that is absolute or begins with `/`";
            return Err(self.gives_up(wanted, post));
        }
        self.session.resolve(&post.uri, location).map(Some)
    }

    /// A PUT that ends in what was sent.
    pub(super) fn committed(&self, put: &Reply, digest: &str) -> CheckResult {
        match put.status.as_u16() {
            200 | 201 | 204 => {}
            202 if self.client.does(Way::Takes202) => {}
            _ => return Err(self.gives_up("201 for a PUT", put)),
        }
        if put.header("docker-content-digest") == Some(digest) {
            Ok(())
        } else {
            Err(self.gives_up("`docker-content-digest` of what was sent", put))
        }
    }

    pub(super) async fn pull_containerd(
        &mut self,
        chart: &Chart,
        tag: &str,
        part: Part,
    ) -> CheckResult {
        let rights = Rights::Pull;
        let head = self.head_or_get(tag, ACCEPT_CONTAINERD, rights).await?;
        if head.status.as_u16() != 200 {
            return Err(self.gives_up("200 for the tag", &head));
        }
        let kind = head.media_type().unwrap_or_default().to_owned();
        let (digest, size) = self.described_containerd(tag, &head).await?;
        let uri = self.session.uri(&self.session.manifest_path(&digest))?;
        let ask = Ask::new(Method::GET, uri, rights).accept(&format!("{kind}, */*"));
        let manifest = self.one(ask).await?;
        let is_whole = size == manifest.body.len() && digest_of(&manifest.body) == digest;
        if manifest.status.as_u16() != 200 || !is_whole {
            return Err(self.gives_up("the manifest that HEAD named", &manifest));
        }
        if kind == media_type::OCI_INDEX {
            return self.fetch_from_index(chart, &manifest, part).await;
        }
        if kind != media_type::OCI_MANIFEST {
            return Err(self.gives_up("the type of an image manifest", &head));
        }
        self.fetch(chart, &manifest, part).await
    }

    /// Digest and size of what a tag names: what HEAD says, or what is read where it does not say both.
    async fn described_containerd(
        &mut self,
        tag: &str,
        head: &Reply,
    ) -> Result<(String, usize), Stop> {
        let digest = head.header("docker-content-digest").map(ToOwned::to_owned);
        let size = head.header("content-length");
        let size = size.and_then(|length| length.parse::<usize>().ok());
        if let (Some(digest), Some(size)) = (digest, size) {
            return Ok((digest, size));
        }
        let uri = self.session.uri(&self.session.manifest_path(tag))?;
        let ask = Ask::new(Method::GET, uri, Rights::Pull).accept(ACCEPT_CONTAINERD);
        let get = self.one(ask).await?;
        Ok((digest_of(&get.body), get.body.len()))
    }
}
