//! The result of one requirement on one target.

use helm_oci_suite::requirement::Level;
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::requirement::source::Specification;

use super::exchange::ExchangesView;
use super::row::{Depth, Entry, Label, Row};
use super::statement::Statement;
use super::words;
use crate::record::CheckRecord;

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
    /// The duration in milliseconds.
    pub milliseconds: u64,
    /// The result in one sentence.
    pub statement: Statement<'a>,
    /// The result in rows: what was expected and observed, the sources, the effect on Helm.
    pub rows: Vec<Row<'a>>,
    /// The exchanges that show it.
    pub exchanges: ExchangesView<'a>,
}

impl<'a> CheckView<'a> {
    pub(super) fn of(check: &'a CheckRecord) -> Self {
        let finding = check.finding.as_ref().map(|finding| &finding.exchanges);
        let obstacle = check.obstacle.as_ref().map(|obstacle| &obstacle.exchanges);
        let positions = finding.or(obstacle).map(Vec::as_slice);
        Self {
            id: &check.id,
            area: &check.area,
            title: &check.title,
            level: check.level,
            specification: check.specification,
            outcome: check.outcome,
            milliseconds: check.milliseconds,
            statement: statement(check),
            rows: rows(check),
            exchanges: ExchangesView::at(&check.exchanges, positions.unwrap_or_default()),
        }
    }

    /// The level for Helm and in the specification.
    pub fn severity(&self) -> Entry<'a> {
        Entry::Severity(self.level, self.specification)
    }

    /// The rows that introduce the result where its heading does not.
    pub fn introduction(&self) -> [Row<'a>; 2] {
        [
            Row::new(Label::Level, [self.severity()]),
            Row::text(Label::Title, self.title),
        ]
    }

    /// True if the registry violates the requirement; a MAY is never violated.
    pub const fn is_violated(&self) -> bool {
        matches!(self.outcome, Outcome::Fail | Outcome::Warn | Outcome::Known)
    }

    /// The observation where the requirement is not satisfied, or the reason for which that is inconclusive.
    pub fn observation(&self) -> Option<&'a str> {
        match self.statement {
            Statement::Violation(finding) if self.is_violated() => {
                finding.map(|finding| finding.actual.as_str())
            }
            Statement::Stale => Some(words::STALE),
            Statement::Obstacle(obstacle) => obstacle.map(|obstacle| obstacle.what.as_str()),
            _ => None,
        }
    }
}

fn statement(check: &CheckRecord) -> Statement<'_> {
    match check.outcome {
        Outcome::Pass | Outcome::Present => Statement::Success,
        Outcome::Fail | Outcome::Warn | Outcome::Known | Outcome::Absent => {
            Statement::Violation(check.finding.as_ref())
        }
        Outcome::Stale => Statement::Stale,
        Outcome::Skipped => Statement::Skipped(check.reason.as_deref().unwrap_or(words::NO_REASON)),
        Outcome::Inconclusive => Statement::Obstacle(check.obstacle.as_ref()),
    }
}

fn rows(check: &CheckRecord) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    let mut sources_from = Depth::Full;
    match statement(check) {
        Statement::Violation(Some(finding)) => {
            let expected = finding.expected.iter();
            let expected = expected.map(|text| Entry::Text(text.into()));
            rows.push(Row::new(Label::Expected, expected));
            rows.push(Row::text(Label::Actual, &finding.actual));
            sources_from = Depth::Brief;
        }
        Statement::Violation(None) => {
            rows.push(Row::text(Label::Actual, words::NO_FINDING));
            sources_from = Depth::Brief;
        }
        Statement::Obstacle(obstacle) => rows.push(super::obstacle_row(obstacle)),
        Statement::Stale => rows.push(Row::text(Label::Actual, words::STALE)),
        Statement::Success | Statement::Failure { .. } | Statement::Skipped(_) => {}
    }
    if let Some(deviation) = &check.deviation {
        let entries = [Entry::Deviation(deviation), Entry::Link(&deviation.link)];
        rows.push(Row::new(Label::Deviation, entries));
    }
    let sources = Row::new(Label::Sources, check.sources.iter().map(Entry::Source));
    let breaks = Row::new(Label::Helm, check.breaks.iter().map(Entry::Break));
    rows.extend([sources, breaks].map(|row| row.from(sources_from)));
    if !check.covers.is_empty() {
        let covers = Row::text(Label::Covers, check.covers.join(", "));
        rows.push(covers.from(Depth::Full));
    }
    rows.retain(|row| !row.entries.is_empty());
    rows
}
