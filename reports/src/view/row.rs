//! Rows: the smallest part of a view, a label with its entries.

use std::borrow::Cow;
use std::fmt;

use helm_oci_suite::prediction::explain::Explanation;
use helm_oci_suite::requirement::Level;
use helm_oci_suite::requirement::source::Specification;
use helm_oci_suite::verdict::{Obstacle, ObstacleKind};
use strum::IntoStaticStr;

use super::words;
use crate::compare::Behaviour;
use crate::record::{BreakRecord, DeviationRecord, SourceRecord};

/// A label with its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRow<'a> {
    /// The kind of the row.
    pub label: Label,
    /// Its entries, complete: a renderer may cut them.
    pub entries: Vec<RowEntry<'a>>,
    /// The depth of a report from which on the row is shown.
    pub depth: Depth,
}

/// The depth of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// The minimum that explains a result.
    Brief,
    /// Everything that is known.
    Full,
}

/// The kind of a row, and its label in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Label {
    /// The levels of a requirement.
    Level,
    /// The title of a requirement.
    Title,
    /// The acceptable responses.
    Expected,
    /// The observed response.
    Actual,
    /// The change that satisfies the requirement.
    Fix,
    /// The reason for which a result is inconclusive.
    Obstacle,
    /// What a reader should know of an unusual target.
    Advice,
    /// The sources of a requirement.
    Sources,
    /// The attempts of a check that was repeated.
    Attempts,
    /// The checks that passed only when they were repeated.
    Intermittent,
    /// The requests without a response, and the pace of the run.
    Line,
    /// The only source of a requirement, or the main one.
    Source,
    /// The effect on Helm.
    Helm,
    /// The items of the specifications that a requirement covers.
    Covers,
    /// The command line of a real Helm binary.
    Command,
    /// The message of a real Helm binary.
    Message,
    /// The explanations of a failure.
    Cause,
    /// The standard output of a real Helm binary.
    Stdout,
    /// The standard error of a real Helm binary.
    Stderr,
    /// The exchanges that show a finding.
    #[strum(serialize = "shown by")]
    ShownBy,
    /// The command that explains a requirement.
    More,
    /// Other checks with the same obstacle.
    #[strum(serialize = "also affected")]
    AlsoAffected,
    /// Other violated requirements with the same cause.
    #[strum(serialize = "also shown by")]
    AlsoShownBy,
    /// Inconclusive checks with the same cause.
    Blocks,
    /// The requirement whose finding has the same cause.
    #[strum(serialize = "same cause as")]
    SameCause,
    /// The areas of requirements.
    Areas,
    /// The targets with a finding.
    #[strum(serialize = "found on")]
    FoundOn,
    /// The name of a target.
    Target,
    /// The counts of outcomes.
    Summary,
    /// The reasons for skipped checks.
    Skipped,
    /// Everything that could not be deleted.
    Leftovers,
    /// The number of requests and their duration.
    #[strum(serialize = "sent")]
    Effort,
    /// The verdict on a target.
    Verdict,
    /// A known deviation, or a problem of the deviations file.
    Deviation,
    /// A capability that a target has.
    Supports,
    /// A capability that it lacks.
    Lacks,
    /// A capability that could not be determined.
    Unclear,
    /// Failed flows that no violated requirement explains.
    Unexplained,
    /// Flows that passed although a violated requirement predicts a failure.
    Contradicted,
    /// The earlier of two runs.
    Old,
    /// The later of two runs.
    New,
    /// The first target of a comparison.
    #[strum(serialize = "A")]
    A,
    /// The second target of a comparison.
    #[strum(serialize = "B")]
    B,
}

/// One entry of a row. Its words are those of every format; structure is kept for formats that can show more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowEntry<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// The level of a requirement for Helm and in the specification.
    Severity(Level, Option<Specification>),
    /// The text of a known deviation.
    Deviation(&'a DeviationRecord),
    /// The URL of an issue.
    Link(&'a str),
    /// The reason for which a result is inconclusive.
    Obstacle(&'a Obstacle),
    /// A citation.
    Source(&'a SourceRecord),
    /// The effect of a violation on Helm.
    Break(&'a BreakRecord),
    /// A message of Helm, or a description in parentheses if Helm printed none.
    Message(&'a str),
    /// A violated requirement that explains a failure.
    Explanation(&'a Explanation),
    /// The behaviour of one target of a comparison.
    Behaviour(&'a Behaviour),
}

impl<'a> ReportRow<'a> {
    /// A row of brief reports.
    pub(super) fn new(label: Label, entries: impl IntoIterator<Item = RowEntry<'a>>) -> Self {
        Self {
            label,
            entries: entries.into_iter().collect(),
            depth: Depth::Brief,
        }
    }

    /// A row of brief reports with one text.
    pub(super) fn text(label: Label, text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(label, [RowEntry::Text(text.into())])
    }

    /// The same row, shown from `depth` on.
    pub(super) fn from(mut self, depth: Depth) -> Self {
        self.depth = depth;
        self
    }
}

impl Label {
    /// The label in words.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The prefix of each entry after the first: "expected A", "or B".
    pub const fn joint(self) -> &'static str {
        match self {
            Self::Expected => "or ",
            Self::Cause => "also ",
            _ => "",
        }
    }
}

impl fmt::Display for RowEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Severity(level, None) => write!(f, "{level}"),
            Self::Severity(level, Some(specification)) => {
                f.write_str(&specification.with_level(*level))
            }
            Self::Deviation(DeviationRecord {
                reason, expires, ..
            }) => write!(f, "tolerated until {expires}: {reason}"),
            Self::Link(url) => f.write_str(url),
            Self::Obstacle(obstacle) => match obstacle.kind {
                // The text of such an obstacle names what could not be arranged.
                ObstacleKind::Arrangement => f.write_str(&obstacle.what),
                kind => write!(f, "{}: {}", words::obstacle(kind), obstacle.what),
            },
            Self::Source(source) => citation(f, source),
            Self::Break(brk) => effect(f, brk),
            Self::Message(message) => f.write_str(&quoted(message)),
            Self::Explanation(explanation) => explain(f, explanation),
            Self::Behaviour(behaviour) => match &behaviour.actual {
                Some(actual) => write!(f, "{}: {actual}", behaviour.state),
                None => write!(f, "{}", behaviour.state),
            },
        }
    }
}

fn citation(f: &mut fmt::Formatter<'_>, source: &SourceRecord) -> fmt::Result {
    let SourceRecord {
        document,
        version,
        anchor,
        text,
        quoted,
    } = source;
    if document.starts_with("suite/spec/") {
        // Whoever has the program alone does not have the document.
        write!(
            f,
            "observed with Helm binaries (section {anchor} of {document} in the repository of this program): {text}"
        )
    } else if *quoted {
        write!(f, "{document} {version}, {anchor}: “{text}”")
    } else {
        write!(f, "{document} {version}, {anchor}: {text}")
    }
}

/// The versions and flows on one line, and the message of Helm on the next.
fn effect(f: &mut fmt::Formatter<'_>, brk: &BreakRecord) -> fmt::Result {
    let BreakRecord {
        eras,
        versions,
        flows,
        condition,
        symptom,
    } = brk;
    let (eras, flows) = (eras.join(", "), flows.join(", "));
    write!(f, "{eras} ({versions}) · {flows}")?;
    if let Some(condition) = condition {
        write!(f, ", {condition}")?;
    }
    if symptom.is_empty() {
        return Ok(());
    }
    write!(f, "\n{}", quoted(symptom))
}

/// A message as Helm prints it. A description in parentheses stays as it is, because Helm printed nothing.
pub(super) fn quoted(message: &str) -> Cow<'_, str> {
    if message.is_empty() || message.starts_with('(') {
        Cow::Borrowed(message)
    } else {
        Cow::Owned(format!("Error: {message}"))
    }
}

fn explain(f: &mut fmt::Formatter<'_>, explanation: &Explanation) -> fmt::Result {
    let Explanation {
        requirement,
        title,
        condition,
        has_predicted_error,
        is_at_same_exchange,
    } = explanation;
    write!(f, "{requirement}: {title}")?;
    if let Some(condition) = condition {
        write!(f, ", {condition}")?;
    }
    f.write_str(match (has_predicted_error, is_at_same_exchange) {
        (true, true) => " (predicts this message and this exchange)",
        (true, false) => " (predicts this message)",
        (false, true) => " (violated in the same exchange)",
        (false, false) => "",
    })
}
