//! `observe`: what real Helms do with each fault, written down as evidence.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use helm_oci_suite::evidence::difference::{cells_of, differences};
use helm_oci_suite::evidence::{self, Evidence};
use helm_oci_suite::helm::flow::Flow;
use semver::Version;

use super::error::CliError;
use super::{output, serve};
use crate::exit_code::ExitCode;
use crate::helm::observe::{Plan, Tally, observe as observe_all};
use crate::helm::{Helm, discover};
use crate::run::Interrupt;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A folder of Helms: executables whose name begins with `helm`, in it or directly below it.
    #[arg(long, value_name = "DIR")]
    helm_dir: PathBuf,
    /// Only the Helm of this version. May be given several times.
    #[arg(long = "version", value_name = "V")]
    versions: Vec<Version>,
    /// Only this fault. May be given several times.
    #[arg(long = "fault", value_name = "NAME")]
    faults: Vec<String>,
    /// Only this flow, such as `pull-range`. May be given several times.
    #[arg(long = "flow", value_name = "F")]
    flows: Vec<String>,
    /// How many Helms run side by side.
    #[arg(long, value_name = "N", default_value_t = 3)]
    jobs: usize,
    /// Write one file for each Helm into this folder; without it, print.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Take what is observed of the faults into the evidence in this folder; what is recorded of other faults stays.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["out", "flows"])]
    update: Option<PathBuf>,
    /// Write nothing, and compare with the evidence in this folder; what was not observed is not compared. A
    /// difference ends with exit code 4.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["out", "update"])]
    check: Option<PathBuf>,
}

pub(super) async fn observe(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let plan = arguments.plan().await?;
    let recorded = match arguments.check.as_ref().or(arguments.update.as_ref()) {
        Some(folder) => Some(recorded(&plan, folder)?),
        None => None,
    };
    let interrupt = Interrupt::on_signals();
    let told = |helm: &Helm, flow: Flow, tally: Tally| {
        let Tally { cells, runs, fails } = tally;
        let version = &helm.version;
        output::note(&format!(
            "helm {version} {flow}: {cells} cells, {runs} runs, {fails} fail\n"
        ));
    };
    let observed = tokio::select! {
        observed = observe_all(&plan, told) => observed,
        () = interrupt.wait() => return Ok(ExitCode::Interrupted),
    };
    let evidence = match observed {
        Ok(evidence) => evidence,
        Err(error) => {
            output::note(&format!("error: {}\n", crate::error::chain(&error)));
            return Ok(ExitCode::Inconclusive);
        }
    };
    match (recorded, &arguments.update) {
        (Some(recorded), Some(folder)) => {
            let updated = recorded.into_iter().zip(evidence);
            let updated: Vec<Evidence> = updated.map(|(old, new)| old.updated(new)).collect();
            keep(&updated, Some(folder))
        }
        (Some(recorded), None) => check(&recorded, &evidence),
        (None, _) => keep(&evidence, arguments.out.as_deref()),
    }
}

/// What is recorded of each Helm in the plan, in its order; that all of them are is said before they are run.
fn recorded(plan: &Plan, folder: &Path) -> Result<Vec<Evidence>, CliError> {
    let recorded = evidence::load(folder)?;
    let of = |helm: &Helm| {
        let own = recorded.iter().find(|own| own.helm == helm.version);
        own.cloned().ok_or_else(|| CliError::NotRecorded {
            version: helm.version.clone(),
            folder: folder.to_owned(),
        })
    };
    plan.helms.iter().map(of).collect()
}

/// Tells where what was observed is not what is recorded.
fn check(recorded: &[Evidence], observed: &[Evidence]) -> Result<ExitCode, CliError> {
    let mut count = 0;
    for (old, new) in recorded.iter().zip(observed) {
        if old.binary != new.binary {
            let helm = &new.helm;
            output::note(&format!(
                "helm {helm}: another binary of this version was recorded\n"
            ));
        }
        for difference in differences(old, new) {
            count += 1;
            output::print(&difference.to_string())?;
        }
    }
    let cells: usize = observed.iter().map(cells_of).sum();
    output::print(&format!("{cells} cells compared, {count} differ\n"))?;
    Ok(if count == 0 {
        ExitCode::Acceptable
    } else {
        ExitCode::Defect
    })
}

/// Writes the evidence, or prints it.
fn keep(evidence: &[Evidence], folder: Option<&Path>) -> Result<ExitCode, CliError> {
    for one in evidence {
        let Some(folder) = folder else {
            output::print(&one.to_json())?;
            continue;
        };
        let path = folder.join(one.file_name());
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, one.to_json()));
        written.map_err(|source| CliError::Write { path, source })?;
    }
    Ok(ExitCode::Acceptable)
}

impl Arguments {
    async fn plan(&self) -> Result<Plan, CliError> {
        let mut faults = serve::faults(&self.faults)?;
        if faults.is_empty() {
            faults = helm_oci_fixtures::fault::Fault::ALL.to_vec();
        }
        let mut flows = Vec::new();
        for name in &self.flows {
            let known = Flow::ALL.iter().find(|flow| flow.name() == name);
            flows.push(*known.ok_or_else(|| CliError::UnknownFlow { name: name.clone() })?);
        }
        if flows.is_empty() {
            flows = Flow::ALL.to_vec();
        }
        let mut helms = discover(&self.helm_dir).await?;
        if let Some(missing) = self
            .versions
            .iter()
            .find(|wanted| helms.iter().all(|helm| helm.version != **wanted))
        {
            return Err(CliError::NoSuchHelm {
                version: missing.clone(),
                folder: self.helm_dir.clone(),
            });
        }
        if !self.versions.is_empty() {
            helms.retain(|helm| self.versions.contains(&helm.version));
        }
        Ok(Plan {
            helms,
            faults,
            flows,
            jobs: self.jobs,
        })
    }
}
