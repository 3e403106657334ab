//! Views: everything that a report shows, built once from a record, a comparison or a difference.
//!
//! report → sections → rows. A section is a typed struct: a target, an area, a table, a check. A row is a label with
//! entries. A view holds structured values and the words of every format, complete and not escaped. Layout is the
//! renderers' part: columns, wrapping, colours, escapes, and cuts. A renderer reads a view and nothing else.

mod bisection;
mod case;
mod cause;
mod check;
mod comparison;
mod diff;
mod difference;
mod effort;
mod eras;
mod exchange;
mod finding;
mod helm;
pub mod leftovers;
mod line;
mod matrix;
mod progress;
mod reach;
mod report;
mod row;
mod sentence;
mod soak;
mod statements;
mod symptom;
mod table;
mod tally;
mod target;
mod verdict;
mod words;

use std::borrow::Cow;

use helm_oci_suite::verdict::Obstacle;

use crate::record::AttemptRecord;

pub use self::bisection::{BisectionView, ChangeView, PlaceView, UnavailableView};
pub use self::case::CaseResult;
pub use self::cause::{CauseSummary, CauseView};
pub use self::check::CheckView;
pub use self::comparison::{
    CapabilityChangeView, ComparisonView, Conclusion, FlowChangeView, RequirementChangeView,
    States, Trend, headings,
};
pub use self::diff::{DiffGroup, DiffView, TargetDiffView};
pub use self::difference::{DiffKind, DiffLine, DifferenceView, FileView, IGNORED, READ};
pub use self::effort::Effort;
pub use self::eras::{EraCause, EraRow, EraTable};
pub use self::exchange::{ExchangeView, ExchangesView, HeaderView, MessageView, ResponseView};
pub use self::finding::{FindingKind, FindingView, REACHABLE, Severity};
pub use self::helm::{FlowGroup, FlowView, HelmRow, HelmView};
pub use self::leftovers::LeftoverGroup;
pub use self::matrix::{Column, FlowOf, MatrixRow, MatrixView, RequirementRow, Variant};
pub use self::progress::RunProgress;
pub use self::reach::{Reach, versions};
pub use self::report::{Header, ProblemView, ReportView, RunSummary};
pub use self::row::{Depth, Label, ReportRow, RowEntry};
pub use self::sentence::{Clause, ResultSentence};
pub use self::soak::SoakView;
pub use self::statements::{StatementView, statements};
pub use self::symptom::SymptomView;
pub use self::table::{BriefRow, BriefTable};
pub use self::tally::OutcomeCounts;
pub use self::target::{
    AreaView, CapabilityView, IdentityFact, IdentityLabel, ObstacleGroup, ObstacleView, TargetView,
};
pub use self::verdict::TargetVerdict;
pub use self::words::{flow_sign, flow_verdict, outcome_sign};

/// The attempts of a check or a flow that was repeated, as a row.
fn attempts_row(attempts: &[AttemptRecord]) -> Option<ReportRow<'_>> {
    let entries = attempts.iter().enumerate().map(|(position, attempt)| {
        let number = position + 1;
        let result = attempt.result;
        RowEntry::Text(Cow::Owned(if attempt.what.is_empty() {
            format!("{number}: {result}")
        } else {
            format!("{number}: {result}: {}", attempt.what)
        }))
    });
    (!attempts.is_empty()).then(|| ReportRow::new(Label::Attempts, entries))
}

/// The reason for which a result is inconclusive, as a row.
fn obstacle_row(obstacle: Option<&Obstacle>) -> ReportRow<'_> {
    let entry = obstacle.map_or(
        RowEntry::Text(Cow::Borrowed(words::NO_OBSTACLE)),
        RowEntry::Obstacle,
    );
    ReportRow::new(Label::Obstacle, [entry])
}
