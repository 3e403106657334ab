//! `reproduce`: a finding as a shell script.

use std::path::PathBuf;

use clap::Args;
use helm_oci_reports::record::{CheckRecord, TargetRecord};
use helm_oci_suite::checks;
use helm_oci_suite::requirement::Requirement;
use thiserror::Error;

use super::output::{self, OutputError};
use super::record::{self, RecordFileError};
use crate::exit_code::ExitCode;
use crate::reproduce::{self, NotReproducible, Reported};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The id of the violated requirement, such as upload/location-sent.
    id: String,
    /// The run record with the finding, written by `--json`.
    #[arg(long, value_name = "FILE")]
    record: PathBuf,
    /// Use the finding of the target with this NAME, if the requirement is violated by several.
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
}

/// An error of `reproduce`.
#[derive(Debug, Error)]
pub(super) enum ReproduceCommandError {
    #[error("unknown requirement `{id}`; did you mean `{nearest}`? `list` prints all")]
    UnknownRequirement { id: String, nearest: &'static str },
    #[error(transparent)]
    Record(#[from] RecordFileError),
    #[error("{path} has no violation of {id}{of}; violated are: {violated}", path = .path.display())]
    NotViolated {
        id: String,
        path: PathBuf,
        of: String,
        violated: String,
    },
    #[error("several targets violate {id}; select one with --target: {names}")]
    Ambiguous { id: String, names: String },
    #[error(
        "the finding of {id} cannot be reproduced with curl alone; repeat its check with: helm-oci-conformance run {target} --only {id}"
    )]
    NotReproducible {
        id: String,
        target: String,
        #[source]
        source: NotReproducible,
    },
    #[error(transparent)]
    Output(#[from] OutputError),
}

pub(super) fn reproduce(arguments: &Arguments) -> Result<ExitCode, ReproduceCommandError> {
    let requirement = requirement(&arguments.id)?;
    let record = record::read(&arguments.record)?;
    let (target, check) = finding(arguments, &record.targets)?;
    let reported = Reported {
        requirement,
        finding: check.finding.as_ref().expect("a violation has a finding"),
        exchanges: &check.exchanges,
        seed: target.seed.unwrap_or(record.run.seed),
        origin: target.identity.url.as_deref(),
    };
    let script =
        reproduce::script(&reported).map_err(|source| ReproduceCommandError::NotReproducible {
            id: requirement.id.to_owned(),
            target: target.name.clone(),
            source,
        })?;
    output::print(&script)?;
    Ok(ExitCode::Acceptable)
}

fn requirement(id: &str) -> Result<&'static Requirement, ReproduceCommandError> {
    checks::find(id).ok_or_else(|| ReproduceCommandError::UnknownRequirement {
        id: id.to_owned(),
        nearest: checks::nearest_id(id).unwrap_or("none"),
    })
}

/// The violation of the requirement, and the target that has it.
fn finding<'r>(
    arguments: &Arguments,
    targets: &'r [TargetRecord],
) -> Result<(&'r TargetRecord, &'r CheckRecord), ReproduceCommandError> {
    let Arguments { id, record, target } = arguments;
    let is_meant = |own: &&TargetRecord| target.as_ref().is_none_or(|name| own.name == *name);
    let violations = targets.iter().filter(is_meant).flat_map(|target| {
        let violated = target.checks.iter().filter(|check| check.finding.is_some());
        violated.map(move |check| (target, check))
    });
    let violations: Vec<_> = violations.collect();
    let own = violations.iter().filter(|(_, check)| check.id == *id);
    match own.collect::<Vec<_>>()[..] {
        [] => Err(ReproduceCommandError::NotViolated {
            id: id.clone(),
            path: record.clone(),
            of: target
                .as_ref()
                .map_or_else(String::new, |name| format!(" on {name}")),
            violated: listed(violations.iter().map(|(_, check)| check.id.as_str())),
        }),
        [only] => Ok(*only),
        ref several => Err(ReproduceCommandError::Ambiguous {
            id: id.clone(),
            names: listed(several.iter().map(|(target, _)| target.name.as_str())),
        }),
    }
}

fn listed<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let mut texts: Vec<&str> = texts.collect();
    texts.sort_unstable();
    texts.dedup();
    match texts.len() {
        0 => "none".to_owned(),
        _ => texts.join(", "),
    }
}
