//! A run that is interrupted leaves no container behind.
//!
//! Where there is no container engine or no image, the trial is ignored and says so, unless `HELM_OCI_REQUIRE`
//! names `distribution`.

#[path = "../../fixtures/tests/required/mod.rs"]
mod required;

use std::collections::HashMap;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use helm_oci_conformance::clock::Stopwatch;
use helm_oci_conformance::install_cryptography;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use testcontainers::bollard::Docker;
use testcontainers::bollard::query_parameters::ListContainersOptionsBuilder;
use testcontainers::core::client::docker_client_instance;
use tokio::runtime::Runtime;

/// What is launched, and its image.
const TARGET: &str = "distribution:3.0.0";
const IMAGE: &str = "registry:3.0.0";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    install_cryptography();
    let trial = Trial::ignorable_test("an-interrupted-run-leaves-none", || {
        Runtime::new()?.block_on(interrupted_run_leaves_none())
    });
    libtest_mimic::run(&arguments, vec![trial]).exit_code()
}

async fn interrupted_run_leaves_none() -> Result<Completion, Failed> {
    let Ok(docker) = docker_client_instance().await else {
        return missing("no container engine answers");
    };
    if docker.ping().await.is_err() {
        return missing("no container engine answers");
    }
    if docker.inspect_image(IMAGE).await.is_err() {
        return missing("the image registry:3.0.0 is not here");
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_helm-oci-conformance"))
        .args(["run", TARGET, "--seed", "5", "--jobs", "1"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()?;
    let label = format!("org.helm-oci-conformance.run=5-{}-0", child.id());
    let begun = Stopwatch::start();
    while count(&docker, &label).await? == 0 {
        if begun.elapsed() > Duration::from_secs(30) {
            child.kill()?;
            return Err("no container was started".into());
        }
        pause().await;
    }
    interrupt(&child)?;
    interrupt(&child)?;
    let code = child.wait()?.code();
    let left = count(&docker, &label).await?;
    match (code, left) {
        (Some(130), 0) => Ok(Completion::Completed),
        _ => Err(format!("it ended with {code:?} and left {left} containers").into()),
    }
}

/// What becomes of the trial without what it needs.
fn missing(why: &'static str) -> Result<Completion, Failed> {
    if required::is_required("distribution") || required::is_required(TARGET) {
        Err(why.into())
    } else {
        Ok(Completion::ignored_with(why))
    }
}

/// How many containers have the label, whether they run or not.
async fn count(docker: &Docker, label: &str) -> Result<usize, Failed> {
    let filters = HashMap::from([("label", vec![label.to_owned()])]);
    let all = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&filters)
        .build();
    Ok(docker.list_containers(Some(all)).await?.len())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the engine is asked again and again, within a limit"
)]
async fn pause() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}

/// Sends what Ctrl-C sends.
fn interrupt(child: &Child) -> Result<(), Failed> {
    let id = child.id().to_string();
    let status = Command::new("kill").args(["-INT", &id]).status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("kill ended with {status}").into())
    }
}
