//! `observe`: runs real Helm binaries with each fault, and records the results as evidence.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use helm_oci_fixtures::fault::{Fault, generate};
use helm_oci_suite::checks;
use helm_oci_suite::evidence::difference::{cells_of, differences};
use helm_oci_suite::evidence::{self, Draw, Evidence, EvidenceError};
use helm_oci_suite::helm::flow::Flow;
use semver::Version;
use thiserror::Error;

use super::fault;
use super::output::{self, OutputError};
use crate::exit_code::ExitCode;
use crate::helm::observe::{
    Observations, ObserveError, ObservedFault, Plan, Tally, observe as observe_all,
};
use crate::helm::{Helm, HelmError, discover};
use crate::run::Interrupt;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Run the Helm binaries in DIR: executables whose name begins with `helm`, in DIR or one folder below.
    #[arg(long, value_name = "DIR")]
    helm_dir: PathBuf,
    /// Run this Helm version only. May be repeated.
    #[arg(long = "version", value_name = "V")]
    versions: Vec<Version>,
    /// Use this fault only. May be repeated.
    #[arg(long = "fault", value_name = "NAME", value_parser = fault::parse)]
    faults: Vec<Fault>,
    /// Use N generated faults instead of those of the list. `prove --generated` compares the suite with the result.
    #[arg(long, value_name = "N", conflicts_with_all = ["faults", "update"])]
    generated: Option<usize>,
    /// Draw the generated faults with seed S.
    #[arg(long, value_name = "S", default_value_t = 1, requires = "generated")]
    seed: u64,
    /// Run this flow only, such as `pull-range`. May be repeated.
    #[arg(long = "flow", value_name = "F", value_parser = flow)]
    flows: Vec<Flow>,
    /// Run N Helm binaries concurrently.
    #[arg(long, value_name = "N", default_value_t = 3)]
    jobs: usize,
    /// Write one file for each Helm version into DIR, instead of printing the evidence.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Update the evidence in DIR with the observations. Evidence of other faults and flows is kept.
    #[arg(long, value_name = "DIR", conflicts_with = "out")]
    update: Option<PathBuf>,
    /// Compare the observations with the evidence in DIR, and write nothing. Exit with code 4 if they differ.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["out", "update"])]
    check: Option<PathBuf>,
}

/// An error of `observe`.
#[derive(Debug, Error)]
pub(super) enum ObserveCommandError {
    #[error(transparent)]
    Helm(#[from] HelmError),
    #[error("no Helm {version} in {folder}; check --version and --helm-dir", folder = .folder.display())]
    NoSuchHelm { version: Version, folder: PathBuf },
    #[error("no evidence of Helm {version} in {folder}; create it with `observe --out`", folder = .folder.display())]
    NotRecorded { version: Version, folder: PathBuf },
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The observation could not be completed.
    #[error(transparent)]
    Incomplete(#[from] ObserveError),
}

pub(super) async fn observe(arguments: &Arguments) -> Result<ExitCode, ObserveCommandError> {
    let plan = arguments.plan().await?;
    let recorded = match arguments.check.as_ref().or(arguments.update.as_ref()) {
        Some(folder) => Some(recorded(&plan, folder)?),
        None => None,
    };
    let interrupt = Interrupt::on_signals();
    let report = |helm: &Helm, flow: Flow, tally: Tally| {
        let Tally { cells, runs, fails } = tally;
        let version = &helm.version;
        output::note(&format!(
            "helm {version} {flow}: {cells} cells, {runs} runs, {fails} fail\n"
        ));
    };
    let Observations {
        complete,
        incomplete,
    } = observe_all(&plan, async || interrupt.wait().await, report).await?;
    let code = match (recorded, &arguments.update) {
        (Some(recorded), Some(folder)) => {
            let pairs = pairs(&recorded, &complete);
            let updated = pairs.map(|(old, new)| old.clone().updated(new.clone()));
            keep(&updated.collect::<Vec<_>>(), Some(folder))?
        }
        (Some(recorded), None) => check(pairs(&recorded, &complete))?,
        (None, _) => keep(&complete, arguments.out.as_deref())?,
    };
    if incomplete.is_empty() {
        return Ok(code);
    }
    output::note(&format!(
        "error: interrupted; {}\n",
        left_out(&complete, &incomplete)
    ));
    Ok(ExitCode::Interrupted)
}

/// The Helm versions whose observations were used after an interruption, and those whose were not.
fn left_out(complete: &[Evidence], incomplete: &[Version]) -> String {
    let list = |versions: Vec<String>| versions.join(", ");
    let incomplete = list(incomplete.iter().map(Version::to_string).collect());
    let complete = list(complete.iter().map(|one| one.helm.to_string()).collect());
    let why =
        format!("the observations of Helm {incomplete} were left out, because they are incomplete");
    if complete.is_empty() {
        return why;
    }
    format!("{why}; those of Helm {complete} are complete")
}

/// The evidence and the observations of each Helm version that was observed.
fn pairs<'a>(
    recorded: &'a [Evidence],
    observed: &'a [Evidence],
) -> impl Iterator<Item = (&'a Evidence, &'a Evidence)> {
    let of = |new: &'a Evidence| {
        let old = recorded.iter().find(|old| old.helm == new.helm)?;
        Some((old, new))
    };
    observed.iter().filter_map(of)
}

/// The evidence of each Helm in the plan, in its order. Missing evidence is an error before anything is run.
fn recorded(plan: &Plan, folder: &Path) -> Result<Vec<Evidence>, ObserveCommandError> {
    let recorded = evidence::load(folder)?;
    let of = |helm: &Helm| {
        let own = recorded.iter().find(|own| own.helm == helm.version);
        own.cloned()
            .ok_or_else(|| ObserveCommandError::NotRecorded {
                version: helm.version.clone(),
                folder: folder.to_owned(),
            })
    };
    plan.helm_binaries.iter().map(of).collect()
}

/// Prints the differences between the evidence and the observations.
fn check<'a>(
    pairs: impl Iterator<Item = (&'a Evidence, &'a Evidence)>,
) -> Result<ExitCode, OutputError> {
    let (mut cells, mut count) = (0, 0);
    for (old, new) in pairs {
        cells += cells_of(new);
        if old.binary != new.binary {
            let helm = &new.helm;
            output::note(&format!(
                "helm {helm}: the evidence was recorded with another binary of this version\n"
            ));
        }
        for difference in differences(&checks::all(), old, new) {
            count += 1;
            output::print(&difference.to_string())?;
        }
    }
    output::print(&format!("{cells} cells compared, {count} differ\n"))?;
    Ok(if count == 0 {
        ExitCode::Acceptable
    } else {
        ExitCode::Defect
    })
}

/// Writes the evidence, or prints it.
fn keep(evidence: &[Evidence], folder: Option<&Path>) -> Result<ExitCode, OutputError> {
    for one in evidence {
        let Some(folder) = folder else {
            output::print(&one.to_json())?;
            continue;
        };
        let path = folder.join(one.file_name());
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, one.to_json()));
        written.map_err(|source| OutputError::file(&path, source))?;
    }
    Ok(ExitCode::Acceptable)
}

/// Parses the name of a flow.
fn flow(name: &str) -> Result<Flow, String> {
    let known = Flow::ALL.iter().copied().find(|flow| flow.name() == name);
    known.ok_or_else(|| {
        let names: Vec<&str> = Flow::ALL.iter().map(|flow| flow.name()).collect();
        format!("unknown flow; valid flows: {}", names.join(", "))
    })
}

impl Arguments {
    /// The faults, and their draw if they are generated.
    fn faults(&self) -> (Vec<ObservedFault>, Option<Draw>) {
        let Some(count) = self.generated else {
            let listed = fault::or_all(&self.faults);
            return (listed.into_iter().map(ObservedFault::from).collect(), None);
        };
        let seed = self.seed;
        let generated = generate(count, seed);
        let faults = generated.into_iter().map(ObservedFault::from);
        (faults.collect(), Some(Draw { seed, count }))
    }

    async fn plan(&self) -> Result<Plan, ObserveCommandError> {
        let mut flows = self.flows.clone();
        if flows.is_empty() {
            flows = Flow::ALL.to_vec();
        }
        let mut helm_binaries = discover(&self.helm_dir).await?;
        if let Some(missing) = self
            .versions
            .iter()
            .find(|wanted| helm_binaries.iter().all(|helm| helm.version != **wanted))
        {
            return Err(ObserveCommandError::NoSuchHelm {
                version: missing.clone(),
                folder: self.helm_dir.clone(),
            });
        }
        if !self.versions.is_empty() {
            helm_binaries.retain(|helm| self.versions.contains(&helm.version));
        }
        let (faults, draw) = self.faults();
        Ok(Plan {
            helm_binaries,
            faults,
            draw,
            flows,
            jobs: self.jobs,
        })
    }
}
