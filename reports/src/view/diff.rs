//! The view of the differences between two records of one registry over time.

use super::comparison::{CapabilityChangeView, FlowChangeView, RequirementChangeView, requirement};
use super::row::{Label, RowEntry};
use crate::compare::{
    DiffedRun, FlowChange, ListedRequirement, RecordDiff, RequirementChange, TargetDiff,
};
use crate::text::plural;

/// The view of the differences between two records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffView<'a> {
    /// The earlier and the later run, each in one sentence.
    pub runs: [String; 2],
    /// What could not be read, a sentence each.
    pub unread: Vec<String>,
    /// The targets of both records.
    pub targets: Vec<TargetDiffView<'a>>,
    /// The sentences about targets that only one record has.
    pub unpaired: Vec<String>,
    /// The conclusion in one sentence.
    pub conclusion: String,
}

/// The differences of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetDiffView<'a> {
    /// Its name; both names if they differ.
    pub name: String,
    /// The reasons for which it could not be examined, a sentence each.
    pub obstacles: Vec<String>,
    /// The sentence about a target without differences.
    pub same: Option<String>,
    /// The changes of flows and requirements, by direction.
    pub groups: Vec<DiffGroup<'a>>,
    /// The capabilities that only one run has.
    pub capabilities: Vec<CapabilityChangeView<'a>>,
    /// The requirements that only one run examined, by heading.
    pub listed: Vec<(&'static str, &'a [ListedRequirement])>,
}

/// Changes of one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffGroup<'a> {
    /// Its heading.
    pub heading: &'static str,
    /// The flows.
    pub flows: Vec<FlowChangeView<'a>>,
    /// The requirements.
    pub requirements: Vec<RequirementChangeView<'a>>,
}

impl<'a> DiffView<'a> {
    /// The view of a diff.
    pub fn of(diff: &'a RecordDiff) -> Self {
        let unread = |label: Label, run: &DiffedRun| -> Vec<String> {
            let name = label.name();
            let all = run.unread.iter();
            all.map(|what| format!("not read of the {name} record: {what}"))
                .collect()
        };
        let only = |label: Label, names: &[String]| {
            let name = label.name();
            let names = names.join(", ");
            (!names.is_empty()).then(|| format!("only in the {name} record: {names}"))
        };
        Self {
            runs: [&diff.old, &diff.new].map(run),
            unread: [unread(Label::Old, &diff.old), unread(Label::New, &diff.new)].concat(),
            targets: diff.targets.iter().map(target).collect(),
            unpaired: [
                only(Label::Old, &diff.gone_targets),
                only(Label::New, &diff.new_targets),
            ]
            .into_iter()
            .flatten()
            .collect(),
            conclusion: conclusion(diff),
        }
    }
}

fn run(run: &DiffedRun) -> String {
    format!("{} with version {}", run.started, run.version)
}

fn target(diff: &TargetDiff) -> TargetDiffView<'_> {
    let groups = [
        group(
            "Regressed",
            &diff.flows.regressed,
            &diff.requirements.regressed,
        ),
        group("Fixed", &diff.flows.fixed, &diff.requirements.fixed),
        group(
            "Violated as before, with another observation",
            &[],
            &diff.evidence,
        ),
        group("Other changes", &diff.flows.other, &diff.requirements.other),
    ];
    let groups: Vec<DiffGroup<'_>> = groups
        .into_iter()
        .filter(|group| !group.flows.is_empty() || !group.requirements.is_empty())
        .collect();
    let listed = [
        ("New requirements", &diff.new_requirements[..]),
        ("Requirements that are gone", &diff.gone_requirements[..]),
    ];
    let listed: Vec<_> = listed
        .into_iter()
        .filter(|(_, all)| !all.is_empty())
        .collect();
    let obstacles = [(Label::Old, &diff.old), (Label::New, &diff.new)];
    let obstacles: Vec<String> = obstacles
        .into_iter()
        .filter_map(|(label, side)| {
            let why = side.obstacle.as_ref()?;
            Some(format!("not examined in the {} run: {why}", label.name()))
        })
        .collect();
    let capabilities = diff.capabilities.iter();
    let is_same = groups.is_empty() && diff.capabilities.is_empty() && obstacles.is_empty();
    TargetDiffView {
        name: if diff.old.name == diff.new.name {
            diff.new.name.clone()
        } else {
            format!("{} → {}", diff.old.name, diff.new.name)
        },
        obstacles,
        same: is_same.then(|| same(diff)),
        groups,
        capabilities: capabilities
            .map(|change| CapabilityChangeView { change })
            .collect(),
        listed,
    }
}

fn same(diff: &TargetDiff) -> String {
    let compared = &diff.compared;
    let requirements = plural(compared.requirements, "requirement");
    let flows = plural(compared.cells, "flow");
    format!("no difference in {requirements} and {flows} of Helm versions")
}

fn group<'a>(
    heading: &'static str,
    flows: &'a [FlowChange],
    requirements: &'a [RequirementChange],
) -> DiffGroup<'a> {
    let labels = [Label::Old, Label::New];
    DiffGroup {
        heading,
        flows: flows
            .iter()
            .map(|change| FlowChangeView { change })
            .collect(),
        requirements: requirements
            .iter()
            .map(|change| {
                let mut view = requirement(change, labels);
                // The states say it already.
                view.rows.retain(|row| !row.entries.iter().any(is_state));
                view
            })
            .collect(),
    }
}

/// True for a behaviour that is a state without an observation.
const fn is_state(entry: &RowEntry<'_>) -> bool {
    matches!(entry, RowEntry::Behaviour(behaviour) if behaviour.actual.is_none())
}

/// The counts of all targets.
fn conclusion(diff: &RecordDiff) -> String {
    if diff.targets.is_empty() {
        return "no target is in both records: no conclusion is possible".to_owned();
    }
    let count = |of: fn(&TargetDiff) -> usize| diff.targets.iter().map(of).sum::<usize>();
    let regressed = count(|target| target.requirements.regressed.len());
    let fixed = count(|target| target.requirements.fixed.len());
    let evidence = count(|target| target.evidence.len());
    let breaking = count(|target| target.flows.regressed.len());
    let mut parts = vec![
        format!("{} regressed", plural(regressed, "requirement")),
        format!("{fixed} fixed"),
    ];
    if evidence > 0 {
        parts.push(format!("{evidence} with another observation"));
    }
    if breaking > 0 {
        parts.push(format!("{} broken", plural(breaking, "flow")));
    }
    if diff.is_inconclusive() {
        parts.push("the new record leaves open what the old one does not".to_owned());
    }
    parts.join(", ")
}
