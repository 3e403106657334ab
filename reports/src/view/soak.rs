//! A soak in rows.

use crate::record::{SoakRecord, SoakStep};
use crate::text::{self, duration, plural};

/// The width of the name of a step.
const NAME: usize = 36;

/// The result of a soak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoakView {
    /// The heading.
    pub heading: String,
    /// A line for each step.
    pub lines: Vec<String>,
    /// True if a step was late or failed in some round.
    pub is_uneven: bool,
}

impl SoakView {
    pub(super) fn of(record: &SoakRecord) -> Self {
        let rounds = record.rounds;
        let line = |step: &SoakStep| {
            let share = |count: usize| match (count * 100).checked_div(rounds) {
                Some(percent) if count > 0 => format!("{count} ({percent} %)"),
                _ => "-".to_owned(),
            };
            let SoakStep {
                name,
                late,
                never,
                median,
                longest,
                ..
            } = step;
            format!(
                "{}  {:>10}  {:>10}  {:>8}  {:>8}",
                text::pad(name, NAME),
                share(*late),
                share(*never),
                duration(*median),
                duration(*longest)
            )
        };
        let head = format!(
            "{:NAME$}  {:>10}  {:>10}  {:>8}  {:>8}",
            "", "late", "not at all", "median", "longest"
        );
        let mut lines = vec![head];
        lines.extend(record.steps.iter().map(line));
        let mut steps = record.steps.iter();
        Self {
            heading: format!("Soak: push, then pull, {}", plural(rounds, "time")),
            lines,
            is_uneven: steps.any(|step| step.late + step.never > 0),
        }
    }
}
