//! Verifies that deleted content is no longer served.

use std::cmp::Reverse;

use futures_util::StreamExt;
use futures_util::future::join3;
use helm_oci_reports::record::LeftoverKind;

use super::reading;
use super::sweep::{Item, Presence, State, Sweep};
use crate::target::policy::CleanUpStrategy;

/// The number of repositories whose tags are listed again, and of deleted manifests and blobs that are requested again. A
/// registry that keeps one of them keeps all.
const SAMPLE: usize = 4;

impl Sweep<'_> {
    /// Finds tags that are still listed, and manifests and blobs that are still served.
    pub(super) async fn verify(&self, strategy: CleanUpStrategy) {
        let mut tagged: Vec<_> = self.stored.iter().collect();
        tagged.retain(|(_, content)| !content.tags.is_empty());
        tagged.sort_by_key(|(_, content)| Reverse(content.tags.len()));
        let tagged: Vec<&str> = tagged.iter().map(|(name, _)| name.as_str()).collect();
        let (sample, rest) = tagged.split_at(tagged.len().min(SAMPLE));
        let tags = async {
            if self.verify_tags_of(sample, strategy).await {
                self.verify_tags_of(rest, strategy).await;
            }
        };
        let digests = async |kind| {
            if strategy != CleanUpStrategy::Tag {
                self.verify_digests(kind).await;
            }
        };
        let (manifests, blobs) = (digests(LeftoverKind::Manifest), digests(LeftoverKind::Blob));
        join3(tags, manifests, blobs).await;
    }

    /// Verifies the tags of these repositories; true if any is still listed.
    async fn verify_tags_of(&self, repositories: &[&str], strategy: CleanUpStrategy) -> bool {
        futures_util::stream::iter(repositories)
            .map(|repository| self.verify_tags(repository, strategy))
            .buffer_unordered(self.concurrency)
            .fold(false, async |is_any, is_listed| is_any || is_listed)
            .await
    }

    /// Deletes the tags of a repository that are still listed, unless the strategy spares them, and notes the rest. True
    /// if any was listed.
    async fn verify_tags(&self, repository: &str, strategy: CleanUpStrategy) -> bool {
        let mut listed = self.listed(repository).await;
        let is_any = !listed.is_empty();
        let is_tried = strategy != CleanUpStrategy::Digest;
        if is_tried && !listed.is_empty() {
            self.delete(listed).await;
            listed = self.listed(repository).await;
        }
        let mut left = self.left();
        left.extend(
            listed
                .into_iter()
                .map(|item| (item, State::Listed { is_tried })),
        );
        is_any
    }

    /// The tags that are listed although the registry reported their deletion.
    async fn listed(&self, repository: &str) -> Vec<Item> {
        let path = format!("/v2/{repository}/tags/list");
        let list = reading::list(self.session, &path, "tags").await;
        self.step();
        let own = &self.stored[repository].tags;
        let names = list.names.into_iter().filter(|tag| own.contains_key(tag));
        let items = names.map(|tag| (repository.to_owned(), LeftoverKind::Tag, tag));
        let left = self.left();
        items.filter(|item| !left.contains_key(item)).collect()
    }

    /// Requests some of the deleted items of a kind; all of them if one is still served.
    async fn verify_digests(&self, kind: LeftoverKind) {
        let deleted = self.reported(kind);
        let (sample, rest) = deleted.split_at(deleted.len().min(SAMPLE));
        if self.note_served(sample).await {
            self.note_served(rest).await;
        }
    }

    /// Notes which of these items are still served; true if any is.
    async fn note_served(&self, items: &[Item]) -> bool {
        let found: Vec<_> = futures_util::stream::iter(items)
            .map(async |item| {
                let presence = self.presence(item).await;
                self.step();
                match presence {
                    Presence::Found(head) if head.is_success() || head.is_redirection() => {
                        Some((item.clone(), head))
                    }
                    _ => None,
                }
            })
            .buffer_unordered(self.concurrency)
            .filter_map(std::future::ready)
            .collect()
            .await;
        let is_any = !found.is_empty();
        let deleted = self.deleted().clone();
        let kept = found.into_iter().filter_map(|(item, head)| {
            let state = State::Kept(*deleted.get(&item.1)?, head);
            Some((item, state))
        });
        self.left().extend(kept);
        is_any
    }

    /// The items of a kind of which the registry reported the deletion.
    fn reported(&self, kind: LeftoverKind) -> Vec<Item> {
        let left = self.left();
        let stored = self.stored.iter();
        let items = stored.flat_map(|(repository, content)| {
            let digests = match kind {
                LeftoverKind::Manifest => &content.manifests,
                _ => &content.blobs,
            };
            let item = |digest: &_| (repository.clone(), kind, ToString::to_string(digest));
            digests.iter().map(item).collect::<Vec<_>>()
        });
        items.filter(|item| !left.contains_key(item)).collect()
    }
}
