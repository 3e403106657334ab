//! Which requirements, and which flows of real Helms: each filter leaves some of what the ones before it left.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use helm_oci_suite::checks;
use helm_oci_suite::helm::version::Span;
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::requirement::{Level, Requirement};
use semver::Version;

use super::deviations::read_record;
use super::error::CliError;

/// Which requirements.
#[derive(Debug, Args)]
pub(super) struct Selection {
    /// Only these requirements: an id, an area, or a pattern in which `*` stands for any characters. May be given
    /// several times.
    #[arg(long, value_name = "ID|AREA|GLOB")]
    only: Vec<String>,
    /// Not these requirements, such as `limits/chart-*`, which moves some hundred mebibytes; written as with `--only`.
    /// May be given several times.
    #[arg(long, value_name = "ID|AREA|GLOB")]
    skip: Vec<String>,
    /// Only requirements of this level: what Helm makes of them. Flows of real Helms have none, and stay. May be given
    /// several times.
    #[arg(long, value_name = "LEVEL", value_enum)]
    level: Vec<LevelName>,
    /// Only what matters to this Helm: requirements whose violation breaks one of its flows, and of real Helms those of
    /// its era. A version such as 3.8 or 4.2.4, or an era such as 3.8-3.17.
    #[arg(long, value_name = "VERSION")]
    era: Option<Span>,
    /// Only what failed or could not be told in this record, as `run --json` writes it; everything, where a target
    /// could not be examined.
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

/// What is selected.
#[derive(Debug, Clone)]
pub(super) struct Chosen {
    /// The requirements, in the suite's order.
    pub(super) requirements: Vec<&'static Requirement>,
    /// The ids of flows of real Helms, with the version of each.
    pub(super) flows: BTreeMap<String, Version>,
    /// The filters in words; none if all is selected.
    pub(super) words: Vec<String>,
}

impl Selection {
    /// Whether it says anything.
    pub(super) fn is_narrowed(&self) -> bool {
        let is_named = !self.only.is_empty() || !self.skip.is_empty() || !self.level.is_empty();
        is_named || self.era.is_some() || self.failed.is_some()
    }

    /// The requirements selected.
    pub(super) fn requirements(&self) -> Result<Vec<&'static Requirement>, CliError> {
        self.choose(Vec::new()).map(|chosen| chosen.requirements)
    }

    /// The requirements selected, and those of these flows; a filter that leaves nothing is an error.
    pub(super) fn choose(&self, flows: Vec<(String, Version)>) -> Result<Chosen, CliError> {
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

    fn by_name(&self, chosen: &mut Chosen) -> Result<(), CliError> {
        for glob in self.only.iter().chain(&self.skip) {
            let is_matched = |id: &str| checks::is_matched(std::slice::from_ref(glob), id);
            let mut ids = chosen.requirements.iter().map(|requirement| requirement.id);
            if !ids.any(is_matched) && !chosen.flows.keys().any(|id| is_matched(id)) {
                return Err(CliError::NoMatch {
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

    /// Flows of real Helms have no level and stay.
    fn by_level(&self, chosen: &mut Chosen) -> Result<(), CliError> {
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

    fn by_era(&self, chosen: &mut Chosen) -> Result<(), CliError> {
        let Some(span) = self.era else {
            return Ok(());
        };
        let before = chosen.clone();
        let is_kept = |requirement: &&Requirement| requirement.matters_to(&span);
        chosen.requirements.retain(is_kept);
        chosen.flows.retain(|_, helm| span.shares_era_with(helm));
        chosen.settle(&format!("Helm {span}"), &before)
    }

    fn by_failure(&self, chosen: &mut Chosen) -> Result<(), CliError> {
        let Some(path) = &self.failed else {
            return Ok(());
        };
        let record = read_record(path)?;
        let is_open = |outcome| {
            matches!(
                outcome,
                Outcome::Fail | Outcome::Stale | Outcome::Inconclusive
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
        // Of a target that could not be examined nothing was told.
        let mut targets = record.targets.iter();
        let is_all_open =
            targets.any(|target| target.obstacle.is_some() && target.checks.is_empty());
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

    /// Notes a filter; one that left nothing of what was there before it is an error.
    fn settle(&mut self, words: &str, before: &Self) -> Result<(), CliError> {
        if self.requirements.is_empty() && self.flows.is_empty() {
            return Err(CliError::Emptied {
                filter: words.to_owned(),
                count: before.requirements.len() + before.flows.len(),
                before: match before.words.as_slice() {
                    [] => String::new(),
                    words => format!(" of `{}`", words.join("`, `")),
                },
            });
        }
        self.words.push(words.to_owned());
        Ok(())
    }
}
