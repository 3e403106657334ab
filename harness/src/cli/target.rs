//! How targets are reached: the same flags wherever a command takes targets.

use std::collections::BTreeSet;
use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;

use clap::Args;
use helm_oci_suite::session::write_mode::{Looks, Permission};

use super::TrustArguments;
use super::credentials::{self, CredentialArguments};
use super::error::CliError;
use crate::launch;
use crate::run::plan;
use crate::run::{Job, Plan};
use crate::target::chart_name::ChartName;
use crate::target::policy::{CleanUpStrategy, Size};
use crate::target::repositories;
use crate::target::spec::TargetSpec;

/// How the targets of a command are reached.
#[derive(Debug, Args)]
pub(super) struct TargetArguments {
    /// Use plain HTTP for targets given without a scheme or with oci://.
    #[arg(long)]
    plain_http: bool,
    #[command(flatten)]
    pub(super) trust: TrustArguments,
    #[command(flatten)]
    credentials: CredentialArguments,
    #[command(flatten)]
    conduct: ConductArguments,
}

/// How a run behaves towards a registry that stays.
#[derive(Debug, Args)]
struct ConductArguments {
    /// What is deleted in the end of what was pushed to a registry that stays.
    #[arg(long, value_name = "STRATEGY", value_enum, default_value_t)]
    clean_up: CleanUpStrategy,
    /// Send no more than so many requests in a second.
    #[arg(long, value_name = "N")]
    requests_per_second: Option<NonZeroU32>,
    /// Send no more than so many requests; what is not told by then stays inconclusive. Deleting is not counted.
    #[arg(long, value_name = "N")]
    max_requests: Option<NonZeroU64>,
    /// Send and receive bodies of no more than this size together, such as 20M.
    #[arg(long, value_name = "SIZE")]
    max_bytes: Option<Size>,
}

impl TargetArguments {
    /// The targets of the command line, in its order.
    pub(super) fn jobs(&self, names: &[String], run: &str) -> Result<Vec<Job>, CliError> {
        jobs(&self.specs(names)?, run)
    }

    /// The one target of a command that takes one.
    pub(super) fn job(&self, name: &str) -> Result<Job, CliError> {
        let mut jobs = self.jobs(&[name.to_owned()], &std::process::id().to_string())?;
        jobs.pop().ok_or(CliError::Nothing)
    }

    fn specs(&self, names: &[String]) -> Result<Vec<TargetSpec>, CliError> {
        let mut specs: Vec<TargetSpec> = names.iter().map(|name| self.spec(name)).collect();
        let mut external = Vec::new();
        for spec in &mut specs {
            if launch::parse(spec)?.takes_credentials() {
                external.push(spec);
            }
        }
        let given = self.credentials.given(external.len())?;
        for spec in external {
            spec.credentials = match &given {
                Some(credentials) => Some(credentials.clone()),
                None => credentials::of_spec(spec)?,
            };
        }
        Ok(specs)
    }

    fn spec(&self, target: &str) -> TargetSpec {
        TargetSpec {
            plain_http: self.plain_http,
            ca_file: self.trust.ca_file.clone(),
            cert_file: self.trust.cert_file.clone(),
            key_file: self.trust.key_file.clone(),
            registry_config: self.credentials.registry_config.clone(),
            logged_in: self.credentials.logged_in,
            insecure_skip_tls_verify: self.trust.insecure_skip_tls_verify,
            clean_up: self.conduct.clean_up,
            requests_per_second: self.conduct.requests_per_second,
            max_requests: self.conduct.max_requests,
            max_bytes: self.conduct.max_bytes,
            ..TargetSpec::named(target)
        }
    }
}

/// What the runner needs for these targets, each of which has a name of its own.
pub(super) fn jobs(specs: &[TargetSpec], run: &str) -> Result<Vec<Job>, CliError> {
    let mut seen = BTreeSet::new();
    let mut jobs = Vec::with_capacity(specs.len());
    for (position, spec) in specs.iter().enumerate() {
        let mut job = Job::new(spec, format!("{run}-{position}"))?;
        if !seen.insert(job.name.clone()) {
            return Err(CliError::Twice { name: job.name });
        }
        job.settings.trust.check()?;
        if let Some(path) = &spec.repositories {
            job.conduct.repositories = Some(repositories::read(path)?);
        }
        jobs.push(job);
    }
    Ok(jobs)
}

/// Tells each job what it may write to.
pub(super) async fn assign(jobs: &mut [Job], plan: &Plan) -> Result<(), CliError> {
    for job in jobs {
        let name = job.name.clone();
        let permission = if job.conduct.read_only {
            Permission::Reading(looks(job)?)
        } else if job.conduct.chart.is_some() {
            return Err(CliError::ChartWithoutReading { name });
        } else if let Some(given) = &job.conduct.repositories {
            let namespace = job.launcher.namespace();
            let places = plan::assign(&plan.requirements, namespace, plan.seed, given).await?;
            Permission::Given(Arc::new(places))
        } else {
            continue;
        };
        if job.conduct.read_only && job.conduct.repositories.is_some() {
            return Err(CliError::GivenForReading { name });
        }
        if !plan.helms.all.is_empty() {
            return Err(CliError::HelmNotFree { name });
        }
        job.conduct.permission = permission;
    }
    Ok(())
}

/// What a run that only reads looks at.
fn looks(job: &Job) -> Result<Looks, CliError> {
    let Some(given) = &job.conduct.chart else {
        return Ok(Looks::default());
    };
    let chart = ChartName::parse(given, job.launcher.host(), job.launcher.namespace())?;
    Ok(Looks {
        repository: Some(chart.repository),
        tag: Some(chart.tag),
        chart: None,
    })
}
