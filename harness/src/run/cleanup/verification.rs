//! Verifies that deleted content is no longer served.

use futures_util::StreamExt;
use helm_oci_reports::record::LeftoverKind;

use super::reading;
use super::sweep::{Item, Presence, State, Sweep};
use crate::target::policy::CleanUpStrategy;

/// The number of deleted manifests, and of deleted blobs, that are requested again. A registry that keeps one of them
/// keeps all.
const SAMPLE: usize = 8;

impl Sweep<'_> {
    /// Finds tags that are still listed, and manifests and blobs that are still served.
    pub(super) async fn verify(&self, strategy: CleanUpStrategy) {
        let tagged = self.stored.iter();
        let tagged = tagged.filter(|(_, content)| !content.tags.is_empty());
        futures_util::stream::iter(tagged.map(|(repository, _)| repository))
            .for_each_concurrent(self.concurrency, |repository| {
                self.verify_tags(repository, strategy)
            })
            .await;
        if strategy != CleanUpStrategy::Tag {
            self.verify_digests(LeftoverKind::Manifest).await;
            self.verify_digests(LeftoverKind::Blob).await;
        }
    }

    /// Deletes the tags of a repository that are still listed, unless the strategy spares them, and notes the rest.
    async fn verify_tags(&self, repository: &str, strategy: CleanUpStrategy) {
        let mut listed = self.listed(repository).await;
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
