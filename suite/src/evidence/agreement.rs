//! How well declarations and predictions agree with the evidence.
//!
//! Two things are held against what each Helm did. What requirements declare: a fault that a requirement lists
//! must break exactly the flows the requirement says. And what the predictor makes of the verdicts on a registry
//! with the fault, every requirement on the set-up it is proven on; it may decline to tell, and may not be wrong.

use std::collections::BTreeMap;

use helm_oci_fixtures::fault::Fault;
use semver::Version;
use serde::{Deserialize, Serialize};

use super::{Evidence, FlowResult};
use crate::era::Flow;
use crate::predict::{self, FlowVerdict, Verdicts};
use crate::proof;
use crate::requirement::Requirement;
use crate::verdict::Verdict;

/// One Helm version in one flow with one fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The fault.
    pub fault: Fault,
    /// The Helm version.
    pub helm: Version,
    /// The flow.
    pub flow: Flow,
    /// What Helm did.
    pub observed: FlowResult,
    /// What Helm said, where it failed.
    pub error: Option<String>,
    /// The requirements that list the fault and declare that their violation breaks this flow.
    pub claimed_by: Vec<&'static str>,
    /// What the predictor makes of the verdicts.
    pub predicted: FlowVerdict,
    /// The requirements whose violation was seen.
    pub violated: Vec<&'static str>,
}

impl Comparison {
    /// Whether requirements declare what was observed.
    pub const fn is_declared(&self) -> bool {
        self.claimed_by.is_empty() == matches!(self.observed, FlowResult::Works)
    }

    /// Whether the prediction is what was observed; nothing if it declines to tell.
    pub const fn is_predicted(&self) -> Option<bool> {
        match (self.predicted, self.observed) {
            (FlowVerdict::Unknown, _) => None,
            (FlowVerdict::Works, FlowResult::Works) | (FlowVerdict::Breaks, FlowResult::Fails) => {
                Some(true)
            }
            (FlowVerdict::Works | FlowVerdict::Breaks, _) => Some(false),
        }
    }

    /// Whether neither declarations nor prediction contradict what was observed.
    pub fn agrees(&self) -> bool {
        self.is_declared() && self.is_predicted() != Some(false)
    }
}

/// A disagreement that is known, and why it stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The fault.
    pub fault: String,
    /// The Helm versions, all of which disagree in all of the flows that they have of these.
    pub helm: Vec<Version>,
    /// The flows.
    pub flows: Vec<Flow>,
    /// What Helm does.
    pub observed: FlowResult,
    /// Why that is neither declared nor predicted, and why it is to stay so.
    pub reason: String,
}

impl Exception {
    /// Whether it speaks of this comparison.
    pub fn covers(&self, comparison: &Comparison) -> bool {
        self.fault == comparison.fault.name()
            && self.helm.contains(&comparison.helm)
            && self.flows.contains(&comparison.flow)
            && self.observed == comparison.observed
    }
}

/// The verdicts of all requirements on a registry with this fault.
pub fn verdicts(requirements: &[&'static Requirement], fault: Fault) -> Verdicts {
    let examine = |requirement: &&'static Requirement| {
        let verdict = proof::verdict(requirement, requirement.proven_on, &[fault]);
        (requirement.id, verdict)
    };
    requirements.iter().map(examine).collect()
}

/// Compares everything that was tried with one fault.
pub fn compare(
    requirements: &[&'static Requirement],
    evidence: &[Evidence],
    fault: Fault,
) -> Vec<Comparison> {
    let verdicts = verdicts(requirements, fault);
    let violated = || {
        let is_violated =
            |one: &&&Requirement| verdicts.get(one.id).is_some_and(Verdict::is_violated);
        requirements
            .iter()
            .filter(is_violated)
            .map(|one| one.id)
            .collect()
    };
    let mut compared = Vec::new();
    for own in evidence {
        for flow in Flow::ALL.iter().copied() {
            let Some(observed) = own.result(fault.name(), flow) else {
                continue;
            };
            let claims = |one: &&&Requirement| {
                let lists = one.faults.contains(&fault) || one.consequences.contains(&fault);
                lists && one.breaks.iter().any(|brk| brk.hits(&own.helm, flow))
            };
            let predicted = predict::version(requirements, &verdicts, &own.helm, flow);
            compared.push(Comparison {
                fault,
                helm: own.helm.clone(),
                flow,
                observed,
                error: own
                    .of(fault.name(), flow)
                    .and_then(|seen| seen.error.clone()),
                claimed_by: requirements
                    .iter()
                    .filter(claims)
                    .map(|one| one.id)
                    .collect(),
                // A flow that the suite knows nothing of is one it cannot tell anything about.
                predicted: predicted.unwrap_or(FlowVerdict::Unknown),
                violated: violated(),
            });
        }
    }
    compared
}

/// How many cells there are, and what becomes of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    /// All of them.
    pub cells: usize,
    /// What Helm did is what requirements declare.
    pub declared: usize,
    /// What Helm did is what the predictor says.
    pub predicted: usize,
    /// The predictor declines to tell, because the fault is in the way of examining something.
    pub untold: usize,
}

impl Score {
    /// Cells where the predictor is wrong.
    pub const fn mispredicted(&self) -> usize {
        self.cells - self.predicted - self.untold
    }

    fn count(&mut self, comparison: &Comparison) {
        self.cells += 1;
        self.declared += usize::from(comparison.is_declared());
        self.predicted += usize::from(comparison.is_predicted() == Some(true));
        self.untold += usize::from(comparison.is_predicted().is_none());
    }
}

/// The agreement table, by Helm version.
pub fn score(compared: &[Comparison]) -> BTreeMap<Version, Score> {
    let mut scores: BTreeMap<Version, Score> = BTreeMap::new();
    for comparison in compared {
        scores
            .entry(comparison.helm.clone())
            .or_default()
            .count(comparison);
    }
    scores
}

/// The sum of a table.
pub fn total(scores: &BTreeMap<Version, Score>) -> Score {
    scores.values().fold(Score::default(), |sum, one| Score {
        cells: sum.cells + one.cells,
        declared: sum.declared + one.declared,
        predicted: sum.predicted + one.predicted,
        untold: sum.untold + one.untold,
    })
}
