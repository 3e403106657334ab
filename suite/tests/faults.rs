//! Every requirement against every fault, on the reference registry in memory.
//!
//! One trial a requirement: the good registry satisfies it, each listed fault violates it, no other does.

use std::process::ExitCode;

use helm_oci_fixtures::fault::Fault;
use helm_oci_suite::checks;
use helm_oci_suite::proof::{effect, verdict};
use helm_oci_suite::requirement::{Requirement, Setup};
use helm_oci_suite::verdict::Verdict;
use libtest_mimic::{Arguments, Failed, Trial};

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
    libtest_mimic::run(&arguments, good.chain(faulty).collect()).exit_code()
}

/// A registry without faults is blamed in no set-up, and nothing stands in the way of looking.
fn good(requirement: &Requirement) -> Result<(), Failed> {
    for setup in [Setup::Open, Setup::PlainHttp, Setup::Basic, Setup::Bearer] {
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

fn faulty(requirement: &Requirement) -> Result<(), Failed> {
    let mut wrong = Vec::new();
    for fault in Fault::ALL {
        let verdict = verdict(requirement, requirement.proven_on, &[*fault]);
        let effect = effect(requirement, *fault, &verdict);
        if !effect.is_as_declared() {
            wrong.push(format!("{fault}: {effect:?} ({verdict:?})"));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n").into())
    }
}
