//! Several records as one: the shards of a matrix, or runs on several machines.

use std::collections::BTreeSet;

use thiserror::Error;

use super::{RunRecord, SCHEMA};

/// The reason for which records cannot be merged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MergeError {
    /// No record was given.
    #[error("no run record to merge; name at least one")]
    Nothing,
    /// Two versions of the suite wrote them.
    #[error(
        "{name} was written by {found}, the first record by {first}; run both with the same version"
    )]
    Versions {
        /// The origin of the record.
        name: String,
        /// The suite that wrote it.
        found: String,
        /// The suite that wrote the first.
        first: String,
    },
    /// Their runs selected different requirements, or only one was strict.
    #[error(
        "{name} and the first record differ in their selection or in --strict; run both with the same options"
    )]
    Selections {
        /// The origin of the record.
        name: String,
    },
    /// Two records contain the same target.
    #[error("target `{target}` is in two records; the second is {name}")]
    Twice {
        /// The target.
        target: String,
        /// The origin of the second record.
        name: String,
    },
    /// They are shards of different matrices.
    #[error(
        "{name} is {shard}, but the matrix of the first shard has {of} shards; merge the shards of one matrix"
    )]
    Shards {
        /// The origin of the record.
        name: String,
        /// Its shard in words.
        shard: String,
        /// The number of shards of the first one.
        of: usize,
    },
    /// A shard is missing.
    #[error("shard {shard} is missing; check that its job ended and that its record was kept")]
    Missing {
        /// The missing shard.
        shard: String,
    },
}

/// Merges records, each with the name of its origin. The caller sets the exit code, whose values it knows.
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

/// Rejects a record of another suite version, or of a run with another selection or strictness.
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

/// Rejects an incomplete set of shards; records without shards are always complete.
fn complete(shards: &[(String, Option<String>)]) -> Result<(), MergeError> {
    let Some(of) = shards
        .iter()
        .find_map(|(_, shard)| number(shard.as_deref()?))
    else {
        return Ok(());
    };
    for (name, shard) in shards {
        let shard = shard.as_deref();
        if shard.and_then(number) != Some(of) {
            return Err(MergeError::Shards {
                name: name.clone(),
                shard: shard.map_or_else(
                    || "not a shard".to_owned(),
                    |shard| format!("shard {shard}"),
                ),
                of,
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

/// The number of shards in `K/N`.
fn number(shard: &str) -> Option<usize> {
    shard.split_once('/')?.1.parse().ok()
}
