//! `prove`: tests the suite itself, against faults or against the evidence of real Helm binaries.

use std::path::{Path, PathBuf};

use clap::Args;
use helm_oci_fixtures::fault::Fault;
use helm_oci_suite::checks;
use helm_oci_suite::evidence::{self, EvidenceError};
use serde::Serialize;
use thiserror::Error;

use super::output::OutputError;
use super::selection::SelectionError;
use super::{Selection, fault, output};
use crate::exit_code::ExitCode;
use crate::prove;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// Test this fault only. May be repeated.
    #[arg(long = "fault", value_name = "NAME", value_parser = fault::parse)]
    faults: Vec<Fault>,
    /// Compare the suite with the evidence of real Helm binaries in DIR, which `observe` writes, and which contains an
    /// `exceptions.json`. Without DIR, use the evidence built into this program.
    #[arg(long, value_name = "DIR", num_args = 0..=1, conflicts_with = "Selection")]
    evidence: Option<Vec<PathBuf>>,
    /// Compare the table with the recordings of generated faults in DIR, which `observe --generated` writes.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["Selection", "faults", "evidence"])]
    generated: Option<PathBuf>,
    /// Use only those generated faults whose name contains TEXT.
    #[arg(
        long,
        value_name = "TEXT",
        requires = "generated",
        default_value = "",
        hide_default_value = true
    )]
    containing: String,
    /// Print every disagreement with generated faults, also unknown results.
    #[arg(long, requires = "generated")]
    verbose: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// An error of `prove`.
#[derive(Debug, Error)]
pub(super) enum ProveCommandError {
    #[error("the evidence contains no observation to compare; create some with `observe`")]
    NoEvidence,
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    #[error(transparent)]
    Selection(#[from] SelectionError),
    #[error(transparent)]
    Output(#[from] OutputError),
}

pub(super) fn prove(arguments: &Arguments) -> Result<ExitCode, ProveCommandError> {
    if let Some(folder) = &arguments.generated {
        return generated(arguments, folder);
    }
    let faults = fault::or_all(&arguments.faults);
    if let Some(folders) = &arguments.evidence {
        let recorded = match folders.first() {
            None => evidence::recorded(),
            Some(folder) => evidence::read(folder)?,
        };
        if recorded.evidence.is_empty() {
            return Err(ProveCommandError::NoEvidence);
        }
        let measured = prove::evidence::measure(&recorded, &faults);
        if measured.all.cells == 0 {
            return Err(ProveCommandError::NoEvidence);
        }
        return Ok(print(
            arguments,
            &measured,
            measured.summary(),
            measured.holds(),
        )?);
    }
    let proof = prove::prove(&arguments.selection.requirements()?, &faults);
    Ok(print(arguments, &proof, proof.summary(), proof.holds())?)
}

fn generated(arguments: &Arguments, folder: &Path) -> Result<ExitCode, ProveCommandError> {
    let recordings = evidence::load(folder)?;
    let scored = prove::generated::score(&checks::all(), &recordings, &arguments.containing);
    if scored.all.cells == 0 {
        return Err(ProveCommandError::NoEvidence);
    }
    let summary = scored.summary(arguments.verbose);
    Ok(print(arguments, &scored, summary, scored.holds())?)
}

fn print(
    arguments: &Arguments,
    shown: &impl Serialize,
    summary: String,
    holds: bool,
) -> Result<ExitCode, OutputError> {
    let mut text = summary;
    if arguments.json {
        text = serde_json::to_string_pretty(shown).expect("a proof serialises");
        text.push('\n');
    }
    output::print(&text)?;
    Ok(if holds {
        ExitCode::Acceptable
    } else {
        ExitCode::Defect
    })
}
