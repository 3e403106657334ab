//! `prove`: the suite examined.

use clap::Args;
use helm_oci_fixtures::fault::Fault;

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
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn prove(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let requirements = arguments.selection.requirements()?;
    let mut faults = serve::faults(&arguments.faults)?;
    if faults.is_empty() {
        faults = Fault::ALL.to_vec();
    }
    let proof = prove::prove(&requirements, &faults);
    if arguments.json {
        let mut text = serde_json::to_string_pretty(&proof).expect("a proof serialises");
        text.push('\n');
        output::print(&text)?;
    } else {
        output::print(&proof.summary())?;
    }
    Ok(if proof.holds() {
        ExitCode::Acceptable
    } else {
        ExitCode::Defect
    })
}
