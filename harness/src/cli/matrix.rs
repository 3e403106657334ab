//! `matrix`: examines several targets in one run, and compares them in one report.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use thiserror::Error;

use super::report::Layout;
use super::run::{ExaminationArguments, ExaminationError};
use super::target::{self, TargetsError};
use crate::exit_code::ExitCode;
use crate::run::AssignError;
use crate::target::file::{self, TargetFileError};

/// An error of `matrix`.
#[derive(Debug, Error)]
pub(super) enum MatrixCommandError {
    #[error(
        "shard {shard} has none of the {targets} targets; use at most as many shards as targets"
    )]
    EmptyShard { shard: String, targets: usize },
    #[error(transparent)]
    File(#[from] TargetFileError),
    #[error(transparent)]
    Targets(#[from] TargetsError),
    #[error(transparent)]
    Assign(#[from] AssignError),
    #[error(transparent)]
    Examination(#[from] ExaminationError),
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Examine the targets in these TOML files.
    #[arg(value_name = "FILE", required = true)]
    targets: Vec<PathBuf>,
    /// Examine every N-th target only, beginning with the K-th, so that N machines share the work. Combine their records
    /// with `merge`.
    #[arg(long, value_name = "K/N")]
    shard: Option<Shard>,
    /// Examine up to N targets concurrently.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    parallel: u16,
    #[command(flatten)]
    examination: ExaminationArguments,
}

/// One of several equal parts of the targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shard {
    /// The number of this part, from 1.
    number: usize,
    /// The number of parts.
    count: usize,
}

#[derive(Debug, Error)]
#[error("write it as K/N, with K from 1 to N")]
struct ShardError;

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let (own, all) = text.split_once('/').ok_or(ShardError)?;
        let number = |text: &str| text.parse::<usize>().map_err(|_| ShardError);
        let shard = Self {
            number: number(own)?,
            count: number(all)?,
        };
        if (1..=shard.count).contains(&shard.number) {
            Ok(shard)
        } else {
            Err(ShardError)
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.count)
    }
}

impl Shard {
    /// True if the target at this position belongs to this part.
    fn contains(self, position: usize) -> bool {
        position % self.count == self.number - 1
    }
}

pub(super) async fn matrix(arguments: &Arguments) -> Result<ExitCode, MatrixCommandError> {
    let mut specs = Vec::new();
    for path in &arguments.targets {
        specs.extend(file::read(path)?);
    }
    let Some(mut plan) = arguments.examination.plan().await? else {
        return Ok(ExitCode::Acceptable);
    };
    plan.shard = arguments.shard.map(|shard| shard.to_string());
    let mut targets = target::resolve(&target::parse(specs)?, None, &plan.label())?;
    // All shards have the same.
    plan.preset = arguments.examination.preset(&targets);
    if let Some(shard) = arguments.shard {
        let mut positions = 0..;
        let elsewhere = &mut plan.deviations.elsewhere;
        targets.retain(|target| {
            let is_own = positions
                .next()
                .is_some_and(|position| shard.contains(position));
            if !is_own {
                elsewhere.push(target.name.clone());
            }
            is_own
        });
        if targets.is_empty() {
            return Err(MatrixCommandError::EmptyShard {
                shard: shard.to_string(),
                targets: elsewhere.len(),
            });
        }
    }
    let jobs = target::assign(targets, &plan).await?;
    let parallel = usize::from(arguments.parallel);
    let layout = Layout::Matrix;
    let examination = &arguments.examination;
    Ok(examination.examine(&plan, &jobs, parallel, layout).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_target_belongs_to_exactly_one_shard() {
        let shards = ["1/3", "2/3", "3/3"].map(|text| text.parse::<Shard>().expect(text));
        for position in 0..10 {
            let owners = shards.iter().filter(|shard| shard.contains(position));
            assert_eq!(owners.count(), 1, "{position}");
        }
        for text in ["0/3", "4/3", "1", "a/b", "1/0", "-1/2"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
