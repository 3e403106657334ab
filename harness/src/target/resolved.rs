//! A target that is ready to be launched: parsed, with its credentials, TLS trust and policy.

use std::num::NonZeroU64;

use helm_oci_suite::checks;
use helm_oci_suite::session::target::Credentials;
use thiserror::Error;

use super::chart_name::{ChartName, ChartNameError};
use super::credentials::{self, CredentialsError};
use super::kind::{Kind, TargetError};
use super::policy::{Budget, CleanUp, Policy, WriteAccess};
use super::repositories::{self, RepositoryFileError};
use super::spec::TargetSpec;
use crate::environment::Environment;
use crate::http::{Limits, Trust, TrustError};

/// A target whose text is parsed, and nothing else.
#[derive(Debug, Clone)]
pub struct ParsedTarget {
    spec: TargetSpec,
    kind: Kind,
}

/// A target that is ready to be launched.
#[derive(Debug, Clone)]
pub struct ResolvedTarget {
    /// Its name in reports.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// The label of the containers that are launched for it. It identifies the run and the target.
    pub label: String,
    /// The parameters of a connection to it.
    pub connection: Connection,
    /// The policy of a run on it.
    pub policy: Policy,
}

/// The parameters of a connection to a registry.
#[derive(Debug, Clone, Default)]
pub struct Connection {
    /// The certificates that are trusted.
    pub trust: Trust,
    /// Timeouts, and the largest body.
    pub limits: Limits,
    /// The credentials, sent to this registry only.
    pub credentials: Option<Credentials>,
}

/// A target that cannot be resolved.
#[derive(Debug, Error)]
pub enum ResolveError {
    /// Its credentials cannot be read.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// Its certificates cannot be used.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// Its repositories cannot be read.
    #[error(transparent)]
    Repositories(#[from] RepositoryFileError),
    /// Its chart has no valid name.
    #[error(transparent)]
    Chart(#[from] ChartNameError),
    /// A pattern of requirements to skip matches none.
    #[error(
        "the target `{name}` skips `{glob}`, which matches no requirement; did you mean `{nearest}`? `list` prints all"
    )]
    NoSuchRequirement {
        /// The target.
        name: String,
        /// The pattern.
        glob: String,
        /// The most similar id or area.
        nearest: &'static str,
    },
    /// Repositories to write to, and read-only access.
    #[error("the target `{name}` is read-only and needs no repositories; remove `repositories`")]
    ReadOnlyWithRepositories {
        /// The target.
        name: String,
    },
    /// Read-only access, without a chart to read.
    #[error(
        "the target `{name}` is read-only and names no chart: without one hardly anything can be examined; add `chart`, \
         such as nginx:1.2.3"
    )]
    ReadOnlyWithoutChart {
        /// The target.
        name: String,
    },
    /// A chart to read, without read-only access.
    #[error("the target `{name}` names a chart to read but is not read-only; add `read-only`")]
    ChartWithoutReadOnly {
        /// The target.
        name: String,
    },
}

impl ParsedTarget {
    /// Parses the text that names the target.
    pub fn parse(spec: TargetSpec) -> Result<Self, TargetError> {
        let kind = Kind::parse(&spec)?;
        Ok(Self { spec, kind })
    }

    /// Its kind.
    pub const fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Its name in reports.
    pub fn name(&self) -> &str {
        let name = self.spec.display_name();
        match (&self.spec.name, &self.kind) {
            (None, Kind::Url(_)) => name.trim_end_matches('/'),
            _ => name,
        }
    }

    /// Reads the files and variables that the description names. Credentials from standard input, if there are any,
    /// take precedence.
    pub fn resolve(
        &self,
        label: String,
        given: Option<Credentials>,
        environment: &Environment,
    ) -> Result<ResolvedTarget, ResolveError> {
        let Self { spec, kind } = self;
        let credentials = match given {
            Some(credentials) => Some(credentials),
            None => credentials::read(spec, kind, environment)?,
        };
        let trust = Trust {
            ca_file: spec.ca_file.clone(),
            cert_file: spec.cert_file.clone(),
            key_file: spec.key_file.clone(),
            pinned: Vec::new(),
            anyone: spec.insecure_skip_tls_verify,
        };
        trust.check()?;
        Ok(ResolvedTarget {
            name: self.name().to_owned(),
            kind: kind.clone(),
            label,
            connection: Connection {
                trust,
                limits: Limits::default(),
                credentials,
            },
            policy: Policy {
                clean_up: CleanUp {
                    strategy: spec.clean_up,
                    seconds: spec.clean_up_limit,
                },
                jobs: spec.jobs,
                skip: self.skip()?,
                requests_per_second: spec.requests_per_second,
                budget: Budget {
                    requests: spec.max_requests.map(NonZeroU64::get),
                    bytes: spec.max_bytes,
                },
                access: self.access()?,
            },
        })
    }

    /// The requirements that are not examined; each pattern matches one.
    fn skip(&self) -> Result<Vec<String>, ResolveError> {
        for glob in &self.spec.skip {
            let is_matched = |id| checks::is_matched(std::slice::from_ref(glob), id);
            if !checks::all().iter().any(|known| is_matched(known.id)) {
                return Err(ResolveError::NoSuchRequirement {
                    name: self.name().to_owned(),
                    glob: glob.clone(),
                    nearest: checks::nearest(glob).unwrap_or("none"),
                });
            }
        }
        Ok(self.spec.skip.clone())
    }

    fn access(&self) -> Result<WriteAccess, ResolveError> {
        let Self { spec, kind } = self;
        let name = || self.name().to_owned();
        if spec.read_only && spec.repositories.is_some() {
            return Err(ResolveError::ReadOnlyWithRepositories { name: name() });
        }
        if !spec.read_only && spec.chart.is_some() {
            return Err(ResolveError::ChartWithoutReadOnly { name: name() });
        }
        if spec.read_only {
            let Some(chart) = spec.chart.as_deref() else {
                return Err(ResolveError::ReadOnlyWithoutChart { name: name() });
            };
            let chart = ChartName::parse(chart, kind.host(), kind.namespace())?;
            return Ok(WriteAccess::ReadOnly(chart));
        }
        Ok(match &spec.repositories {
            Some(file) => WriteAccess::Given(repositories::read(file)?),
            None => WriteAccess::Own,
        })
    }
}
