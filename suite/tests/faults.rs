//! Every requirement against every fault, on the reference registry in memory.
//!
//! Three trials a requirement: the good registry satisfies it, each listed fault violates it and no other does,
//! and what the specification allows never violates one that binds.

use std::process::ExitCode;

use helm_oci_fixtures::fault::Fault;
use helm_oci_suite::checks;
use helm_oci_suite::proof::{effect, verdict};
use helm_oci_suite::requirement::{Level, Requirement, Setup};
use helm_oci_suite::verdict::{ObstacleKind, Verdict};
use libtest_mimic::{Arguments, Failed, Trial};

const SETUPS: [Setup; 4] = [Setup::Open, Setup::PlainHttp, Setup::Basic, Setup::Bearer];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let good = checks::all().into_iter().map(|requirement| {
        Trial::test(format!("good/{}", requirement.id), move || {
            good(requirement)
        })
    });
    let faulty = checks::all().into_iter().map(|requirement| {
        Trial::test(format!("faulty/{}", requirement.id), move || {
            faulty(requirement)
        })
    });
    let binding = checks::all()
        .into_iter()
        .filter(|requirement| requirement.level != Level::May);
    let legal = binding.map(|requirement| {
        Trial::test(format!("legal/{}", requirement.id), move || {
            legal(requirement)
        })
    });
    let trials = good.chain(faulty).chain(legal).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// What the specification allows is blamed in no set-up.
fn legal(requirement: &Requirement) -> Result<(), Failed> {
    let variations = || Fault::ALL.iter().filter(|fault| fault.is_legal());
    assert!(variations().count() >= 60, "of what a registry may do");
    for setup in SETUPS {
        for variation in variations() {
            let verdict = verdict(requirement, setup, &[*variation]);
            if verdict.is_violated() {
                return Err(format!("{variation} on {setup:?}: {verdict:?}").into());
            }
        }
    }
    Ok(())
}

/// A registry without faults is blamed in no set-up, and nothing stands in the way of looking.
fn good(requirement: &Requirement) -> Result<(), Failed> {
    for setup in SETUPS {
        let verdict = verdict(requirement, setup, &[]);
        let right = match &verdict {
            // Some requirements concern only registries that do a certain thing, which the reference does not.
            Verdict::Satisfied | Verdict::NotApplicable(_) => true,
            Verdict::Violated(_) | Verdict::Inconclusive(_) => false,
        };
        if !right {
            return Err(format!("{setup:?}: {verdict:?}").into());
        }
    }
    Ok(())
}

/// What could not be told names the step it failed at and shows the exchange, and is no defect of the check.
fn says_what_blocked_it(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Inconclusive(obstacle) => {
            let is_shown = !obstacle.what.is_empty() && !obstacle.exchanges.is_empty();
            is_shown && obstacle.kind != ObstacleKind::Defect
        }
        Verdict::Satisfied | Verdict::Violated(_) | Verdict::NotApplicable(_) => true,
    }
}

fn faulty(requirement: &Requirement) -> Result<(), Failed> {
    let mut wrong = Vec::new();
    for fault in Fault::ALL {
        let verdict = verdict(requirement, requirement.proven_on, &[*fault]);
        let effect = effect(requirement, *fault, &verdict);
        if !effect.is_as_declared() || !says_what_blocked_it(&verdict) {
            wrong.push(format!("{fault}: {effect:?} ({verdict:?})"));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n").into())
    }
}
