//! `serve`: a registry with faults, for trying clients against, until Ctrl-C.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use helm_oci_fixtures::fault::{Fault, FaultyRegistry};
use helm_oci_fixtures::registry::{Access, Credentials, ReferenceRegistry};

use super::error::CliError;
use super::{TrustArguments, output};
use crate::exit_code::ExitCode;
use crate::http::{Http, Limits};
use crate::run::Interrupt;
use crate::serve::{self, Handler, Proxy, Server};
use crate::target::kind;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where to listen; port 0 stands for any free port.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5000")]
    listen: SocketAddr,
    /// A fault to serve with. May be given several times.
    #[arg(long = "fault", value_name = "NAME")]
    faults: Vec<String>,
    /// Pass requests on to this registry instead of the reference registry.
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
    #[command(flatten)]
    trust: TrustArguments,
    /// How the reference registry asks for authority.
    #[arg(long, value_enum)]
    auth: Option<Auth>,
    /// Print the faults and what each does, and end.
    #[arg(long)]
    list_faults: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Auth {
    Open,
    Basic,
    Bearer,
}

pub(super) async fn serve(arguments: &Arguments) -> Result<ExitCode, CliError> {
    if arguments.list_faults {
        output::print(&faults_page())?;
        return Ok(ExitCode::Acceptable);
    }
    let faults = faults(&arguments.faults)?;
    let (handler, note) = arguments.handler(&faults)?;
    let interrupt = Interrupt::on_signals();
    let server = Server::start(arguments.listen, handler).await?;
    let mut banner = format!("serving on http://{}\n{note}", server.address());
    for fault in &faults {
        let _ = writeln!(banner, "fault {}: {}", fault.name(), fault.description());
    }
    output::print(&banner)?;
    interrupt.wait().await;
    server.stop().await;
    Ok(ExitCode::Acceptable)
}

impl Arguments {
    /// What to serve, and a line about it.
    fn handler(&self, faults: &[Fault]) -> Result<(Arc<dyn Handler>, String), CliError> {
        if let Some(upstream) = &self.upstream {
            if self.auth.is_some() {
                return Err(CliError::AuthUpstream);
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
            // They are no secret: the fixtures publish them.
            let Credentials { username, password } = Credentials::for_tests();
            note = format!("user {username}, password {password}\n");
        }
        Ok((
            Arc::new(FaultyRegistry::new(ReferenceRegistry::new(access), faults)),
            note,
        ))
    }
}

/// The faults of these names.
pub(super) fn faults(names: &[String]) -> Result<Vec<Fault>, CliError> {
    let find = |name: &String| {
        Fault::ALL
            .iter()
            .copied()
            .find(|fault| fault.name() == name)
            .ok_or_else(|| CliError::UnknownFault {
                name: name.clone(),
                nearest: nearest(name),
            })
    };
    names.iter().map(find).collect()
}

/// The fault whose name shares most pairs of neighbouring letters with `name`.
fn nearest(name: &str) -> &'static str {
    let pairs = |text: &str| {
        text.as_bytes()
            .windows(2)
            .map(<[u8]>::to_vec)
            .collect::<Vec<_>>()
    };
    let wanted = pairs(name);
    let likeness = |fault: &&Fault| {
        let own = pairs(fault.name());
        let common = own.iter().filter(|pair| wanted.contains(pair)).count();
        2_000 * common / (own.len() + wanted.len()).max(1)
    };
    Fault::ALL
        .iter()
        .max_by_key(likeness)
        .map_or("none", |fault| fault.name())
}

fn faults_page() -> String {
    let line = |fault: &Fault| format!("{}\n    {}\n", fault.name(), fault.description());
    Fault::ALL.iter().map(line).collect()
}
