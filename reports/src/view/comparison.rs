//! The view of a comparison.

use std::fmt;

use super::difference::{self, FileView};
use super::row::{Label, ReportRow, RowEntry};
use super::words;
use crate::compare::{
    CapabilityChange, ComparedTarget, FlowChange, RequirementChange, RequirementState,
    TargetComparison,
};
use crate::snapshot::FileChange;
use crate::text::{more, plural};

/// The number of ignored headers that are named.
const NAMED: usize = 8;

/// The view of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparisonView<'a> {
    /// The target that users migrate from.
    pub a: &'a ComparedTarget,
    /// The target that users migrate to.
    pub b: &'a ComparedTarget,
    /// The conclusion, if nothing differs or nothing could be compared.
    pub conclusion: Option<Conclusion>,
    /// The flows that work on one of the targets only.
    pub flows: Vec<FlowChangeView<'a>>,
    /// The requirements on which they differ.
    pub requirements: Vec<RequirementChangeView<'a>>,
    /// The capabilities that only one target has.
    pub capabilities: Vec<CapabilityChangeView<'a>>,
    /// Responses that differ in what Helm reads.
    pub responses: Vec<FileView<'a>>,
    /// The sentence about responses that differ in what Helm ignores.
    pub ignored: Option<String>,
    /// The sentence about requirements that are inconclusive on one of the targets.
    pub inconclusive: Option<String>,
}

/// The conclusion of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conclusion {
    /// The targets do not differ in anything that was compared.
    Same(String),
    /// No requirement was examined on both.
    NothingInCommon,
}

/// The headings of a comparison, in the order of the report.
pub mod headings {
    /// Flows.
    pub const FLOWS: &str = "Flows that differ";
    /// Requirements.
    pub const REQUIREMENTS: &str = "Requirements that differ";
    /// Capabilities.
    pub const CAPABILITIES: &str = "Capabilities that differ";
    /// Responses.
    pub const RESPONSES: &str = "Responses that differ";
    /// Responses that differ in what Helm ignores.
    pub const IGNORED: &str = "Differences that Helm ignores";
}

/// A flow that works on one of the targets only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowChangeView<'a> {
    /// The change.
    pub change: &'a FlowChange,
}

/// A requirement on which the targets differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequirementChangeView<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its title.
    pub title: &'a str,
    /// Its level for Helm and in the specification.
    pub severity: &'a str,
    /// The states on both targets.
    pub states: States,
    /// The behaviour of both targets, and the expectation if one of them violates it.
    pub rows: Vec<ReportRow<'a>>,
}

/// The states of a requirement on both targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct States {
    /// On A.
    pub a: RequirementState,
    /// On B.
    pub b: RequirementState,
}

/// A capability that only one of the targets has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapabilityChangeView<'a> {
    /// The change.
    pub change: &'a CapabilityChange,
}

impl<'a> ComparisonView<'a> {
    /// The view of a comparison.
    pub fn of(comparison: &'a TargetComparison) -> Self {
        let conclusion = if comparison.compared.requirements == 0 {
            Some(Conclusion::NothingInCommon)
        } else if comparison.is_empty() && !comparison.is_inconclusive() {
            Some(Conclusion::Same(same(comparison)))
        } else {
            None
        };
        let flows = comparison.flows.iter();
        let capabilities = comparison.capabilities.iter();
        Self {
            a: &comparison.a,
            b: &comparison.b,
            conclusion,
            flows: flows.map(|change| FlowChangeView { change }).collect(),
            requirements: comparison
                .requirements
                .iter()
                .map(|change| requirement(change, [Label::A, Label::B]))
                .collect(),
            capabilities: capabilities
                .map(|change| CapabilityChangeView { change })
                .collect(),
            responses: comparison
                .responses
                .read
                .iter()
                .map(difference::file)
                .collect(),
            ignored: ignored(&comparison.responses.ignored),
            inconclusive: (comparison.inconclusive > 0)
                .then(|| inconclusive(comparison.inconclusive)),
        }
    }
}

impl Conclusion {
    /// The conclusion in one sentence.
    pub fn sentence(&self) -> &str {
        match self {
            Self::Same(sentence) => sentence,
            Self::NothingInCommon => {
                "no requirement was examined on both targets: no conclusion is possible"
            }
        }
    }
}

/// The direction of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// B violates the requirement.
    Worse,
    /// Only A violates it.
    Better,
    /// Neither target violates it.
    Neutral,
}

impl States {
    /// The direction of the change from A to B.
    pub const fn trend(self) -> Trend {
        match (self.a, self.b) {
            (_, RequirementState::Violated) => Trend::Worse,
            (RequirementState::Violated, _) => Trend::Better,
            _ => Trend::Neutral,
        }
    }
}

impl fmt::Display for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { a, b } = self;
        if a == b {
            write!(f, "{a} on both, in different ways")
        } else {
            write!(f, "{a} → {b}")
        }
    }
}

impl FlowChangeView<'_> {
    /// The eras in words.
    pub fn eras(&self) -> String {
        words::eras(&self.change.eras)
    }
}

impl CapabilityChangeView<'_> {
    /// The capability of both targets in words.
    pub fn states(&self) -> [&'static str; 2] {
        [self.change.a, self.change.b].map(|present| match present {
            Some(true) => "supported",
            Some(false) => "not supported",
            None => "unclear",
        })
    }
}

fn same(comparison: &TargetComparison) -> String {
    let compared = &comparison.compared;
    let mut parts = vec![
        plural(compared.requirements, "requirement"),
        format!("{} of Helm versions", plural(compared.cells, "flow")),
        plural(compared.capabilities, "capability"),
    ];
    if compared.files > 0 {
        parts.push(plural(compared.files, "snapshot file"));
    }
    let (a, b) = (&comparison.a.name, &comparison.b.name);
    format!(
        "no difference between {a} and {b}: compared {}",
        parts.join(", ")
    )
}

fn inconclusive(count: usize) -> String {
    let requirements = plural(count, "requirement");
    format!("{requirements} inconclusive on at least one target: there may be more differences.")
}

/// A requirement on which two targets, or two runs, differ.
pub(super) fn requirement(
    change: &RequirementChange,
    [a, b]: [Label; 2],
) -> RequirementChangeView<'_> {
    let mut rows = vec![
        ReportRow::new(a, [RowEntry::Behaviour(&change.a)]),
        ReportRow::new(b, [RowEntry::Behaviour(&change.b)]),
    ];
    // Without a violation there is no expectation to compare with.
    if change.is_violated() {
        let expected = change.expected.iter();
        let expected = expected.map(|text| RowEntry::Text(text.into()));
        rows.push(ReportRow::new(Label::Expected, expected));
        let source = change.main_source().map(RowEntry::Source);
        rows.push(ReportRow::new(Label::Source, source));
        rows.push(ReportRow::new(
            Label::Helm,
            change.helm.iter().map(RowEntry::Break),
        ));
    }
    rows.retain(|row| !row.entries.is_empty());
    RequirementChangeView {
        id: &change.id,
        title: &change.title,
        severity: &change.severity,
        states: States {
            a: change.a.state,
            b: change.b.state,
        },
        rows,
    }
}

/// The sentence about changed headers that no Helm version reads.
fn ignored(changes: &[FileChange]) -> Option<String> {
    if changes.is_empty() {
        return None;
    }
    let mut names: Vec<&str> = Vec::new();
    let lines = changes.iter().flat_map(|change| change.diff.lines());
    for line in lines.filter(|line| line.starts_with(['+', '-'])) {
        let name = line[1..]
            .trim()
            .strip_prefix("ignores")
            .and_then(|rest| rest.split(':').next());
        if let Some(name) = name.map(str::trim).filter(|name| !names.contains(name)) {
            names.push(name);
        }
    }
    let more = more(names.len().saturating_sub(NAMED));
    names.truncate(NAMED);
    let names = names.join(", ");
    Some(format!(
        "Other differences in responses, which no Helm version reads: {names}{more}."
    ))
}
