//! The table era × flow with the causes of broken and unknown cells.

use std::collections::BTreeSet;

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::prediction::table::{Cell, FlowVerdict};
use helm_oci_suite::requirement::outcome::Outcome;

use crate::record::TargetRecord;

/// The table era × flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EraTable<'a> {
    /// The eras, oldest first.
    pub eras: Vec<Era>,
    /// One row for each flow.
    pub rows: Vec<EraRow>,
    /// The requirements that break flows, by era.
    pub causes: Vec<EraCause<'a>>,
    /// The requirements that leave cells unknown.
    pub unknown: Vec<&'a str>,
}

/// One flow in all eras.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EraRow {
    /// The flow.
    pub flow: Flow,
    /// The verdict for each era; none where the era does not have the flow.
    pub verdicts: Vec<Option<FlowVerdict>>,
    /// False if nothing is known of the flow because no check that decides it was run.
    pub is_examined: bool,
}

/// A requirement that breaks flows of an era.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EraCause<'a> {
    /// The era.
    pub era: Era,
    /// The requirement.
    pub requirement: &'a str,
    /// The flows that it breaks.
    pub flows: Vec<Flow>,
    /// The versions of the era that are affected, as ranges.
    pub versions: Vec<&'a str>,
}

impl<'a> EraTable<'a> {
    /// The table of a target; none if it has no cells.
    pub(super) fn of(target: &'a TargetRecord) -> Option<Self> {
        let cells = &target.eras;
        if cells.is_empty() {
            return None;
        }
        let mut eras = Era::ALL.to_vec();
        eras.retain(|era| cells.iter().any(|cell| cell.era == *era));
        let checks = target.checks.iter();
        let checks = checks.map(|check| (check.outcome, check.id.as_str()));
        let flows = target.flows().map(|flow| (flow.outcome, flow.id.as_str()));
        let open: BTreeSet<&str> = checks
            .chain(flows)
            .filter(|(outcome, _)| *outcome == Outcome::Inconclusive)
            .map(|(_, id)| id)
            .collect();
        let is_known = |cell: &Cell| {
            let mut causes = cell.because.iter();
            cell.verdict != FlowVerdict::Unknown
                || causes.any(|cause| open.contains(cause.requirement.as_str()))
        };
        let rows = Flow::ALL.iter().filter_map(|flow| {
            let of_flow = || cells.iter().filter(|cell| cell.flow == *flow);
            of_flow().next()?;
            let verdict = |era: &Era| {
                let cell = of_flow().find(|cell| cell.era == *era);
                cell.map(|cell| cell.verdict)
            };
            Some(EraRow {
                flow: *flow,
                verdicts: eras.iter().map(verdict).collect(),
                is_examined: of_flow().any(is_known),
            })
        });
        let rows: Vec<EraRow> = rows.collect();
        let is_examined = |flow| {
            let mut rows = rows.iter();
            rows.any(|row| row.flow == flow && row.is_examined)
        };
        let unknown = cells
            .iter()
            .filter(|cell| cell.verdict == FlowVerdict::Unknown && is_examined(cell.flow));
        Some(Self {
            causes: eras.iter().flat_map(|era| causes(*era, cells)).collect(),
            unknown: requirements(unknown),
            rows,
            eras,
        })
    }

    /// The flows of which nothing is known because no check that decides them was run.
    pub fn not_examined(&self) -> impl Iterator<Item = Flow> {
        let rows = self.rows.iter().filter(|row| !row.is_examined);
        rows.map(|row| row.flow)
    }

    /// The verdict on an era: the worst of its flows.
    pub(super) fn verdict(&self, era: Era) -> Option<FlowVerdict> {
        let column = self.eras.iter().position(|own| *own == era)?;
        let of_era = || self.rows.iter().filter_map(|row| row.verdicts[column]);
        let any = |verdict| of_era().any(|own| own == verdict);
        Some(if any(FlowVerdict::Breaks) {
            FlowVerdict::Breaks
        } else if any(FlowVerdict::Unknown) {
            FlowVerdict::Unknown
        } else {
            FlowVerdict::Works
        })
    }

    /// The verdict on a flow of an era; none if the era does not have it.
    pub(super) fn cell(&self, era: Era, flow: Flow) -> Option<FlowVerdict> {
        let column = self.eras.iter().position(|own| *own == era)?;
        let row = self.rows.iter().find(|row| row.flow == flow)?;
        row.verdicts[column]
    }
}

fn causes(era: Era, cells: &[Cell]) -> Vec<EraCause<'_>> {
    let broken: Vec<&Cell> = cells
        .iter()
        .filter(|cell| cell.era == era && cell.verdict == FlowVerdict::Breaks)
        .collect();
    let causes = requirements(broken.iter().copied()).into_iter();
    causes
        .map(|requirement| {
            let mut flows = Vec::new();
            let mut versions = Vec::new();
            for cell in &broken {
                for cause in &cell.because {
                    if cause.requirement == requirement {
                        push_new(&mut flows, cell.flow);
                        push_new(&mut versions, cause.versions.as_str());
                    }
                }
            }
            EraCause {
                era,
                requirement,
                flows,
                versions,
            }
        })
        .collect()
}

/// The requirements behind some cells, each once, in order of appearance.
fn requirements<'a>(cells: impl Iterator<Item = &'a Cell>) -> Vec<&'a str> {
    let mut requirements = Vec::new();
    for cause in cells.flat_map(|cell| &cell.because) {
        push_new(&mut requirements, cause.requirement.as_str());
    }
    requirements
}

fn push_new<T: PartialEq>(known: &mut Vec<T>, new: T) {
    if !known.contains(&new) {
        known.push(new);
    }
}
