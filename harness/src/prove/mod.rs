//! The proof of the suite: runs every requirement against every fault on the reference registry, in memory.
//! [`evidence`] compares the suite with recordings of real Helm binaries.
//!
//! `suite::proof` runs one pair; this module runs all pairs on all cores and summarises them.

pub mod evidence;
mod summary;

use std::panic::{AssertUnwindSafe, catch_unwind};

use helm_oci_fixtures::fault::Fault;
use helm_oci_suite::proof::{self, Effect, on_all_cores};
use helm_oci_suite::requirement::{Level, Requirement, Setup};
use helm_oci_suite::verdict::{Finding, Obstacle, ObstacleKind, Verdict};
use serde::Serialize;

/// All set-ups of the reference registry.
pub const SETUPS: &[Setup] = &[Setup::Open, Setup::PlainHttp, Setup::Basic, Setup::Bearer];

/// The result of the proof.
#[derive(Debug, Serialize)]
pub struct Proof {
    /// One entry for each requirement, in the suite's order.
    pub requirements: Vec<Proven>,
    /// One entry for each fault.
    pub faults: Vec<Spread>,
    /// Requirements that are violated or inconclusive on the correct registry.
    pub baseline: Vec<Doubt>,
    /// The number of legal variations among the faults.
    pub legal: usize,
    /// The MUSTs and SHOULDs that a legal variation violates, on any set-up.
    pub blamed: Vec<Blame>,
}

/// The maximum of the median number of requirements that one fault violates.
const MOST_RED: usize = 3;

/// One requirement against all faults.
#[derive(Debug, Serialize)]
pub struct Proven {
    /// Its id.
    pub id: &'static str,
    /// The listed faults that the check detects.
    pub killed: Vec<&'static str>,
    /// The listed consequences that violate it.
    pub consequences: Vec<&'static str>,
    /// The listed faults that the check does not detect.
    pub survived: Vec<Odd>,
    /// The faults that violate it and are not listed.
    pub unlisted: Vec<Odd>,
    /// The faults that make it inconclusive.
    pub blocked: Vec<Odd>,
}

/// A fault with the verdict of the check on it.
#[derive(Debug, Serialize)]
pub struct Odd {
    /// The fault.
    pub fault: &'static str,
    /// The verdict in words.
    pub said: String,
}

/// One fault against all requirements.
#[derive(Debug, Serialize)]
pub struct Spread {
    /// The fault.
    pub fault: &'static str,
    /// The number of requirements that list it as their own fault.
    pub listed_by: usize,
    /// The requirements that it violates.
    pub red: Vec<&'static str>,
}

/// A MUST or SHOULD that is violated by a legal variation.
#[derive(Debug, Serialize)]
pub struct Blame {
    /// The requirement.
    pub id: &'static str,
    /// The legal variation.
    pub fault: &'static str,
    /// The set-up.
    pub setup: Setup,
    /// The verdict in words.
    pub said: String,
}

/// A requirement that is violated or inconclusive on the correct registry.
#[derive(Debug, Serialize)]
pub struct Doubt {
    /// The requirement.
    pub id: &'static str,
    /// The set-up.
    pub setup: Setup,
    /// The verdict in words.
    pub said: String,
}

impl Proof {
    /// True if every result is as declared.
    pub fn holds(&self) -> bool {
        let odd = |proven: &Proven| !proven.survived.is_empty() || !proven.unlisted.is_empty();
        self.baseline.is_empty()
            && self.blamed.is_empty()
            && self.median_red() <= MOST_RED
            && !self.requirements.iter().any(odd)
    }

    /// The median number of requirements that a fault violates, of the faults that violate any.
    pub fn median_red(&self) -> usize {
        let red = self.faults.iter().map(|fault| fault.red.len());
        let mut red: Vec<usize> = red.filter(|red| *red > 0).collect();
        red.sort_unstable();
        red.get(red.len() / 2).copied().unwrap_or(0)
    }

    /// The proof as text.
    pub fn summary(&self) -> String {
        summary::render(self)
    }
}

/// Runs every requirement against every fault.
pub fn prove(requirements: &[&'static Requirement], faults: &[Fault]) -> Proof {
    let baseline = on_all_cores(requirements.len() * SETUPS.len(), |position| {
        let (requirement, setup) = (
            requirements[position / SETUPS.len()],
            SETUPS[position % SETUPS.len()],
        );
        let verdict = verdict(requirement, setup, &[]);
        let holds = matches!(verdict, Verdict::Satisfied | Verdict::NotApplicable(_));
        (!holds).then(|| Doubt {
            id: requirement.id,
            setup,
            said: said(&verdict),
        })
    });
    let verdicts = on_all_cores(requirements.len() * faults.len(), |position| {
        let requirement = requirements[position / faults.len()];
        verdict(
            requirement,
            requirement.proven_on,
            &[faults[position % faults.len()]],
        )
    });
    let rows: Vec<&[Verdict]> = verdicts.chunks(faults.len().max(1)).collect();
    Proof {
        requirements: requirements
            .iter()
            .enumerate()
            .map(|(row, requirement)| {
                proven(requirement, faults, rows.get(row).copied().unwrap_or(&[]))
            })
            .collect(),
        faults: faults
            .iter()
            .enumerate()
            .map(|(column, fault)| Spread {
                fault: fault.name(),
                listed_by: requirements
                    .iter()
                    .filter(|own| own.faults.contains(fault))
                    .count(),
                red: requirements
                    .iter()
                    .zip(&rows)
                    .filter(|(_, row)| row[column].is_violated())
                    .map(|(requirement, _)| requirement.id)
                    .collect(),
            })
            .collect(),
        baseline: baseline.into_iter().flatten().collect(),
        legal: faults.iter().filter(|fault| fault.is_legal()).count(),
        blamed: blamed(requirements, faults),
    }
}

/// Runs every MUST and SHOULD against every legal variation, on every set-up.
fn blamed(requirements: &[&'static Requirement], faults: &[Fault]) -> Vec<Blame> {
    let legal: Vec<Fault> = faults
        .iter()
        .copied()
        .filter(|fault| fault.is_legal())
        .collect();
    let binding = requirements.iter().filter(|own| own.level != Level::May);
    let binding: Vec<&Requirement> = binding.copied().collect();
    let blamed = on_all_cores(binding.len() * legal.len(), |position| {
        let (requirement, fault) = (
            binding[position / legal.len()],
            legal[position % legal.len()],
        );
        let blame = |setup: &Setup| {
            let verdict = verdict(requirement, *setup, &[fault]);
            verdict.is_violated().then(|| Blame {
                id: requirement.id,
                fault: fault.name(),
                setup: *setup,
                said: said(&verdict),
            })
        };
        SETUPS.iter().filter_map(blame).collect::<Vec<_>>()
    });
    blamed.into_iter().flatten().collect()
}

fn proven(requirement: &Requirement, faults: &[Fault], verdicts: &[Verdict]) -> Proven {
    let mut proven = Proven {
        id: requirement.id,
        killed: Vec::new(),
        consequences: Vec::new(),
        survived: Vec::new(),
        unlisted: Vec::new(),
        blocked: Vec::new(),
    };
    for (fault, verdict) in faults.iter().zip(verdicts) {
        let odd = || Odd {
            fault: fault.name(),
            said: said(verdict),
        };
        match proof::effect(requirement, *fault, verdict) {
            Effect::Killed => proven.killed.push(fault.name()),
            Effect::Consequence => proven.consequences.push(fault.name()),
            Effect::Survived => proven.survived.push(odd()),
            Effect::Unlisted => proven.unlisted.push(odd()),
            Effect::Blocked => proven.blocked.push(odd()),
            Effect::Untouched => {}
        }
    }
    proven
}

/// The verdict; a panic becomes an obstacle and does not end the proof.
fn verdict(requirement: &Requirement, setup: Setup, faults: &[Fault]) -> Verdict {
    catch_unwind(AssertUnwindSafe(|| {
        proof::verdict(requirement, setup, faults)
    }))
    .unwrap_or_else(|_| {
        Verdict::Inconclusive(Box::new(Obstacle::new(
            ObstacleKind::Defect,
            "the check panicked",
        )))
    })
}

fn said(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Satisfied => "satisfied".to_owned(),
        Verdict::Violated(finding) => {
            let Finding {
                expected, actual, ..
            } = &**finding;
            format!("violated: expected {}, got {actual}", expected.join(" or "))
        }
        Verdict::NotApplicable(why) => format!("not applicable: {why}"),
        Verdict::Inconclusive(obstacle) => format!("inconclusive: {}", obstacle.what),
    }
}
