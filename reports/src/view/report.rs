//! The report of a run.

use std::fmt::Write;

use super::target::TargetView;
use crate::record::{DeviationProblem, RunRecord};
use crate::text::{duration, plural};

/// The report of a run: the one view of a record that every format renders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportView<'a> {
    /// The suite and the run.
    pub header: Header<'a>,
    /// The targets, in the order of the command line.
    pub targets: Vec<TargetView<'a>>,
    /// The problems of the deviations file.
    pub problems: Vec<ProblemView<'a>>,
    /// The summary of the run.
    pub summary: RunSummary,
}

/// A problem of the deviations file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProblemView<'a> {
    /// The requirement that the entry names.
    pub requirement: &'a str,
    /// The target that the entry names.
    pub target: &'a str,
    /// The problem, and what to do about it.
    pub what: &'a str,
}

/// The suite and the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header<'a> {
    /// The name of the suite.
    pub suite: &'a str,
    /// The version of the suite.
    pub version: &'a str,
    /// The start of the run, RFC 3339 in UTC.
    pub started: &'a str,
    /// The seed of the run.
    pub seed: u64,
    /// The seeds of targets that were merged from other runs.
    pub other_seeds: Vec<(u64, &'a str)>,
    /// The selection of requirements; empty for all.
    pub only: &'a [String],
    /// True if a violated SHOULD fails the run.
    pub strict: bool,
}

/// The summary of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunSummary {
    /// The number of targets.
    pub targets: usize,
    /// The number of checks.
    pub checks: usize,
    /// The number of flows of real Helm binaries.
    pub flows: usize,
    /// The duration in milliseconds.
    pub milliseconds: u64,
    /// The exit code.
    pub exit_code: u8,
}

impl<'a> ReportView<'a> {
    /// The view of a record.
    pub fn of(record: &'a RunRecord) -> Self {
        let targets = record.targets.iter();
        Self {
            header: header(record),
            targets: targets
                .map(|target| TargetView::of(record, target))
                .collect(),
            problems: record.deviations.iter().map(problem).collect(),
            summary: RunSummary {
                targets: record.targets.len(),
                checks: record.footer.checks,
                flows: record.footer.flows,
                milliseconds: record.run.milliseconds,
                exit_code: record.footer.exit_code,
            },
        }
    }
}

fn problem(problem: &DeviationProblem) -> ProblemView<'_> {
    ProblemView {
        requirement: &problem.requirement,
        target: &problem.target,
        what: &problem.what,
    }
}

fn header(record: &RunRecord) -> Header<'_> {
    let targets = record.targets.iter();
    Header {
        suite: &record.suite.name,
        version: &record.suite.version,
        started: &record.run.started,
        seed: record.run.seed,
        other_seeds: targets
            .filter_map(|target| Some((target.seed?, target.name.as_str())))
            .collect(),
        only: &record.run.only,
        strict: record.run.strict,
    }
}

impl ProblemView<'_> {
    /// The problem in one sentence.
    pub fn sentence(&self) -> String {
        format!("{} on {}: {}", self.requirement, self.target, self.what)
    }
}

impl Header<'_> {
    /// The header in words, part by part.
    pub fn parts(&self) -> Vec<String> {
        let mut seeds = format!("seed {}", self.seed);
        for (seed, target) in &self.other_seeds {
            write!(seeds, ", {seed} for {target}").expect("a write to a String cannot fail");
        }
        let mut parts = vec![
            format!("{} {}", self.suite, self.version),
            self.started.to_owned(),
            seeds,
        ];
        if !self.only.is_empty() {
            parts.push(format!("only {}", self.only.join(", ")));
        }
        parts
    }
}

impl RunSummary {
    /// The summary in words, part by part.
    pub fn parts(&self) -> Vec<String> {
        let mut parts = vec![plural(self.targets, "target"), plural(self.checks, "check")];
        if self.flows > 0 {
            parts.push(plural(self.flows, "flow"));
        }
        parts.push(duration(self.milliseconds));
        parts.push(format!("exit code {}", self.exit_code));
        parts
    }
}
