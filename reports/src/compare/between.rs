//! The comparison of two records.

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::prediction::table::{Cell, FlowVerdict};
use helm_oci_suite::requirement::Level;
use helm_oci_suite::requirement::outcome::Outcome;

use super::normalise::normalised;
use super::{
    Behaviour, CapabilityChange, ComparedCounts, ComparedTarget, FlowChange, RequirementChange,
    RequirementState, SCHEMA, TargetComparison,
};
use crate::record::{CheckRecord, TargetRecord};
use crate::snapshot::{Snapshot, SnapshotDifference};

impl TargetComparison {
    /// The differences between two targets, and between their snapshots if both have one.
    pub fn between(
        a: &TargetRecord,
        b: &TargetRecord,
        snapshots: Option<(&Snapshot, &Snapshot)>,
    ) -> Self {
        let pairs = pairs(a, b);
        let cells = a
            .eras
            .iter()
            .filter(|own| cell(b, own.era, own.flow).is_some());
        let capabilities_of_a = a.capabilities.iter();
        let compared = ComparedCounts {
            requirements: pairs.len(),
            cells: cells.count(),
            capabilities: capabilities_of_a
                .filter(|own| b.capabilities.iter().any(|other| other.name == own.name))
                .count(),
            files: snapshots.map_or(0, |(a, b)| a.files().len().max(b.files().len())),
        };
        let mut requirements: Vec<RequirementChange> = pairs
            .iter()
            .filter_map(|pair| requirement(a, b, *pair))
            .collect();
        requirements.sort_by_key(rank);
        let is_inconclusive = |(own, other): &&(&CheckRecord, &CheckRecord)| {
            [own, other]
                .iter()
                .any(|check| check.outcome == Outcome::Inconclusive)
        };
        Self {
            schema: SCHEMA,
            a: target(a),
            b: target(b),
            compared,
            flows: flows(a, b),
            requirements,
            capabilities: capabilities(a, b),
            responses: snapshots
                .map(|(a, b)| SnapshotDifference::between(a, b))
                .unwrap_or_default(),
            inconclusive: pairs.iter().filter(is_inconclusive).count(),
        }
    }
}

fn target(target: &TargetRecord) -> ComparedTarget {
    ComparedTarget {
        name: target.name.clone(),
        server: target.identity.server.clone(),
        obstacle: target
            .obstacle
            .as_ref()
            .map(|obstacle| obstacle.what.clone()),
    }
}

/// The requirements that were examined on both targets, in the order of A.
fn pairs<'a>(a: &'a TargetRecord, b: &'a TargetRecord) -> Vec<(&'a CheckRecord, &'a CheckRecord)> {
    let other = |own: &CheckRecord| b.checks.iter().find(|check| check.id == own.id);
    let checks = a.checks.iter();
    checks.filter_map(|own| Some((own, other(own)?))).collect()
}

fn requirement(
    a: &TargetRecord,
    b: &TargetRecord,
    (own, other): (&CheckRecord, &CheckRecord),
) -> Option<RequirementChange> {
    let (before, after) = (behaviour(a, own), behaviour(b, other));
    // Two violations may differ in what the registry does; reasons for a skip are no behaviour.
    let is_violated =
        before.state == RequirementState::Violated && after.state == RequirementState::Violated;
    if before.state == after.state && (!is_violated || before.actual == after.actual) {
        return None;
    }
    let finding = other.finding.as_ref().or(own.finding.as_ref());
    let expected = finding.map(|finding| finding.expected.as_slice());
    Some(RequirementChange {
        id: other.id.clone(),
        title: other.title.clone(),
        level: other.level,
        severity: other.severity(),
        expected: expected
            .unwrap_or_default()
            .iter()
            .map(|text| normalised(b, text))
            .collect(),
        sources: other.sources.clone(),
        helm: if after.state == RequirementState::Violated {
            other.breaks.clone()
        } else {
            own.breaks.clone()
        },
        a: before,
        b: after,
    })
}

fn behaviour(target: &TargetRecord, check: &CheckRecord) -> Behaviour {
    let finding = check.finding.as_ref().map(|finding| &finding.actual);
    let obstacle = check.obstacle.as_ref().map(|obstacle| &obstacle.what);
    let text = finding.or(obstacle).or(check.reason.as_ref());
    Behaviour {
        state: RequirementState::of(check.outcome),
        actual: text.map(|text| normalised(target, text)),
    }
}

/// New violations first, then fixed ones, then different violations of both targets, then the rest; each by level.
fn rank(change: &RequirementChange) -> (u8, Level, String) {
    let kind = match (change.a.state, change.b.state) {
        (RequirementState::Violated, RequirementState::Violated) => 2,
        (_, RequirementState::Violated) => 0,
        (RequirementState::Violated, _) => 1,
        _ => 3,
    };
    (kind, change.level, change.id.clone())
}

fn cell(target: &TargetRecord, era: Era, flow: Flow) -> Option<&Cell> {
    let mut cells = target.eras.iter();
    cells.find(|cell| cell.era == era && cell.flow == flow)
}

fn flows(a: &TargetRecord, b: &TargetRecord) -> Vec<FlowChange> {
    let mut changes: Vec<FlowChange> = Vec::new();
    for own in &a.eras {
        let Some(other) = cell(b, own.era, own.flow) else {
            continue;
        };
        if own.verdict == other.verdict {
            continue;
        }
        let cause = if other.verdict == FlowVerdict::Works {
            own
        } else {
            other
        };
        let mut because: Vec<String> = cause
            .because
            .iter()
            .map(|cause| cause.requirement.clone())
            .collect();
        because.dedup();
        let change = FlowChange {
            flow: own.flow,
            eras: vec![own.era],
            a: own.verdict,
            b: other.verdict,
            because,
        };
        let same = changes.iter_mut().find(|known| {
            (known.flow, known.a, known.b, &known.because)
                == (change.flow, change.a, change.b, &change.because)
        });
        match same {
            Some(known) => known.eras.push(own.era),
            None => changes.push(change),
        }
    }
    changes.sort_by_key(|change| match (change.a, change.b) {
        (_, FlowVerdict::Breaks) => 0,
        (FlowVerdict::Breaks, FlowVerdict::Works) => 1,
        _ => 2,
    });
    changes
}

fn capabilities(a: &TargetRecord, b: &TargetRecord) -> Vec<CapabilityChange> {
    let pairs = a.capabilities.iter().filter_map(|own| {
        let mut others = b.capabilities.iter();
        Some((own, others.find(|other| other.name == own.name)?))
    });
    pairs
        .filter(|(own, other)| own.present != other.present)
        .map(|(own, other)| CapabilityChange {
            name: own.name.clone(),
            a: own.present,
            b: other.present,
            evidence: [normalised(a, &own.evidence), normalised(b, &other.evidence)],
        })
        .collect()
}
