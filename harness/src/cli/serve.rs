//! `serve`: serves a registry with faults, for tests of clients, until Ctrl-C.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use helm_oci_fixtures::fault::{Fault, FaultyRegistry};
use helm_oci_fixtures::registry::{Access, Credentials, ReferenceRegistry};
use thiserror::Error;

use super::output::OutputError;
use super::{TrustArguments, fault, output};
use crate::exit_code::ExitCode;
use crate::http::{Http, Limits, TrustError};
use crate::run::Interrupt;
use crate::serve::{self, Handler, Proxy, ServeError, Server};
use crate::target::kind::{self, TargetError};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Listen on ADDR. Port 0 selects any free port.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5000")]
    listen: SocketAddr,
    /// Add a fault. May be repeated.
    #[arg(long = "fault", value_name = "NAME", value_parser = fault::parse)]
    faults: Vec<Fault>,
    /// Forward requests to this registry instead of the reference registry.
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
    #[command(flatten)]
    trust: TrustArguments,
    /// Require this authentication in the reference registry.
    #[arg(long, value_enum)]
    auth: Option<Auth>,
    /// Print all faults with a description, and exit.
    #[arg(long)]
    list_faults: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Auth {
    Open,
    Basic,
    Bearer,
}

/// An error of `serve`.
#[derive(Debug, Error)]
pub(super) enum ServeCommandError {
    #[error("--auth applies to the reference registry and cannot be combined with --upstream")]
    AuthWithUpstream,
    #[error(transparent)]
    Upstream(#[from] TargetError),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Output(#[from] OutputError),
}

pub(super) async fn serve(arguments: &Arguments) -> Result<ExitCode, ServeCommandError> {
    if arguments.list_faults {
        output::print(&faults_page())?;
        return Ok(ExitCode::Acceptable);
    }
    let faults = &arguments.faults;
    let (handler, note) = arguments.handler(faults)?;
    let interrupt = Interrupt::on_signals();
    let server = Server::start(arguments.listen, handler).await?;
    let mut banner = format!("serving on http://{}\n{note}", server.address());
    for fault in faults {
        let _ = writeln!(banner, "fault {}: {}", fault.name(), fault.description());
    }
    output::print(&banner)?;
    interrupt.wait().await;
    server.stop().await;
    Ok(ExitCode::Acceptable)
}

impl Arguments {
    /// The registry to serve, and a line about it.
    fn handler(&self, faults: &[Fault]) -> Result<(Arc<dyn Handler>, String), ServeCommandError> {
        if let Some(upstream) = &self.upstream {
            if self.auth.is_some() {
                return Err(ServeCommandError::AuthWithUpstream);
            }
            let origin = kind::origin(upstream)?;
            let note = format!("upstream {origin}\n");
            let limits = Limits {
                body: serve::LARGEST,
                ..Limits::default()
            };
            let http = Http::new(origin, &self.trust.trust(), limits)?;
            return Ok((Arc::new(Proxy::new(http, faults)), note));
        }
        let access = match self.auth {
            None | Some(Auth::Open) => Access::Open,
            Some(Auth::Basic) => Access::basic_for_tests(),
            Some(Auth::Bearer) => Access::bearer_for_tests(),
        };
        let mut note = String::new();
        if !matches!(access, Access::Open) {
            // They are not secret: the fixtures publish them.
            let Credentials { username, password } = Credentials::for_tests();
            note = format!("user {username}, password {password}\n");
        }
        Ok((
            Arc::new(FaultyRegistry::new(ReferenceRegistry::new(access), faults)),
            note,
        ))
    }
}

/// The list of all faults.
fn faults_page() -> String {
    let line = |fault: &Fault| format!("{}\n    {}\n", fault.name(), fault.description());
    Fault::ALL.iter().map(line).collect()
}
