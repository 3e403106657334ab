//! The deleting itself: what is tried in which order, and what is still there in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt;
use helm_oci_reports::record::{Leftover, LeftoverKind};
use helm_oci_suite::session::{Reply, Session};
use helm_oci_suite::verdict::Stop;
use http::{Method, StatusCode};

use super::Made;
use crate::target::policy::CleanUpStrategy;

/// How many deletes run at the same time.
const PARALLEL: usize = 8;

/// One thing to delete: its repository, what it is, and its name there.
type Thing = (String, LeftoverKind, String);

/// Why something is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// Nobody came to it yet.
    Untouched,
    /// The registry refused with this status, and these words.
    Refused(StatusCode, String),
    /// No answer came.
    Unanswered(String),
}

/// What is to be deleted, and what of it is left.
pub(crate) struct Sweep<'a> {
    session: &'a Session,
    made: Made,
    left: Mutex<BTreeMap<Thing, State>>,
    /// The kinds of things of which some were deleted.
    deleted: Mutex<BTreeSet<LeftoverKind>>,
}

impl<'a> Sweep<'a> {
    pub(crate) fn new(session: &'a Session, made: Made) -> Self {
        let things = made.iter().flat_map(|(repository, holdings)| {
            let thing = move |kind| move |name: &String| (repository.clone(), kind, name.clone());
            let manifests = holdings.manifests.iter();
            manifests
                .map(thing(LeftoverKind::Manifest))
                .chain(holdings.tags.keys().map(thing(LeftoverKind::Tag)))
                .chain(holdings.blobs.iter().map(thing(LeftoverKind::Blob)))
        });
        let left = things.map(|thing| (thing, State::Untouched)).collect();
        Self {
            session,
            made,
            left: Mutex::new(left),
            deleted: Mutex::default(),
        }
    }

    /// Deletes by the strategy, as far as the registry lets us.
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

    /// Manifests by digest, and once more those that were kept: for what named them, or for the tags they have.
    async fn delete_manifests(&self, may_delete_tags: bool) {
        self.delete(self.of(LeftoverKind::Manifest)).await;
        let kept = self.kept();
        if kept.is_empty() {
            return;
        }
        if may_delete_tags {
            let tags = self.of(LeftoverKind::Tag).into_iter();
            let tags = tags.filter(|(repository, _, tag)| {
                let digest = &self.made[repository].tags[tag];
                kept.iter()
                    .any(|(place, _, name)| place == repository && name == digest)
            });
            self.delete(tags.collect()).await;
        }
        self.delete(kept).await;
    }

    /// Closes upload sessions. A registry forgets them in time, so that one which does not is no news.
    async fn cancel_uploads(&self) {
        let open = self.made.values().flat_map(|holdings| &holdings.uploads);
        futures_util::stream::iter(open)
            .for_each_concurrent(PARALLEL, |path| async {
                let _ = self.session.call(Method::DELETE, path).send().await;
            })
            .await;
    }

    async fn delete(&self, things: Vec<Thing>) {
        futures_util::stream::iter(things)
            .for_each_concurrent(PARALLEL, |thing| self.delete_one(thing))
            .await;
    }

    async fn delete_one(&self, thing: Thing) {
        let answer = self
            .session
            .call(Method::DELETE, &path(&thing))
            .send()
            .await;
        let state = match answer {
            Ok(reply) if reply.status == StatusCode::NOT_FOUND => None,
            Ok(reply) if reply.status.is_success() => {
                self.deleted().insert(thing.1);
                None
            }
            Ok(reply) => Some(State::Refused(reply.status, code(&reply))),
            Err(Stop::Inconclusive(obstacle)) => Some(State::Unanswered(obstacle.what)),
            Err(_) => Some(State::Unanswered("no DELETE may be sent".to_owned())),
        };
        let mut left = self.left();
        if let Some(state) = state {
            left.insert(thing, state);
            return;
        }
        left.remove(&thing);
        if thing.1 == LeftoverKind::Manifest {
            // A manifest takes its tags with it.
            let tags = &self.made[&thing.0].tags;
            left.retain(|(repository, kind, name), _| {
                *repository != thing.0
                    || *kind != LeftoverKind::Tag
                    || tags.get(name) != Some(&thing.2)
            });
        }
    }

    fn left(&self) -> MutexGuard<'_, BTreeMap<Thing, State>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deleted(&self) -> MutexGuard<'_, BTreeSet<LeftoverKind>> {
        self.deleted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the registry says that it never deletes such a thing, and was not seen to.
    fn is_incapable(&self, status: StatusCode, kind: LeftoverKind) -> bool {
        let says_so = matches!(
            status,
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED
        );
        says_so && !self.deleted().contains(&kind)
    }

    /// What of this kind is left.
    fn of(&self, kind: LeftoverKind) -> Vec<Thing> {
        let left = self.left();
        let of_kind = left.keys().filter(|(_, own, _)| *own == kind);
        of_kind.cloned().collect()
    }

    /// The manifests that no tag was given to.
    fn untagged(&self) -> Vec<Thing> {
        let mut manifests = self.of(LeftoverKind::Manifest);
        manifests.retain(|(repository, _, digest)| {
            let tags = &self.made[repository].tags;
            !tags.values().any(|tagged| tagged == digest)
        });
        manifests
    }

    /// The manifests that were refused though the registry deletes some.
    fn kept(&self) -> Vec<Thing> {
        let left = self.left();
        let kept = left.iter().filter(|((_, kind, _), state)| {
            *kind == LeftoverKind::Manifest
                && matches!(state, State::Refused(status, _) if !self.is_incapable(*status, *kind))
        });
        kept.map(|(thing, _)| thing.clone()).collect()
    }

    /// What has no tag any more is the registry's to collect.
    fn leave_to_the_registry(&self) {
        let mut left = self.left();
        let tagged: BTreeSet<Thing> = left
            .keys()
            .filter(|(_, kind, _)| *kind == LeftoverKind::Tag)
            .cloned()
            .collect();
        left.retain(|thing, state| tagged.contains(thing) || *state != State::Untouched);
    }

    /// What is left, with the reason; what nobody came to has this one.
    pub(crate) fn leftovers(&self, untouched: &str) -> Vec<Leftover> {
        let left = self.left();
        let leftovers = left.iter().filter(|((repository, kind, name), state)| {
            // A tag that was not tried on its own is there because its manifest is.
            *kind != LeftoverKind::Tag
                || **state != State::Untouched
                || !left.contains_key(&(
                    repository.clone(),
                    LeftoverKind::Manifest,
                    self.made[repository].tags[name].clone(),
                ))
        });
        leftovers
            .map(|(thing, state)| self.leftover(thing, state, untouched))
            .collect()
    }

    fn leftover(&self, thing: &Thing, state: &State, untouched: &str) -> Leftover {
        let (repository, kind, name) = thing.clone();
        let (why, command) = match state {
            State::Untouched => (untouched.to_owned(), Some(self.command(thing))),
            State::Unanswered(what) => (what.clone(), Some(self.command(thing))),
            State::Refused(status, _) if self.is_incapable(*status, kind) => (
                format!(
                    "the registry answers DELETE with {status}: it deletes no {}s over its API, so that its \
                     operator has to",
                    kind.name()
                ),
                None,
            ),
            State::Refused(status, code) => (
                format!("the registry answers DELETE with {status}{code}"),
                Some(self.command(thing)),
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

    /// The command that deletes a thing; the password is left to whoever runs it.
    fn command(&self, thing: &Thing) -> String {
        let target = self.session.target();
        let user = match target.credentials {
            Some(_) => " --user USER",
            None => "",
        };
        let origin = target.origin().to_string();
        let origin = origin.trim_end_matches('/');
        format!("curl -X DELETE{user} '{origin}{}'", path(thing))
    }
}

fn path((repository, kind, name): &Thing) -> String {
    let place = match kind {
        LeftoverKind::Tag | LeftoverKind::Manifest => "manifests",
        LeftoverKind::Blob => "blobs",
        LeftoverKind::Container => unreachable!("a registry holds no containers"),
    };
    format!("/v2/{repository}/{place}/{name}")
}

/// The code of the first error in the envelope, if there is one.
fn code(reply: &Reply) -> String {
    let body: Option<serde_json::Value> = serde_json::from_slice(&reply.body).ok();
    let code = body
        .as_ref()
        .and_then(|body| body.pointer("/errors/0/code"));
    let code = code.and_then(serde_json::Value::as_str).unwrap_or_default();
    let is_word = |code: &str| code.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if code.is_empty() || code.len() > 40 || !is_word(code) {
        return String::new();
    }
    format!(" ({code})")
}
