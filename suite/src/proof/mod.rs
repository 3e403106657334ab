//! Proofs: every requirement against every fault on the reference registry, in memory.

mod effect;
mod exchanges;
mod parallel;

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker};

use helm_oci_fixtures::fault::{FOREIGN_HOST, Fault, FaultyRegistry, GeneratedFault};
use helm_oci_fixtures::registry::{Access, ReferenceRegistry};
use http::Uri;

pub use self::effect::{Effect, effect};
pub use self::exchanges::{
    Alteration, Part, RawExchange, RequestKey, altered, exchanges, exchanges_on,
};
pub use self::parallel::on_all_cores;
use crate::requirement::{Requirement, Setup};
use crate::session::Session;
use crate::session::steps::BuiltCharts;
use crate::session::target::{Credentials, Target};
use crate::verdict::{Obstacle, ObstacleKind, Verdict};
use crate::wire::InMemory;

/// The seed of every proof.
const SEED: u64 = 1;

/// The charts of all proofs.
static BUILT: LazyLock<Arc<BuiltCharts>> = LazyLock::new(Arc::default);

/// The number of bytes of a mebibyte in proofs.
pub const MEBIBYTE: u32 = 64 << 10;

/// The verdict of one requirement on the reference registry with these faults, in memory.
pub fn verdict(requirement: &Requirement, setup: Setup, faults: &[Fault]) -> Verdict {
    let target = target(setup, faults);
    let first = attempt(requirement, target.clone());
    // As in a run, only what repeats is a violation. A replay is compared with what a Helm does that tries once.
    if !first.is_violated() || requirement.replays.is_some() {
        return first;
    }
    let second = attempt(
        requirement,
        Target {
            attempt: 1,
            ..target
        },
    );
    if second.is_violated() { first } else { second }
}

/// The verdict of a replay on all set-ups, as the evidence has one observation for all of them: the worst of those on which
/// the replay succeeds without faults. As for the evidence, what it reads is arranged without the faults.
pub fn replay_verdict(requirement: &Requirement, faults: &[Fault]) -> Verdict {
    let setups = [Setup::Open, Setup::PlainHttp, Setup::Basic, Setup::Bearer];
    let verdicts = setups.map(|setup| attempt(requirement, arranged_target(setup, faults)));
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Violated(_) => 0,
        Verdict::Inconclusive(_) => 1,
        Verdict::Satisfied => 2,
        Verdict::NotApplicable(_) => 3,
    };
    let worst = verdicts.into_iter().min_by_key(rank);
    worst.expect("there are four set-ups")
}

fn attempt(requirement: &Requirement, target: Target) -> Verdict {
    attempt_as(requirement.id, requirement, target)
}

/// Runs a check in the repository of this id.
fn attempt_as(id: &str, requirement: &Requirement, target: Target) -> Verdict {
    let session = Session::new(target, id);
    match finish((requirement.check)(&session)) {
        Some(result) => result.into(),
        None => Verdict::Inconclusive(Box::new(Obstacle::new(
            ObstacleKind::Defect,
            "the check waits for an event that the in-memory registry never produces",
        ))),
    }
}

/// The reference registry in memory on this set-up, with valid credentials.
pub fn target(setup: Setup, faults: &[Fault]) -> Target {
    target_of(setup, Arc::new(registry(setup, faults)))
}

/// The same registry, on which client models arrange without the faults what they read.
fn arranged_target(setup: Setup, faults: &[Fault]) -> Target {
    arranged_target_of(setup, registry(setup, faults))
}

/// The verdict of a client model on a fresh registry with a generated fault, as each flow of a recording has one. The
/// repository has the same name.
pub fn generated_replay_verdict(
    requirement: &Requirement,
    setup: Setup,
    fault: GeneratedFault,
) -> Verdict {
    let target = generated_target(setup, fault);
    let Some((flow, (major, minor, patch))) = requirement.replays else {
        return attempt(requirement, target);
    };
    let id = format!("helm-{major}.{minor}.{patch}/flow/{flow}");
    attempt_as(&id, requirement, target)
}

/// The same registry with a generated fault.
pub fn generated_target(setup: Setup, fault: GeneratedFault) -> Target {
    let registry = registry(setup, &[]).with_generated(&[fault]);
    arranged_target_of(setup, registry)
}

fn registry(setup: Setup, faults: &[Fault]) -> FaultyRegistry {
    let registry = ReferenceRegistry::new(access(setup));
    FaultyRegistry::new(registry, faults).with_mebibyte(MEBIBYTE as usize)
}

fn access(setup: Setup) -> Access {
    match setup {
        Setup::Open | Setup::PlainHttp => Access::Open,
        Setup::Basic => Access::basic_for_tests(),
        Setup::Bearer => Access::bearer_for_tests(),
    }
}

fn arranged_target_of(setup: Setup, registry: FaultyRegistry) -> Target {
    let registry = Arc::new(registry);
    let without_faults = InMemory::new(Arc::clone(&registry), origin(setup)).with_inactive_faults();
    let mut target = target_of(setup, registry);
    target.arranges_on = Some(Arc::new(without_faults));
    target
}

fn origin(setup: Setup) -> Uri {
    let origin = match setup {
        Setup::PlainHttp => "http://registry.test",
        Setup::Open | Setup::Basic | Setup::Bearer => "https://registry.test",
    };
    origin.parse().expect("the origin is a URI")
}

fn target_of(setup: Setup, registry: Arc<FaultyRegistry>) -> Target {
    let credentials = match setup {
        Setup::Open | Setup::PlainHttp => None,
        Setup::Basic | Setup::Bearer => Some(known()),
    };
    let registry = InMemory::new(registry, origin(setup)).with_other_host(FOREIGN_HOST);
    let mut target = Target::new(Arc::new(registry), SEED);
    target.credentials = credentials;
    target.mebibyte = MEBIBYTE.into();
    target.built = Some(Arc::clone(&BUILT));
    target
}

fn known() -> Credentials {
    let known = helm_oci_fixtures::registry::Credentials::for_tests();
    Credentials::user(known.username, known.password)
}

/// The result of a future that never waits; `None` if it waits.
pub(crate) fn finish<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiting_future_has_no_result() {
        assert_eq!(finish(std::future::ready(1)), Some(1));
        assert_eq!(finish(std::future::pending::<u8>()), None);
    }
}
