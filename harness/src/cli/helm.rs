//! The real Helm binaries whose flows run as well.

use std::io;
use std::path::PathBuf;

use clap::Args;
use thiserror::Error;

use super::environment::environment;
use crate::helm::{self, HelmError};
use crate::run::HelmClients;

/// Helm binaries that cannot be used.
#[derive(Debug, Error)]
pub(super) enum HelmOptionError {
    #[error(transparent)]
    Helm(#[from] HelmError),
    #[error("no Helm on the PATH; name a binary with --helm")]
    NoneOnPath,
    #[error("cannot read the kubeconfig {path}", path = .path.display())]
    Kubeconfig {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

/// The real Helm binaries of a command.
#[derive(Debug, Args)]
pub(super) struct HelmArguments {
    /// Run the flows of this real Helm binary as well: a file, a folder of binaries whose names begin with `helm`, or a
    /// name on the PATH. May be repeated.
    #[arg(long = "helm", value_name = "PATH")]
    helm_binaries: Vec<PathBuf>,
    /// Run the flows of every Helm binary on the PATH as well.
    #[arg(long)]
    helm_on_path: bool,
    /// Use the cluster in FILE for `helm install`. Without it only Helm 4 installs, as a dry run.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
}

impl HelmArguments {
    /// The Helm binaries, with the version that each of them reports.
    pub(super) async fn clients(&self) -> Result<HelmClients, HelmOptionError> {
        let search_path = environment().search_path();
        let mut paths = self.helm_binaries.clone();
        if self.helm_on_path {
            let found = helm::on_path(&search_path);
            if found.is_empty() {
                return Err(HelmOptionError::NoneOnPath);
            }
            paths.extend(found);
        }
        let kubeconfig = self.kubeconfig.as_ref().map(|path| {
            let unreadable = |source| HelmOptionError::Kubeconfig {
                path: path.clone(),
                source,
            };
            // Helm runs in another folder.
            std::fs::canonicalize(path).map_err(unreadable)
        });
        Ok(HelmClients {
            all: helm::locate(&paths, &search_path).await?,
            kubeconfig: kubeconfig.transpose()?,
        })
    }
}
