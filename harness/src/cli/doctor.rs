//! `doctor`: checks the local environment.

use std::path::PathBuf;

use clap::Args;
use thiserror::Error;

use super::environment::environment;
use super::output::OutputError;
use super::{TrustArguments, output};
use crate::clock;
use crate::doctor::{self, ServerTime};
use crate::exit_code::ExitCode;
use crate::helm::{self, HelmError};
use crate::http::{HealthClient, Limits, TrustError};
use crate::target::kind::{self, TargetError};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Compare the clock of this machine with that of a registry, such as `https://registry.example`.
    #[arg(value_name = "URL")]
    target: Option<String>,
    /// Check this Helm binary as well, in addition to `helm` on the PATH: a file, a folder of binaries, or a name on the
    /// PATH. May be repeated.
    #[arg(long = "helm", value_name = "PATH")]
    helm_binaries: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// An error of `doctor`.
#[derive(Debug, Error)]
pub(super) enum DoctorCommandError {
    #[error(transparent)]
    Helm(#[from] HelmError),
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Output(#[from] OutputError),
}

pub(super) async fn doctor(arguments: &Arguments) -> Result<ExitCode, DoctorCommandError> {
    let environment = environment();
    let mut helm_binaries = Vec::new();
    for given in &arguments.helm_binaries {
        helm_binaries.extend(helm::candidates(given, &environment.search_path())?);
    }
    let time = match &arguments.target {
        Some(target) => Some(query(arguments, target).await?),
        None => None,
    };
    let diagnosis = doctor::examine(&environment, helm_binaries, time).await;
    let text = if arguments.json {
        let json = serde_json::to_string_pretty(&diagnosis).expect("a diagnosis serialises");
        format!("{json}\n")
    } else {
        diagnosis.summary()
    };
    output::print(&text)?;
    Ok(if diagnosis.is_healthy() {
        ExitCode::Acceptable
    } else {
        ExitCode::Inconclusive
    })
}

/// Queries a registry for its time.
async fn query(arguments: &Arguments, target: &str) -> Result<ServerTime, DoctorCommandError> {
    let origin = kind::origin(target)?;
    let client = HealthClient::new(origin, &arguments.trust.trust(), Limits::default())?;
    let health = client.get("/v2/").await;
    Ok(ServerTime {
        target: target.to_owned(),
        received: clock::seconds(),
        date: match health {
            Ok(health) => Ok(health.date),
            Err(error) => Err(error.to_string()),
        },
    })
}
