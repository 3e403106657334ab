//! One target of a run: its launcher, and the policy of the run there.

use std::num::NonZeroU64;

use crate::http::{Limits, Trust};
use crate::launch::{self, Launcher, Settings, TargetError};
use crate::target::policy::{Budget, Conduct};
use crate::target::spec::TargetSpec;

/// One target of a run.
pub struct Job {
    /// Its name in reports.
    pub name: String,
    /// The launcher that makes it available.
    pub launcher: Box<dyn Launcher>,
    /// The settings of the launcher.
    pub settings: Settings,
    /// The policy of the run there.
    pub conduct: Conduct,
}

impl Job {
    /// The job for a target. `run` labels the containers of this target.
    pub fn new(spec: &TargetSpec, run: String) -> Result<Self, TargetError> {
        let launcher = launch::parse(spec)?;
        let name = spec.name.as_deref().unwrap_or(launcher.name()).to_owned();
        Ok(Self {
            name,
            launcher,
            settings: Settings {
                run,
                trust: Trust {
                    ca_file: spec.ca_file.clone(),
                    cert_file: spec.cert_file.clone(),
                    key_file: spec.key_file.clone(),
                    pinned: Vec::new(),
                    anyone: spec.insecure_skip_tls_verify,
                },
                limits: Limits::default(),
                credentials: spec.credentials.clone(),
            },
            conduct: Conduct {
                clean_up: spec.clean_up,
                requests_per_second: spec.requests_per_second,
                budget: Budget {
                    requests: spec.max_requests.map(NonZeroU64::get),
                    bytes: spec.max_bytes,
                },
                read_only: spec.read_only,
                chart: spec.chart.clone(),
                ..Conduct::default()
            },
        })
    }
}
