//! The real Helm binaries whose flows run as well.

use std::path::PathBuf;

use clap::Args;

use super::environment::environment;
use super::error::CliError;
use crate::helm;
use crate::run::HelmClients;

/// The real Helm binaries of a command.
#[derive(Debug, Args)]
pub(super) struct HelmArguments {
    /// Run the flows of this real Helm as well: a binary, a folder of binaries whose names begin with `helm`, or a
    /// name on the PATH. May be given several times.
    #[arg(long = "helm", value_name = "PATH")]
    helms: Vec<PathBuf>,
    /// Run the flows of every Helm on the PATH as well.
    #[arg(long)]
    helm_on_path: bool,
    /// The cluster that a real Helm may ask when it installs; without it only Helm 4 installs, as a dry run.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
}

impl HelmArguments {
    /// The Helm binaries, with the version that each of them reports.
    pub(super) async fn helms(&self) -> Result<HelmClients, CliError> {
        let search_path = environment().search_path();
        let mut paths = self.helms.clone();
        if self.helm_on_path {
            let found = helm::on_path(&search_path);
            if found.is_empty() {
                return Err(CliError::NoHelmOnPath);
            }
            paths.extend(found);
        }
        let kubeconfig = self.kubeconfig.as_ref().map(|path| {
            let unreadable = |source| CliError::Kubeconfig {
                path: path.clone(),
                source,
            };
            // Helm does not run where we do.
            std::fs::canonicalize(path).map_err(unreadable)
        });
        Ok(HelmClients {
            all: helm::locate(&paths, &search_path).await?,
            kubeconfig: kubeconfig.transpose()?,
        })
    }
}
