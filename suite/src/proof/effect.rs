//! The effect of a fault on a requirement, compared with its declaration.

use helm_oci_fixtures::fault::Fault;
use semver::Version;

use super::verdict;
use crate::checks;
use crate::helm::breaks::Break;
use crate::helm::flow::Flow;
use crate::requirement::{Requirement, Setup};
use crate::verdict::Verdict;

/// The effect of a fault on a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The requirement is violated, as it must be.
    Killed,
    /// The requirement is violated, and lists the fault among its consequences.
    Consequence,
    /// The requirement is not violated, as it must not be.
    Untouched,
    /// The check is inconclusive, because the fault prevents its arrangement.
    Blocked,
    /// The fault is listed, and the requirement is not violated: the check cannot fail in this way.
    Survived,
    /// The fault is not listed, and the requirement is violated: a false violation, or a missing entry.
    Unlisted,
}

impl Effect {
    /// True if the declaration and the observation agree.
    pub const fn is_as_declared(self) -> bool {
        matches!(
            self,
            Self::Killed | Self::Consequence | Self::Untouched | Self::Blocked
        )
    }
}

/// Compares the declaration of a requirement about a fault with the observed verdict.
pub fn effect(requirement: &Requirement, fault: Fault, verdict: &Verdict) -> Effect {
    // A replay must be violated by every fault that breaks its flow.
    let own = requirement.faults.contains(&fault) || breaks_replay(requirement, fault);
    let listed = own || requirement.consequences.contains(&fault);
    match (verdict, listed) {
        // A client that receives no response cannot continue, which is no violation.
        (Verdict::Inconclusive(_), true) if requirement.replays.is_some() => Effect::Blocked,
        (Verdict::Violated(_), true) if own => Effect::Killed,
        (Verdict::Violated(_), true) => Effect::Consequence,
        (Verdict::Violated(_), false) if may_break_replay(requirement, fault) => {
            Effect::Consequence
        }
        (Verdict::Violated(_), false) => Effect::Unlisted,
        (_, true) => Effect::Survived,
        (Verdict::Inconclusive(_), false) => Effect::Blocked,
        (Verdict::Satisfied | Verdict::NotApplicable(_), false) => Effect::Untouched,
    }
}

/// True if another requirement that the fault violates on the same set-up declares that it breaks the replayed flow.
fn breaks_replay(requirement: &Requirement, fault: Fault) -> bool {
    is_broken_by(requirement, fault, Break::hits)
}

/// True if another requirement declares that it breaks the replayed flow on a condition.
fn may_break_replay(requirement: &Requirement, fault: Fault) -> bool {
    is_broken_by(requirement, fault, Break::can_hit)
}

fn is_broken_by(
    requirement: &Requirement,
    fault: Fault,
    breaks: fn(&Break, &Version, Flow) -> bool,
) -> bool {
    let Some((flow, (major, minor, patch))) = requirement.replays else {
        return false;
    };
    let version = Version::new(major, minor, patch);
    checks::all().into_iter().any(|other| {
        (other.faults.contains(&fault) || other.consequences.contains(&fault))
            && other.breaks.iter().any(|brk| breaks(brk, &version, flow))
            && is_violated_on(other, requirement.proven_on, fault)
    })
}

/// True if the fault violates the requirement on this set-up. On the set-up of its proof, other tests establish that.
fn is_violated_on(requirement: &Requirement, setup: Setup, fault: Fault) -> bool {
    requirement.proven_on == setup || verdict(requirement, setup, &[fault]).is_violated()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requirement::source::observed;
    use crate::requirement::{no_check, requirement};
    use crate::verdict::{Finding, Obstacle, ObstacleKind, Reason};

    requirement! {
        /// It lists one fault, and one consequence.
        EXAMPLE = "test/example" {
            level: Must,
            title: "an example",
            fix: "Return what the example expects.",
            covers: [],
            sources: [observed("0", "nothing")],
            breaks: [],
            faults: [DropsUploadLocation],
            consequences: [OmitsOciSubject],
            check: no_check,
        }
    }

    /// The effects of a listed fault, of a consequence, and of another fault.
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

    fn inconclusive() -> Verdict {
        let obstacle = Obstacle::new(ObstacleKind::Transport, "reset");
        Verdict::Inconclusive(Box::new(obstacle))
    }

    #[test]
    fn the_effect_depends_on_declaration_and_verdict() {
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
                inconclusive(),
                [Survived, Survived, Blocked],
                [false, false, true],
            ),
        ] {
            let found = effects(&verdict);
            assert_eq!(found, expected, "{verdict:?}");
            assert_eq!(found.map(Effect::is_as_declared), as_declared);
        }
    }

    /// A replay is violated by the faults that break its flow in its version on its set-up, and by no others.
    #[test]
    fn a_replay_is_compared_with_the_declarations_of_others() {
        let push = checks::find("flow/push-4.2").expect("it is in the suite");
        let list = checks::find("flow/list-4.2").expect("it is in the suite");
        for (requirement, fault, expected) in [
            (push, Fault::DropsUploadLocation, Effect::Killed),
            (push, Fault::ListsUnderscoresAsPlus, Effect::Unlisted),
            (list, Fault::DropsUploadLocation, Effect::Unlisted),
        ] {
            assert_eq!(effect(requirement, fault, &violated()), expected);
        }
        // Without a response the replay is inconclusive.
        let blocked = effect(push, Fault::DropsUploadLocation, &inconclusive());
        assert_eq!(blocked, Effect::Blocked);
        let survived = effect(push, Fault::DropsUploadLocation, &Verdict::Satisfied);
        assert_eq!(survived, Effect::Survived);
    }

    #[test]
    fn on_another_set_up_the_violation_is_verified() {
        let location = checks::find("upload/location-sent").expect("it is in the suite");
        for (setup, fault, expected) in [
            (Setup::Open, Fault::DropsUploadLocation, true),
            (Setup::Basic, Fault::DropsUploadLocation, true),
            (Setup::Basic, Fault::ListsUnderscoresAsPlus, false),
            // The set-up of the proof needs no verification.
            (Setup::Open, Fault::ListsUnderscoresAsPlus, true),
        ] {
            assert_eq!(
                is_violated_on(location, setup, fault),
                expected,
                "{setup:?} {fault}"
            );
        }
    }
}
