//! Every real Helm at hand completes every flow it has against the reference registry, such as
//! `helm-3.10.1/push`.
//!
//! `HELM_OCI_HELM_DIR` names a folder of Helms. Without it there is one ignored trial that says so, unless
//! `HELM_OCI_REQUIRE` contains `helm`, which makes it a failure.
//!
//! What only pretends to be a Helm needs none: `observe` ends with code 2 and one sentence about it.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use helm_oci_conformance::helm::flow::{self, Scene};
use helm_oci_conformance::helm::{self, Helm, Home, Names, Stage, Wings};
use helm_oci_conformance::serve::Server;
use helm_oci_conformance::{chain, install_cryptography};
use helm_oci_fixtures::registry::{Access, Credentials};
use helm_oci_suite::era::Flow;
use helm_oci_suite::target::{Credentials as Known, Target};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    install_cryptography();
    let runtime = Runtime::new().expect("a runtime starts");
    let folder = variable("HELM_OCI_HELM_DIR");
    let mut all = impostors();
    let helms = match folder {
        folder if folder.is_empty() => vec![Trial::ignorable_test("helm", absent)],
        folder => match runtime.block_on(helm::discover(Path::new(&folder))) {
            Ok(helms) => helms
                .iter()
                .flat_map(|helm| trials(helm, &runtime))
                .collect(),
            Err(error) => {
                let error = chain(&error);
                vec![Trial::test("helm", move || Err(error.into()))]
            }
        },
    };
    all.extend(helms);
    libtest_mimic::run(&arguments, all).exit_code()
}

/// Programs that are no Helm one can work with, and what is said of them.
fn impostors() -> Vec<Trial> {
    [
        (
            "hangs",
            "sleep 600",
            "did not say its version within 10 s; is it a Helm?",
        ),
        (
            "crashes",
            "echo 'panic: no' >&2; kill -SEGV $$",
            "failed when asked for its version: panic: no",
        ),
        (
            "garbles",
            "printf '\\033[2Jhello'",
            "says its version is `[2Jhello`, which is no version such as v3.10.1",
        ),
        (
            "ancient",
            "echo v2.17.0",
            "is Helm 2.17.0; OCI registries are known to Helm 3.0 and later",
        ),
    ]
    .map(|(name, script, sentence)| {
        Trial::test(format!("impostor/{name}"), move || {
            refused(script, sentence)
        })
    })
    .into()
}

/// `observe` with this script for a Helm ends with code 2 and says this.
fn refused(script: &str, sentence: &str) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("helm");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n"))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
    let ended = Command::new(env!("CARGO_BIN_EXE_helm-oci-conformance"))
        .args(["observe", "--helm-dir"])
        .arg(folder.path())
        .output()?;
    let said = String::from_utf8_lossy(&ended.stderr);
    if ended.status.code() == Some(2) && said.contains(sentence) && said.lines().count() == 1 {
        Ok(())
    } else {
        Err(format!("{}: {said}", ended.status).into())
    }
}

/// What becomes of the test on a machine without Helms.
fn absent() -> Result<Completion, Failed> {
    let required = variable("HELM_OCI_REQUIRE");
    let why = "HELM_OCI_HELM_DIR names no folder of Helms";
    if required.split([',', ' ']).any(|word| word == "helm") {
        return Err(why.into());
    }
    Ok(Completion::ignored_with(why))
}

fn trials(helm: &Helm, runtime: &Runtime) -> Vec<Trial> {
    let offered = Flow::ALL
        .iter()
        .filter(|flow| flow.offered_by().contains(&helm.version));
    offered
        .map(|flow| {
            let (helm, flow, handle) = (helm.clone(), *flow, runtime.handle().clone());
            let name = format!("helm-{}/{flow}", helm.version);
            Trial::test(name, move || handle.block_on(completes(&helm, flow)))
        })
        .collect()
}

async fn completes(helm: &Helm, flow: Flow) -> Result<(), Failed> {
    let (access, credentials) = match flow {
        Flow::Login => (Access::basic_for_tests(), Some(known())),
        _ => (Access::Open, None),
    };
    let stage = Arc::new(Stage::new(access, &[]));
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server::start(listen, Arc::clone(&stage) as _).await?;
    // Helm 3.0 to 3.2 takes no address for a host.
    let origin = format!("http://localhost:{}", server.address().port()).parse()?;
    let mut target = Target::new(Arc::new(Wings::new(Arc::clone(&stage), origin)), 1);
    target.credentials = credentials;
    let home = Home::new()?;
    let scene = Scene {
        helm,
        home: &home,
        target,
        names: Names::default(),
        kubeconfig: None,
    };
    let prepared = flow::prepare(&scene, flow).await?;
    stage.open();
    let played = prepared.play(&scene).await?;
    server.stop().await;
    let Some(failure) = played.failure else {
        return Ok(());
    };
    let mut told = format!("{failure}\n");
    for run in &played.runs {
        let _ = write!(told, "{:?}\n{}\n{}\n", run.exit, run.stdout, run.stderr);
    }
    for seen in stage.seen().iter().filter(|seen| !seen.is_arranged) {
        let request = &seen.request;
        let _ = writeln!(
            told,
            "{} {} {}",
            request.method(),
            request.uri(),
            seen.answer.status()
        );
    }
    Err(told.into())
}

fn known() -> Known {
    let Credentials { username, password } = Credentials::for_tests();
    Known { username, password }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the environment is how a test is told what to use"
)]
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}
