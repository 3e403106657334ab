//! `prove`: the suite examined.

use std::path::PathBuf;

use clap::Args;
use helm_oci_fixtures::fault::Fault;
use helm_oci_suite::evidence;
use serde::Serialize;

use super::error::CliError;
use super::{Selection, output, serve};
use crate::exit_code::ExitCode;
use crate::prove;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// Only this fault. May be given several times.
    #[arg(long = "fault", value_name = "NAME")]
    faults: Vec<String>,
    /// Measure the suite by what real Helms did: in the evidence of this folder, as `observe` writes it and with
    /// its `exceptions.json`; without a folder, in the evidence this program was built with.
    #[arg(long, value_name = "DIR", num_args = 0..=1, conflicts_with = "Selection")]
    evidence: Option<Vec<PathBuf>>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn prove(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let mut faults = serve::faults(&arguments.faults)?;
    if faults.is_empty() {
        faults = Fault::ALL.to_vec();
    }
    if let Some(folders) = &arguments.evidence {
        let recorded = match folders.first() {
            None => evidence::recorded(),
            Some(folder) => evidence::read(folder)?,
        };
        if recorded.evidence.is_empty() {
            return Err(CliError::NoEvidence);
        }
        let measured = prove::evidence::measure(&recorded, &faults);
        if measured.all.cells == 0 {
            return Err(CliError::NoEvidence);
        }
        return print(arguments, &measured, measured.summary(), measured.holds());
    }
    let proof = prove::prove(&arguments.selection.requirements()?, &faults);
    print(arguments, &proof, proof.summary(), proof.holds())
}

fn print(
    arguments: &Arguments,
    shown: &impl Serialize,
    summary: String,
    holds: bool,
) -> Result<ExitCode, CliError> {
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
