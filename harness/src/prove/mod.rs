//! The proof of the suite: examines the reference registry with each fault in memory, on the path of a run, and compares
//! every verdict with the declarations. [`evidence`] compares the suite with recordings of real Helm binaries, [`generated`]
//! with recordings of generated faults.
//!
//! - `path` examines one registry as a run does: preflight, capabilities, checks, table;
//! - `consistency` holds the parts of one report against each other.

mod consistency;
pub mod evidence;
pub mod generated;
mod path;
mod summary;

use std::collections::BTreeMap;

use helm_oci_fixtures::fault::Fault;
use helm_oci_reports::record::RunRecord;
use helm_oci_suite::proof::{self, Effect, on_all_cores};
use helm_oci_suite::requirement::{Level, Requirement, Setup};
use helm_oci_suite::verdict::{Finding, Verdict};
use serde::Serialize;

use crate::run::run_record;

/// The start of a run in memory, which has no clock.
const STARTED: &str = "1970-01-01T00:00:00Z";

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
    pub baseline: Vec<UnsatisfiedOnBaseline>,
    /// The number of legal variations among the faults.
    pub legal: usize,
    /// The MUSTs and SHOULDs that a legal variation violates, on any set-up.
    pub blamed: Vec<ViolationOnLegal>,
    /// The contradictions within reports.
    pub contradicted: Vec<Contradiction>,
}

/// A contradiction within the report on one fault.
#[derive(Debug, Serialize)]
pub struct Contradiction {
    /// The fault; `none` for the correct registry.
    pub fault: &'static str,
    /// The set-up.
    pub setup: Setup,
    /// The contradiction in words.
    pub what: String,
}

/// One registry of the proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Case {
    fault: Option<Fault>,
    setup: Setup,
}

/// The results on one registry of the proof.
struct Examined {
    case: Case,
    /// The verdicts by requirement.
    verdicts: BTreeMap<&'static str, Verdict>,
    contradictions: Vec<String>,
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
    pub survived: Vec<FaultVerdict>,
    /// The faults that violate it and are not listed.
    pub unlisted: Vec<FaultVerdict>,
    /// The faults that make it inconclusive.
    pub blocked: Vec<FaultVerdict>,
}

/// A fault with the verdict of the check on it.
#[derive(Debug, Serialize)]
pub struct FaultVerdict {
    /// The fault.
    pub fault: &'static str,
    /// The verdict in words.
    pub verdict: String,
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
    /// The number of them that are no flows: a flow that fails is what a violated requirement breaks.
    pub causes: usize,
}

/// A MUST or SHOULD that is violated by a legal variation.
#[derive(Debug, Serialize)]
pub struct ViolationOnLegal {
    /// The requirement.
    pub id: &'static str,
    /// The legal variation.
    pub fault: &'static str,
    /// The set-up.
    pub setup: Setup,
    /// The verdict in words.
    pub verdict: String,
}

/// A requirement that is violated or inconclusive on the correct registry.
#[derive(Debug, Serialize)]
pub struct UnsatisfiedOnBaseline {
    /// The requirement.
    pub id: &'static str,
    /// The set-up.
    pub setup: Setup,
    /// The verdict in words.
    pub verdict: String,
}

impl Proof {
    /// True if every result is as declared.
    pub fn holds(&self) -> bool {
        let is_unexpected =
            |proven: &Proven| !proven.survived.is_empty() || !proven.unlisted.is_empty();
        self.baseline.is_empty()
            && self.blamed.is_empty()
            && self.contradicted.is_empty()
            && self.median_red() <= MOST_RED
            && !self.requirements.iter().any(is_unexpected)
    }

    /// The median number of requirements that a fault violates, flows aside, of the faults that violate any.
    pub fn median_red(&self) -> usize {
        let red = self.faults.iter().map(|fault| fault.causes);
        let mut red: Vec<usize> = red.filter(|red| *red > 0).collect();
        red.sort_unstable();
        red.get(red.len() / 2).copied().unwrap_or(0)
    }

    /// The proof as text.
    pub fn summary(&self) -> String {
        summary::render(self)
    }
}

/// Examines the correct registry, and one with each fault.
///
/// On each set-up run the requirements that are proven there. Where a requirement lists the fault, and for legal
/// variations without credentials, all requirements run, as in a run of a user: such reports are examined for
/// contradictions. With tokens, a legal variation meets all requirements, without the client models.
pub fn prove(requirements: &[&'static Requirement], faults: &[Fault]) -> Proof {
    let baseline = SETUPS.iter().map(|setup| Case {
        fault: None,
        setup: *setup,
    });
    let with_fault = faults.iter().flat_map(|fault| {
        SETUPS.iter().map(|setup| Case {
            fault: Some(*fault),
            setup: *setup,
        })
    });
    let cases: Vec<Case> = baseline.chain(with_fault).collect();
    let examined = on_all_cores(cases.len(), |position| {
        examine(requirements, cases[position])
    });
    let by_case: BTreeMap<Case, &Examined> = examined.iter().map(|one| (one.case, one)).collect();
    let on = |fault: Option<Fault>, setup: Setup| &by_case[&Case { fault, setup }].verdicts;
    let rows: Vec<Vec<&Verdict>> = requirements
        .iter()
        .map(|own| {
            let of_fault = |fault: &Fault| &on(Some(*fault), own.proven_on)[own.id];
            faults.iter().map(of_fault).collect()
        })
        .collect();
    Proof {
        requirements: requirements
            .iter()
            .zip(&rows)
            .map(|(requirement, row)| proven(requirement, faults, row))
            .collect(),
        faults: faults
            .iter()
            .enumerate()
            .map(|(column, fault)| {
                let violated = requirements.iter().zip(&rows);
                let violated = violated.filter(|(_, row)| row[column].is_violated());
                let violated: Vec<&Requirement> = violated.map(|(own, _)| *own).collect();
                let is_cause = |own: &&&Requirement| own.replays.is_none();
                let listed_by = requirements.iter().filter(|own| own.faults.contains(fault));
                Spread {
                    fault: fault.name(),
                    listed_by: listed_by.count(),
                    red: violated.iter().map(|own| own.id).collect(),
                    causes: violated.iter().filter(is_cause).count(),
                }
            })
            .collect(),
        baseline: unsatisfied(requirements, &examined),
        legal: faults.iter().filter(|fault| fault.is_legal()).count(),
        blamed: blamed(requirements, &examined),
        contradicted: contradicted(&examined),
    }
}

/// The record of a run on the reference registry with these faults.
pub fn record_of(
    requirements: &[&'static Requirement],
    setup: Setup,
    faults: &[Fault],
) -> RunRecord {
    let (plan, target) = path::examine(requirements, setup, faults);
    run_record(&plan, vec![target], STARTED.to_owned(), 0)
}

/// Examines one registry.
fn examine(requirements: &[&'static Requirement], case: Case) -> Examined {
    let Case { fault, setup } = case;
    let lists = |own: &&&Requirement| {
        let fault = fault.as_ref();
        own.proven_on == setup && fault.is_some_and(|fault| own.faults.contains(fault))
    };
    let is_legal = fault.is_some_and(Fault::is_legal);
    let is_whole = fault.is_none()
        || is_legal && setup == Setup::Open
        || requirements.iter().any(|own| lists(&own));
    let selected = requirements.iter().filter(|own| {
        let is_blamable = is_legal && setup == Setup::Bearer && own.replays.is_none();
        is_whole || own.proven_on == setup || is_blamable
    });
    let selected: Vec<&'static Requirement> = selected.copied().collect();
    let faults: Vec<Fault> = fault.into_iter().collect();
    let (plan, target) = path::examine(&selected, setup, &faults);
    let verdicts = selected
        .iter()
        .map(|own| (own.id, path::verdict(&target, own)));
    let verdicts = verdicts.collect();
    let contradictions = if is_whole {
        let not_examined = target
            .obstacle
            .iter()
            .map(|obstacle| format!("it is not examined: {}", obstacle.what));
        let not_examined: Vec<String> = not_examined.collect();
        let record = run_record(&plan, vec![target], String::new(), 0);
        [not_examined, consistency::contradictions(&record)].concat()
    } else {
        Vec::new()
    };
    Examined {
        case,
        verdicts,
        contradictions,
    }
}

/// The requirements that are violated or inconclusive on the correct registry.
fn unsatisfied(
    requirements: &[&'static Requirement],
    examined: &[Examined],
) -> Vec<UnsatisfiedOnBaseline> {
    let correct = examined.iter().filter(|one| one.case.fault.is_none());
    let unsatisfied = correct.flat_map(|one| {
        requirements.iter().filter_map(|own| {
            let verdict = &one.verdicts[own.id];
            let holds = matches!(verdict, Verdict::Satisfied | Verdict::NotApplicable(_));
            (!holds).then(|| UnsatisfiedOnBaseline {
                id: own.id,
                setup: one.case.setup,
                verdict: in_words(verdict),
            })
        })
    });
    unsatisfied.collect()
}

/// The MUSTs and SHOULDs that a legal variation violates, on every set-up.
fn blamed(requirements: &[&'static Requirement], examined: &[Examined]) -> Vec<ViolationOnLegal> {
    let mut blamed = Vec::new();
    for one in examined {
        let Some(fault) = one.case.fault.filter(|fault| fault.is_legal()) else {
            continue;
        };
        for own in requirements.iter().filter(|own| own.level != Level::May) {
            let verdict = one.verdicts.get(own.id);
            if let Some(verdict) = verdict.filter(|verdict| verdict.is_violated()) {
                blamed.push(ViolationOnLegal {
                    id: own.id,
                    fault: fault.name(),
                    setup: one.case.setup,
                    verdict: in_words(verdict),
                });
            }
        }
    }
    blamed
}

fn contradicted(examined: &[Examined]) -> Vec<Contradiction> {
    let contradicted = examined.iter().flat_map(|one| {
        one.contradictions.iter().map(|what| Contradiction {
            fault: one.case.fault.map_or("none", Fault::name),
            setup: one.case.setup,
            what: what.clone(),
        })
    });
    contradicted.collect()
}

fn proven(requirement: &Requirement, faults: &[Fault], verdicts: &[&Verdict]) -> Proven {
    let mut proven = Proven {
        id: requirement.id,
        killed: Vec::new(),
        consequences: Vec::new(),
        survived: Vec::new(),
        unlisted: Vec::new(),
        blocked: Vec::new(),
    };
    for (fault, verdict) in faults.iter().zip(verdicts) {
        let on_fault = || FaultVerdict {
            fault: fault.name(),
            verdict: in_words(verdict),
        };
        match proof::effect(requirement, *fault, verdict) {
            Effect::Killed => proven.killed.push(fault.name()),
            Effect::Consequence => proven.consequences.push(fault.name()),
            Effect::Survived => proven.survived.push(on_fault()),
            Effect::Unlisted => proven.unlisted.push(on_fault()),
            Effect::Blocked => proven.blocked.push(on_fault()),
            Effect::Untouched => {}
        }
    }
    proven
}

fn in_words(verdict: &Verdict) -> String {
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
