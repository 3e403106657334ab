//! The predictions for registries with generated faults, compared with recordings of real Helm binaries.
//!
//! A cell is one Helm version in one flow on one registry: a set-up with a fault. A fault is compared on each set-up on
//! which it altered a response for some Helm version, and on an open registry if it altered none.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use helm_oci_fixtures::fault::GeneratedFault;
use semver::Version;
use serde::Serialize;

use super::class::Class;
use super::score::share;
use super::{Evidence, FlowResult, Observation};
use crate::helm::flow::Flow;
use crate::prediction::table::FlowVerdict;
use crate::requirement::Setup;

/// A registry with a generated fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// The fault.
    pub fault: GeneratedFault,
    /// The set-up.
    pub setup: Setup,
}

/// One Helm version in one flow on one registry.
#[derive(Debug, Clone, Serialize)]
pub struct Cell {
    /// The fault.
    pub fault: String,
    /// The set-up.
    pub setup: Setup,
    /// The Helm version.
    pub helm: Version,
    /// The flow.
    pub flow: Flow,
    /// The relation of the prediction to the observation.
    pub class: Class,
    /// The predicted result.
    pub predicted: FlowVerdict,
    /// The requirements that the table names as causes of its cell.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// True if no requirement is violated on the registry at all, although this Helm version fails.
    pub is_silent: bool,
    /// True if the fault altered a response to this Helm version.
    pub is_altered: bool,
    /// The observed result.
    pub observed: FlowResult,
    /// The error that Helm printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The exchange at which Helm stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<String>,
}

/// The registries of recordings, by the order of the names of their faults; and the names that are none of generated
/// faults.
pub fn cases(recordings: &[Evidence]) -> (Vec<Case>, Vec<String>) {
    let names: BTreeSet<&String> = recordings
        .iter()
        .flat_map(|own| own.faults.keys())
        .collect();
    let (mut cases, mut unknown) = (Vec::new(), Vec::new());
    for name in names {
        let Ok(fault) = name.parse::<GeneratedFault>() else {
            unknown.push(name.clone());
            continue;
        };
        let seen = recordings.iter().filter_map(|own| own.faults.get(name));
        let mut setups: BTreeSet<Setup> = seen.flatten().map(|one| one.setup).collect();
        if setups.is_empty() {
            setups.insert(Setup::Open);
        }
        cases.extend(setups.into_iter().map(|setup| Case { fault, setup }));
    }
    (cases, unknown)
}

/// The flows that were tried with a fault on a set-up, each with its observation if the fault altered a response.
pub fn observed<'a>(recording: &'a Evidence, case: &Case) -> Vec<(Flow, Option<&'a Observation>)> {
    let Some(all) = recording.faults.get(&case.fault.to_string()) else {
        return Vec::new();
    };
    let tried = recording.flows.get(&case.setup).into_iter().flatten();
    let observation = |flow: Flow| {
        let on = |setup: Setup| {
            let mut own = all.iter();
            own.find(|one| one.setup == setup && one.flows.contains(&flow))
        };
        // Helm ran on another set-up only where the fault alters more there than on an open registry.
        on(case.setup).or_else(|| on(Setup::Open))
    };
    tried.map(|flow| (*flow, observation(*flow))).collect()
}

/// The numbers of cells by class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All cells.
    pub cells: usize,
    /// Cells with the right prediction.
    pub right: usize,
    /// Cells without a prediction.
    pub unknown: usize,
    /// Cells in which Helm fails, and that are predicted to work.
    pub missed: usize,
    /// Cells in which Helm works, and that are predicted to fail.
    pub false_alarms: usize,
    /// Cells in which Helm fails, on a registry on which no requirement is violated.
    pub silent: usize,
}

impl Counts {
    /// The numbers of these cells.
    pub fn of<'a>(cells: impl IntoIterator<Item = &'a Cell>) -> Self {
        let mut counts = Self::default();
        for cell in cells {
            counts.cells += 1;
            counts.silent += usize::from(cell.is_silent);
            *match cell.class {
                Class::Right => &mut counts.right,
                Class::Unknown => &mut counts.unknown,
                Class::Missed => &mut counts.missed,
                Class::FalseAlarm => &mut counts.false_alarms,
            } += 1;
        }
        counts
    }

    /// The head of a table.
    pub fn head(title: &str) -> String {
        format!(
            "{title:22}{:>7}{:>17}{:>17}{:>17}{:>17}{:>17}\n",
            "cells", "right", "unknown", "missed", "false alarms", "silent"
        )
    }

    /// A line of a table.
    pub fn line(&self, name: &str) -> String {
        let mut line = format!("{name:22}{:7}", self.cells);
        for part in [
            self.right,
            self.unknown,
            self.missed,
            self.false_alarms,
            self.silent,
        ] {
            let _ = write!(line, "{part:9}{}", share(part, self.cells));
        }
        line.push('\n');
        line
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const CUT: &str = "get-blob: body cut in half";
    const UNSEEN: &str = "head-v2: status 405";

    fn observation(setup: Setup, result: FlowResult, flow: Flow) -> Observation {
        Observation {
            setup,
            result,
            flows: vec![flow],
            exit: None,
            error: None,
            stopped_at: None,
        }
    }

    fn recording() -> Evidence {
        let seen = vec![
            observation(Setup::Open, FlowResult::Fails, Flow::Pull),
            observation(Setup::Bearer, FlowResult::Works, Flow::Show),
        ];
        let flows = vec![Flow::Push, Flow::Pull, Flow::Show];
        Evidence {
            helm: Version::new(3, 17, 3),
            binary: String::new(),
            suite: String::new(),
            generated: None,
            flows: BTreeMap::from([(Setup::Open, flows.clone()), (Setup::Bearer, flows)]),
            without_fault: Vec::new(),
            faults: BTreeMap::from([
                (CUT.to_owned(), seen),
                (UNSEEN.to_owned(), Vec::new()),
                ("cuts-blobs".to_owned(), Vec::new()),
            ]),
        }
    }

    #[test]
    fn a_fault_is_compared_where_it_altered_a_response() {
        let (cases, unknown) = cases(&[recording()]);
        let found: Vec<(String, Setup)> = cases
            .iter()
            .map(|case| (case.fault.to_string(), case.setup))
            .collect();
        let expected = [
            (CUT.to_owned(), Setup::Open),
            (CUT.to_owned(), Setup::Bearer),
            (UNSEEN.to_owned(), Setup::Open),
        ];
        assert_eq!(found, expected);
        assert_eq!(unknown, ["cuts-blobs"]);
    }

    #[test]
    fn a_flow_that_was_not_run_on_a_set_up_has_the_result_of_the_open_registry() {
        let (cases, _) = cases(&[recording()]);
        let recording = recording();
        let results = |position: usize| {
            let observed = observed(&recording, &cases[position]);
            let result = |seen: Option<&Observation>| seen.map(|seen| seen.result);
            let results = observed.into_iter().map(|(_, seen)| result(seen));
            results.collect::<Vec<_>>()
        };
        let (fails, works) = (Some(FlowResult::Fails), Some(FlowResult::Works));
        assert_eq!(results(0), [None, fails, None]);
        assert_eq!(results(1), [None, fails, works]);
    }
}
