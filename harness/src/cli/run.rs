//! `run`: examines targets, and reports the results.

use std::path::PathBuf;

use clap::Args;
use helm_oci_suite::helm::flow::Flow;
use thiserror::Error;

use super::deviations::RulesArguments;
use super::events::EventLog;
use super::helm::{HelmArguments, HelmOptionError};
use super::output::OutputError;
use super::report::{Layout, ReportArguments, ReportError, with_errors};
use super::selection::SelectionError;
use super::target::{self, TargetArguments, TargetsError};
use super::{Selection, output, progress};
use crate::clock;
use crate::deviations::DeviationError;
use crate::exit_code::ExitCode;
use crate::helm::Helm;
use crate::run::preset::Preset;
use crate::run::{self, AssignError, Events, Interrupt, Interrupted, Job, Plan, Schedule};
use crate::target::policy::Concurrency;
use crate::target::resolved::ResolvedTarget;
use crate::target::spec::TargetSpec;

/// An error of `run`.
#[derive(Debug, Error)]
pub(super) enum RunCommandError {
    #[error("--repositories applies to a single target; use `matrix` with a file for each")]
    RepositoriesForMany,
    #[error("--chart applies to a single target; use `matrix` with a chart for each")]
    ChartForMany,
    #[error(transparent)]
    Targets(#[from] TargetsError),
    #[error(transparent)]
    Assign(#[from] AssignError),
    #[error(transparent)]
    Examination(#[from] ExaminationError),
}

/// An examination that cannot be planned, or reported.
#[derive(Debug, Error)]
pub(super) enum ExaminationError {
    #[error(transparent)]
    Helm(#[from] HelmOptionError),
    #[error(transparent)]
    Selection(#[from] SelectionError),
    #[error(transparent)]
    Deviations(#[from] DeviationError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Events(#[from] OutputError),
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Examine these targets: reference, distribution[:VERSION], zot[:VERSION], olareg[:VERSION], image:NAME,
    /// process:PATH, or http(s)://HOST[:PORT][/NAMESPACE].
    #[arg(value_name = "TARGET", default_value = "reference")]
    targets: Vec<String>,
    #[command(flatten)]
    reach: TargetArguments,
    /// Work in the repositories listed in FILE, which exist and are empty, instead of creating some. One name on each
    /// line.
    #[arg(long, value_name = "FILE")]
    repositories: Option<PathBuf>,
    /// Write nothing; examine whether the existing chart of --chart can be pulled.
    #[arg(long, conflicts_with = "repositories", requires = "chart")]
    read_only: bool,
    /// Examine this existing chart with --read-only: `oci://HOST/REPOSITORY:VERSION`, or NAME:VERSION in the namespace
    /// of the target.
    #[arg(long, value_name = "CHART", requires = "read_only")]
    chart: Option<String>,
    #[command(flatten)]
    examination: ExaminationArguments,
}

/// The examination of targets, and its reports.
#[derive(Debug, Args)]
pub(super) struct ExaminationArguments {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    rules: RulesArguments,
    #[command(flatten)]
    helm_binaries: HelmArguments,
    /// Examine this much. The default is `quick` if a target is at a URL and no requirements are selected with --only,
    /// otherwise `full`.
    #[arg(long, value_name = "PRESET")]
    preset: Option<Preset>,
    /// Run up to N checks concurrently on a target. The default is 16, and on a registry at a URL up to 64 as long as its
    /// responses are not delayed.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: Option<u16>,
    /// Confirm each failure up to N times in a fresh repository; what does not fail again is intermittent.
    #[arg(long, value_name = "N", default_value_t = run::RETRIES, value_parser = clap::value_parser!(u16).range(0..=9))]
    retries: u16,
    /// Push and pull a chart N times after the checks, and report how often and how long each step comes late.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    soak: u16,
    /// Derive content from seed N, and on an ephemeral registry also names. The same seed produces the same requests.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Use the repositories that `plan --seed N` prints, which exist. Otherwise runs on a persistent registry have names of
    /// their own, so that those with one seed do not meet.
    #[arg(long, requires = "seed")]
    planned: bool,
    #[command(flatten)]
    reports: ReportArguments,
    /// Write each event of the run to FILE as it happens, or to standard output if FILE is `-`: a line of JSON each.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    events: Option<PathBuf>,
}

pub(super) async fn run(arguments: &Arguments) -> Result<ExitCode, RunCommandError> {
    let examination = &arguments.examination;
    let Some(mut plan) = examination.plan().await? else {
        return Ok(ExitCode::Acceptable);
    };
    let targets = arguments.reach.resolve(arguments.specs()?, &plan.label())?;
    plan.preset = examination.preset(&targets);
    let jobs = target::assign(targets, &plan).await?;
    let layout = Layout::Sequential;
    Ok(examination.examine(&plan, &jobs, 1, layout).await?)
}

impl Arguments {
    fn specs(&self) -> Result<Vec<TargetSpec>, RunCommandError> {
        let is_single = self.targets.len() == 1;
        if self.repositories.is_some() && !is_single {
            return Err(RunCommandError::RepositoriesForMany);
        }
        if self.chart.is_some() && !is_single {
            return Err(RunCommandError::ChartForMany);
        }
        let spec = |target: &String| TargetSpec {
            repositories: self.repositories.clone(),
            read_only: self.read_only,
            chart: self.chart.clone(),
            ..self.reach.spec(target)
        };
        Ok(self.targets.iter().map(spec).collect())
    }
}

impl ExaminationArguments {
    /// The plan of the examination; `None` if it is to repeat the failures of a record that has none.
    pub(super) async fn plan(&self) -> Result<Option<Plan>, ExaminationError> {
        let helm_binaries = self.helm_binaries.clients().await?;
        let flows = helm_binaries.all.iter().flat_map(|helm| {
            let id = |flow: &Flow| (run::flow_id(helm, *flow), helm.version.clone());
            Flow::ALL.iter().map(id)
        });
        let chosen = match self.selection.choose(flows.collect()) {
            Err(error @ SelectionError::NothingFailed { .. }) => {
                output::note(&format!("nothing to run: {error}\n"));
                return Ok(None);
            }
            chosen => chosen?,
        };
        for Helm { version, .. } in &helm_binaries.all {
            if !chosen.flows.values().any(|selected| selected == version) {
                output::note(&format!(
                    "Helm {version} is not run: none of its flows is selected\n"
                ));
            }
        }
        Ok(Some(Plan {
            flows: chosen.flows.into_keys().collect(),
            only: chosen.words,
            helm_binaries,
            strict: self.rules.is_strict(),
            is_planned: self.planned,
            deviations: self.rules.deviations()?,
            ..Plan::new(chosen.requirements, self.seed.unwrap_or_else(clock::seed))
        }))
    }

    /// The preset of the examination of these targets.
    pub(super) fn preset(&self, targets: &[ResolvedTarget]) -> Preset {
        let by_targets = || Preset::of(targets, self.selection.is_only());
        self.preset.unwrap_or_else(by_targets)
    }

    /// Runs the plan on the targets, `parallel` at a time, and writes the reports.
    pub(super) async fn examine(
        &self,
        plan: &Plan,
        jobs: &[Job],
        parallel: usize,
        layout: Layout,
    ) -> Result<ExitCode, ExaminationError> {
        let reports = self.reports.open(&[&self.events])?;
        let names = jobs.iter().map(|job| job.target.name.clone());
        let open = |path: &PathBuf| EventLog::open(path, names.collect());
        let log = self.events.as_ref().map(open).transpose()?;
        let schedule = Schedule {
            targets: parallel,
            checks: Concurrency::requested(self.jobs),
            retries: usize::from(self.retries),
            soak: usize::from(self.soak),
            ..Schedule::default()
        };
        let work = async |events: &Events, interrupt: &Interrupt| {
            run::examine(plan, jobs, schedule, events, interrupt).await
        };
        let lost = "the reports state what was examined before";
        let (record, code) =
            match progress::watch(self.reports.quiet, log.clone(), lost, work).await {
                Ok(record) => {
                    let code = ExitCode::of(&record.targets, &record.deviations, record.run.strict);
                    (record, code)
                }
                Err(Interrupted { before, .. }) => (*before, ExitCode::Interrupted),
            };
        let code = reports.write(&record, layout, code);
        let logged = log.map(|log| log.finish(&record, code));
        Ok(with_errors(logged, code))
    }
}
