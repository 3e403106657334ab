//! The deletion of stored content by a strategy, and the leftovers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt;
use helm_oci_reports::record::{Leftover, LeftoverKind};
use helm_oci_suite::oci::ErrorBody;
use helm_oci_suite::session::{Reply, Session};
use helm_oci_suite::verdict::Stop;
use http::{Method, StatusCode};

use super::stored::Stored;
use crate::target::policy::CleanUpStrategy;

/// The number of concurrent requests.
const CONCURRENCY: usize = 8;

/// One item to delete: its repository, its kind, and its name.
type Item = (String, LeftoverKind, String);

/// The reason why an item is not deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// It was not tried yet.
    Pending,
    /// The registry refused, with this status and error code.
    Refused(StatusCode, String),
    /// There was no response.
    NoResponse(String),
}

/// The deletion of stored content.
pub(crate) struct Sweep<'a> {
    session: &'a Session,
    stored: Stored,
    left: Mutex<BTreeMap<Item, State>>,
    /// The kinds of which an item was deleted.
    deleted: Mutex<BTreeSet<LeftoverKind>>,
}

impl<'a> Sweep<'a> {
    pub(crate) fn new(session: &'a Session, stored: Stored) -> Self {
        let mut left = BTreeMap::new();
        for (repository, content) in &stored {
            let mut add = |kind, name: &str| {
                let item = (repository.clone(), kind, name.to_owned());
                left.insert(item, State::Pending);
            };
            for digest in &content.manifests {
                add(LeftoverKind::Manifest, digest);
            }
            for tag in content.tags.keys() {
                add(LeftoverKind::Tag, tag);
            }
            for digest in &content.blobs {
                add(LeftoverKind::Blob, digest);
            }
        }
        Self {
            session,
            stored,
            left: Mutex::new(left),
            deleted: Mutex::default(),
        }
    }

    /// Deletes by the strategy, as far as the registry allows it.
    pub(crate) async fn run(&self, strategy: CleanUpStrategy) {
        self.cancel_uploads().await;
        match strategy {
            CleanUpStrategy::None => {}
            CleanUpStrategy::Tag => {
                self.delete(self.of(LeftoverKind::Tag)).await;
                self.delete(self.untagged()).await;
                self.leave_to_the_registry();
            }
            CleanUpStrategy::TagsFirst => {
                self.delete(self.of(LeftoverKind::Tag)).await;
                self.delete_manifests(false).await;
                self.delete(self.of(LeftoverKind::Blob)).await;
            }
            CleanUpStrategy::Auto | CleanUpStrategy::Digest => {
                self.delete_manifests(strategy == CleanUpStrategy::Auto)
                    .await;
                self.delete(self.of(LeftoverKind::Blob)).await;
            }
        }
    }

    /// Deletes manifests by digest, then once more those that the registry kept because of a tag or of another manifest.
    async fn delete_manifests(&self, may_delete_tags: bool) {
        self.delete(self.of(LeftoverKind::Manifest)).await;
        let kept = self.kept();
        if kept.is_empty() {
            return;
        }
        if may_delete_tags {
            let tags = self.of(LeftoverKind::Tag).into_iter();
            let tags = tags.filter(|(repository, _, tag)| {
                let digest = &self.stored[repository].tags[tag];
                kept.iter()
                    .any(|(own, _, name)| own == repository && digest == name.as_str())
            });
            self.delete(tags.collect()).await;
        }
        self.delete(kept).await;
    }

    /// Cancels upload sessions. A failure is ignored, because registries expire them.
    async fn cancel_uploads(&self) {
        let open = self.stored.values().flat_map(|content| &content.uploads);
        futures_util::stream::iter(open)
            .for_each_concurrent(CONCURRENCY, |path| async {
                let _ = self.session.call(Method::DELETE, path).send().await;
            })
            .await;
    }

    async fn delete(&self, items: Vec<Item>) {
        futures_util::stream::iter(items)
            .for_each_concurrent(CONCURRENCY, |item| self.delete_one(item))
            .await;
    }

    async fn delete_one(&self, item: Item) {
        let reply = self.session.call(Method::DELETE, &path(&item)).send().await;
        let state = match reply {
            Ok(reply) if reply.status == StatusCode::NOT_FOUND => None,
            Ok(reply) if reply.status.is_success() => {
                self.deleted().insert(item.1);
                None
            }
            Ok(reply) => Some(State::Refused(reply.status, code(&reply))),
            Err(Stop::Inconclusive(obstacle)) => Some(State::NoResponse(obstacle.what)),
            Err(stop) => Some(State::NoResponse(stop.to_string())),
        };
        let mut left = self.left();
        if let Some(state) = state {
            left.insert(item, state);
            return;
        }
        left.remove(&item);
        if item.1 == LeftoverKind::Manifest {
            // The registry deletes the tags of a manifest with it.
            let tags = &self.stored[&item.0].tags;
            left.retain(|(repository, kind, name), _| {
                *repository != item.0
                    || *kind != LeftoverKind::Tag
                    || tags.get(name).is_none_or(|tagged| *tagged != *item.2)
            });
        }
    }

    fn left(&self) -> MutexGuard<'_, BTreeMap<Item, State>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deleted(&self) -> MutexGuard<'_, BTreeSet<LeftoverKind>> {
        self.deleted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True if the registry states that it never deletes items of this kind, and did not delete any.
    fn is_incapable(&self, status: StatusCode, kind: LeftoverKind) -> bool {
        let is_unsupported = matches!(
            status,
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED
        );
        is_unsupported && !self.deleted().contains(&kind)
    }

    /// The items of this kind that are not deleted.
    fn of(&self, kind: LeftoverKind) -> Vec<Item> {
        let left = self.left();
        let of_kind = left.keys().filter(|(_, own, _)| *own == kind);
        of_kind.cloned().collect()
    }

    /// The manifests that were pushed without a tag.
    fn untagged(&self) -> Vec<Item> {
        let mut manifests = self.of(LeftoverKind::Manifest);
        manifests.retain(|(repository, _, digest)| {
            let tags = &self.stored[repository].tags;
            !tags.values().any(|tagged| tagged == digest.as_str())
        });
        manifests
    }

    /// The manifests that the registry kept although it supports deletion.
    fn kept(&self) -> Vec<Item> {
        let left = self.left();
        let kept = left.iter().filter(|((_, kind, _), state)| {
            *kind == LeftoverKind::Manifest
                && matches!(state, State::Refused(status, _) if !self.is_incapable(*status, *kind))
        });
        kept.map(|(item, _)| item.clone()).collect()
    }

    /// Forgets the items without a tag, which the registry collects as garbage.
    fn leave_to_the_registry(&self) {
        let mut left = self.left();
        let tagged: BTreeSet<Item> = left
            .keys()
            .filter(|(_, kind, _)| *kind == LeftoverKind::Tag)
            .cloned()
            .collect();
        left.retain(|item, state| tagged.contains(item) || *state != State::Pending);
    }

    /// The items that are not deleted, with the reason; `pending` is the reason of those that were not tried.
    pub(crate) fn leftovers(&self, pending: &str) -> Vec<Leftover> {
        let left = self.left();
        let leftovers = left.iter().filter(|((repository, kind, name), state)| {
            // A tag that was not tried is left because its manifest is.
            *kind != LeftoverKind::Tag
                || **state != State::Pending
                || !left.contains_key(&(
                    repository.clone(),
                    LeftoverKind::Manifest,
                    self.stored[repository].tags[name].to_string(),
                ))
        });
        leftovers
            .map(|(item, state)| self.leftover(item, state, pending))
            .collect()
    }

    fn leftover(&self, item: &Item, state: &State, pending: &str) -> Leftover {
        let (repository, kind, name) = item.clone();
        let (why, command) = match state {
            State::Pending => (pending.to_owned(), Some(self.command(item))),
            State::NoResponse(what) => (what.clone(), Some(self.command(item))),
            State::Refused(status, _) if self.is_incapable(*status, kind) => (
                format!(
                    "the registry returned {status} to DELETE: it does not delete {}s over its API; ask its operator",
                    kind.name()
                ),
                None,
            ),
            State::Refused(status, code) => (
                format!("the registry returned {status} to DELETE{code}"),
                Some(self.command(item)),
            ),
        };
        Leftover {
            repository,
            kind,
            name,
            why,
            command,
        }
    }

    /// The command that deletes an item. It asks for the password.
    fn command(&self, item: &Item) -> String {
        let target = self.session.target();
        let user = match target.credentials {
            Some(_) => " --user USER",
            None => "",
        };
        let origin = target.origin().to_string();
        let origin = origin.trim_end_matches('/');
        format!("curl -X DELETE{user} '{origin}{}'", path(item))
    }
}

fn path((repository, kind, name): &Item) -> String {
    let endpoint = match kind {
        LeftoverKind::Tag | LeftoverKind::Manifest => "manifests",
        LeftoverKind::Blob => "blobs",
        LeftoverKind::Container => unreachable!("a registry holds no containers"),
    };
    format!("/v2/{repository}/{endpoint}/{name}")
}

/// The error code of the response in parentheses, if it has one.
fn code(reply: &Reply) -> String {
    let body: Option<ErrorBody> = serde_json::from_slice(&reply.body).ok();
    let code = body.as_ref().and_then(ErrorBody::code).unwrap_or_default();
    let is_word = |code: &str| code.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if code.is_empty() || code.len() > 40 || !is_word(code) {
        return String::new();
    }
    format!(" ({code})")
}
