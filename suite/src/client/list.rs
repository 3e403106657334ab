//! Which version Helm 3.8 and later pull for a range, or for none: tags are listed, and one is picked.

use http::{Method, Uri};
use semver::VersionReq;

use super::keys::Keys;
use super::wire::{Ask, Rights};
use super::{Line, Run};
use crate::helm::range;
use crate::oci::TagList;
use crate::session::Reply;
use crate::session::steps::Chart;
use crate::verdict::{CheckResult, Stop};

/// More pages than any list in this suite has; Helm itself would go on for ever.
const PAGES: usize = 20;
/// So much of a page is read.
const PAGE: usize = 4 * 1024 * 1024;

impl Run<'_> {
    /// Lists tags, picks the highest that fits, which must be this chart, and pulls it.
    pub(crate) async fn pull_resolved(
        mut self,
        chart: &Chart,
        range: Option<&VersionReq>,
    ) -> CheckResult {
        let (tags, last) = match self.client.line {
            Line::Oras => self.tags().await?,
            Line::Containerd => {
                // Tags are listed by a client of its own, which shares no token with the one that pulls.
                let mut lister = self.client.run(self.session);
                lister.keys = Keys::of_lister(self.session);
                lister.tags().await?
            }
        };
        match range::pick(&tags, range) {
            Some(tag) => self.pull(chart, &tag).await,
            None => Err(self.gives_up("a version in the list", &last)),
        }
    }

    /// All tags, and the answer with the last of them.
    async fn tags(&mut self) -> Result<(Vec<String>, Reply), Stop> {
        let path = format!("/v2/{}/tags/list", self.session.repository());
        let mut page = self.page(self.session.uri(&path)?).await?;
        let mut tags = Vec::new();
        for _ in 0..PAGES {
            let list: Option<TagList> = serde_json::from_slice(&page.body).ok();
            let is_read_whole = page.body.len() <= PAGE;
            match list.filter(|_| page.status.as_u16() == 200 && is_read_whole) {
                Some(list) => tags.extend(list.tags.unwrap_or_default()),
                None => return Err(self.gives_up("a list of tags", &page)),
            }
            let Some(link) = page.header("link") else {
                return Ok((tags, page));
            };
            let next = link.strip_prefix('<').and_then(|rest| rest.split_once('>'));
            let Some((next, _)) = next else {
                return Err(self.gives_up("a `link` between `<` and `>`", &page));
            };
            page = self.page(self.session.resolve(&page.uri, next)?).await?;
        }
        Err(self.gives_up("a last page", &page))
    }

    async fn page(&mut self, uri: Uri) -> Result<Reply, Stop> {
        self.one(Ask::new(Method::GET, uri, Rights::Pull)).await
    }
}
