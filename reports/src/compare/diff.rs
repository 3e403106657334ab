//! The differences between two records of one registry over time: what regressed, what is fixed, what changed otherwise.

use helm_oci_suite::prediction::table::FlowVerdict;
use helm_oci_suite::requirement::Level;
use serde::Serialize;

use super::{
    CapabilityChange, ComparedCounts, ComparedTarget, FlowChange, RequirementChange,
    RequirementState, TargetComparison,
};
use crate::json;
use crate::record::{CheckRecord, RunRecord, TargetRecord};

/// The version of a diff as JSON.
pub const DIFF_SCHEMA: u32 = 1;

/// The differences between two records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordDiff {
    /// The version of this form.
    pub schema: u32,
    /// The earlier run.
    pub old: DiffedRun,
    /// The later run.
    pub new: DiffedRun,
    /// The targets of both records.
    pub targets: Vec<TargetDiff>,
    /// The targets that only the later record has.
    pub new_targets: Vec<String>,
    /// The targets that only the earlier record has.
    pub gone_targets: Vec<String>,
}

/// One of the two runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiffedRun {
    /// The version of the suite.
    pub version: String,
    /// The start, RFC 3339 in UTC.
    pub started: String,
    /// What could not be read of a record of an older schema, a sentence each.
    pub unread: Vec<String>,
}

/// The differences of one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TargetDiff {
    /// The target in the earlier run.
    pub old: ComparedTarget,
    /// The target in the later run.
    pub new: ComparedTarget,
    /// The counts of what was compared.
    pub compared: ComparedCounts,
    /// The requirements that both runs examined.
    pub requirements: Changes<RequirementChange>,
    /// The requirements that are violated in both runs, by another observation.
    pub evidence: Vec<RequirementChange>,
    /// The flows.
    pub flows: Changes<FlowChange>,
    /// The capabilities.
    pub capabilities: Vec<CapabilityChange>,
    /// The requirements that only the later run examined.
    pub new_requirements: Vec<ListedRequirement>,
    /// The requirements that only the earlier run examined.
    pub gone_requirements: Vec<ListedRequirement>,
}

/// Changes by their direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changes<T> {
    /// Those that affect users in the later run only. A MAY affects nobody.
    pub regressed: Vec<T>,
    /// Those that affected users in the earlier run only.
    pub fixed: Vec<T>,
    /// Every other change, such as one from satisfied to inconclusive.
    pub other: Vec<T>,
}

/// A requirement that one of the runs did not examine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedRequirement {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its level: how strongly Helm needs it.
    pub level: Level,
    /// Its state in the run that examined it.
    pub state: RequirementState,
}

impl RecordDiff {
    /// The differences between an earlier and a later record.
    pub fn between(old: &RunRecord, new: &RunRecord) -> Self {
        let pairs = pairs(old, new);
        let is_paired = |target: &TargetRecord| {
            let mut both = pairs.iter().flat_map(|(one, other)| [*one, *other]);
            both.any(|paired| std::ptr::eq(paired, target))
        };
        let others = |record: &RunRecord| {
            let targets = record.targets.iter().filter(|target| !is_paired(target));
            targets.map(|target| target.name.clone()).collect()
        };
        Self {
            schema: DIFF_SCHEMA,
            old: run(old),
            new: run(new),
            new_targets: others(new),
            gone_targets: others(old),
            targets: pairs.iter().map(|(old, new)| target(old, new)).collect(),
        }
    }

    /// True if a requirement or a flow regressed.
    pub fn has_regressed(&self) -> bool {
        let mut targets = self.targets.iter();
        targets.any(|target| {
            !target.requirements.regressed.is_empty() || !target.flows.regressed.is_empty()
        })
    }

    /// True if the later run leaves open what a comparison needs: no target is in both records, one could not be examined
    /// or has no requirement in common, or a MUST became inconclusive.
    pub fn is_inconclusive(&self) -> bool {
        let is_open = |change: &RequirementChange| {
            change.level == Level::Must && change.b.state == RequirementState::Inconclusive
        };
        let mut targets = self.targets.iter();
        self.targets.is_empty()
            || targets.any(|target| {
                target.new.obstacle.is_some()
                    || target.compared.requirements == 0
                    || target.requirements.other.iter().any(is_open)
            })
    }

    /// The differences as JSON, with a newline at the end.
    pub fn to_json(&self) -> String {
        json::write(self)
    }
}

fn run(record: &RunRecord) -> DiffedRun {
    DiffedRun {
        version: record.suite.version.clone(),
        started: record.run.started.clone(),
        unread: Vec::new(),
    }
}

/// The targets with the same name in both records; the only targets of both, whatever their names.
fn pairs<'a>(old: &'a RunRecord, new: &'a RunRecord) -> Vec<(&'a TargetRecord, &'a TargetRecord)> {
    if let ([old], [new]) = (&old.targets[..], &new.targets[..]) {
        return vec![(old, new)];
    }
    let named = |name: &str| new.targets.iter().find(|target| target.name == name);
    let targets = old.targets.iter();
    targets
        .filter_map(|target| Some((target, named(&target.name)?)))
        .collect()
}

fn target(old: &TargetRecord, new: &TargetRecord) -> TargetDiff {
    let TargetComparison {
        a,
        b,
        compared,
        flows,
        requirements,
        capabilities,
        ..
    } = TargetComparison::between(old, new, None);
    let (evidence, requirements) = requirements
        .into_iter()
        .partition(|change| change.a.state == change.b.state);
    TargetDiff {
        old: a,
        new: b,
        compared,
        requirements: Changes::of(requirements, direction),
        evidence,
        flows: Changes::of(flows, |change| match (change.a, change.b) {
            (_, FlowVerdict::Breaks) => Direction::Regressed,
            (FlowVerdict::Breaks, FlowVerdict::Works) => Direction::Fixed,
            _ => Direction::Other,
        }),
        capabilities,
        new_requirements: only_in(new, old),
        gone_requirements: only_in(old, new),
    }
}

/// The direction of a change.
enum Direction {
    Regressed,
    Fixed,
    Other,
}

impl<T> Changes<T> {
    fn of(changes: Vec<T>, direction: impl Fn(&T) -> Direction) -> Self {
        let mut sorted = Self {
            regressed: Vec::new(),
            fixed: Vec::new(),
            other: Vec::new(),
        };
        for change in changes {
            match direction(&change) {
                Direction::Regressed => sorted.regressed.push(change),
                Direction::Fixed => sorted.fixed.push(change),
                Direction::Other => sorted.other.push(change),
            }
        }
        sorted
    }
}

fn direction(change: &RequirementChange) -> Direction {
    use RequirementState::{Inconclusive, Violated};
    match (change.level, change.a.state, change.b.state) {
        (Level::May, _, _) | (_, Violated, Inconclusive) => Direction::Other,
        (_, _, Violated) => Direction::Regressed,
        (_, Violated, _) => Direction::Fixed,
        _ => Direction::Other,
    }
}

/// The requirements that only one of two runs examined.
fn only_in(target: &TargetRecord, other: &TargetRecord) -> Vec<ListedRequirement> {
    let is_known = |check: &CheckRecord| other.checks.iter().any(|known| known.id == check.id);
    let checks = target.checks.iter().filter(|check| !is_known(check));
    checks
        .map(|check| ListedRequirement {
            id: check.id.clone(),
            title: check.title.clone(),
            level: check.level,
            state: RequirementState::of(check.outcome),
        })
        .collect()
}
