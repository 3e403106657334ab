//! Scores: the share of cells in which declarations and predictions agree with the evidence.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use semver::Version;
use serde::Serialize;

use super::agreement::Comparison;

/// The number of cells, and of those that agree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    /// The number of all cells.
    pub cells: usize,
    /// The number of cells whose observation agrees with the declarations.
    pub declared: usize,
    /// The number of cells whose observation agrees with the prediction.
    pub predicted: usize,
    /// The number of cells without a prediction, because the fault prevents a check that it depends on.
    #[serde(rename = "untold")]
    pub unknown: usize,
}

impl Score {
    /// The number of cells with a wrong prediction.
    pub const fn mispredicted(&self) -> usize {
        self.cells - self.predicted - self.unknown
    }

    fn count(&mut self, comparison: &Comparison) {
        self.cells += 1;
        self.declared += usize::from(comparison.is_declared());
        self.predicted += usize::from(comparison.is_predicted() == Some(true));
        self.unknown += usize::from(comparison.is_predicted().is_none());
    }
}

/// The agreement table, by Helm version.
pub fn score(compared: &[Comparison]) -> BTreeMap<Version, Score> {
    let mut scores: BTreeMap<Version, Score> = BTreeMap::new();
    for comparison in compared {
        scores
            .entry(comparison.helm.clone())
            .or_default()
            .count(comparison);
    }
    scores
}

/// The sum of a table.
pub fn total(scores: &BTreeMap<Version, Score>) -> Score {
    scores.values().fold(Score::default(), |sum, one| Score {
        cells: sum.cells + one.cells,
        declared: sum.declared + one.declared,
        predicted: sum.predicted + one.predicted,
        unknown: sum.unknown + one.unknown,
    })
}

/// The agreement table as text. Percentages are rounded down, so that 100.0 % means all cells.
pub fn table(scores: &BTreeMap<Version, Score>) -> String {
    let mut table = format!(
        "{:8}{:>7}{:>17}{:>17}{:>16}{:>14}\n",
        "helm", "cells", "declared", "predicted", "unknown", "wrong"
    );
    for (helm, score) in scores {
        line(&mut table, &helm.to_string(), score);
    }
    line(&mut table, "all", &total(scores));
    table
}

fn line(table: &mut String, helm: &str, score: &Score) {
    let Score {
        cells,
        declared,
        predicted,
        unknown,
    } = *score;
    let wrong = score.mispredicted();
    let share = |part: usize| share(part, cells);
    let _ = writeln!(
        table,
        "{helm:8}{cells:7}{declared:9}{}{predicted:9}{}{unknown:8}{}{wrong:6}{}",
        share(declared),
        share(predicted),
        share(unknown),
        share(wrong)
    );
}

/// A share in per cent, rounded down.
pub(super) fn share(part: usize, all: usize) -> String {
    let thousandths = part * 1000 / all.max(1);
    format!("{:4}.{} %", thousandths / 10, thousandths % 10)
}
