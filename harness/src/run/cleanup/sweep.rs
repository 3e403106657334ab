//! The deletion of stored content by a strategy.
//!
//! A refusal is believed only if the item can still be found: a registry without a route for DELETE returns 404 as well.
//! A failure that may pass, such as a lost connection, is retried.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt;
use futures_util::future::join;
use helm_oci_reports::record::LeftoverKind;
use helm_oci_suite::oci::ErrorBody;
use helm_oci_suite::session::steps::ACCEPT_ORAS;
use helm_oci_suite::session::{Reply, Session};
use helm_oci_suite::verdict::{ObstacleKind, Stop};
use http::{Method, StatusCode};

use super::ledger::Refused;
use super::status::{is_absent, is_transient, is_unsupported};
use super::stored::Stored;
use crate::target::policy::CleanUpStrategy;

/// The number of times that a DELETE is sent again.
const REPEATS: usize = 2;

/// The number of attempts to delete an item.
const ATTEMPTS: usize = 4;

/// The number of refusals after which a registry that deleted nothing of a kind is not asked again.
const ENOUGH: usize = 20;

/// One item to delete: its repository, its kind, and its name.
pub(super) type Item = (String, LeftoverKind, String);

/// The reason why an item is not deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// It was not tried yet.
    Pending,
    /// The registry refused, with this status and error code.
    Refused(StatusCode, String),
    /// The registry reported the deletion with the first status, and HEAD still returns the second.
    Kept(StatusCode, StatusCode),
    /// The tag is in the list of tags although its manifest, or the tag itself, was deleted.
    Listed {
        /// True if the tag itself was deleted as well.
        is_tried: bool,
    },
    /// There was no response.
    NoResponse(String),
}

impl State {
    /// True if another attempt may succeed.
    fn is_transient(&self) -> bool {
        match self {
            Self::NoResponse(_) => true,
            Self::Refused(status, _) => is_transient(*status),
            Self::Pending | Self::Kept(..) | Self::Listed { .. } => false,
        }
    }
}

/// The presence of an item.
pub(super) enum Presence {
    /// It does not exist.
    Absent,
    /// HEAD returns this status.
    Found(StatusCode),
    /// The response does not tell, or there was none.
    Unknown(String),
}

/// The deletion of stored content.
pub(crate) struct Sweep<'a> {
    pub(super) session: &'a Session,
    pub(super) stored: Stored,
    /// The number of concurrent requests.
    pub(super) concurrency: usize,
    /// The kinds of content that the registry refused to delete before.
    pub(super) refused: Refused,
    left: Mutex<BTreeMap<Item, State>>,
    /// The status of the last deletion of each kind.
    deleted: Mutex<BTreeMap<LeftoverKind, StatusCode>>,
    /// The number of steps that succeeded.
    progress: AtomicUsize,
}

impl<'a> Sweep<'a> {
    pub(crate) fn new(session: &'a Session, stored: Stored, concurrency: usize) -> Self {
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
            concurrency,
            refused: Refused::new(),
            left: Mutex::new(left),
            deleted: Mutex::default(),
            progress: AtomicUsize::new(0),
        }
    }

    /// Deletes by the strategy, as far as the registry allows it.
    pub(crate) async fn run(&self, strategy: CleanUpStrategy) {
        join(self.cancel_uploads(), self.delete_all(strategy)).await;
        if strategy != CleanUpStrategy::None {
            self.verify(strategy).await;
        }
    }

    async fn delete_all(&self, strategy: CleanUpStrategy) {
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
                let is_auto = strategy == CleanUpStrategy::Auto;
                self.delete_manifests(is_auto).await;
                if is_auto {
                    self.delete(self.tags_without_manifest()).await;
                }
                self.delete(self.of(LeftoverKind::Blob)).await;
            }
        }
    }

    /// The number of steps that succeeded so far.
    pub(crate) fn progress(&self) -> usize {
        self.progress.load(Ordering::Relaxed)
    }

    /// Counts a step that succeeded.
    pub(super) fn step(&self) {
        self.progress.fetch_add(1, Ordering::Relaxed);
    }

    /// Deletes manifests by digest, and again those that the registry kept because of a tag or of another manifest, while
    /// that succeeds: an index may be in an index.
    async fn delete_manifests(&self, may_delete_tags: bool) {
        self.delete(self.of(LeftoverKind::Manifest)).await;
        let mut kept = self.kept();
        if may_delete_tags && !kept.is_empty() {
            self.delete(self.tags_of(&kept)).await;
        }
        loop {
            let before = kept.len();
            self.delete(kept).await;
            kept = self.kept();
            if kept.is_empty() || kept.len() == before {
                return;
            }
        }
    }

    /// The tags of these manifests.
    fn tags_of(&self, manifests: &[Item]) -> Vec<Item> {
        let mut tags = self.of(LeftoverKind::Tag);
        tags.retain(|(repository, _, tag)| {
            let digest = self.stored[repository].tags[tag].as_deref();
            let mut manifests = manifests.iter();
            manifests.any(|(own, _, name)| own == repository && digest == Some(name.as_str()))
        });
        tags
    }

    /// Cancels upload sessions. A failure is ignored, because registries expire them.
    async fn cancel_uploads(&self) {
        let open = self.stored.values().flat_map(|content| &content.uploads);
        futures_util::stream::iter(open)
            .for_each_concurrent(self.concurrency, |path| async {
                let _ = self.send_delete(path).await;
            })
            .await;
    }

    /// Deletes items; those that fail for a reason that may pass are tried again.
    pub(super) async fn delete(&self, mut items: Vec<Item>) {
        for _ in 0..ATTEMPTS {
            futures_util::stream::iter(items.clone())
                .for_each_concurrent(self.concurrency, |item| self.delete_one(item))
                .await;
            let left = self.left();
            items.retain(|item| left.get(item).is_some_and(State::is_transient));
            if items.is_empty() {
                return;
            }
        }
    }

    /// Sends a DELETE; repeats it while it fails because of the network or an overloaded server.
    async fn send_delete(&self, path: &str) -> Result<Reply, Stop> {
        let send = || self.session.call(Method::DELETE, path).send();
        let mut reply = send().await;
        for _ in 0..REPEATS {
            let may_pass = match &reply {
                Ok(reply) => reply.status.is_server_error(),
                Err(Stop::Inconclusive(obstacle)) => obstacle.kind == ObstacleKind::Transport,
                Err(_) => false,
            };
            if !may_pass {
                break;
            }
            reply = send().await;
        }
        reply
    }

    async fn delete_one(&self, item: Item) {
        if self.is_hopeless(item.1) {
            return;
        }
        let reply = self.send_delete(&path(&item)).await;
        let state = match reply {
            Ok(reply) if reply.status.is_success() => {
                self.deleted().insert(item.1, reply.status);
                None
            }
            Ok(reply) => match self.presence(&item).await {
                Presence::Absent => None,
                Presence::Found(_) => Some(State::Refused(reply.status, code(&reply))),
                Presence::Unknown(what) => Some(State::NoResponse(what)),
            },
            Err(Stop::Inconclusive(obstacle)) => Some(State::NoResponse(obstacle.what)),
            Err(stop) => Some(State::NoResponse(stop.to_string())),
        };
        let mut left = self.left();
        if let Some(state) = state {
            left.insert(item, state);
            return;
        }
        self.step();
        left.remove(&item);
        if item.1 == LeftoverKind::Manifest {
            // The registry deletes the tags of a manifest with it; the verification afterwards finds those that it kept.
            let tags = &self.stored[&item.0].tags;
            left.retain(|(repository, kind, name), _| {
                let digest = || tags.get(name).and_then(Option::as_deref);
                *repository != item.0
                    || *kind != LeftoverKind::Tag
                    || digest() != Some(item.2.as_str())
            });
        }
    }

    /// Returns the response to HEAD of an item, or to GET if the registry does not allow HEAD.
    pub(super) async fn presence(&self, item: &Item) -> Presence {
        let path = path(item);
        let read = |method| self.session.call(method, &path).accept(ACCEPT_ORAS).send();
        let mut reply = read(Method::HEAD).await;
        if reply
            .as_ref()
            .is_ok_and(|reply| reply.status == StatusCode::METHOD_NOT_ALLOWED)
        {
            reply = read(Method::GET).await;
        }
        match reply {
            Ok(reply) if is_absent(reply.status) => Presence::Absent,
            Ok(reply) if is_transient(reply.status) => {
                Presence::Unknown(format!("the registry returned {} to HEAD", reply.status))
            }
            Ok(reply) => Presence::Found(reply.status),
            Err(Stop::Inconclusive(obstacle)) => Presence::Unknown(obstacle.what),
            Err(stop) => Presence::Unknown(stop.to_string()),
        }
    }

    pub(super) fn left(&self) -> MutexGuard<'_, BTreeMap<Item, State>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn deleted(&self) -> MutexGuard<'_, BTreeMap<LeftoverKind, StatusCode>> {
        self.deleted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True if the registry states that it never deletes items of this kind, and did not delete any.
    pub(super) fn is_incapable(&self, status: StatusCode, kind: LeftoverKind) -> bool {
        is_unsupported(status) && !self.deleted().contains_key(&kind)
    }

    /// True if the registry stated so often that it does not delete items of this kind that the rest is not tried.
    fn is_hopeless(&self, kind: LeftoverKind) -> bool {
        if self.deleted().contains_key(&kind) {
            return false;
        }
        if self.refused.contains_key(&kind) {
            return true;
        }
        let left = self.left();
        let refused = left.iter().filter(|((_, own, _), state)| {
            *own == kind && matches!(state, State::Refused(status, _) if is_unsupported(*status))
        });
        refused.take(ENOUGH).count() == ENOUGH
    }

    /// The items of this kind that are not deleted.
    pub(super) fn of(&self, kind: LeftoverKind) -> Vec<Item> {
        let left = self.left();
        let of_kind = left.keys().filter(|(_, own, _)| *own == kind);
        of_kind.cloned().collect()
    }

    /// The tags whose manifest is not known.
    fn tags_without_manifest(&self) -> Vec<Item> {
        let mut tags = self.of(LeftoverKind::Tag);
        tags.retain(|(repository, _, tag)| self.stored[repository].tags[tag].is_none());
        tags
    }

    /// The manifests that were pushed without a tag.
    fn untagged(&self) -> Vec<Item> {
        let mut manifests = self.of(LeftoverKind::Manifest);
        manifests.retain(|(repository, _, digest)| {
            let mut tags = self.stored[repository].tags.values().flatten();
            !tags.any(|tagged| tagged == digest.as_str())
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
}

pub(super) fn path((repository, kind, name): &Item) -> String {
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
