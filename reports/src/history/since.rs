//! The changes of a registry from version to version, or from day to day if it has no versions.

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::prediction::table::FlowVerdict;

use super::entry::Entry;
use crate::view::{flow_verdict, versions};

/// The complete entries of a registry, one for each version, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline<'a> {
    /// The entries: the newest of each version.
    pub points: Vec<&'a Entry>,
    /// True if they are versions, not dates.
    pub has_versions: bool,
}

/// Flows of some Helm versions whose verdict changed at the same points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The flows.
    pub flows: Vec<Flow>,
    /// The eras.
    pub eras: Vec<Era>,
    /// The verdicts, the newest first.
    pub spans: Vec<VerdictSpan>,
}

/// Adjacent points with one verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictSpan {
    /// The verdict.
    pub verdict: FlowVerdict,
    /// The oldest version or date.
    pub from: String,
    /// The newest version or date.
    pub to: String,
}

impl<'a> Timeline<'a> {
    /// The timeline of entries that are sorted, the newest first.
    pub(super) fn of(entries: &'a [Entry]) -> Self {
        let has_versions = entries.iter().any(Entry::is_ordered);
        let mut points: Vec<&'a Entry> = Vec::new();
        let complete = entries.iter().filter(|entry| entry.is_complete);
        for entry in complete.filter(|entry| entry.is_ordered() == has_versions) {
            let is_known = points.last().is_some_and(|last| {
                if has_versions {
                    last.has_version_of(entry)
                } else {
                    last.date() == entry.date()
                }
            });
            if !is_known {
                points.push(entry);
            }
        }
        points.reverse();
        Self {
            points,
            has_versions,
        }
    }

    /// The changes, those of the first flow first. Flows with the same verdicts at the same points are one change, if they
    /// concern the same Helm versions as far as these have the flows.
    pub fn changes(&self) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        for flow in Flow::ALL {
            for change in self.changes_of(*flow) {
                match changes.iter_mut().find(|known| known.takes(&change)) {
                    Some(known) => known.join(&change),
                    None => changes.push(change),
                }
            }
        }
        changes.sort_by_key(Change::is_gap);
        changes
    }

    /// The changes of a flow.
    fn changes_of(&self, flow: Flow) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        for era in Era::ALL.iter().filter(|era| flow.in_era(**era)) {
            let spans = self.spans(*era, flow);
            match changes.iter_mut().find(|known| known.spans == spans) {
                Some(known) => known.eras.push(*era),
                None => changes.push(Change {
                    flows: vec![flow],
                    eras: vec![*era],
                    spans,
                }),
            }
        }
        changes.retain(|change| change.spans.len() > 1);
        changes
    }

    /// The verdicts on a flow, the newest first. What a record does not have is unknown.
    fn spans(&self, era: Era, flow: Flow) -> Vec<VerdictSpan> {
        let mut spans: Vec<VerdictSpan> = Vec::new();
        for point in self.points.iter().rev() {
            let verdict = point.verdict(era, flow).unwrap_or(FlowVerdict::Unknown);
            let at = point.version_or_date();
            match spans.last_mut() {
                Some(last) if last.verdict == verdict => at.clone_into(&mut last.from),
                _ => spans.push(VerdictSpan {
                    verdict,
                    from: at.to_owned(),
                    to: at.to_owned(),
                }),
            }
        }
        spans
    }

    /// The end of every statement: nothing is known of what is older.
    pub fn before(&self) -> Option<String> {
        let oldest = self.points.first()?;
        Some(format!("unknown before {}", oldest.version_or_date()))
    }
}

impl Change {
    /// True if the change of one flow belongs to this one.
    fn takes(&self, other: &Self) -> bool {
        let is_within = |flows: &[Flow], eras: &[Era], all: &[Era]| {
            let mut own = eras.iter();
            own.all(|era| all.contains(era) || !flows.iter().any(|flow| flow.in_era(*era)))
        };
        let are_same = is_within(&other.flows, &self.eras, &other.eras)
            && is_within(&self.flows, &other.eras, &self.eras);
        self.spans == other.spans && are_same
    }

    fn join(&mut self, other: &Self) {
        for flow in &other.flows {
            if !self.flows.contains(flow) {
                self.flows.push(*flow);
            }
        }
        self.eras.extend(&other.eras);
        self.eras.sort_unstable();
        self.eras.dedup();
    }

    /// True if the change concerns every Helm version that has one of the flows.
    fn is_whole(&self) -> bool {
        let mut eras = Era::ALL.iter();
        let has_flow = |era: &Era| self.flows.iter().any(|flow| flow.in_era(*era));
        eras.all(|era| self.eras.contains(era) || !has_flow(era))
    }

    /// True if it works, or breaks, before and after points at which nothing is known.
    pub fn is_gap(&self) -> bool {
        let is_known = |span: &&VerdictSpan| span.verdict != FlowVerdict::Unknown;
        let newest = &self.spans[0];
        let mut known = self.spans.iter().filter(is_known);
        is_known(&newest) && known.all(|span| span.verdict == newest.verdict)
    }

    /// The Helm versions concerned.
    pub fn versions(&self) -> String {
        if self.is_whole() {
            "every Helm version".to_owned()
        } else {
            versions(&self.eras)
        }
    }

    /// The change in words: `works since 3.0.0, breaks in 2.8.3`.
    pub fn sentence(&self) -> String {
        if self.is_gap() {
            let newest = flow_verdict(self.spans[0].verdict);
            let gaps = self
                .spans
                .iter()
                .filter(|span| span.verdict == FlowVerdict::Unknown);
            let gaps: Vec<String> = gaps.map(VerdictSpan::words).collect();
            return format!("{newest} wherever it is known, {}", gaps.join(", "));
        }
        let words = self
            .spans
            .iter()
            .enumerate()
            .map(|(position, span)| match position {
                0 => format!("{} since {}", flow_verdict(span.verdict), span.from),
                _ => span.words(),
            });
        words.collect::<Vec<_>>().join(", ")
    }
}

impl VerdictSpan {
    /// The verdict and its versions or dates in words.
    fn words(&self) -> String {
        let Self { verdict, from, to } = self;
        let verdict = flow_verdict(*verdict);
        if from == to {
            format!("{verdict} in {from}")
        } else {
            format!("{verdict} from {from} to {to}")
        }
    }
}
