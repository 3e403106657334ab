//! Two targets held against each other: what a user who moves charts from A to B would notice.
//!
//! There is no verdict. What hurts users first stands first; what differs from run to run is left out.

mod actual;
mod bisect;
mod markdown;

use helm_oci_suite::helm::era::{Era, Flow};
use helm_oci_suite::prediction::table::FlowVerdict;
use helm_oci_suite::requirement::Level;
use helm_oci_suite::requirement::outcome::Outcome;
use serde::Serialize;

use self::actual::normalised;
use crate::facts;
use crate::record::{BreakRecord, CheckRecord, SourceRecord, TargetRecord};
use crate::snapshot::{Difference, Snapshot};

pub use self::bisect::{Answer, Bisection, Subject};
pub use self::markdown::markdown;

/// The version of the comparison as JSON.
pub const SCHEMA: u32 = 1;

/// What a target does about a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It does what the requirement says.
    Holds,
    /// It does not.
    Violated,
    /// The requirement does not concern it.
    NotConcerned,
    /// It could not be told.
    Untold,
    /// It was not looked at.
    NotExamined,
}

impl State {
    /// What an outcome says of the target, whatever a list of deviations makes of it.
    pub const fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Pass | Outcome::Present | Outcome::Stale => Self::Holds,
            Outcome::Fail | Outcome::Warn | Outcome::Known | Outcome::Absent => Self::Violated,
            Outcome::Skipped => Self::NotConcerned,
            Outcome::Inconclusive => Self::Untold,
        }
    }

    /// The state in words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Violated => "violated",
            Self::NotConcerned => "not concerned",
            Self::Untold => "could not be told",
            Self::NotExamined => "not examined",
        }
    }
}

/// One of the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Party {
    /// Its name.
    pub name: String,
    /// What it says it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Why nothing could be examined, if nothing could.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<String>,
}

/// What one of the two does about a requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Does {
    /// In a word.
    pub state: State,
    /// What came instead of what was expected, or why it does not concern it or could not be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
}

/// A flow that works otherwise, with the eras in which it does for the same reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlowChange {
    /// The flow.
    pub flow: Flow,
    /// The eras.
    pub eras: Vec<Era>,
    /// On A.
    pub a: FlowVerdict,
    /// On B.
    pub b: FlowVerdict,
    /// The requirements behind it.
    pub because: Vec<String>,
}

/// A requirement about which the two do different things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequirementChange {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// How strongly Helm needs it.
    pub level: Level,
    /// That, and how strongly the specification asks for it.
    pub severity: String,
    /// What A does.
    pub a: Does,
    /// What B does.
    pub b: Does,
    /// What would be right; only known where one of them violates it.
    pub expected: Vec<String>,
    /// Who says so.
    pub says: Vec<SourceRecord>,
    /// What users of some Helm versions see where it is violated.
    pub helm: Vec<BreakRecord>,
}

impl RequirementChange {
    /// Whether one of the two violates it.
    pub(crate) fn is_violated(&self) -> bool {
        [self.a.state, self.b.state].contains(&State::Violated)
    }

    /// The sentence to hold both against: one that is quoted from a specification, if there is one.
    pub(crate) fn law(&self) -> Option<&SourceRecord> {
        let mut quoted = self.says.iter().filter(|source| source.quoted);
        quoted.next().or(self.says.first())
    }
}

/// An ability that only one of them has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CapabilityChange {
    /// Its name.
    pub name: String,
    /// Whether A has it, if that could be told.
    pub a: Option<bool>,
    /// Whether B has it.
    pub b: Option<bool>,
    /// What showed it on A, and on B.
    pub evidence: [String; 2],
}

/// What was looked at on both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Looked {
    /// Requirements.
    pub requirements: usize,
    /// Cells of the table era x flow.
    pub cells: usize,
    /// Capabilities.
    pub capabilities: usize,
    /// Files of snapshots; none if one of the two is a record.
    pub files: usize,
}

/// Everything in which A and B differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The version of this form.
    pub schema: u32,
    /// From where.
    pub a: Party,
    /// To where.
    pub b: Party,
    /// What was looked at on both.
    pub looked: Looked,
    /// Flows: first those that break.
    pub flows: Vec<FlowChange>,
    /// Requirements: first those that B violates and A does not.
    pub requirements: Vec<RequirementChange>,
    /// Capabilities.
    pub capabilities: Vec<CapabilityChange>,
    /// How requests are answered: what Helm cares about, and what it ignores.
    pub answers: Difference,
    /// How many requirements could not be told on one of them.
    pub untold: usize,
}

impl Comparison {
    /// What differs between two targets, and between their snapshots where both have one.
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
        let abilities = a.capabilities.iter();
        let looked = Looked {
            requirements: pairs.len(),
            cells: cells.count(),
            capabilities: abilities
                .filter(|own| b.capabilities.iter().any(|other| other.name == own.name))
                .count(),
            files: snapshots.map_or(0, |(a, b)| a.files().len().max(b.files().len())),
        };
        let mut requirements: Vec<RequirementChange> = pairs
            .iter()
            .filter_map(|pair| requirement(a, b, *pair))
            .collect();
        requirements.sort_by_key(rank);
        let untold = |(own, other): &&(&CheckRecord, &CheckRecord)| {
            [own, other]
                .iter()
                .any(|check| check.outcome == Outcome::Inconclusive)
        };
        Self {
            schema: SCHEMA,
            a: party(a),
            b: party(b),
            looked,
            flows: flows(a, b),
            requirements,
            capabilities: capabilities(a, b),
            answers: snapshots
                .map(|(a, b)| Difference::between(a, b))
                .unwrap_or_default(),
            untold: pairs.iter().filter(untold).count(),
        }
    }

    /// Whether the two do the same in everything that was looked at.
    pub fn is_empty(&self) -> bool {
        self.flows.is_empty()
            && self.requirements.is_empty()
            && self.capabilities.is_empty()
            && self.answers.is_empty()
    }

    /// Whether something could not be told, so that more may differ than is shown.
    pub const fn is_open(&self) -> bool {
        self.untold > 0
            || self.looked.requirements == 0
            || self.a.obstacle.is_some()
            || self.b.obstacle.is_some()
    }

    /// The comparison as JSON, with a newline at the end.
    pub fn to_json(&self) -> String {
        crate::record::safe_json(self)
    }
}

fn party(target: &TargetRecord) -> Party {
    Party {
        name: target.name.clone(),
        server: target.identity.server.clone(),
        obstacle: target
            .obstacle
            .as_ref()
            .map(|obstacle| obstacle.what.clone()),
    }
}

/// The requirements that were looked at on both, in the order of A.
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
    let (before, after) = (does(a, own), does(b, other));
    // What was violated in other words may be answered otherwise; what was skipped is not answered at all.
    let is_violated = before.state == State::Violated && after.state == State::Violated;
    if before.state == after.state && (!is_violated || before.actual == after.actual) {
        return None;
    }
    let finding = other.finding.as_ref().or(own.finding.as_ref());
    let expected = finding.map(|finding| finding.expected.as_slice());
    Some(RequirementChange {
        id: other.id.clone(),
        title: other.title.clone(),
        level: other.level,
        severity: facts::severity(other),
        expected: expected
            .unwrap_or_default()
            .iter()
            .map(|text| normalised(b, text))
            .collect(),
        says: other.sources.clone(),
        helm: if after.state == State::Violated {
            other.breaks.clone()
        } else {
            own.breaks.clone()
        },
        a: before,
        b: after,
    })
}

fn does(target: &TargetRecord, check: &CheckRecord) -> Does {
    let finding = check.finding.as_ref().map(|finding| &finding.actual);
    let obstacle = check.obstacle.as_ref().map(|obstacle| &obstacle.what);
    let words = finding.or(obstacle).or(check.reason.as_ref());
    Does {
        state: State::of(check.outcome),
        actual: words.map(|words| normalised(target, words)),
    }
}

/// New violations, then repaired ones, then other words, then the rest; within each by level.
fn rank(change: &RequirementChange) -> (u8, Level, String) {
    let kind = match (change.a.state, change.b.state) {
        (State::Violated, State::Violated) => 2,
        (_, State::Violated) => 0,
        (State::Violated, _) => 1,
        _ => 3,
    };
    (kind, change.level, change.id.clone())
}

fn cell(
    target: &TargetRecord,
    era: Era,
    flow: Flow,
) -> Option<&helm_oci_suite::prediction::table::Cell> {
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
        let behind = if other.verdict == FlowVerdict::Works {
            own
        } else {
            other
        };
        let mut because: Vec<String> = behind
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
        let alike = changes.iter_mut().find(|known| {
            (known.flow, known.a, known.b, &known.because)
                == (change.flow, change.a, change.b, &change.because)
        });
        match alike {
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
