//! The selection of requirements, and of flows of real Helm binaries. Each filter narrows the result of the ones before
//! it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use helm_oci_suite::checks;
use helm_oci_suite::helm::version::Span;
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::requirement::{Level, Requirement};
use semver::Version;
use thiserror::Error;

use super::record::{self, RecordFileError};

/// A selection that is empty, or cannot be evaluated.
#[derive(Debug, Error)]
pub(super) enum SelectionError {
    #[error("no requirement matches `{glob}`; did you mean `{nearest}`? `list` prints all")]
    NoMatch { glob: String, nearest: &'static str },
    #[error("filter `{filter}` matches none of the {count} requirements and flows{before}")]
    Empty {
        filter: String,
        count: usize,
        /// The filters before this one, in words.
        before: String,
    },
    /// The record shows no failure, so there is nothing to repeat.
    #[error("nothing failed or was inconclusive in {path}", path = .path.display())]
    NothingFailed { path: PathBuf },
    #[error(transparent)]
    Record(#[from] RecordFileError),
}

/// The selected requirements.
#[derive(Debug, Args)]
pub(super) struct Selection {
    /// Select these requirements: an id, an area, or a pattern in which `*` matches any characters and `?` matches one.
    /// May be repeated.
    #[arg(long, value_name = "ID|AREA|GLOB")]
    only: Vec<String>,
    /// Exclude these requirements, in the syntax of `--only`; for example `limits/chart-*`, which transfers some
    /// hundred mebibytes. May be repeated.
    #[arg(long, value_name = "ID|AREA|GLOB")]
    skip: Vec<String>,
    /// Select requirements with this level, which is their importance for Helm. Flows of real Helm binaries are kept.
    /// May be repeated.
    #[arg(long, value_name = "LEVEL", value_enum, ignore_case = true)]
    level: Vec<LevelName>,
    /// Select requirements whose violation affects this Helm version, such as 3.8 or 4.2.4, or an era, such as
    /// 3.8-3.17; and the flows of real Helm binaries of its era.
    #[arg(long, value_name = "VERSION")]
    era: Option<Span>,
    /// Select the requirements and flows that failed or were inconclusive in RECORD, a file written by `run --json`.
    /// Select all if a target could not be examined.
    #[arg(long, value_name = "RECORD")]
    failed: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LevelName {
    Must,
    Should,
    May,
}

impl From<LevelName> for Level {
    fn from(name: LevelName) -> Self {
        match name {
            LevelName::Must => Self::Must,
            LevelName::Should => Self::Should,
            LevelName::May => Self::May,
        }
    }
}

/// The selected requirements and flows.
#[derive(Debug, Clone)]
pub(super) struct Chosen {
    /// The requirements, in the suite's order.
    pub(super) requirements: Vec<&'static Requirement>,
    /// The ids of the flows of real Helm binaries, each with its version.
    pub(super) flows: BTreeMap<String, Version>,
    /// The filters in words; empty if everything is selected.
    pub(super) words: Vec<String>,
}

impl Selection {
    /// True if requirements are selected by name.
    pub(super) fn is_only(&self) -> bool {
        !self.only.is_empty()
    }

    /// True if a filter is given.
    pub(super) fn is_narrowed(&self) -> bool {
        let is_named = !self.only.is_empty() || !self.skip.is_empty() || !self.level.is_empty();
        is_named || self.era.is_some() || self.failed.is_some()
    }

    /// The selected requirements.
    pub(super) fn requirements(&self) -> Result<Vec<&'static Requirement>, SelectionError> {
        self.choose(Vec::new()).map(|chosen| chosen.requirements)
    }

    /// The selected requirements, and those of these flows that are selected. An empty selection is an error.
    pub(super) fn choose(&self, flows: Vec<(String, Version)>) -> Result<Chosen, SelectionError> {
        let mut chosen = Chosen {
            requirements: checks::all(),
            flows: flows.into_iter().collect(),
            words: Vec::new(),
        };
        self.by_name(&mut chosen)?;
        self.by_level(&mut chosen)?;
        self.by_era(&mut chosen)?;
        self.by_failure(&mut chosen)?;
        Ok(chosen)
    }

    fn by_name(&self, chosen: &mut Chosen) -> Result<(), SelectionError> {
        for glob in self.only.iter().chain(&self.skip) {
            let is_matched = |id: &str| checks::is_matched(std::slice::from_ref(glob), id);
            let mut ids = chosen.requirements.iter().map(|requirement| requirement.id);
            if !ids.any(is_matched) && !chosen.flows.keys().any(|id| is_matched(id)) {
                return Err(SelectionError::NoMatch {
                    glob: glob.clone(),
                    nearest: checks::nearest(glob).unwrap_or("none"),
                });
            }
        }
        if !self.only.is_empty() {
            chosen.keep(|id| checks::is_matched(&self.only, id));
            chosen.words.clone_from(&self.only);
        }
        if self.skip.is_empty() {
            return Ok(());
        }
        let before = chosen.clone();
        chosen.keep(|id| !checks::is_matched(&self.skip, id));
        chosen.settle(&format!("all but {}", self.skip.join(" or ")), &before)
    }

    /// Flows of real Helm binaries have no level and are kept.
    fn by_level(&self, chosen: &mut Chosen) -> Result<(), SelectionError> {
        if self.level.is_empty() {
            return Ok(());
        }
        let levels: Vec<Level> = self.level.iter().map(|name| (*name).into()).collect();
        let names: Vec<String> = levels.iter().map(ToString::to_string).collect();
        let before = chosen.clone();
        let is_kept = |requirement: &&Requirement| levels.contains(&requirement.level);
        chosen.requirements.retain(is_kept);
        chosen.settle(&format!("level {}", names.join(" or ")), &before)
    }

    fn by_era(&self, chosen: &mut Chosen) -> Result<(), SelectionError> {
        let Some(span) = self.era else {
            return Ok(());
        };
        let before = chosen.clone();
        let is_kept = |requirement: &&Requirement| requirement.concerns(&span);
        chosen.requirements.retain(is_kept);
        chosen.flows.retain(|_, helm| span.shares_era_with(helm));
        chosen.settle(&format!("Helm {span}"), &before)
    }

    fn by_failure(&self, chosen: &mut Chosen) -> Result<(), SelectionError> {
        let Some(path) = &self.failed else {
            return Ok(());
        };
        let record = record::read(path)?;
        let is_open = |outcome| {
            matches!(
                outcome,
                Outcome::Fail | Outcome::Stale | Outcome::Intermittent | Outcome::Inconclusive
            )
        };
        let checks = record
            .checks()
            .map(|(_, check)| (check.outcome, check.id.as_str()));
        let flows = record.flows().map(|flow| (flow.outcome, flow.id.as_str()));
        let open: BTreeSet<&str> = checks
            .chain(flows)
            .filter_map(|(outcome, id)| is_open(outcome).then_some(id))
            .collect();
        // A target that could not be examined has no results.
        let mut targets = record.targets.iter();
        let is_all_open =
            targets.any(|target| target.obstacle.is_some() && target.checks.is_empty());
        if open.is_empty() && !is_all_open {
            return Err(SelectionError::NothingFailed { path: path.clone() });
        }
        let before = chosen.clone();
        chosen.keep(|id| is_all_open || open.contains(id));
        chosen.settle("failed before", &before)
    }
}

impl Chosen {
    fn keep(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.requirements
            .retain(|requirement| is_kept(requirement.id));
        self.flows.retain(|id, _| is_kept(id));
    }

    /// Adds a filter to the words, or returns an error if nothing is left.
    fn settle(&mut self, words: &str, before: &Self) -> Result<(), SelectionError> {
        if self.requirements.is_empty() && self.flows.is_empty() {
            return Err(SelectionError::Empty {
                filter: words.to_owned(),
                count: before.requirements.len() + before.flows.len(),
                before: match before.words.as_slice() {
                    [] => String::new(),
                    words => format!(" selected by `{}`", words.join("`, `")),
                },
            });
        }
        self.words.push(words.to_owned());
        Ok(())
    }
}
