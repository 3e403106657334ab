//! `doctor`: the machine examined.

use std::path::PathBuf;

use clap::Args;
use helm_oci_suite::wire::{Request, TransportError};
use http::{Method, Uri, header};

use super::environment::environment;
use super::error::CliError;
use super::{TrustArguments, output};
use crate::clock;
use crate::doctor::{self, ServerTime};
use crate::exit_code::ExitCode;
use crate::helm;
use crate::http::{Http, Limits};
use crate::target::kind;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A registry to compare the clock with, such as `https://registry.example`.
    #[arg(value_name = "URL")]
    target: Option<String>,
    /// A Helm, a folder of Helms, or a name on PATH, beside what is called `helm` on PATH. May be given several times.
    #[arg(long = "helm", value_name = "PATH")]
    helms: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn doctor(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let environment = environment();
    let mut helms = Vec::new();
    for given in &arguments.helms {
        helms.extend(helm::candidates(given, &environment.search_path())?);
    }
    let asked = match &arguments.target {
        Some(target) => Some(ask(arguments, target).await?),
        None => None,
    };
    let diagnosis = doctor::examine(&environment, helms, asked).await;
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

/// Asks a registry for the time.
async fn ask(arguments: &Arguments, target: &str) -> Result<ServerTime, CliError> {
    let origin = kind::origin(target)?;
    let registry = Http::new(origin.clone(), &arguments.trust.trust(), Limits::default())?;
    let date = date(&registry, &origin).await;
    Ok(ServerTime {
        target: target.to_owned(),
        received: clock::seconds(),
        date: date.map_err(|error| crate::error::chain(&error)),
    })
}

async fn date(registry: &Http, origin: &Uri) -> Result<Option<i64>, TransportError> {
    let uri = format!("{origin}v2/");
    let uri = uri.parse().expect("a path after an origin is a URI");
    let response = registry.forward(Request::new(Method::GET, uri)).await?;
    let date = response.headers.get(header::DATE);
    Ok(date
        .and_then(|date| date.to_str().ok())
        .and_then(clock::read_date))
}
