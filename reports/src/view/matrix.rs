//! The targets of a report in columns. Differences come first; what is the same everywhere is only counted.

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::prediction::table::FlowVerdict;
use helm_oci_suite::requirement::Level;
use helm_oci_suite::requirement::outcome::Outcome;

use super::check::CheckView;
use super::report::ReportView;
use super::target::TargetView;

/// The targets of a report in columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixView<'v, 'a> {
    /// The report.
    pub report: &'v ReportView<'a>,
    /// The targets, in the order of the report.
    pub columns: Vec<Column<'v, 'a>>,
    /// The verdict on each era: the worst of its flows.
    pub eras: Vec<MatrixRow<Era, FlowVerdict>>,
    /// The flows that do not work everywhere according to the requirements, with eras.
    pub flows: Vec<MatrixRow<FlowOf, FlowVerdict>>,
    /// The flows of real Helm binaries that do not work everywhere, with versions.
    pub helm_flows: Vec<MatrixRow<FlowOf, Outcome>>,
    /// The requirements on which the targets differ, the most severe first.
    pub differing: Vec<RequirementRow<'v, 'a>>,
    /// The requirements that no target satisfies.
    pub violated: Vec<RequirementRow<'v, 'a>>,
    /// All requirements, in order of appearance.
    pub all: Vec<RequirementRow<'v, 'a>>,
    /// The number of requirements without a difference and without a violation; they have no row.
    pub quiet: usize,
}

/// One target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column<'v, 'a> {
    /// Its letter in tables: `A`, `B`, and so on.
    pub letter: String,
    /// Its results.
    pub target: &'v TargetView<'a>,
}

/// A row of a matrix: a subject with a mark for each target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixRow<S, M> {
    /// The subject.
    pub subject: S,
    /// One mark per target, in the order of the columns; `None` if the target was not examined for the subject.
    pub marks: Vec<Option<M>>,
}

/// A flow with the eras, or the versions of Helm, that have the same marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowOf {
    /// The flow.
    pub flow: Flow,
    /// The eras or versions.
    pub of: Vec<String>,
}

/// A requirement with its check on each target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequirementRow<'v, 'a> {
    /// Its id.
    pub id: &'a str,
    /// Its title.
    pub title: &'a str,
    /// Its level.
    pub level: Level,
    /// Its check on each target; `None` if it was not run there.
    pub checks: Vec<Option<&'v CheckView<'a>>>,
}

/// A way in which a requirement is not satisfied, with the targets that show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant<'v, 'a> {
    /// The first check that shows it.
    pub check: &'v CheckView<'a>,
    /// The positions of the columns that show it.
    pub columns: Vec<usize>,
}

impl<'a> MatrixView<'_, 'a> {
    /// The other requirements that are not satisfied or inconclusive for the same cause, on the targets with this finding.
    pub fn same_cause(&self, variant: &Variant<'_, 'a>) -> Vec<&'a str> {
        let mut ids = Vec::new();
        for column in &variant.columns {
            let checks = self.columns[*column].target.checks.iter();
            for check in checks.filter(|check| check.cause == Some(variant.check.id)) {
                if !ids.contains(&check.id) {
                    ids.push(check.id);
                }
            }
        }
        ids
    }
}

impl<'v, 'a> RequirementRow<'v, 'a> {
    /// The area.
    pub fn area(&self) -> &'a str {
        self.id.split_once('/').map_or(self.id, |(area, _)| area)
    }

    /// The outcome on each target.
    pub fn outcomes(&self) -> impl Iterator<Item = Option<Outcome>> {
        let checks = self.checks.iter();
        checks.map(|check| check.map(|check| check.outcome))
    }

    /// The observations where it is not satisfied, each once.
    pub fn variants(&self) -> Vec<Variant<'v, 'a>> {
        let mut variants: Vec<Variant<'v, 'a>> = Vec::new();
        for (column, check) in self.checks.iter().enumerate() {
            let Some(check) = check else { continue };
            let Some(observation) = check.observation() else {
                continue;
            };
            let mut known = variants.iter_mut();
            match known.find(|one| one.check.observation() == Some(observation)) {
                Some(variant) => variant.columns.push(column),
                None => variants.push(Variant {
                    check,
                    columns: vec![column],
                }),
            }
        }
        variants
    }

    /// True if the outcomes differ; targets to which the requirement does not apply are ignored.
    fn differs(&self) -> bool {
        let mut judged = self.outcomes().flatten();
        let mut judged = judged.by_ref().filter(|one| *one != Outcome::Skipped);
        let first = judged.next();
        judged.any(|outcome| Some(outcome) != first)
    }

    fn rank(&self) -> usize {
        let outcomes = self.outcomes().flatten();
        outcomes.map(rank).min().unwrap_or(usize::MAX)
    }
}

/// The rank of an outcome: the most severe is 0.
const fn rank(outcome: Outcome) -> usize {
    match outcome {
        Outcome::Fail => 0,
        Outcome::Stale => 1,
        Outcome::Inconclusive => 2,
        Outcome::Intermittent => 3,
        Outcome::Known => 4,
        Outcome::Warn => 5,
        Outcome::Absent => 6,
        Outcome::Present | Outcome::Pass | Outcome::Skipped => 7,
    }
}

impl<'v, 'a> MatrixView<'v, 'a> {
    /// The view of a report with its targets in columns.
    pub fn of(report: &'v ReportView<'a>) -> Self {
        let targets = report.targets.iter().enumerate();
        let columns = targets.map(|(position, target)| Column {
            letter: letter(position),
            target,
        });
        let all = requirements(report);
        let (mut differing, same): (Vec<_>, Vec<_>) =
            all.iter().cloned().partition(RequirementRow::differs);
        let is_violated = |row: &RequirementRow| row.rank() < rank(Outcome::Absent);
        let mut violated: Vec<_> = same.into_iter().filter(is_violated).collect();
        differing.sort_by_key(RequirementRow::rank);
        violated.sort_by_key(RequirementRow::rank);
        Self {
            report,
            columns: columns.collect(),
            eras: eras(report),
            flows: predicted(report),
            helm_flows: observed(report),
            quiet: all.len() - differing.len() - violated.len(),
            differing,
            violated,
            all,
        }
    }

    /// The requirements that have a row; those that differ come first.
    pub fn requirements(&self) -> impl Iterator<Item = &RequirementRow<'v, 'a>> {
        self.differing.iter().chain(&self.violated)
    }
}

impl FlowOf {
    /// The flow with its eras or versions.
    pub fn name(&self) -> String {
        format!("{} · {}", self.flow, self.of.join(", "))
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

/// All requirements of a report, in order of appearance.
fn requirements<'v, 'a>(report: &'v ReportView<'a>) -> Vec<RequirementRow<'v, 'a>> {
    let mut rows: Vec<RequirementRow<'v, 'a>> = Vec::new();
    for (position, target) in report.targets.iter().enumerate() {
        for check in &target.checks {
            let known = rows.iter().position(|row| row.id == check.id);
            let at = known.unwrap_or_else(|| {
                rows.push(RequirementRow {
                    id: check.id,
                    title: check.title,
                    level: check.level,
                    checks: vec![None; report.targets.len()],
                });
                rows.len() - 1
            });
            rows[at].checks[position] = Some(check);
        }
    }
    rows
}

fn eras(report: &ReportView<'_>) -> Vec<MatrixRow<Era, FlowVerdict>> {
    let rows = Era::ALL.iter().map(|era| MatrixRow {
        subject: *era,
        marks: marks(report, |target| target.eras.as_ref()?.verdict(*era)),
    });
    rows.filter(|row| row.marks.iter().any(Option::is_some))
        .collect()
}

/// The flows that break or are unknown on some target, as the requirements predict.
fn predicted(report: &ReportView<'_>) -> Vec<MatrixRow<FlowOf, FlowVerdict>> {
    let mut rows = Vec::new();
    for flow in Flow::ALL {
        for era in Era::ALL {
            let marks = marks(report, |target| target.eras.as_ref()?.cell(*era, *flow));
            let mut known = marks.iter().flatten();
            if known.any(|mark| *mark != FlowVerdict::Works) {
                add(&mut rows, *flow, era.name(), marks);
            }
        }
    }
    rows
}

/// The flows that some real Helm binary could not finish on some target.
fn observed(report: &ReportView<'_>) -> Vec<MatrixRow<FlowOf, Outcome>> {
    let mut versions: Vec<&str> = Vec::new();
    for version in report.targets.iter().flat_map(|one| &one.helm.versions) {
        if !versions.contains(version) {
            versions.push(version);
        }
    }
    let mut rows = Vec::new();
    for flow in Flow::ALL {
        for version in &versions {
            let marks = marks(report, |target| {
                let mut flows = target.helm.flows.iter();
                let found = flows.find(|one| one.version == *version && one.flow == *flow)?;
                Some(found.outcome)
            });
            if marks.iter().flatten().any(|mark| *mark != Outcome::Pass) {
                add(&mut rows, *flow, version, marks);
            }
        }
    }
    rows
}

fn marks<M>(
    report: &ReportView<'_>,
    mark: impl Fn(&TargetView<'_>) -> Option<M>,
) -> Vec<Option<M>> {
    report.targets.iter().map(mark).collect()
}

/// Adds a row, or an era or version to the row of the flow with the same marks.
fn add<M: PartialEq>(
    rows: &mut Vec<MatrixRow<FlowOf, M>>,
    flow: Flow,
    of: &str,
    marks: Vec<Option<M>>,
) {
    let mut known = rows.iter_mut();
    if let Some(row) = known.find(|row| row.subject.flow == flow && row.marks == marks) {
        row.subject.of.push(of.to_owned());
    } else {
        let of = vec![of.to_owned()];
        let subject = FlowOf { flow, of };
        rows.push(MatrixRow { subject, marks });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_continue_after_z() {
        let letters = [0, 25, 26, 27, 51, 52].map(letter);
        assert_eq!(letters, ["A", "Z", "AA", "AB", "AZ", "BA"]);
    }
}
