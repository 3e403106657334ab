//! The client models of the suite against real Helm binaries: each requirement that runs a model through a flow, such as
//! `flow/push-3.18`, is compared with the Helm binary of its version, request by request and header by header, and with
//! each other Helm binary that the model represents on the set-up of its proof (`flow/push-4.2/open/3.22.0`). Each runs
//! without a login, with HTTP Basic and with tokens.
//!
//! `HELM_OCI_HELM_DIR` names a folder of Helm binaries. A flow without its Helm version is ignored with the reason,
//! unless there is no binary at all and `HELM_OCI_REQUIRE` names `helm`.

#[path = "../../../fixtures/tests/required/mod.rs"]
mod required;
mod wire;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use helm_oci_conformance::helm::scenario::{self, Scenario};
use helm_oci_conformance::helm::{self, FaultServer, Helm, Home, InProcessClient, Placeholders};
use helm_oci_conformance::http::install_cryptography;
use helm_oci_conformance::serve::Server;
use helm_oci_fixtures::registry::{Access, Credentials};
use helm_oci_suite::checks;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::proof;
use helm_oci_suite::requirement::{Requirement, Setup};
use helm_oci_suite::session::target::{Credentials as Known, Target};
use http::header::USER_AGENT;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use semver::Version;
use tokio::runtime::Runtime;

use self::wire::{RecordedRequest, conversations};

/// The set-ups of the comparison; without TLS the requests are the same.
const SETUPS: [Setup; 3] = [Setup::Open, Setup::Basic, Setup::Bearer];

/// The latency of a response, so that concurrent requests of Helm arrive concurrently.
const LATENCY: Duration = Duration::from_millis(20);

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    install_cryptography();
    let runtime = Runtime::new().expect("a runtime starts");
    let folder = variable("HELM_OCI_HELM_DIR");
    let helm_binaries = match folder.as_str() {
        "" => Ok(Vec::new()),
        folder => runtime.block_on(helm::discover(Path::new(folder))),
    };
    let helm_binaries =
        helm_binaries.expect("the folder of HELM_OCI_HELM_DIR contains Helm binaries");
    let is_nowhere = helm_binaries.is_empty();
    let mut trials = Vec::new();
    for requirement in checks::all() {
        let Some((flow, (major, minor, patch))) = requirement.replays else {
            continue;
        };
        let version = Version::new(major, minor, patch);
        for setup in SETUPS {
            let name = format!("{}/{setup:?}", requirement.id).to_lowercase();
            let compare = |name: String, helm: &Helm| {
                let (helm, handle) = (helm.clone(), runtime.handle().clone());
                Trial::ignorable_test(name, move || {
                    handle.block_on(is_what_helm_does(requirement, &helm, flow, setup))
                })
            };
            let (own, others): (Vec<&Helm>, Vec<&Helm>) = helm_binaries
                .iter()
                .filter(|helm| requirement.represents.contains(&helm.version))
                .partition(|helm| helm.version == version);
            let is_represented = setup == requirement.proven_on;
            for helm in others.into_iter().filter(|_| is_represented) {
                trials.push(compare(format!("{name}/{}", helm.version), helm));
            }
            if let Some(helm) = own.first() {
                trials.push(compare(name, helm));
            } else {
                let version = version.clone();
                let absent = move || absent(&version, is_nowhere);
                trials.push(Trial::ignorable_test(name, absent));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The result of a flow on a machine without its Helm version.
fn absent(version: &Version, is_nowhere: bool) -> Result<Completion, Failed> {
    let why = format!("HELM_OCI_HELM_DIR names no folder with Helm {version}");
    if required::is_required("helm") && is_nowhere {
        return Err(why.into());
    }
    Ok(Completion::ignored_with(why))
}

/// The model and Helm send the same requests.
async fn is_what_helm_does(
    requirement: &Requirement,
    helm: &Helm,
    flow: Flow,
    setup: Setup,
) -> Result<Completion, Failed> {
    let replayed = proof::exchanges_on(requirement, setup);
    let replayed = replayed.into_iter().map(|recorded| RecordedRequest {
        // Requests of the arrangement have no `User-Agent`.
        is_arranged: !recorded.request.headers().contains_key(USER_AGENT),
        request: recorded.request,
        response: recorded.response,
    });
    let replayed = conversations(&replayed.collect::<Vec<_>>()).concat();
    if replayed.is_empty() {
        return Ok(Completion::ignored_with("the flow needs credentials"));
    }
    let replayed = requirement
        .replays
        .map_or_else(Vec::new, |(_, (major, minor, patch))| {
            without_version(replayed, &Version::new(major, minor, patch))
        });
    let result = conversations(&result(helm, flow, setup).await?).into_iter();
    let result: Vec<Vec<String>> = result
        .map(|lines| without_version(lines, &helm.version))
        .collect();
    // A flow consists of several commands, each with a repository of its own; the model covers one, or all.
    if result.contains(&replayed) || result.concat() == replayed {
        return Ok(Completion::Completed);
    }
    let joined = |lines: &[String]| lines.join("\n  ");
    let commands = result.iter().map(|lines| joined(lines));
    let commands = commands.collect::<Vec<_>>().join("\n\n  ");
    let (replayed, of) = (joined(&replayed), &helm.version);
    Err(format!("the model sends\n  {replayed}\nand Helm {of} sends\n  {commands}").into())
}

/// The requests without the version in `User-Agent`: a model represents several.
fn without_version(lines: Vec<String>, version: &Version) -> Vec<String> {
    let agent = format!("user-agent: Helm/{version}");
    let lines = lines.into_iter();
    lines
        .map(|line| line.replace(&agent, "user-agent: Helm/{version}"))
        .collect()
}

/// The requests of Helm in a flow.
async fn result(helm: &Helm, flow: Flow, setup: Setup) -> Result<Vec<RecordedRequest>, Failed> {
    let access = match setup {
        Setup::Open | Setup::PlainHttp => Access::Open,
        Setup::Basic => Access::basic_for_tests(),
        Setup::Bearer => Access::bearer_for_tests(),
    };
    let fault_server = Arc::new(FaultServer::new(access, &[]).with_latency(LATENCY));
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server::start(listen, Arc::clone(&fault_server) as _).await?;
    let origin = format!("http://localhost:{}", server.address().port()).parse()?;
    let mut target = Target::new(
        Arc::new(InProcessClient::new(Arc::clone(&fault_server), origin)),
        1,
    );
    let Credentials { username, password } = Credentials::for_tests();
    target.credentials = (setup != Setup::Open).then(|| Known::user(username, password));
    let home = Home::new()?;
    let scenario = Scenario {
        helm,
        home: &home,
        target,
        placeholders: Placeholders::default(),
        kubeconfig: None,
    };
    let prepared = scenario::prepare(&scenario, flow).await?;
    fault_server.open();
    let result = prepared.run(&scenario).await?;
    server.stop().await;
    if let Some(failure) = result.failure {
        return Err(failure.into());
    }
    let recorded = fault_server.seen().into_iter().map(|seen| RecordedRequest {
        request: seen.request,
        response: seen.response,
        is_arranged: seen.is_arranged,
    });
    Ok(recorded.collect())
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests are configured by environment variables"
)]
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}
