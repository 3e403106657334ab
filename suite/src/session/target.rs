//! What a run examines, and the names it works under there.

use std::sync::Arc;

use http::Uri;

use crate::session::write_mode::Permission;
use crate::wire::Registry;
use crate::wire::content::mix;
pub use crate::wire::credentials::{Credentials, Login};
use crate::wire::redaction::Secrets;

/// One registry under examination, reached through the HTTP port.
#[derive(Clone)]
pub struct Target {
    /// The port.
    pub registry: Arc<dyn Registry>,
    /// What to answer a challenge with.
    pub credentials: Option<Credentials>,
    /// The path under which repositories may be made; without it the run makes its own first segment.
    pub namespace: Option<String>,
    /// The seed of names and content.
    pub seed: u64,
    /// Whether arranged manifests carry a `mediaType` field, for a registry that refuses them as Helm writes
    /// them: its other ways can then be judged all the same.
    pub typed_manifests: bool,
    /// What the run may write to.
    pub permission: Permission,
    /// What is taken for a mebibyte: [`MEBIBYTE`] wherever a registry is examined, less in proofs, which would take
    /// minutes otherwise.
    pub mebibyte: u64,
}

/// What a mebibyte is.
pub const MEBIBYTE: u64 = 1 << 20;

impl Target {
    /// A target without credentials or namespace.
    pub fn new(registry: Arc<dyn Registry>, seed: u64) -> Self {
        Self {
            registry,
            credentials: None,
            namespace: None,
            seed,
            typed_manifests: false,
            permission: Permission::default(),
            mebibyte: MEBIBYTE,
        }
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &Uri {
        self.registry.origin()
    }

    /// What no text about it may hold.
    pub fn secrets(&self) -> Secrets {
        Secrets::of(self.credentials.as_ref())
    }

    /// The short name of this run, part of every repository it makes.
    pub fn run(&self) -> String {
        format!("hoc-{:08x}", mix(self.seed) >> 32)
    }

    /// The repository of the check with this id: two segments, unless the namespace has more.
    pub fn repository(&self, id: &str) -> String {
        let slug = id.replace(['/', '.'], "-");
        match &self.namespace {
            Some(namespace) => format!("{namespace}/{}-{slug}", self.run()),
            None => format!("{}/{slug}", self.run()),
        }
    }
}
