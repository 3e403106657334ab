//! Every requirement against every fault, on the reference registry in memory.
//!
//! Three trials for each requirement: the registry without faults satisfies it; each listed fault violates it and no
//! other does; no legal variation violates a MUST or SHOULD.

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

/// No legal variation violates the requirement on any set-up.
fn legal(requirement: &Requirement) -> Result<(), Failed> {
    let variations = || Fault::ALL.iter().filter(|fault| fault.is_legal());
    assert!(variations().count() >= 60, "legal variations");
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

/// The registry without faults violates the requirement on no set-up, and the check is conclusive.
fn good(requirement: &Requirement) -> Result<(), Failed> {
    for setup in SETUPS {
        let verdict = verdict(requirement, setup, &[]);
        let right = match &verdict {
            // Some requirements apply only to registries with a behaviour that the reference registry does not have.
            Verdict::Satisfied | Verdict::NotApplicable(_) => true,
            Verdict::Violated(_) | Verdict::Inconclusive(_) => false,
        };
        if !right {
            return Err(format!("{setup:?}: {verdict:?}").into());
        }
    }
    Ok(())
}

/// An inconclusive verdict names the failed step and shows the exchange, and is no defect of the check.
fn is_explained(verdict: &Verdict) -> bool {
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
        if !effect.is_as_declared() || !is_explained(&verdict) {
            wrong.push(format!("{fault}: {effect:?} ({verdict:?})"));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n").into())
    }
}
