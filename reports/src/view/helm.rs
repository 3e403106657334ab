//! The flows of client models or of real Helm binaries: a table flow × version, and the failures.

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::helm::releases;
use helm_oci_suite::requirement::outcome::Outcome;

use super::exchange::ExchangesView;
use super::row::{Label, ReportRow, RowEntry};
use super::sentence::ResultSentence;
use super::words;
use crate::record::{FlowRecord, HelmRecord};

/// The flows of client models or of real Helm binaries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HelmView<'a> {
    /// The versions, oldest first.
    pub versions: Vec<&'a str>,
    /// The table: one row for each flow.
    pub table: Vec<HelmRow>,
    /// Every flow of every version.
    pub flows: Vec<FlowView<'a>>,
    /// Failed and inconclusive flows, grouped by message and best explanation; failures first.
    pub groups: Vec<FlowGroup<'a>>,
    /// The ids of failed flows that no violated requirement explains.
    pub unexplained: Vec<&'a str>,
    /// The ids of flows that work although a violated requirement predicts a failure.
    pub contradicted: Vec<&'a str>,
}

/// One flow with all versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelmRow {
    /// The flow.
    pub flow: Flow,
    /// The outcome for each version; none where the version does not have the flow.
    pub outcomes: Vec<Option<Outcome>>,
}

/// One flow of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowView<'a> {
    /// Its id, such as `helm-3.10.1/flow/push`.
    pub id: &'a str,
    /// The version of Helm.
    pub version: &'a str,
    /// The versions that send these requests, as a range; the version itself for a binary.
    pub versions: &'a str,
    /// Their eras.
    pub eras: Vec<Era>,
    /// The flow.
    pub flow: Flow,
    /// The outcome.
    pub outcome: Outcome,
    /// The requirement whose finding has the cause.
    pub cause: Option<&'a str>,
    /// The duration in milliseconds.
    pub milliseconds: u64,
    /// The result in one sentence.
    pub sentence: ResultSentence<'a>,
    /// The result in rows: command, message, explanations.
    pub rows: Vec<ReportRow<'a>>,
    /// The output of the last invocation.
    pub streams: Vec<ReportRow<'a>>,
    /// The exchange at which Helm aborted.
    pub exchanges: ExchangesView<'a>,
}

/// Flows that ended in the same way for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowGroup<'a> {
    /// The first of them.
    pub first: FlowView<'a>,
    /// All of them by version.
    pub affected: Vec<(&'a str, Vec<Flow>)>,
}

impl<'a> HelmView<'a> {
    pub(super) fn of(helm_versions: &'a [HelmRecord]) -> Self {
        let flows = || helm_versions.iter().flat_map(|helm| &helm.flows);
        let ids = |is_one: fn(&FlowRecord) -> bool| {
            let some = flows().filter(|flow| is_one(flow));
            some.map(|flow| flow.id.as_str()).collect()
        };
        let views = helm_versions.iter().flat_map(|helm| {
            let flows = helm.flows.iter();
            flows.map(|flow| FlowView::of(flow, helm))
        });
        Self {
            versions: helm_versions
                .iter()
                .map(|helm| helm.version.as_str())
                .collect(),
            table: table(helm_versions),
            flows: views.collect(),
            groups: [Outcome::Fail, Outcome::Inconclusive, Outcome::Intermittent]
                .into_iter()
                .flat_map(|outcome| groups(helm_versions, outcome))
                .collect(),
            unexplained: ids(FlowRecord::is_unexplained),
            contradicted: ids(FlowRecord::is_contradicted),
        }
    }

    /// The number of flows with an outcome.
    pub(super) fn count(&self, outcome: Outcome) -> usize {
        let flows = self.flows.iter();
        flows.filter(|flow| flow.outcome == outcome).count()
    }
}

impl<'a> FlowView<'a> {
    fn of(flow: &'a FlowRecord, helm: &'a HelmRecord) -> Self {
        let eras = match &flow.versions {
            Some(versions) => releases::eras(versions),
            None => helm.era.into_iter().collect(),
        };
        Self {
            id: &flow.id,
            version: &helm.version,
            versions: flow.versions.as_deref().unwrap_or(&helm.version),
            eras,
            flow: flow.flow,
            outcome: flow.outcome,
            cause: flow.cause.as_deref(),
            milliseconds: flow.milliseconds,
            sentence: sentence(flow),
            rows: rows(flow),
            streams: streams(flow),
            exchanges: ExchangesView::at(&flow.exchanges, flow.gave_up.as_slice()),
        }
    }
}

fn sentence(flow: &FlowRecord) -> ResultSentence<'_> {
    match flow.outcome {
        Outcome::Fail => ResultSentence::Failure {
            message: flow.error.as_deref(),
            because: flow.because.first(),
        },
        Outcome::Inconclusive => ResultSentence::Obstacle(flow.obstacle.as_ref()),
        Outcome::Intermittent => ResultSentence::Intermittent(&flow.attempts),
        Outcome::Skipped => {
            ResultSentence::Skipped(flow.reason.as_deref().unwrap_or(words::NO_REASON))
        }
        Outcome::Pass
        | Outcome::Known
        | Outcome::Stale
        | Outcome::Warn
        | Outcome::Present
        | Outcome::Absent => ResultSentence::Success,
    }
}

fn rows(flow: &FlowRecord) -> Vec<ReportRow<'_>> {
    let mut rows = Vec::new();
    if let Some(versions) = &flow.versions {
        rows.push(ReportRow::text(Label::Helm, versions));
    }
    if let Some(run) = flow.runs.last() {
        rows.push(ReportRow::text(Label::Command, &run.command));
    }
    if let Some(error) = &flow.error {
        rows.push(ReportRow::new(Label::Message, [RowEntry::Message(error)]));
    }
    if flow.obstacle.is_some() {
        rows.push(super::obstacle_row(flow.obstacle.as_ref()));
    } else if flow.is_unexplained() {
        rows.push(ReportRow::text(Label::Cause, words::UNEXPLAINED));
    } else if !flow.because.is_empty() {
        let explanations = flow.because.iter().map(RowEntry::Explanation);
        rows.push(ReportRow::new(Label::Cause, explanations));
    }
    rows.extend(super::attempts_row(&flow.attempts));
    rows
}

fn streams(flow: &FlowRecord) -> Vec<ReportRow<'_>> {
    let Some(run) = flow.runs.last() else {
        return Vec::new();
    };
    [(Label::Stdout, &run.stdout), (Label::Stderr, &run.stderr)]
        .into_iter()
        .filter(|(_, stream)| !stream.is_empty())
        .map(|(label, stream)| ReportRow::text(label, stream))
        .collect()
}

fn table(helm_versions: &[HelmRecord]) -> Vec<HelmRow> {
    let outcome = |helm: &HelmRecord, flow: Flow| {
        let found = helm.flows.iter().find(|found| found.flow == flow);
        found.map(|found| found.outcome)
    };
    let rows = Flow::ALL.iter().map(|flow| HelmRow {
        flow: *flow,
        outcomes: helm_versions
            .iter()
            .map(|helm| outcome(helm, *flow))
            .collect(),
    });
    rows.filter(|row| row.outcomes.iter().any(Option::is_some))
        .collect()
}

fn groups(helm_versions: &[HelmRecord], outcome: Outcome) -> Vec<FlowGroup<'_>> {
    let mut groups: Vec<(&FlowRecord, FlowGroup<'_>)> = Vec::new();
    for helm in helm_versions {
        for flow in helm.flows.iter().filter(|flow| flow.outcome == outcome) {
            let known = groups.iter().position(|(first, _)| is_same(first, flow));
            let place = known.unwrap_or_else(|| {
                let first = FlowView::of(flow, helm);
                let affected = Vec::new();
                groups.push((flow, FlowGroup { first, affected }));
                groups.len() - 1
            });
            let affected = &mut groups[place].1.affected;
            match affected.last_mut() {
                Some((version, flows)) if *version == helm.version => flows.push(flow.flow),
                _ => affected.push((&helm.version, vec![flow.flow])),
            }
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn is_same(one: &FlowRecord, other: &FlowRecord) -> bool {
    let obstacle = |flow: &FlowRecord| flow.obstacle.as_ref().map(|known| known.what.clone());
    one.error == other.error
        && one.cause == other.cause
        && one.because.first().map(|known| &known.requirement)
            == other.because.first().map(|known| &known.requirement)
        && obstacle(one) == obstacle(other)
}
