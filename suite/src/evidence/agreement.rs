//! The agreement of declarations and predictions with the evidence.
//!
//! Two things are compared with the observations of each Helm version. The declarations of requirements: a fault that a
//! requirement lists must break exactly the flows that the requirement declares; a flow that it declares on a condition may
//! break or not. The prediction from the verdicts on a
//! registry with the fault, each requirement on the set-up on which it is proven: it may be unknown, but not wrong.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use helm_oci_fixtures::fault::Fault;
use semver::Version;
use serde::{Deserialize, Serialize};

use super::class::Class;
use super::{Evidence, FlowResult, Recorded};
use crate::helm::flow::Flow;
use crate::prediction::table::{FlowVerdict, Prediction, Verdicts};
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
    /// The observed result.
    pub observed: FlowResult,
    /// The error that Helm printed, if it failed.
    pub error: Option<String>,
    /// The requirements that list the fault and declare that their violation breaks this flow.
    pub claimed_by: Vec<&'static str>,
    /// True if one of the requirements that list the fault declares that its violation breaks this flow on a condition.
    pub may_break: bool,
    /// The prediction from the verdicts.
    pub predicted: FlowVerdict,
    /// The violated requirements.
    pub violated: Vec<&'static str>,
}

impl Comparison {
    /// True if the declarations agree with the observation.
    pub const fn is_declared(&self) -> bool {
        match self.observed {
            FlowResult::Works => self.claimed_by.is_empty(),
            FlowResult::Fails => self.may_break || !self.claimed_by.is_empty(),
        }
    }

    /// True if the prediction agrees with the observation; `None` if the prediction is unknown.
    pub const fn is_predicted(&self) -> Option<bool> {
        match Class::of(self.predicted, self.observed) {
            Class::Unknown => None,
            Class::Right => Some(true),
            Class::Missed | Class::FalseAlarm => Some(false),
        }
    }

    /// True if neither the declarations nor the prediction contradict the observation.
    pub fn agrees(&self) -> bool {
        self.is_declared() && self.is_predicted() != Some(false)
    }

    /// The cell of the comparison.
    pub fn cell(&self) -> EvidenceCell {
        EvidenceCell {
            helm: self.helm.clone(),
            fault: self.fault.name().to_owned(),
            flow: self.flow,
        }
    }

    /// The disagreement in words, with the error that Helm printed.
    pub fn difference(&self) -> String {
        let mut words = match (self.is_declared(), self.observed) {
            (false, FlowResult::Works) => {
                format!(
                    "declared to break by {}, but works",
                    self.claimed_by.join(", ")
                )
            }
            (false, FlowResult::Fails) => "fails, but no requirement declares it".to_owned(),
            (true, _) => format!("{:?}, but predicted as {:?}", self.observed, self.predicted),
        };
        if let Some(error) = &self.error {
            let _ = write!(words, ": `{error}`");
        }
        words
    }
}

/// A known disagreement with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The fault.
    pub fault: String,
    /// The Helm versions. Each disagrees in each of the flows below that it has.
    pub helm: Vec<Version>,
    /// The flows.
    pub flows: Vec<Flow>,
    /// The observed result.
    pub observed: FlowResult,
    /// The reason why that is neither declared nor predicted.
    pub reason: String,
}

impl Exception {
    /// True if the exception covers this comparison.
    pub fn covers(&self, comparison: &Comparison) -> bool {
        self.fault == comparison.fault.name()
            && self.helm.contains(&comparison.helm)
            && self.flows.contains(&comparison.flow)
            && self.observed == comparison.observed
    }

    /// The cells it names.
    pub fn cells(&self) -> impl Iterator<Item = EvidenceCell> {
        self.helm.iter().flat_map(|helm| {
            let offered = |flow: &&Flow| flow.offered_by().contains(helm);
            self.flows.iter().filter(offered).map(|flow| EvidenceCell {
                helm: helm.clone(),
                fault: self.fault.clone(),
                flow: *flow,
            })
        })
    }
}

/// One cell of the evidence, by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct EvidenceCell {
    /// The Helm version.
    pub helm: Version,
    /// The fault.
    pub fault: String,
    /// The flow.
    pub flow: Flow,
}

/// Declarations and predictions for some faults, compared with the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// One comparison for each cell that was observed.
    pub compared: Vec<Comparison>,
    /// The cells that are missing in the evidence.
    pub unobserved: Vec<EvidenceCell>,
    /// The disagreements that are known.
    pub exceptions: Vec<Exception>,
}

impl Agreement {
    /// Compares on all cores. Exceptions for known faults that are not selected are left out; exceptions for unknown
    /// faults are kept, so that they are reported as stale.
    pub fn of(
        requirements: &[&'static Requirement],
        recorded: &Recorded,
        faults: &[Fault],
    ) -> Self {
        let evidence = &recorded.evidence;
        let compared = proof::on_all_cores(faults.len(), |position| {
            compare(requirements, evidence, faults[position])
        });
        let is_selected = |exception: &&Exception| match exception.fault.parse::<Fault>() {
            Ok(fault) => faults.contains(&fault),
            Err(_) => true,
        };
        Self {
            compared: compared.into_iter().flatten().collect(),
            unobserved: unobserved(evidence, faults),
            exceptions: recorded
                .exceptions
                .iter()
                .filter(is_selected)
                .cloned()
                .collect(),
        }
    }

    /// The disagreements that no exception covers.
    pub fn open(&self) -> Vec<&Comparison> {
        let is_known = |one: &Comparison| {
            self.exceptions
                .iter()
                .any(|exception| exception.covers(one))
        };
        let is_open = |one: &&Comparison| !one.agrees() && !is_known(one);
        self.compared.iter().filter(is_open).collect()
    }

    /// The cells of exceptions without a disagreement, or with another one than the exception states.
    pub fn stale(&self) -> Vec<EvidenceCell> {
        let cells = self.exceptions.iter().flat_map(|exception| {
            let cells = exception.cells();
            cells.filter(move |cell| !self.excuses(exception, cell))
        });
        cells.collect()
    }

    /// True if every disagreement is covered by an exception, and no exception is stale.
    pub fn holds(&self) -> bool {
        self.open().is_empty() && self.stale().is_empty()
    }

    fn excuses(&self, exception: &Exception, cell: &EvidenceCell) -> bool {
        let is_cell = |one: &&Comparison| {
            one.fault.name() == cell.fault && one.helm == cell.helm && one.flow == cell.flow
        };
        let compared = self.compared.iter().find(is_cell);
        compared.is_some_and(|one| !one.agrees() && exception.covers(one))
    }
}

/// The cells of these faults that are missing in the evidence, for the Helm versions that it covers.
fn unobserved(evidence: &[Evidence], faults: &[Fault]) -> Vec<EvidenceCell> {
    let mut unobserved = Vec::new();
    for own in evidence {
        let offered = |flow: &&Flow| flow.offered_by().contains(&own.helm);
        for fault in faults {
            for flow in Flow::ALL.iter().filter(offered) {
                if own.result(fault.name(), *flow).is_none() {
                    unobserved.push(EvidenceCell {
                        helm: own.helm.clone(),
                        fault: fault.name().to_owned(),
                        flow: *flow,
                    });
                }
            }
        }
    }
    unobserved
}

/// The verdicts of all requirements on a registry with this fault.
pub fn verdicts(requirements: &[&'static Requirement], fault: Fault) -> Verdicts {
    let examine = |requirement: &&'static Requirement| {
        let verdict = if requirement.replays.is_some() {
            proof::replay_verdict(requirement, &[fault])
        } else {
            proof::verdict(requirement, requirement.proven_on, &[fault])
        };
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
    let is_violated = |one: &&&Requirement| verdicts.get(one.id).is_some_and(Verdict::is_violated);
    let violated = requirements.iter().filter(is_violated);
    let violated: Vec<&str> = violated.map(|one| one.id).collect();
    let lists =
        |one: &&&Requirement| one.faults.contains(&fault) || one.consequences.contains(&fault);
    let listing: Vec<&Requirement> = requirements.iter().filter(lists).copied().collect();
    let prediction = Prediction::of(requirements, &verdicts);
    let mut compared = Vec::new();
    for own in evidence {
        for flow in Flow::ALL.iter().copied() {
            let Some(observed) = own.result(fault.name(), flow) else {
                continue;
            };
            let claims =
                |one: &&&Requirement| one.breaks.iter().any(|brk| brk.hits(&own.helm, flow));
            let may_break = listing
                .iter()
                .any(|one| one.breaks.iter().any(|brk| brk.can_hit(&own.helm, flow)));
            let predicted = prediction.version(&own.helm, flow);
            compared.push(Comparison {
                fault,
                helm: own.helm.clone(),
                flow,
                observed,
                error: own
                    .of(fault.name(), flow)
                    .and_then(|seen| seen.error.clone()),
                claimed_by: listing.iter().filter(claims).map(|one| one.id).collect(),
                may_break,
                // A flow that the suite knows nothing of is one it cannot tell anything about.
                predicted: predicted.unwrap_or(FlowVerdict::Unknown),
                violated: violated.clone(),
            });
        }
    }
    compared
}

/// Disagreements as text, grouped by fault, each with the error that Helm printed.
pub fn list(disagreements: &[&Comparison]) -> String {
    let mut groups: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for one in disagreements {
        let fault = format!("{}, which violates {}", one.fault, one.violated.join(", "));
        let kinds = groups.entry(fault).or_default();
        let cells = kinds.entry(one.difference()).or_default();
        cells.push(format!("{}/{}", one.helm, one.flow));
    }
    let mut text = String::new();
    for (fault, kinds) in groups {
        let _ = writeln!(text, "{fault}");
        for (kind, cells) in kinds {
            let _ = writeln!(text, "  {kind}\n      {}", cells.join(" "));
        }
    }
    text
}
