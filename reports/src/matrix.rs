//! Several targets side by side: which requirement has which outcome where, and which flow of which Helm works
//! where. What differs comes first, what is the same everywhere is only counted.

use helm_oci_suite::helm::era::{Era, Flow};
use helm_oci_suite::prediction::table::FlowVerdict;
use helm_oci_suite::requirement::outcome::Outcome;

use crate::facts;
use crate::record::{CheckRecord, RunRecord, TargetRecord};

/// Targets side by side.
pub(crate) struct Matrix<'a> {
    /// The targets, in the order of the record.
    pub(crate) targets: Vec<Column<'a>>,
    /// The requirements worth a row: those that differ, the worst first, then those violated on every target.
    pub(crate) requirements: Vec<Requirement<'a>>,
    /// How many requirements have nothing to show.
    pub(crate) quiet: usize,
    /// The flows that do not work everywhere, told from the requirements.
    pub(crate) flows: Vec<FlowRow<FlowVerdict>>,
    /// The flows of real Helms that do not work everywhere.
    pub(crate) helms: Vec<FlowRow<Outcome>>,
    /// The eras told of.
    pub(crate) eras: Vec<Era>,
}

/// One target.
pub(crate) struct Column<'a> {
    /// What stands for it in tables: `A`, `B`, and so on.
    pub(crate) letter: String,
    /// What was seen of it.
    pub(crate) target: &'a TargetRecord,
}

/// One requirement, with what was seen of it on each target.
pub(crate) struct Requirement<'a> {
    /// One of its checks, for what they share.
    pub(crate) any: &'a CheckRecord,
    /// Its check on each target that could be examined.
    pub(crate) checks: Vec<Option<&'a CheckRecord>>,
}

/// One flow in the eras, or with the Helms, that have the same marks.
pub(crate) struct FlowRow<M> {
    /// The flow.
    pub(crate) flow: Flow,
    /// The eras, or the versions of Helm.
    pub(crate) of: Vec<String>,
    /// What became of it on each target, where it was looked at.
    pub(crate) marks: Vec<Option<M>>,
}

impl Requirement<'_> {
    fn outcomes(&self) -> impl Iterator<Item = Outcome> {
        self.checks.iter().flatten().map(|check| check.outcome)
    }

    /// Whether it was seen to be one thing here and another there; where it does not apply says nothing.
    pub(crate) fn differs(&self) -> bool {
        let mut judged = self
            .outcomes()
            .filter(|outcome| *outcome != Outcome::Skipped);
        let first = judged.next();
        judged.any(|outcome| Some(outcome) != first)
    }

    fn worst(&self) -> usize {
        self.outcomes().map(gravity).min().unwrap_or(usize::MAX)
    }
}

/// How soon the eye should fall on an outcome: the smaller the sooner.
const fn gravity(outcome: Outcome) -> usize {
    match outcome {
        Outcome::Fail => 0,
        Outcome::Stale => 1,
        Outcome::Inconclusive => 2,
        Outcome::Known => 3,
        Outcome::Warn => 4,
        Outcome::Absent => 5,
        Outcome::Present | Outcome::Pass | Outcome::Skipped => 6,
    }
}

impl<'a> Matrix<'a> {
    /// The targets of a record side by side.
    pub(crate) fn of(record: &'a RunRecord) -> Self {
        let targets: Vec<Column> = record
            .targets
            .iter()
            .enumerate()
            .map(|(position, target)| Column {
                letter: letter(position),
                target,
            })
            .collect();
        let all = requirements(record);
        let total = all.len();
        let mut shown: Vec<Requirement> = all
            .into_iter()
            .filter(|row| row.differs() || row.worst() < gravity(Outcome::Absent))
            .collect();
        shown.sort_by_key(|row| (!row.differs(), row.worst()));
        Self {
            targets,
            quiet: total - shown.len(),
            requirements: shown,
            flows: predicted(record),
            helms: observed(record),
            eras: eras(record),
        }
    }

    /// What became of an era on a target: the worst of its flows.
    pub(crate) fn era(target: &TargetRecord, era: Era) -> Option<FlowVerdict> {
        let of_era = || target.eras.iter().filter(|cell| cell.era == era);
        let any = |verdict| of_era().any(|cell| cell.verdict == verdict);
        of_era().next()?;
        Some(if any(FlowVerdict::Breaks) {
            FlowVerdict::Breaks
        } else if any(FlowVerdict::Unknown) {
            FlowVerdict::Unknown
        } else {
            FlowVerdict::Works
        })
    }
}

/// `A` to `Z`, then `AA` and so on.
fn letter(position: usize) -> String {
    let last = char::from(b'A' + u8::try_from(position % 26).expect("less than 26"));
    match position / 26 {
        0 => last.to_string(),
        more => format!("{}{last}", letter(more - 1)),
    }
}

/// All requirements of a record, in the order of appearance.
fn requirements(record: &RunRecord) -> Vec<Requirement<'_>> {
    let mut rows: Vec<Requirement> = Vec::new();
    for (position, target) in record.targets.iter().enumerate() {
        for check in &target.checks {
            let known = rows.iter().position(|row| row.any.id == check.id);
            let at = known.unwrap_or_else(|| {
                rows.push(Requirement {
                    any: check,
                    checks: vec![None; record.targets.len()],
                });
                rows.len() - 1
            });
            rows[at].checks[position] = Some(check);
        }
    }
    rows
}

fn eras(record: &RunRecord) -> Vec<Era> {
    let cells = || record.targets.iter().flat_map(|target| &target.eras);
    let mut eras = Era::ALL.to_vec();
    eras.retain(|era| cells().any(|cell| cell.era == *era));
    eras
}

/// The flows that some target breaks or leaves open, by what the requirements tell.
fn predicted(record: &RunRecord) -> Vec<FlowRow<FlowVerdict>> {
    let mut rows = Vec::new();
    for flow in Flow::ALL {
        for era in Era::ALL {
            let marks = record.targets.iter().map(|target| {
                let mut cells = target.eras.iter();
                let cell = cells.find(|cell| cell.era == *era && cell.flow == *flow);
                cell.map(|cell| cell.verdict)
            });
            let marks: Vec<_> = marks.collect();
            if marks
                .iter()
                .flatten()
                .any(|mark| *mark != FlowVerdict::Works)
            {
                add(&mut rows, *flow, era.name(), marks);
            }
        }
    }
    rows
}

/// The flows that some real Helm could not finish on some target.
fn observed(record: &RunRecord) -> Vec<FlowRow<Outcome>> {
    let mut versions: Vec<&str> = Vec::new();
    for helm in record.targets.iter().flat_map(|target| &target.helms) {
        if !versions.contains(&helm.version.as_str()) {
            versions.push(&helm.version);
        }
    }
    let mut rows = Vec::new();
    for flow in Flow::ALL {
        for version in &versions {
            let marks = record.targets.iter().map(|target| {
                let helm = target.helms.iter().find(|helm| helm.version == *version)?;
                let found = helm.flows.iter().find(|one| one.flow == *flow)?;
                Some(found.outcome)
            });
            let marks: Vec<_> = marks.collect();
            if marks.iter().flatten().any(|mark| *mark != Outcome::Pass) {
                add(&mut rows, *flow, version, marks);
            }
        }
    }
    rows
}

/// Adds a row, or a name to the row of the flow that has the same marks.
fn add<M: PartialEq>(rows: &mut Vec<FlowRow<M>>, flow: Flow, of: &str, marks: Vec<Option<M>>) {
    let mut known = rows.iter_mut();
    match known.find(|row| row.flow == flow && row.marks == marks) {
        Some(row) => row.of.push(of.to_owned()),
        None => rows.push(FlowRow {
            flow,
            of: vec![of.to_owned()],
            marks,
        }),
    }
}

/// What was found where a requirement is not satisfied, or why that could not be told.
pub(crate) fn found(check: &CheckRecord) -> Option<&str> {
    let finding = check.finding.as_ref();
    match check.outcome {
        Outcome::Fail | Outcome::Warn | Outcome::Known => finding.map(|one| one.actual.as_str()),
        Outcome::Stale => Some(facts::STALE),
        Outcome::Inconclusive => check.obstacle.as_ref().map(|one| one.what.as_str()),
        Outcome::Pass | Outcome::Present | Outcome::Absent | Outcome::Skipped => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_go_on_after_z() {
        let letters = [0, 25, 26, 27, 51, 52].map(letter);
        assert_eq!(letters, ["A", "Z", "AA", "AB", "AZ", "BA"]);
    }
}
