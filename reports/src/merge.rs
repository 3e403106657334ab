//! Several records as one: the shards of a matrix, or runs on several machines.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::record::{RunRecord, SCHEMA};

/// Why records cannot be put together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MergeError {
    /// There is nothing to put together.
    #[error("there is no record to merge")]
    Nothing,
    /// They do not judge by the same requirements.
    #[error(
        "{name} was written by {found}, and the first record by {first}; run both with one version"
    )]
    Versions {
        /// Where the record comes from.
        name: String,
        /// The suite that wrote it.
        found: String,
        /// The suite that wrote the first.
        first: String,
    },
    /// They did not run the same selection.
    #[error("{name} is of another selection of requirements than the first record")]
    Selections {
        /// Where the record comes from.
        name: String,
    },
    /// A target is in two of them.
    #[error("the target `{target}` is in two of the records, {name} is the second")]
    Twice {
        /// The target.
        target: String,
        /// Where the second record comes from.
        name: String,
    },
    /// They are shards of different matrices.
    #[error("{name} is shard {shard}, and the first record is one of {of}")]
    Shards {
        /// Where the record comes from.
        name: String,
        /// What it says it is.
        shard: String,
        /// What the first says.
        of: String,
    },
    /// A shard is not there.
    #[error("shard {shard} is missing; did its job end, and was its record kept?")]
    Missing {
        /// Which.
        shard: String,
    },
}

/// Puts records together, each with the name of where it comes from; `exit_code` is set by who knows the codes.
pub fn merge(records: Vec<(String, RunRecord)>) -> Result<RunRecord, MergeError> {
    let mut shards = Vec::new();
    let mut records = records.into_iter();
    let (name, mut merged) = records.next().ok_or(MergeError::Nothing)?;
    shards.push((name, merged.run.shard.take()));
    let mut names: BTreeSet<String> = BTreeSet::new();
    for target in &merged.targets {
        names.insert(target.name.clone());
    }
    for (name, record) in records {
        check(&merged, &name, &record)?;
        shards.push((name.clone(), record.run.shard.clone()));
        let seed = (record.run.seed != merged.run.seed).then_some(record.run.seed);
        for mut target in record.targets {
            if !names.insert(target.name.clone()) {
                let target = target.name;
                return Err(MergeError::Twice { target, name });
            }
            target.seed = target.seed.or(seed);
            merged.targets.push(target);
        }
        for problem in record.deviations {
            if !merged.deviations.contains(&problem) {
                merged.deviations.push(problem);
            }
        }
        if record.run.started < merged.run.started {
            merged.run.started = record.run.started;
        }
        merged.run.milliseconds = merged.run.milliseconds.max(record.run.milliseconds);
        merged.footer.checks += record.footer.checks;
        merged.footer.flows += record.footer.flows;
    }
    complete(&shards)?;
    merged.schema = SCHEMA;
    Ok(merged)
}

fn check(first: &RunRecord, name: &str, record: &RunRecord) -> Result<(), MergeError> {
    let name = name.to_owned();
    if record.suite != first.suite {
        let suite = |record: &RunRecord| format!("{} {}", record.suite.name, record.suite.version);
        return Err(MergeError::Versions {
            name,
            found: suite(record),
            first: suite(first),
        });
    }
    if (&record.run.only, record.run.strict) != (&first.run.only, first.run.strict) {
        return Err(MergeError::Selections { name });
    }
    Ok(())
}

/// Whether all shards are there, if they are shards.
fn complete(shards: &[(String, Option<String>)]) -> Result<(), MergeError> {
    let Some(of) = shards
        .iter()
        .find_map(|(_, shard)| number(shard.as_deref()?))
    else {
        return Ok(());
    };
    for (name, shard) in shards {
        let shard = shard.as_deref().unwrap_or("no shard");
        if number(shard) != Some(of) {
            return Err(MergeError::Shards {
                name: name.clone(),
                shard: shard.to_owned(),
                of: of.to_string(),
            });
        }
    }
    for own in 1..=of {
        let wanted = format!("{own}/{of}");
        if !shards
            .iter()
            .any(|(_, shard)| shard.as_ref() == Some(&wanted))
        {
            return Err(MergeError::Missing { shard: wanted });
        }
    }
    Ok(())
}

/// How many shards there are.
fn number(shard: &str) -> Option<usize> {
    shard.split_once('/')?.1.parse().ok()
}
