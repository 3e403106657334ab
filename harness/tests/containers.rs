//! A run that is interrupted leaves no container behind, and two snapshots of one registry are the same.
//!
//! Where there is no container engine or no image, the trial is ignored and says so, unless `HELM_OCI_REQUIRE`
//! names what is to be launched.

#[path = "../../fixtures/tests/required/mod.rs"]
mod required;

use std::collections::HashMap;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use helm_oci_conformance::clock::Stopwatch;
use helm_oci_conformance::http::install_cryptography;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use testcontainers::bollard::Docker;
use testcontainers::bollard::query_parameters::ListContainersOptionsBuilder;
use testcontainers::core::client::docker_client_instance;
use tokio::runtime::Runtime;

/// What is launched, and its image.
const TARGET: &str = "distribution:3.0.0";
const IMAGE: &str = "registry:3.0.0";

/// What snapshots are taken of, and the images.
const SNAPSHOTS: [(&str, &str); 3] = [
    ("distribution:2.8.2", "registry:2.8.2"),
    (TARGET, IMAGE),
    ("zot:2.1.20", "ghcr.io/project-zot/zot:v2.1.20"),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    install_cryptography();
    let one = Trial::ignorable_test("an-interrupted-run-leaves-none", || {
        let arguments = ["run".to_owned(), TARGET.to_owned()];
        Runtime::new()?.block_on(interrupted_leaves_none(&arguments, 1))
    });
    let many = Trial::ignorable_test("an-interrupted-matrix-leaves-none", || {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("targets.toml");
        let with = r#"with = ["", "+tls", "+htpasswd"]"#;
        std::fs::write(
            &path,
            format!("[[target]]\ntarget = \"{TARGET}\"\n{with}\n"),
        )?;
        let arguments = ["matrix".to_owned(), path.display().to_string()];
        Runtime::new()?.block_on(interrupted_leaves_none(&arguments, 3))
    });
    let snapshots = SNAPSHOTS.iter().map(|(target, image)| {
        Trial::ignorable_test(format!("snapshots-are-the-same/{target}"), || {
            Runtime::new()?.block_on(snapshots_are_the_same(target, image))
        })
    });
    let trials = [one, many].into_iter().chain(snapshots).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Interrupts a run once it has so many containers.
async fn interrupted_leaves_none(
    arguments: &[String],
    containers: usize,
) -> Result<Completion, Failed> {
    let docker = match engine_with(IMAGE).await {
        Ok(docker) => docker,
        Err(why) => return missing(TARGET, why),
    };
    let mut child = Command::new(env!("CARGO_BIN_EXE_helm-oci-conformance"))
        .args(arguments)
        .args(["--seed", "5", "--jobs", "1"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()?;
    let run = format!("5-{}-", child.id());
    let begun = Stopwatch::start();
    while count(&docker, &run).await? < containers {
        if begun.elapsed() > Duration::from_secs(30) {
            child.kill()?;
            return Err("the containers were not started".into());
        }
        pause().await;
    }
    interrupt(&child)?;
    interrupt(&child)?;
    let code = child.wait()?.code();
    let left = count(&docker, &run).await?;
    match (code, left) {
        (Some(130), 0) => Ok(Completion::Completed),
        _ => Err(format!("it ended with {code:?} and left {left} containers").into()),
    }
}

async fn snapshots_are_the_same(target: &str, image: &str) -> Result<Completion, Failed> {
    if let Err(why) = engine_with(image).await {
        return missing(target, why);
    }
    let folder = tempfile::tempdir()?;
    for (arguments, flag) in [
        (&["snapshot"][..], "--out"),
        (&["snapshot", "check"], "--dir"),
    ] {
        let ran = Command::new(env!("CARGO_BIN_EXE_helm-oci-conformance"))
            .args(arguments)
            .args([target, flag])
            .arg(folder.path())
            .output()?;
        if !ran.status.success() {
            let output = [ran.stdout, ran.stderr].concat();
            return Err(String::from_utf8_lossy(&output).into_owned().into());
        }
    }
    Ok(Completion::Completed)
}

/// The container engine, if it has this image.
async fn engine_with(image: &str) -> Result<Docker, &'static str> {
    let none = "no container engine answers";
    let docker = docker_client_instance().await.map_err(|_| none)?;
    docker.ping().await.map_err(|_| none)?;
    let there = docker.inspect_image(image).await;
    there.map_err(|_| "the image is not here").map(|_| docker)
}

/// What becomes of the trial of a target without what it needs.
fn missing(target: &str, why: &'static str) -> Result<Completion, Failed> {
    let kind = target.split(':').next().unwrap_or(target);
    if required::is_required(kind) || required::is_required(target) {
        Err(why.into())
    } else {
        Ok(Completion::ignored_with(why))
    }
}

/// How many containers a run has on all its targets, whether they run or not.
async fn count(docker: &Docker, run: &str) -> Result<usize, Failed> {
    const LABEL: &str = "org.helm-oci-conformance.run";
    let filters = HashMap::from([("label", vec![LABEL.to_owned()])]);
    let all = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&filters)
        .build();
    let listed = docker.list_containers(Some(all)).await?;
    let labels = listed
        .iter()
        .filter_map(|one| one.labels.as_ref()?.get(LABEL));
    Ok(labels.filter(|label| label.starts_with(run)).count())
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
