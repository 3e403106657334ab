//! `matrix`: many targets in one run, and one report that compares them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use thiserror::Error;

use super::error::CliError;
use super::report::Layout;
use super::run::ExaminationArguments;
use super::target;
use crate::exit_code::ExitCode;
use crate::target::file;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The files that name the targets, as TOML.
    #[arg(value_name = "FILE", required = true)]
    targets: Vec<PathBuf>,
    /// Only every N-th target from the K-th on, as `K/N`: several machines share the work, and `merge` puts their
    /// records together.
    #[arg(long, value_name = "K/N")]
    shard: Option<Shard>,
    /// How many targets are examined at the same time.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    parallel: u16,
    #[command(flatten)]
    examination: ExaminationArguments,
}

/// A part of the targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shard {
    own: usize,
    all: usize,
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
            own: number(own)?,
            all: number(all)?,
        };
        if (1..=shard.all).contains(&shard.own) {
            Ok(shard)
        } else {
            Err(ShardError)
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.own, self.all)
    }
}

impl Shard {
    fn takes(self, position: usize) -> bool {
        position % self.all == self.own - 1
    }
}

pub(super) async fn matrix(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let mut specs = Vec::new();
    for path in &arguments.targets {
        specs.extend(file::read(path)?);
    }
    let mut plan = arguments.examination.plan().await?;
    plan.shard = arguments.shard.map(|shard| shard.to_string());
    let mut targets = target::resolve(&target::parse(specs)?, None, &plan.label())?;
    if let Some(shard) = arguments.shard {
        let mut positions = 0..;
        let elsewhere = &mut plan.deviations.elsewhere;
        targets.retain(|target| {
            let is_own = positions
                .next()
                .is_some_and(|position| shard.takes(position));
            if !is_own {
                elsewhere.push(target.name.clone());
            }
            is_own
        });
        if targets.is_empty() {
            return Err(CliError::EmptyShard {
                shard: shard.to_string(),
                targets: elsewhere.len(),
            });
        }
    }
    let jobs = target::assign(targets, &plan).await?;
    let parallel = usize::from(arguments.parallel);
    let layout = Layout::SideBySide;
    let examination = &arguments.examination;
    examination.examine(&plan, &jobs, parallel, layout).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_share_all_targets_and_take_none_twice() {
        let shards = ["1/3", "2/3", "3/3"].map(|text| text.parse::<Shard>().expect(text));
        for position in 0..10 {
            let takers = shards.iter().filter(|shard| shard.takes(position));
            assert_eq!(takers.count(), 1, "{position}");
        }
        for text in ["0/3", "4/3", "1", "a/b", "1/0", "-1/2"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
