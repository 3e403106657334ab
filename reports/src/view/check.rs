//! The result of one requirement on one target.

use helm_oci_suite::requirement::Level;
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::requirement::source::Specification;

use super::exchange::ExchangesView;
use super::row::{Depth, Label, ReportRow, RowEntry};
use super::sentence::ResultSentence;
use super::words;
use crate::record::{AttemptRecord, CheckRecord};

/// The result of one requirement on one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckView<'a> {
    /// The requirement's id.
    pub id: &'a str,
    /// Its area.
    pub area: &'a str,
    /// Its title.
    pub title: &'a str,
    /// Its level: how strongly Helm needs it.
    pub level: Level,
    /// Its level in the OCI specification.
    pub specification: Option<Specification>,
    /// The judgement.
    pub outcome: Outcome,
    /// True if it is inconclusive, and this decides the outcome of the run.
    pub leaves_run_open: bool,
    /// True if a known deviation makes it inconclusive.
    pub is_blocked: bool,
    /// The requirement whose finding has the same cause; none for the one that has the finding.
    pub cause: Option<&'a str>,
    /// The change that satisfies the requirement, if it is violated.
    pub fix: Option<&'a str>,
    /// The duration in milliseconds.
    pub milliseconds: u64,
    /// The result in one sentence.
    pub sentence: ResultSentence<'a>,
    /// The result in rows: what was expected and observed, the sources, the effect on Helm.
    pub rows: Vec<ReportRow<'a>>,
    /// The exchanges that show it.
    pub exchanges: ExchangesView<'a>,
    /// True if an attempt is a violation by a definite response, not a failure of the network.
    pub is_contradicting: bool,
}

impl<'a> CheckView<'a> {
    pub(super) fn of(check: &'a CheckRecord, strict: bool) -> Self {
        let finding = check.finding.as_ref().map(|finding| &finding.exchanges);
        let obstacle = check.obstacle.as_ref().map(|obstacle| &obstacle.exchanges);
        let positions = finding.or(obstacle).cloned().unwrap_or_else(|| {
            let attempts = check.attempts.iter();
            attempts
                .flat_map(|attempt| attempt.exchanges.clone())
                .collect()
        });
        let actual = check.finding.as_ref().map_or("", |finding| &finding.actual);
        Self {
            id: &check.id,
            area: &check.area,
            title: &check.title,
            level: check.level,
            specification: check.specification,
            outcome: check.outcome,
            is_blocked: check.blocked_by.is_some(),
            cause: check.cause.as_deref(),
            fix: check.fix.as_deref(),
            leaves_run_open: check.leaves_run_open(strict),
            milliseconds: check.milliseconds,
            sentence: sentence(check),
            rows: rows(check),
            exchanges: ExchangesView::at(&check.exchanges, &positions).showing(actual),
            is_contradicting: check.attempts.iter().any(AttemptRecord::is_definite),
        }
    }

    /// The level for Helm and in the specification.
    pub fn severity(&self) -> RowEntry<'a> {
        RowEntry::Severity(self.level, self.specification)
    }

    /// The rows that introduce the result where its heading does not.
    pub fn introduction(&self) -> [ReportRow<'a>; 2] {
        [
            ReportRow::new(Label::Level, [self.severity()]),
            ReportRow::text(Label::Title, self.title),
        ]
    }

    /// True if the registry violates the requirement; a MAY is never violated.
    pub const fn is_violated(&self) -> bool {
        matches!(self.outcome, Outcome::Fail | Outcome::Warn | Outcome::Known)
    }

    /// The acceptable responses, if the requirement is violated.
    pub fn expected(&self) -> Option<String> {
        match self.sentence {
            ResultSentence::Violation(Some(finding)) => Some(alternatives(&finding.expected)),
            _ => None,
        }
    }

    /// The observation where the requirement is not satisfied, or the reason for which that is inconclusive.
    pub fn observation(&self) -> Option<&'a str> {
        match self.sentence {
            ResultSentence::Violation(finding) if self.is_violated() => {
                finding.map(|finding| finding.actual.as_str())
            }
            ResultSentence::Stale => Some(words::STALE),
            ResultSentence::Obstacle(obstacle) => obstacle.map(|obstacle| obstacle.what.as_str()),
            _ => None,
        }
    }
}

/// Acceptable responses in one phrase; those that begin with the same word name it once.
pub(super) fn alternatives(expected: &[String]) -> String {
    let statuses: Option<Vec<&str>> = expected
        .iter()
        .map(|one| one.strip_prefix("status "))
        .collect();
    match statuses {
        Some(statuses) if statuses.len() > 1 => format!("status {}", statuses.join(" or ")),
        _ => expected.join(" or "),
    }
}

fn sentence(check: &CheckRecord) -> ResultSentence<'_> {
    match check.outcome {
        Outcome::Pass | Outcome::Present => ResultSentence::Success,
        Outcome::Fail | Outcome::Warn | Outcome::Known | Outcome::Absent => {
            ResultSentence::Violation(check.finding.as_ref())
        }
        Outcome::Stale => ResultSentence::Stale,
        Outcome::Skipped => {
            ResultSentence::Skipped(check.reason.as_deref().unwrap_or(words::NO_REASON))
        }
        Outcome::Intermittent => ResultSentence::Intermittent(&check.attempts),
        Outcome::Inconclusive => ResultSentence::Obstacle(check.obstacle.as_ref()),
    }
}

/// The change that satisfies the requirement.
fn fix(check: &CheckRecord) -> Option<ReportRow<'_>> {
    let text = check.fix.as_deref()?;
    Some(ReportRow::text(Label::Fix, text))
}

fn rows(check: &CheckRecord) -> Vec<ReportRow<'_>> {
    let mut rows = Vec::new();
    let mut sources_from = Depth::Full;
    match sentence(check) {
        ResultSentence::Violation(Some(finding)) => {
            let expected = finding.expected.iter();
            let expected = expected.map(|text| RowEntry::Text(text.into()));
            rows.push(ReportRow::new(Label::Expected, expected));
            rows.push(ReportRow::text(Label::Actual, &finding.actual));
            rows.extend(fix(check));
            sources_from = Depth::Brief;
        }
        ResultSentence::Violation(None) => {
            rows.push(ReportRow::text(Label::Actual, words::NO_FINDING));
            rows.extend(fix(check));
            sources_from = Depth::Brief;
        }
        ResultSentence::Obstacle(obstacle) => rows.push(super::obstacle_row(obstacle)),
        ResultSentence::Stale => rows.push(ReportRow::text(Label::Actual, words::STALE)),
        ResultSentence::Success
        | ResultSentence::Failure { .. }
        | ResultSentence::Intermittent(_)
        | ResultSentence::Skipped(_) => {}
    }
    let is_intermittent = check.outcome == Outcome::Intermittent;
    let attempts = super::attempts_row(&check.attempts);
    rows.extend(attempts.map(|row| {
        if is_intermittent {
            row
        } else {
            row.from(Depth::Full)
        }
    }));
    if let Some(known) = &check.blocked_by {
        let text = format!("{known} is a known deviation, and the reason for this");
        rows.push(ReportRow::text(Label::Deviation, text));
    }
    if let Some(deviation) = &check.deviation {
        let entries = [
            RowEntry::Deviation(deviation),
            RowEntry::Link(&deviation.link),
        ];
        rows.push(ReportRow::new(Label::Deviation, entries));
    }
    let label = match check.sources.len() {
        1 => Label::Source,
        _ => Label::Sources,
    };
    let sources = ReportRow::new(label, check.sources.iter().map(RowEntry::Source));
    let breaks = ReportRow::new(Label::Helm, check.breaks.iter().map(RowEntry::Break));
    rows.extend([sources, breaks].map(|row| row.from(sources_from)));
    if !check.covers.is_empty() {
        let covers = ReportRow::text(Label::Covers, check.covers.join(", "));
        rows.push(covers.from(Depth::Full));
    }
    rows.retain(|row| !row.entries.is_empty());
    rows
}
