//! Sentences: a result in one sentence, where a format has no room for rows.

use std::borrow::Cow;

use helm_oci_suite::prediction::explain::Explanation;
use helm_oci_suite::verdict::{Finding, Obstacle};

use super::words;
use crate::record::{AttemptRecord, AttemptResult};

/// A result in one sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultSentence<'a> {
    /// The check or the flow succeeded.
    Success,
    /// The requirement is violated.
    Violation(Option<&'a Finding>),
    /// A known deviation is no longer observed.
    Stale,
    /// A real Helm binary failed.
    Failure {
        /// Its message.
        message: Option<&'a str>,
        /// The best explanation.
        because: Option<&'a Explanation>,
    },
    /// Some attempts failed, and the last one passed.
    Intermittent(&'a [AttemptRecord]),
    /// The result is inconclusive.
    Obstacle(Option<&'a Obstacle>),
    /// It was not run, for this reason.
    Skipped(&'a str),
}

/// A clause of a sentence. A renderer that cuts sentences cuts each clause by itself, so that a long expectation does
/// not hide the observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause<'a> {
    /// The prefix of the text.
    pub lead: &'static str,
    /// The text.
    pub text: Cow<'a, str>,
}

impl<'a> ResultSentence<'a> {
    /// Its clauses; none for a success.
    pub fn clauses(&self) -> Vec<Clause<'a>> {
        match *self {
            Self::Success => Vec::new(),
            Self::Violation(None) => vec![clause("", words::NO_FINDING)],
            Self::Violation(Some(finding)) => vec![
                clause("expected ", finding.expected.join(" or ")),
                clause("actual ", &*finding.actual),
            ],
            Self::Stale => vec![clause("", words::STALE)],
            Self::Failure { message, because } => vec![
                clause("", message.unwrap_or("no message recorded")),
                because.map_or_else(
                    || clause("", words::UNEXPLAINED),
                    |one| clause("because ", format!("{}: {}", one.requirement, one.title)),
                ),
            ],
            Self::Intermittent(attempts) => {
                let failed = attempts
                    .iter()
                    .filter(|one| one.result != AttemptResult::Passed);
                let first = failed.clone().map(|one| one.what.as_str()).next();
                let counts = format!("{} of {} attempts failed: ", failed.count(), attempts.len());
                vec![clause("", counts + first.unwrap_or_default())]
            }
            Self::Obstacle(None) => vec![clause("", words::NO_OBSTACLE)],
            Self::Obstacle(Some(obstacle)) => vec![clause(
                "",
                format!("{}: {}", words::obstacle(obstacle.kind), obstacle.what),
            )],
            Self::Skipped(reason) => vec![clause("", reason)],
        }
    }
}

fn clause<'a>(lead: &'static str, text: impl Into<Cow<'a, str>>) -> Clause<'a> {
    Clause {
        lead,
        text: text.into(),
    }
}
