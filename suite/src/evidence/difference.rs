//! The differences between two observations of one Helm version, limited to the cells that the second one tried.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use semver::Version;

use super::{Evidence, FlowResult, Observation};
use crate::helm::flow::Flow;
use crate::requirement::{Requirement, Setup};

/// A cell in which they differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The Helm version.
    pub helm: Version,
    /// The set-up.
    pub setup: Setup,
    /// The flow.
    pub flow: Flow,
    /// The fault; without one the flow itself differs.
    pub fault: Option<String>,
    /// The recorded result.
    pub recorded: CellResult,
    /// The new observation.
    pub observed: CellResult,
}

/// The observation in one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CellResult {
    /// The flow works without a fault.
    Works,
    /// The flow was not tried, or the fault alters no response.
    Unaltered,
    /// This observation, restricted to the flow of the cell.
    Observed(Observation),
}

/// A cell: set-up, flow and fault.
type Place = (Option<String>, Flow, Setup);

/// The cells in which the new observation differs from the record. The record may contain more faults and flows than
/// the observation, but not fewer. Cells whose result is a matter of chance, as one of the requirements declares, are left
/// out.
pub fn differences(
    requirements: &[&'static Requirement],
    recorded: &Evidence,
    observed: &Evidence,
) -> Vec<Difference> {
    let is_by_chance = |fault: &str, flow: Flow| {
        requirements.iter().any(|own| {
            own.faults.iter().any(|listed| listed.name() == fault)
                && own
                    .breaks
                    .iter()
                    .any(|brk| brk.is_by_chance && brk.can_hit(&observed.helm, flow))
        })
    };
    let (old, new) = (cells(recorded), cells(observed));
    let flows = tried(observed);
    let places: BTreeSet<&Place> = old.keys().chain(new.keys()).collect();
    let is_concerned = |(fault, flow, _): &&Place| {
        let is_tried =
            |fault: &String| observed.faults.contains_key(fault) && !is_by_chance(fault, *flow);
        flows.contains(flow) && fault.as_ref().is_none_or(is_tried)
    };
    let difference = |place: &Place| {
        let seen = |cells: &BTreeMap<Place, CellResult>| {
            cells.get(place).cloned().unwrap_or(CellResult::Unaltered)
        };
        let (fault, flow, setup) = place.clone();
        Difference {
            helm: observed.helm.clone(),
            setup,
            flow,
            fault,
            recorded: seen(&old),
            observed: seen(&new),
        }
    };
    places
        .into_iter()
        .filter(is_concerned)
        .map(difference)
        .filter(|difference| difference.recorded != difference.observed)
        .collect()
}

/// The cells that were compared. Without differences, their number states how much the comparison covers.
pub fn cells_of(evidence: &Evidence) -> usize {
    let flows: usize = evidence.flows.values().map(Vec::len).sum();
    flows * evidence.faults.len()
}

/// The flows that were tried, on any set-up.
fn tried(evidence: &Evidence) -> BTreeSet<Flow> {
    let works = evidence.flows.values();
    let fails = evidence.without_fault.iter().map(|seen| &seen.flows);
    works.chain(fails).flatten().copied().collect()
}

fn cells(evidence: &Evidence) -> BTreeMap<Place, CellResult> {
    let mut cells = BTreeMap::new();
    for (setup, flows) in &evidence.flows {
        let places = flows.iter().map(|flow| (None, *flow, *setup));
        cells.extend(places.map(|place| (place, CellResult::Works)));
    }
    add(&mut cells, None, &evidence.without_fault);
    for (fault, seen) in &evidence.faults {
        add(&mut cells, Some(fault), seen);
    }
    cells
}

fn add(
    cells: &mut BTreeMap<Place, CellResult>,
    fault: Option<&String>,
    observations: &[Observation],
) {
    for seen in observations {
        for flow in &seen.flows {
            let result = CellResult::Observed(Observation {
                flows: vec![*flow],
                ..seen.clone()
            });
            cells.insert((fault.cloned(), *flow, seen.setup), result);
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            helm,
            setup,
            flow,
            fault,
            ..
        } = self;
        let fault = fault.as_deref().unwrap_or("no fault");
        writeln!(f, "helm {helm}, {flow} with {fault} on {setup:?}:")?;
        writeln!(f, "  recorded: {}", self.recorded)?;
        writeln!(f, "  observed: {}", self.observed)
    }
}

impl fmt::Display for CellResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seen = match self {
            Self::Works => return f.write_str("works"),
            Self::Unaltered => return f.write_str("not tried, or no response is altered"),
            Self::Observed(seen) => seen,
        };
        f.write_str(match seen.result {
            FlowResult::Works => "works",
            FlowResult::Fails => "fails",
        })?;
        if let Some(exit) = seen.exit {
            write!(f, " with exit code {exit}")?;
        }
        if let Some(error) = &seen.error {
            write!(f, ", prints `{error}`")?;
        }
        if let Some(place) = &seen.stopped_at {
            write!(f, ", stopped at `{place}`")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(flows: &[Flow], error: &str) -> Observation {
        Observation {
            setup: Setup::Open,
            result: FlowResult::Fails,
            flows: flows.to_vec(),
            exit: Some(1),
            error: Some(error.to_owned()),
            stopped_at: None,
        }
    }

    fn recorded() -> Evidence {
        let flows = vec![Flow::Push, Flow::Pull];
        let faults = [
            ("adds-charset".to_owned(), Vec::new()),
            ("cuts-blobs".to_owned(), vec![fails(&flows, "no")]),
        ];
        Evidence {
            helm: Version::new(3, 10, 1),
            binary: "sha256:ab".to_owned(),
            suite: "0.1.0".to_owned(),
            generated: None,
            flows: [(Setup::Open, flows)].into(),
            without_fault: Vec::new(),
            faults: faults.into(),
        }
    }

    /// The same with one flow and one fault only, and built elsewhere.
    fn part() -> Evidence {
        let mut part = recorded();
        part.binary = "sha256:cd".to_owned();
        part.flows = [(Setup::Open, vec![Flow::Pull])].into();
        part.faults = [("cuts-blobs".to_owned(), vec![fails(&[Flow::Pull], "no")])].into();
        part
    }

    #[test]
    fn an_equal_part_has_no_difference() {
        assert_eq!(differences(&[], &recorded(), &recorded()), Vec::new());
        assert_eq!(differences(&[], &recorded(), &part()), Vec::new());
        assert_eq!(cells_of(&part()), 1);
    }

    #[test]
    fn another_text_is_a_difference_in_its_cell() {
        let mut now = part();
        now.faults
            .insert("cuts-blobs".to_owned(), vec![fails(&[Flow::Pull], "nay")]);
        let found = differences(&[], &recorded(), &now);
        assert_eq!(found.len(), 1);
        let text = "\
helm 3.10.1, pull with cuts-blobs on Open:
  recorded: fails with exit code 1, prints `no`
  observed: fails with exit code 1, prints `nay`
";
        assert_eq!(found[0].to_string(), text);
    }

    #[test]
    fn a_cell_of_only_one_observation_is_a_difference() {
        let mut now = part();
        now.faults.insert("cuts-blobs".to_owned(), Vec::new());
        assert_eq!(
            differences(&[], &recorded(), &now)[0].observed,
            CellResult::Unaltered
        );
        now = part();
        now.faults
            .insert("adds-charset".to_owned(), vec![fails(&[Flow::Pull], "no")]);
        assert_eq!(
            differences(&[], &recorded(), &now)[0].recorded,
            CellResult::Unaltered
        );
    }

    #[test]
    fn a_flow_that_fails_without_a_fault_is_a_difference() {
        let mut now = part();
        now.flows.clear();
        now.without_fault = vec![fails(&[Flow::Pull], "no")];
        now.faults.clear();
        let found = differences(&[], &recorded(), &now);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].recorded, CellResult::Works);
        assert_eq!(found[0].fault, None);
    }
}
