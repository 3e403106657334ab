//! What each Helm does with a registry, told from the requirements alone.
//!
//! A flow works when every requirement that could break it was seen to hold, breaks when one of them is
//! violated, and is unknown while one of them could not be told.

use std::collections::BTreeMap;

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::era::{Era, Flow};
use crate::requirement::Requirement;
use crate::verdict::Verdict;

/// Whether a flow works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlowVerdict {
    /// Nothing that breaks it was seen, and everything that could was looked at.
    Works,
    /// At least one violated requirement breaks it.
    Breaks,
    /// A requirement that could break it was not examined, or could not be told.
    Unknown,
}

/// One cell of the table era x flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The era.
    pub era: Era,
    /// The flow.
    pub flow: Flow,
    /// Whether it works.
    pub verdict: FlowVerdict,
    /// Why not, one entry for each requirement that breaks it or could.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub because: Vec<Cause>,
}

/// One reason for a cell that does not say `works`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The requirement.
    pub requirement: String,
    /// The versions of the era that it concerns.
    pub versions: String,
    /// What Helm prints.
    pub symptom: String,
}

/// The verdicts of one run by requirement id.
pub type Verdicts = BTreeMap<&'static str, Verdict>;

/// The whole table, without the cells of flows that an era does not have.
pub fn table(requirements: &[&'static Requirement], verdicts: &Verdicts) -> Vec<Cell> {
    let cells = Era::ALL
        .iter()
        .flat_map(|era| Flow::ALL.iter().map(move |flow| (*era, *flow)));
    cells
        .filter(|(era, flow)| flow.in_era(*era))
        .map(|(era, flow)| cell(requirements, verdicts, era, flow))
        .collect()
}

fn cell(requirements: &[&'static Requirement], verdicts: &Verdicts, era: Era, flow: Flow) -> Cell {
    let mut broken = Vec::new();
    let mut open = Vec::new();
    for requirement in requirements {
        for brk in requirement
            .breaks
            .iter()
            .filter(|brk| brk.condition.is_none())
        {
            let Some(versions) = brk.in_cell(era, flow) else {
                continue;
            };
            let cause = || Cause {
                requirement: requirement.id.to_owned(),
                versions: versions.clone(),
                symptom: brk.symptom.to_owned(),
            };
            match verdicts.get(requirement.id) {
                Some(Verdict::Violated(_)) => broken.push(cause()),
                Some(Verdict::Inconclusive(_)) | None => open.push(cause()),
                Some(Verdict::Satisfied | Verdict::NotApplicable(_)) => {}
            }
        }
    }
    let (verdict, because) = match (broken.is_empty(), open.is_empty()) {
        (false, _) => (FlowVerdict::Breaks, broken),
        (true, false) => (FlowVerdict::Unknown, open),
        (true, true) => (FlowVerdict::Works, Vec::new()),
    };
    Cell {
        era,
        flow,
        verdict,
        because,
    }
}

/// Whether one very version of Helm gets through a flow; `None` if it does not have the flow.
pub fn version(
    requirements: &[&'static Requirement],
    verdicts: &Verdicts,
    helm: &Version,
    flow: Flow,
) -> Option<FlowVerdict> {
    if !flow.offered_by().contains(helm) {
        return None;
    }
    let concerned = requirements
        .iter()
        .filter(|requirement| requirement.breaks.iter().any(|brk| brk.hits(helm, flow)))
        .map(|requirement| verdicts.get(requirement.id));
    let mut verdict = FlowVerdict::Works;
    for found in concerned {
        match found {
            Some(Verdict::Violated(_)) => return Some(FlowVerdict::Breaks),
            Some(Verdict::Inconclusive(_)) | None => verdict = FlowVerdict::Unknown,
            Some(Verdict::Satisfied | Verdict::NotApplicable(_)) => {}
        }
    }
    Some(verdict)
}
