//! Options for targets, and the resolution of the targets that a command names.

use std::collections::BTreeSet;
use std::num::{NonZeroU32, NonZeroU64};

use clap::Args;
use helm_oci_suite::session::target::Credentials;
use thiserror::Error;

use super::TrustArguments;
use super::credentials::{CredentialArguments, CredentialOptionError};
use super::environment::environment;
use crate::run::{AssignError, Job, Plan};
use crate::target::kind::TargetError;
use crate::target::policy::{CleanUpStrategy, Size};
use crate::target::resolved::{ParsedTarget, ResolveError, ResolvedTarget};
use crate::target::spec::TargetSpec;

/// Targets that cannot be resolved.
#[derive(Debug, Error)]
pub(super) enum TargetsError {
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error("the target `{name}` is given twice; remove one")]
    Duplicate { name: String },
    #[error(transparent)]
    Credentials(#[from] CredentialOptionError),
    #[error(transparent)]
    Resolve(#[from] ResolveError),
}

/// The connection, credentials and policy of the targets of a command.
#[derive(Debug, Args)]
pub(super) struct TargetArguments {
    /// Use plain HTTP for targets without a scheme, or with the scheme oci://.
    #[arg(long)]
    plain_http: bool,
    #[command(flatten)]
    trust: TrustArguments,
    #[command(flatten)]
    credentials: CredentialArguments,
    #[command(flatten)]
    policy: PolicyArguments,
}

/// The policy on a persistent registry.
#[derive(Debug, Args)]
struct PolicyArguments {
    /// Use STRATEGY to delete what the run pushed to a persistent registry.
    #[arg(long, value_name = "STRATEGY", value_enum, default_value_t)]
    clean_up: CleanUpStrategy,
    /// End the clean-up once nothing was deleted for SECONDS (10 by default), and after 30 times that at the latest.
    #[arg(long, value_name = "SECONDS", value_parser = positive::<NonZeroU32>)]
    clean_up_limit: Option<NonZeroU32>,
    /// Send at most N requests per second.
    #[arg(long, value_name = "N", value_parser = positive::<NonZeroU32>)]
    requests_per_second: Option<NonZeroU32>,
    /// Send at most N requests. Checks that need more are inconclusive. Requests of the clean-up are not counted.
    #[arg(long, value_name = "N", value_parser = positive::<NonZeroU64>)]
    max_requests: Option<NonZeroU64>,
    /// Send and receive bodies of at most SIZE in total, such as 20M.
    #[arg(long, value_name = "SIZE")]
    max_bytes: Option<Size>,
}

/// Reads a whole number from 1.
fn positive<T: TryFrom<NonZeroU64>>(text: &str) -> Result<T, &'static str> {
    let number = text.parse().ok().and_then(NonZeroU64::new);
    let number = number.and_then(|number| T::try_from(number).ok());
    number.ok_or("give a whole number from 1")
}

impl TargetArguments {
    /// The description of a target that the command line names.
    pub(super) fn spec(&self, target: &str) -> TargetSpec {
        let mut spec = TargetSpec {
            plain_http: self.plain_http,
            ca_file: self.trust.ca_file.clone(),
            cert_file: self.trust.cert_file.clone(),
            key_file: self.trust.key_file.clone(),
            insecure_skip_tls_verify: self.trust.insecure_skip_tls_verify,
            clean_up: self.policy.clean_up,
            clean_up_limit: self.policy.clean_up_limit,
            requests_per_second: self.policy.requests_per_second,
            max_requests: self.policy.max_requests,
            max_bytes: self.policy.max_bytes,
            ..TargetSpec::named(target)
        };
        self.credentials.describe(&mut spec);
        spec
    }

    /// Resolves targets, with the credentials of the command line. `run` identifies the run in labels.
    pub(super) fn resolve(
        &self,
        specs: Vec<TargetSpec>,
        run: &str,
    ) -> Result<Vec<ResolvedTarget>, TargetsError> {
        let targets = parse(specs)?;
        let accepting = targets
            .iter()
            .filter(|target| target.kind().accepts_credentials());
        let credentials = self.credentials.read(accepting.count())?;
        resolve(&targets, credentials.as_ref(), run)
    }

    /// Resolves exactly these targets.
    pub(super) fn resolve_each<const N: usize>(
        &self,
        targets: &[String; N],
        run: &str,
    ) -> Result<[ResolvedTarget; N], TargetsError> {
        let specs = targets.iter().map(|target| self.spec(target)).collect();
        let resolved = self.resolve(specs, run)?.try_into();
        Ok(resolved.unwrap_or_else(|_| unreachable!("each target is resolved")))
    }

    /// Resolves the only target of a command.
    pub(super) fn resolve_one(&self, target: &str) -> Result<ResolvedTarget, TargetsError> {
        let run = std::process::id().to_string();
        let mut targets = self.resolve(vec![self.spec(target)], &run)?;
        Ok(targets.remove(0))
    }
}

/// Parses targets, each of which has its own name.
pub(super) fn parse(specs: Vec<TargetSpec>) -> Result<Vec<ParsedTarget>, TargetsError> {
    let mut names = BTreeSet::new();
    let mut targets = Vec::with_capacity(specs.len());
    for spec in specs {
        let target = ParsedTarget::parse(spec)?;
        if !names.insert(target.name().to_owned()) {
            return Err(TargetsError::Duplicate {
                name: target.name().to_owned(),
            });
        }
        targets.push(target);
    }
    Ok(targets)
}

/// Resolves targets. `credentials` are for the only one that accepts some; `run` identifies the run in labels.
pub(super) fn resolve(
    targets: &[ParsedTarget],
    credentials: Option<&Credentials>,
    run: &str,
) -> Result<Vec<ResolvedTarget>, TargetsError> {
    let environment = environment();
    let resolve = |(position, target): (usize, &ParsedTarget)| {
        let accepts = target.kind().accepts_credentials();
        let credentials = credentials.filter(|_| accepts).cloned();
        let label = format!("{run}-{position}");
        Ok(target.resolve(label, credentials, &environment)?)
    };
    targets.iter().enumerate().map(resolve).collect()
}

/// Assigns to each target the repositories that the plan needs there.
pub(super) async fn assign(
    targets: Vec<ResolvedTarget>,
    plan: &Plan,
) -> Result<Vec<Job>, AssignError> {
    let mut jobs = Vec::with_capacity(targets.len());
    for target in targets {
        jobs.push(Job::assigned(target, plan).await?);
    }
    Ok(jobs)
}
