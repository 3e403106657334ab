//! One run on one registry: the part of a record that a history keeps.

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::prediction::table::{Cell, FlowVerdict};
use helm_oci_suite::requirement::outcome::Outcome;

use super::day::Day;
use super::version::Version;
use crate::record::{RunRecord, TargetRecord};
use crate::view::TargetView;

/// One run on one registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name of the target.
    pub target: String,
    /// The version of the registry.
    pub version: Option<String>,
    /// The start of the run, RFC 3339 in UTC.
    pub started: String,
    /// The day of the run.
    pub day: Day,
    /// The suite that ran, with its version.
    pub suite: String,
    /// The selection of requirements; empty for all.
    pub only: Vec<String>,
    /// The outcome that decides the verdict.
    pub outcome: Outcome,
    /// The verdict in one sentence.
    pub sentence: String,
    /// The versions of real Helm binaries that ran.
    pub binaries: Vec<String>,
    /// The table era × flow.
    pub cells: Vec<Cell>,
    /// True if all requirements were selected and the registry was examined to the end.
    pub is_complete: bool,
    order: Option<Version>,
}

/// The verdicts on all flows of one era.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EraSummary {
    /// The era.
    pub era: Era,
    /// The worst verdict.
    pub verdict: FlowVerdict,
    /// The flows that break.
    pub breaks: Vec<Flow>,
    /// The flows of which nothing is known.
    pub unknown: Vec<Flow>,
}

impl Entry {
    pub(super) fn of(
        record: &RunRecord,
        target: &TargetRecord,
        view: &TargetView<'_>,
        version: Option<String>,
        day: Day,
    ) -> Self {
        let binaries = target.helm_versions.iter();
        Self {
            target: target.name.clone(),
            order: version.as_deref().and_then(Version::read),
            version,
            started: record.run.started.clone(),
            day,
            suite: format!("{} {}", record.suite.name, record.suite.version),
            only: record.run.only.clone(),
            outcome: view.verdict.outcome,
            sentence: view.verdict.sentence.clone(),
            binaries: binaries.map(|helm| helm.version.clone()).collect(),
            cells: target.eras.clone(),
            is_complete: record.run.only.is_empty() && target.obstacle.is_none(),
        }
    }

    /// The date of the run, such as `2026-11-27`.
    pub fn date(&self) -> &str {
        self.started.get(..10).unwrap_or(&self.started)
    }

    /// The version, or the date of the run if there is none: that is the version of a hosted registry.
    pub fn version_or_date(&self) -> &str {
        self.version.as_deref().unwrap_or_else(|| self.date())
    }

    /// True if the version has an order.
    pub(super) const fn is_ordered(&self) -> bool {
        self.order.is_some()
    }

    /// The order of entries: that of their versions, then of their dates.
    pub(super) fn order(&self) -> impl Ord + use<'_> {
        (&self.order, &self.started, &self.target, &self.suite)
    }

    /// The order in which entries decide: a complete one before others, then the newest version, then the newest date.
    pub(super) fn rank(&self) -> impl Ord + use<'_> {
        (self.is_complete, !self.cells.is_empty(), self.order())
    }

    /// True if both are of one version.
    pub(super) fn has_version_of(&self, other: &Self) -> bool {
        self.order == other.order
    }

    /// The verdict on a flow of an era; none if the era does not have it, or the record does not know the era.
    pub fn verdict(&self, era: Era, flow: Flow) -> Option<FlowVerdict> {
        let mut cells = self.cells.iter();
        let cell = cells.find(|cell| cell.era == era && cell.flow == flow);
        cell.map(|cell| cell.verdict)
    }

    /// The verdicts by era, oldest first.
    pub fn eras(&self) -> Vec<EraSummary> {
        Era::ALL.iter().filter_map(|era| self.era(*era)).collect()
    }

    /// The verdicts on the flows of an era.
    pub fn era(&self, era: Era) -> Option<EraSummary> {
        let of = |verdict| {
            let cells = self.cells.iter().filter(|cell| cell.era == era);
            let cells = cells.filter(|cell| cell.verdict == verdict);
            cells.map(|cell| cell.flow).collect::<Vec<Flow>>()
        };
        self.cells.iter().find(|cell| cell.era == era)?;
        let (breaks, unknown) = (of(FlowVerdict::Breaks), of(FlowVerdict::Unknown));
        let verdict = if !breaks.is_empty() {
            FlowVerdict::Breaks
        } else if !unknown.is_empty() {
            FlowVerdict::Unknown
        } else {
            FlowVerdict::Works
        };
        Some(EraSummary {
            era,
            verdict,
            breaks,
            unknown,
        })
    }

    /// The flows that do not work with every version that has them; those with the same verdicts form one row.
    pub fn troubled_flows(&self) -> Vec<(Vec<Flow>, Vec<Option<FlowVerdict>>)> {
        let mut rows: Vec<(Vec<Flow>, Vec<Option<FlowVerdict>>)> = Vec::new();
        for flow in Flow::ALL {
            let verdicts: Vec<_> = Era::ALL
                .iter()
                .map(|era| self.verdict(*era, *flow))
                .collect();
            if verdicts
                .iter()
                .flatten()
                .all(|verdict| *verdict == FlowVerdict::Works)
            {
                continue;
            }
            match rows.iter_mut().find(|(_, known)| *known == verdicts) {
                Some((flows, _)) => flows.push(*flow),
                None => rows.push((vec![*flow], verdicts)),
            }
        }
        rows
    }
}
