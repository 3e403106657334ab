//! The suite examined: every requirement against every fault on the reference registry, in memory.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use helm_oci_fixtures::fault::{Fault, FaultyRegistry};
use helm_oci_fixtures::registry::{Access, ReferenceRegistry};

use semver::Version;

use crate::checks;
use crate::requirement::{Requirement, Setup};
use crate::session::Session;
use crate::session::target::{self, Credentials, Target};
use crate::verdict::{Obstacle, ObstacleKind, Verdict};
use crate::wire::content::Content;
use crate::wire::{InMemory, Registry, Relay, Request, ResponseFuture};

/// The seed of every proof.
const SEED: u64 = 1;

/// What proofs take for a mebibyte.
pub const MEBIBYTE: u32 = 32 << 10;

/// What one fault does to one requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The requirement is violated, as it must be.
    Killed,
    /// It is violated, and says so among its consequences.
    Consequence,
    /// It is not violated, as it must not be.
    Untouched,
    /// It could not be told, because the fault is in the way of arranging.
    Blocked,
    /// The fault is listed, yet the requirement stays green: the check cannot fail that way.
    Survived,
    /// The requirement turned red though the fault is not listed: false blame, or a missing entry.
    Unlisted,
}

impl Effect {
    /// Whether the declaration and the observation agree.
    pub const fn is_as_declared(self) -> bool {
        matches!(
            self,
            Self::Killed | Self::Consequence | Self::Untouched | Self::Blocked
        )
    }
}

/// Compares what a requirement declares about a fault with what was observed.
pub fn effect(requirement: &Requirement, fault: Fault, verdict: &Verdict) -> Effect {
    // What breaks a flow is what a replay of the flow is there to see.
    let own = requirement.faults.contains(&fault) || breaks_replay(requirement, fault);
    let listed = own || requirement.consequences.contains(&fault);
    match (verdict, listed) {
        // A client that cannot go on, because no answer came, has not been blamed for it.
        (Verdict::Inconclusive(_), true) if requirement.replays.is_some() => Effect::Blocked,
        (Verdict::Violated(_), true) if own => Effect::Killed,
        (Verdict::Violated(_), true) => Effect::Consequence,
        (Verdict::Violated(_), false) => Effect::Unlisted,
        (_, true) => Effect::Survived,
        (Verdict::Inconclusive(_), false) => Effect::Blocked,
        (Verdict::Satisfied | Verdict::NotApplicable(_), false) => Effect::Untouched,
    }
}

/// Whether some requirement that the fault turns red, on the same set-up, says that it breaks the flow this one
/// replays.
fn breaks_replay(requirement: &Requirement, fault: Fault) -> bool {
    let Some((flow, (major, minor, patch))) = requirement.replays else {
        return false;
    };
    let version = Version::new(major, minor, patch);
    checks::all().into_iter().any(|other| {
        (other.faults.contains(&fault) || other.consequences.contains(&fault))
            && other.breaks.iter().any(|brk| brk.hits(&version, flow))
            && is_red(other, requirement.proven_on, fault)
    })
}

/// Whether the fault turns a requirement red on a set-up; on its own it is seen to do so elsewhere.
fn is_red(requirement: &Requirement, setup: Setup, fault: Fault) -> bool {
    requirement.proven_on == setup || verdict(requirement, setup, &[fault]).is_violated()
}

/// The verdict of one requirement on the reference registry with these faults, in memory.
pub fn verdict(requirement: &Requirement, setup: Setup, faults: &[Fault]) -> Verdict {
    let session = Session::new(target(setup, faults), requirement.id);
    match finish((requirement.check)(&session)) {
        Some(result) => result.into(),
        None => Verdict::Inconclusive(Box::new(Obstacle::new(
            ObstacleKind::Defect,
            "the check waited for something that the in-memory registry never does",
        ))),
    }
}

/// What a check says to the reference registry without faults, and what comes back; nothing is taken out, so that the
/// well-known password of tests and the tokens of that registry are in it.
pub fn conversation(requirement: &Requirement) -> Vec<Said> {
    conversation_on(requirement, requirement.proven_on)
}

/// The same on another set-up.
pub fn conversation_on(requirement: &Requirement, setup: Setup) -> Vec<Said> {
    let mut target = target(setup, &[]);
    target.mebibyte = target::MEBIBYTE;
    let overheard = Arc::new(Overheard {
        registry: Arc::clone(&target.registry),
        said: Mutex::new(Vec::new()),
    });
    target.registry = Arc::clone(&overheard) as Arc<dyn Registry>;
    let session = Session::new(target, requirement.id);
    // What it makes of the answers is told elsewhere.
    let _ = finish((requirement.check)(&session));
    let mut said = overheard
        .said
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    std::mem::take(&mut *said)
}

/// One request and its answer, raw.
#[derive(Debug)]
pub struct Said {
    /// What was asked.
    pub request: http::Request<Bytes>,
    /// What came back.
    pub answer: http::Response<Bytes>,
}

/// A registry whose conversations are kept.
struct Overheard {
    registry: Arc<dyn Registry>,
    said: Mutex<Vec<Said>>,
}

impl Relay for Overheard {
    fn inner(&self) -> &dyn Registry {
        self.registry.as_ref()
    }

    fn pass(&self, request: Request) -> ResponseFuture<'_> {
        Box::pin(async move {
            let answer = self.registry.send(request.clone()).await?;
            let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            said.push(Said {
                request: http::Request::from(request).map(Content::into_bytes),
                answer: answer.clone().into(),
            });
            Ok(answer)
        })
    }
}

/// The reference registry in memory, set up as asked, with the right credentials.
pub fn target(setup: Setup, faults: &[Fault]) -> Target {
    let (access, credentials) = match setup {
        Setup::Open | Setup::PlainHttp => (Access::Open, None),
        Setup::Basic => (Access::basic_for_tests(), Some(known())),
        Setup::Bearer => (Access::bearer_for_tests(), Some(known())),
    };
    let origin = match setup {
        Setup::PlainHttp => "http://registry.test",
        Setup::Open | Setup::Basic | Setup::Bearer => "https://registry.test",
    };
    let registry = FaultyRegistry::new(ReferenceRegistry::new(access), faults);
    let registry = registry.with_mebibyte(MEBIBYTE as usize);
    let origin = origin.parse().expect("the origin is a URI");
    let mut target = Target::new(Arc::new(InMemory::new(registry, origin)), SEED);
    target.credentials = credentials;
    target.mebibyte = MEBIBYTE.into();
    target
}

fn known() -> Credentials {
    let known = helm_oci_fixtures::registry::Credentials::for_tests();
    Credentials::user(known.username, known.password)
}

/// Runs a future that never waits; `None` if it does.
pub(crate) fn finish<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// Does `count` pieces of work on all cores; results come in the order of the pieces.
pub fn on_all_cores<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(count));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let position = next.fetch_add(1, Ordering::Relaxed);
                    if position >= count {
                        break;
                    }
                    let result = work(position);
                    done.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((position, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(position, _)| *position);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requirement::source::observed;
    use crate::requirement::{no_check, requirement};
    use crate::verdict::{Finding, Reason};

    requirement! {
        /// One fault is its own, and one that of a neighbour.
        EXAMPLE = "test/example" {
            level: Must,
            title: "an example",
            covers: [],
            sources: [observed("0", "nothing")],
            breaks: [],
            faults: [DropsUploadLocation],
            consequences: [OmitsOciSubject],
            check: no_check,
        }
    }

    /// The effects of a fault that is its own, one that is a consequence, and one that is neither.
    fn effects(verdict: &Verdict) -> [Effect; 3] {
        let faults = [
            Fault::DropsUploadLocation,
            Fault::OmitsOciSubject,
            Fault::ListsUnderscoresAsPlus,
        ];
        faults.map(|fault| effect(&EXAMPLE, fault, verdict))
    }

    fn violated() -> Verdict {
        Verdict::Violated(Box::new(Finding {
            expected: vec!["this".to_owned()],
            actual: "that".to_owned(),
            exchanges: Vec::new(),
        }))
    }

    fn untold() -> Verdict {
        let obstacle = Obstacle::new(ObstacleKind::Transport, "reset");
        Verdict::Inconclusive(Box::new(obstacle))
    }

    #[test]
    fn what_a_fault_does_is_held_against_what_is_declared() {
        use Effect::{Blocked, Consequence, Killed, Survived, Unlisted, Untouched};
        let skipped = Verdict::NotApplicable(Reason::ConditionNotMet("no such thing"));
        for (verdict, expected, as_declared) in [
            (
                violated(),
                [Killed, Consequence, Unlisted],
                [true, true, false],
            ),
            (
                Verdict::Satisfied,
                [Survived, Survived, Untouched],
                [false, false, true],
            ),
            (
                skipped,
                [Survived, Survived, Untouched],
                [false, false, true],
            ),
            (
                untold(),
                [Survived, Survived, Blocked],
                [false, false, true],
            ),
        ] {
            let found = effects(&verdict);
            assert_eq!(found, expected, "{verdict:?}");
            assert_eq!(found.map(Effect::is_as_declared), as_declared);
        }
    }

    /// A replay has to see what breaks its flow in its version on its set-up, and nothing else.
    #[test]
    fn a_replay_is_held_against_what_others_say_of_its_flow() {
        let push = checks::find("flow/push-4.2").expect("it is in the suite");
        let list = checks::find("flow/list-4.2").expect("it is in the suite");
        for (requirement, fault, expected) in [
            (push, Fault::DropsUploadLocation, Effect::Killed),
            (push, Fault::ListsUnderscoresAsPlus, Effect::Unlisted),
            (list, Fault::DropsUploadLocation, Effect::Unlisted),
        ] {
            assert_eq!(effect(requirement, fault, &violated()), expected);
        }
        // It gives up where no answer comes, and blames nobody for it.
        let told = effect(push, Fault::DropsUploadLocation, &untold());
        assert_eq!(told, Effect::Blocked);
        let survived = effect(push, Fault::DropsUploadLocation, &Verdict::Satisfied);
        assert_eq!(survived, Effect::Survived);
    }

    #[test]
    fn on_another_set_up_a_fault_is_tried_before_it_is_believed() {
        let location = checks::find("upload/location-sent").expect("it is in the suite");
        for (setup, fault, expected) in [
            (Setup::Open, Fault::DropsUploadLocation, true),
            (Setup::Basic, Fault::DropsUploadLocation, true),
            (Setup::Basic, Fault::ListsUnderscoresAsPlus, false),
            // Where it is proven, that was seen already.
            (Setup::Open, Fault::ListsUnderscoresAsPlus, true),
        ] {
            assert_eq!(
                is_red(location, setup, fault),
                expected,
                "{setup:?} {fault}"
            );
        }
    }

    #[test]
    fn what_waits_is_not_finished() {
        assert_eq!(finish(std::future::ready(1)), Some(1));
        assert_eq!(finish(std::future::pending::<u8>()), None);
    }

    #[test]
    fn a_conversation_has_both_sides() {
        let base = checks::find("api/base-answers").unwrap_or(checks::all()[0]);
        let said = conversation(base);
        assert!(!said.is_empty());
        assert_eq!(said[0].request.uri().host(), Some("registry.test"));
        assert!(said[0].answer.status().is_success(), "{:?}", said[0]);
    }

    #[test]
    fn work_on_all_cores_keeps_its_order() {
        let squares = on_all_cores(100, |position| position * position);
        assert_eq!(squares, (0..100).map(|n| n * n).collect::<Vec<_>>());
    }
}
