//! The target of a run, and the names that the run uses on it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use http::Uri;

use crate::oci::RepositoryName;
use crate::session::shared::Shared;
use crate::session::steps::BuiltCharts;
use crate::session::write_mode::WriteMode;
use crate::wire::Registry;
use crate::wire::content::mix;
pub use crate::wire::credentials::{Credentials, Login};
use crate::wire::redaction::Secrets;

/// One registry under examination, reached through its HTTP client.
#[derive(Clone)]
pub struct Target {
    /// The HTTP client.
    pub registry: Arc<dyn Registry>,
    /// The credentials to use after a challenge.
    pub credentials: Option<Credentials>,
    /// The path below which repositories may be created. Without it the run uses a first component of its own.
    pub namespace: Option<RepositoryName>,
    /// The seed of the content, and of names unless the run has a name of its own.
    pub seed: u64,
    /// The name of the run; without one it follows from the seed. Runs with one seed on one registry need different
    /// names.
    pub run_name: Option<String>,
    /// True if arranged manifests have a `mediaType` field, for a registry that rejects manifests as Helm writes them:
    /// its other behaviour can then be checked all the same.
    pub typed_manifests: bool,
    /// True if requests carry the credentials from the start, for a registry that refuses anonymous requests without a
    /// challenge: its other behaviour can then be checked all the same. The preflight sets it for every copy of the
    /// target, so that the clean-up of a run knows it.
    pub preemptive: Arc<AtomicBool>,
    /// The write mode of the run.
    pub write_mode: WriteMode,
    /// The number of earlier attempts of the same check. Each attempt has its own repositories and content.
    pub attempt: u32,
    /// The size of a mebibyte in checks: [`MEBIBYTE`] for every real registry, less in proofs, which would take minutes
    /// otherwise.
    pub mebibyte: u64,
    /// The registry on which client models arrange what they read, if it is not that of the target: a fault
    /// then alters the requests of the flow alone, as in the recordings of real Helm binaries.
    pub arranges_on: Option<Arc<dyn Registry>>,
    /// The charts that are built once for all targets of a proof. A run builds each chart once anyway.
    pub built: Option<Arc<BuiltCharts>>,
    /// What the checks of a run share; without it each check arranges what it reads.
    pub shared: Option<Arc<Shared>>,
}

/// The size of a mebibyte.
pub const MEBIBYTE: u64 = 1 << 20;

/// The name of a run that follows from a seed. It has no punctuation: some registries refuse `-` in a segment before the last.
pub fn name_of_run(seed: u64) -> String {
    format!("hoc{:08x}", mix(seed) >> 32)
}

impl Target {
    /// A target without credentials or namespace.
    pub fn new(registry: Arc<dyn Registry>, seed: u64) -> Self {
        Self {
            registry,
            credentials: None,
            namespace: None,
            seed,
            run_name: None,
            typed_manifests: false,
            preemptive: Arc::default(),
            write_mode: WriteMode::default(),
            attempt: 0,
            mebibyte: MEBIBYTE,
            arranges_on: None,
            built: None,
            shared: None,
        }
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &Uri {
        self.registry.origin()
    }

    /// The secrets in its credentials, which no text about it may contain.
    pub fn secrets(&self) -> Secrets {
        Secrets::of(self.credentials.as_ref())
    }

    /// The short name of this run, which is part of every repository that it creates.
    pub fn run(&self) -> String {
        let name = self.run_name.clone();
        name.unwrap_or_else(|| name_of_run(self.seed))
    }

    /// The repository of the check with this id. It has two components, or more below a namespace.
    pub fn repository(&self, id: &str) -> RepositoryName {
        let mut slug = id.replace(['/', '.'], "-");
        if self.attempt > 0 {
            slug = format!("{slug}-r{}", self.attempt);
        }
        repository_name(match &self.namespace {
            Some(namespace) => format!("{namespace}/{}-{slug}", self.run()),
            None => format!("{}/{slug}", self.run()),
        })
    }
}

/// The name of a repository of the run. It has a namespace that was parsed, and words of the suite.
pub(super) fn repository_name(name: String) -> RepositoryName {
    name.try_into()
        .expect("ids of checks and names of runs have the grammar of a repository name")
}
