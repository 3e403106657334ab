//! Tests with every available Helm binary: it completes its flows on the reference registry (`helm-3.10.1/push`), pushes
//! the golden bytes (`helm-3.10.1/goldens`), and `run --helm` explains its failures on a faulty registry
//! (`helm-3.10.1/explained`).
//!
//! `HELM_OCI_HELM_DIR` names a folder of Helm binaries. Without it there is one ignored trial with the reason, unless
//! `HELM_OCI_REQUIRE` names `helm`, which makes it a failure.
//!
//! Tests with programs that are no Helm need no binary: `observe` and `run` exit with 2 and one error, and a program that
//! fails halfway is not blamed on the registry.

#[path = "../../fixtures/tests/required/mod.rs"]
mod required;

use std::fmt::Write as _;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use helm_oci_conformance::error::chain;
use helm_oci_conformance::helm::scenario::{self, Scenario};
use helm_oci_conformance::helm::{
    self, FaultServer, Helm, Home, InProcessClient, ObservedExchange, Placeholders,
};
use helm_oci_conformance::http::install_cryptography;
use helm_oci_conformance::serve::Server;
use helm_oci_fixtures::chart::ChartMetadata;
use helm_oci_fixtures::digest::sha256;
use helm_oci_fixtures::fault::{Fault, FaultyRegistry};
use helm_oci_fixtures::manifest::{Parts, Shape, chart_manifest};
use helm_oci_fixtures::registry::{Access, Credentials, ReferenceRegistry};
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::session::target::{Credentials as Known, Target};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use semver::Version;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::{Handle, Runtime};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    install_cryptography();
    let runtime = Runtime::new().expect("a runtime starts");
    let folder = variable("HELM_OCI_HELM_DIR");
    let mut all = impostors();
    all.extend(pretenders());
    all.push(Trial::test("era", only_those_of_the_era_run));
    let handle = runtime.handle().clone();
    all.push(Trial::test("handshake", move || {
        handle.block_on(a_handshake_that_fails_as_predicted_is_a_failure())
    }));
    let helm_binaries = match folder {
        folder if folder.is_empty() => vec![Trial::ignorable_test("helm", absent)],
        folder => match runtime.block_on(helm::discover(Path::new(&folder))) {
            Ok(found) => found
                .iter()
                .flat_map(|helm| trials(helm, &runtime))
                .collect(),
            Err(error) => {
                let error = chain(&error);
                vec![Trial::test("helm", move || Err(error.into()))]
            }
        },
    };
    all.extend(helm_binaries);
    libtest_mimic::run(&arguments, all).exit_code()
}

/// The beginning of a script that claims to be Helm 3.10.1.
const MEETS: &str = "case \"$*\" in version*) echo v3.10.1; exit 0;; *--help) exit 0;; esac";

/// Programs that are no usable Helm binary, and the error for each.
fn impostors() -> Vec<Trial> {
    [
        (
            "hangs",
            "sleep 600",
            "version: no output within 10 s; check that the path is a Helm binary",
        ),
        (
            "crashes",
            "echo 'panic: no' >&2; kill -SEGV $$",
            "version failed: panic: no",
        ),
        (
            "garbles",
            "printf '\\033[2Jhello'",
            "version printed `[2Jhello`, expected a version such as v3.10.1",
        ),
        (
            "ancient",
            "echo v2.17.0",
            "is Helm 2.17.0; OCI support requires Helm 3.0 or later",
        ),
    ]
    .map(|(name, script, sentence)| {
        Trial::test(format!("impostor/{name}"), move || {
            refused(script, sentence)
        })
    })
    .into()
}

/// Programs that claim to be Helm 3.10.1 and then fail, and the obstacle of their push.
fn pretenders() -> Vec<Trial> {
    [
        (
            "idles",
            "exit 0",
            "Helm 3.10.1 sent no request to the registry: (it succeeds and no manifest under the tag)",
        ),
        (
            "crashes",
            "echo 'panic: no' >&2; kill -SEGV $$",
            "Helm 3.10.1 sent no request to the registry: panic: no",
        ),
        (
            "garbles",
            "printf '\\033[2Jhello' >&2; exit 3",
            "Helm 3.10.1 sent no request to the registry: \u{1b}[2Jhello",
        ),
        (
            "hangs",
            "sleep 600",
            "Helm 3.10.1 sent no request to the registry: (Helm timed out)",
        ),
    ]
    .map(|(name, script, why)| {
        Trial::test(format!("pretender/{name}"), move || {
            inconclusive(script, why)
        })
    })
    .into()
}

/// `--era` selects the flows of a real Helm binary of that era, and reports a binary of another era as not run.
fn only_those_of_the_era_run() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let meets = "case \"$*\" in version*) echo v3.10.1;; esac";
    let path = executable(&folder, meets)?;
    let left_out = "Helm 3.10.1 is not run: none of its flows is selected\n";
    for (era, code, expected) in [("3.8", 3, ""), ("4.2.4", 0, left_out)] {
        let only = ["--only", "flow/push-*", "--only", "helm-*/flow/push"];
        let ended = program()
            .args(["run", "reference", "--era", era])
            .args(only)
            .arg("--helm")
            .arg(&path)
            .output()?;
        let errors = String::from_utf8_lossy(&ended.stderr);
        if ended.status.code() != Some(code) || errors != expected {
            return Err(format!("{era}: {}: {errors}", ended.status).into());
        }
    }
    Ok(())
}

/// `observe` and `run` with this script as Helm exit with 2 and print this error.
fn refused(script: &str, sentence: &str) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let path = executable(&folder, script)?;
    for (arguments, path) in [
        (["observe", "--helm-dir"].as_slice(), folder.path()),
        (&["run", "reference", "--helm"], &path),
    ] {
        let ended = program().args(arguments).arg(path).output()?;
        let errors = String::from_utf8_lossy(&ended.stderr);
        let is_refused = ended.status.code() == Some(2) && ended.stdout.is_empty();
        if !is_refused || !errors.contains(sentence) || errors.lines().count() != 1 {
            return Err(format!("{arguments:?}: {}: {errors}", ended.status).into());
        }
    }
    Ok(())
}

/// A run with this script as Helm exits with 3, and its push is inconclusive for this reason.
fn inconclusive(script: &str, why: &str) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let path = executable(&folder, &format!("{MEETS}\n{script}"))?;
    let ended = program()
        .args([
            "run",
            "reference",
            "--only",
            "helm-*/flow/push",
            "--json",
            "-",
        ])
        .arg("--helm")
        .arg(&path)
        .output()?;
    let record: Value = serde_json::from_slice(&ended.stdout)?;
    let flow = &record["targets"][0]["helms"][0]["flows"][0];
    let found = (
        ended.status.code(),
        &flow["outcome"],
        &flow["obstacle"]["what"],
    );
    if found == (Some(3), &json!("inconclusive"), &json!(why)) {
        Ok(())
    } else {
        Err(format!("{found:?}").into())
    }
}

/// A Helm that prints that the TLS handshake timed out has failed if the registry does not respond to a `ClientHello`,
/// although it sent no request. With other words it is inconclusive.
async fn a_handshake_that_fails_as_predicted_is_a_failure() -> Result<(), Failed> {
    let registry = ReferenceRegistry::new(Access::Open);
    let registry = FaultyRegistry::new(registry, &[Fault::SilentOnClientHello]);
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server::start(listen, Arc::new(registry)).await?;
    let (folder, cause) = (tempfile::tempdir()?, "api/client-hello-answered-in-http");
    for (words, outcome) in [
        ("net/http: TLS handshake timeout", "fail"),
        ("no route to host", "inconclusive"),
    ] {
        let prints = format!(
            "for url; do case $url in oci://*) break;; esac; done; url=${{url#oci://}}\n\
             echo \"Error: Get \\\"https://${{url%%/*}}/v2/${{url#*/}}/tags/list\\\": {words}\" >&2; exit 1"
        );
        let path = executable(&folder, &format!("{MEETS}\n{prints}"))?;
        let ended = tokio::process::Command::new(env!("CARGO_BIN_EXE_helm-oci-conformance"))
            .args(["run", &format!("http://{}", server.address())])
            .args(["--only", cause, "--only", "helm-*/flow/pull-unversioned"])
            .args(["--json", "-", "--helm"])
            .arg(&path)
            .output()
            .await?;
        let record: Value = serde_json::from_slice(&ended.stdout)?;
        let flow = &record["targets"][0]["helms"][0]["flows"][0];
        if flow["outcome"] != outcome || flow["because"][0]["requirement"] != cause {
            return Err(format!("{words}: {flow:#}").into());
        }
    }
    server.stop().await;
    Ok(())
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_helm-oci-conformance"))
}

/// Writes a script and waits until it can be executed: a file that was open for writing while another thread forked
/// cannot be executed before the child has started its program.
fn executable(folder: &TempDir, script: &str) -> Result<PathBuf, Failed> {
    let path = folder.path().join("helm");
    std::fs::write(
        &path,
        format!("#!/bin/sh\n[ \"$*\" = try ] && exit 0\n{script}\n"),
    )?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
    loop {
        match Command::new(&path).arg("try").status() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {}
            tried => {
                tried?;
                return Ok(path);
            }
        }
    }
}

/// The result on a machine without Helm binaries.
fn absent() -> Result<Completion, Failed> {
    let why = "HELM_OCI_HELM_DIR names no folder of Helm binaries";
    if required::is_required("helm") {
        return Err(why.into());
    }
    Ok(Completion::ignored_with(why))
}

fn trials(helm: &Helm, runtime: &Runtime) -> Vec<Trial> {
    let offered = Flow::ALL
        .iter()
        .filter(|flow| flow.offered_by().contains(&helm.version));
    let mut trials: Vec<Trial> = offered
        .map(|flow| {
            let (helm, flow, handle) = (helm.clone(), *flow, runtime.handle().clone());
            let name = format!("helm-{}/{flow}", helm.version);
            Trial::test(name, move || handle.block_on(completes(&helm, flow)))
        })
        .collect();
    let (own, handle) = (helm.clone(), runtime.handle().clone());
    let name = format!("helm-{}/goldens", helm.version);
    trials.push(Trial::ignorable_test(name, move || {
        pushes_goldens(&own, &handle)
    }));
    let (own, handle) = (helm.clone(), runtime.handle().clone());
    let name = format!("helm-{}/explained", helm.version);
    trials.push(Trial::test(name, move || {
        handle.block_on(is_explained(&own))
    }));
    let (own, handle) = (helm.clone(), runtime.handle().clone());
    let name = format!("helm-{}/over-tls", helm.version);
    trials.push(Trial::test(name, move || {
        handle.block_on(goes_over_tls(&own))
    }));
    trials
}

/// With `run`, every flow works on a registry with TLS, a login and a namespace.
async fn goes_over_tls(helm: &Helm) -> Result<(), Failed> {
    let tls = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/tls");
    let certificate = CertificateDer::from_pem_file(tls.join("cert.pem"))?;
    let key = PrivateKeyDer::from_pem_file(tls.join("key.pem"))?;
    let tls_server = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    let registry = FaultyRegistry::new(ReferenceRegistry::new(Access::bearer_for_tests()), &[]);
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server::start_with_tls(listen, Arc::new(registry), Arc::new(tls_server)).await?;
    let Credentials { username, password } = Credentials::for_tests();
    let url = format!("https://localhost:{}/team/charts", server.address().port());
    let ended = tokio::process::Command::new(env!("CARGO_BIN_EXE_helm-oci-conformance"))
        .args(["run", &url, "--json", "-", "--only", "helm-*", "--ca-file"])
        .arg(tls.join("cert.pem"))
        .args(["--username", &username, "--helm"])
        .arg(&helm.path)
        .env("HELM_OCI_PASSWORD", &password)
        .output()
        .await?;
    server.stop().await;
    let record: Value = serde_json::from_slice(&ended.stdout)?;
    let flows = record["targets"][0]["helms"][0]["flows"].as_array();
    let wrong: Vec<String> = flows
        .into_iter()
        .flatten()
        .filter(|flow| flow["outcome"] != "pass")
        .map(|flow| format!("{}: {} {}", flow["id"], flow["error"], flow["obstacle"]))
        .collect();
    if ended.status.code() == Some(0) && flows.is_some_and(|flows| flows.len() > 2) {
        Ok(())
    } else {
        Err(format!("{}: {}", ended.status, wrong.join("\n")).into())
    }
}

/// A refused push is explained by the violated requirement; the password appears nowhere.
async fn is_explained(helm: &Helm) -> Result<(), Failed> {
    let access = Access::bearer_for_tests();
    let registry = FaultyRegistry::new(
        ReferenceRegistry::new(access),
        &[Fault::RefusesMonolithicPut],
    );
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server::start(listen, Arc::new(registry)).await?;
    let Credentials { username, password } = Credentials::for_tests();
    let folder = tempfile::tempdir()?;
    let xml = folder.path().join("report.xml");
    let ended = tokio::process::Command::new(env!("CARGO_BIN_EXE_helm-oci-conformance"))
        .args([
            "run",
            &format!("http://{}", server.address()),
            "--json",
            "-",
        ])
        .args(["--only", "upload/*", "--only", "helm-*/flow/*push"])
        .args(["--username", &username, "--helm"])
        .arg(&helm.path)
        .arg("--junit")
        .arg(&xml)
        .env("HELM_OCI_PASSWORD", &password)
        .output()
        .await?;
    server.stop().await;
    let json = String::from_utf8(ended.stdout)?;
    let record: Value = serde_json::from_str(&json)?;
    let flows = record["targets"][0]["helms"][0]["flows"].as_array();
    let pushes: Vec<&Value> = flows
        .into_iter()
        .flatten()
        .filter(|flow| flow["flow"] == "push" || flow["flow"] == "chart-push")
        .collect();
    let [push] = pushes[..] else {
        return Err(format!("not one push: {json}").into());
    };
    let found = (ended.status.code(), &push["outcome"], &push["because"][0]);
    if found.0 != Some(1)
        || found.1 != "fail"
        || found.2["requirement"] != "upload/one-put-completes"
    {
        return Err(format!("{found:?}, and Helm printed {}", push["error"]).into());
    }
    let xml = std::fs::read_to_string(xml)?;
    let encoded = BASE64_STANDARD.encode(format!("{username}:{password}"));
    if [&json, &xml]
        .iter()
        .any(|text| text.contains(&password) || text.contains(&encoded))
    {
        return Err("a report holds the password".into());
    }
    Ok(())
}

/// `record.sh` confirms that this Helm version pushes the golden bytes to the reference registry.
fn pushes_goldens(helm: &Helm, runtime: &Handle) -> Result<Completion, Failed> {
    let by_the_clock = Version::new(3, 13, 0)..Version::new(3, 17, 0);
    if by_the_clock.contains(&helm.version) {
        return Ok(Completion::ignored_with(
            "its manifests contain the time of the push",
        ));
    }
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let registry = FaultyRegistry::new(ReferenceRegistry::new(Access::Open), &[]);
    let server = runtime.block_on(Server::start(listen, Arc::new(registry)))?;
    let recorded = Command::new("bash")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/golden/record.sh"))
        .arg(&helm.path)
        .arg(format!("localhost:{}", server.address().port()))
        .output();
    runtime.block_on(server.stop());
    let recorded = recorded?;
    if recorded.status.success() {
        return Ok(Completion::Completed);
    }
    let output = String::from_utf8_lossy(&recorded.stdout);
    let errors = String::from_utf8_lossy(&recorded.stderr);
    Err(format!("{}\n{output}{errors}", recorded.status).into())
}

async fn completes(helm: &Helm, flow: Flow) -> Result<(), Failed> {
    let (access, credentials) = match flow {
        Flow::Login => (Access::basic_for_tests(), Some(known())),
        _ => (Access::Open, None),
    };
    let fault_server = Arc::new(FaultServer::new(access, &[]));
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server::start(listen, Arc::clone(&fault_server) as _).await?;
    // Helm 3.0 to 3.2 accepts no address as a host.
    let origin = format!("http://localhost:{}", server.address().port()).parse()?;
    let mut target = Target::new(
        Arc::new(InProcessClient::new(Arc::clone(&fault_server), origin)),
        1,
    );
    target.credentials = credentials;
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
    let Some(failure) = result.failure else {
        return manifests_are_as_written(&helm.version, &fault_server.seen());
    };
    let mut found = format!("{failure}\n");
    for run in &result.runs {
        let _ = write!(found, "{:?}\n{}\n{}\n", run.exit, run.stdout, run.stderr);
    }
    for seen in fault_server.seen().iter().filter(|seen| !seen.is_arranged) {
        let request = &seen.request;
        let _ = writeln!(
            found,
            "{} {} {}",
            request.method(),
            request.uri(),
            seen.response.status()
        );
    }
    Err(found.into())
}

/// Each manifest that Helm pushed is byte for byte the one that the fixtures write for a realistic chart.
fn manifests_are_as_written(version: &Version, seen: &[ObservedExchange]) -> Result<(), Failed> {
    let pushed = seen.iter().filter(|seen| !seen.is_arranged);
    let bodies: Vec<&http::Request<bytes::Bytes>> = pushed.map(|seen| &seen.request).collect();
    let blob = |descriptor: &Value| {
        let has_digest = |request: &&&http::Request<bytes::Bytes>| {
            descriptor["digest"] == sha256(request.body())
        };
        let found = bodies.iter().find(has_digest);
        found.map(|request| request.body().clone())
    };
    let manifests = bodies.iter().filter(|request| {
        request.method() == http::Method::PUT && request.uri().path().contains("/manifests/")
    });
    for request in manifests {
        let manifest: Value = serde_json::from_slice(request.body())?;
        let layers = manifest["layers"].as_array().ok_or("no layers")?;
        let layer = |is_wanted: fn(&str) -> bool| {
            let mut layers = layers.iter();
            let layer = layers.find(|layer| layer["mediaType"].as_str().is_some_and(is_wanted));
            layer.and_then(blob)
        };
        // Of a repeated push Helm sends the manifest alone.
        let (Some(config), Some(archive)) = (
            blob(&manifest["config"]),
            layer(|kind| kind.ends_with("gzip")),
        ) else {
            continue;
        };
        let name = request.uri().path().split('/').rev().nth(2);
        let found: Value = serde_json::from_slice(&config)?;
        let version_of_chart = found["version"].as_str().unwrap_or_default();
        let metadata = ChartMetadata::realistic(name.unwrap_or_default(), version_of_chart);
        let parts = Parts {
            metadata: &metadata,
            config: &metadata.config_json(),
            archive: &archive,
        };
        let provenance = layer(|kind| kind.ends_with("prov"));
        let created = manifest["annotations"]["org.opencontainers.image.created"].as_str();
        let expected = chart_manifest(shape_of(version), parts, provenance.as_deref(), created);
        if expected != request.body() {
            let pushed = String::from_utf8_lossy(request.body()).into_owned();
            return Err(format!("{pushed}\nis not\n{}", String::from_utf8_lossy(&expected)).into());
        }
    }
    Ok(())
}

fn shape_of(version: &Version) -> Shape {
    match (version.major, version.minor) {
        (3, ..=6) => Shape::Legacy,
        (3, 7) => Shape::Helm37,
        (3, 8..=11) => Shape::Helm38,
        (3, 12) => Shape::Helm312,
        _ => Shape::Helm313,
    }
}

fn known() -> Known {
    let Credentials { username, password } = Credentials::for_tests();
    Known::user(username, password)
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests are configured by environment variables"
)]
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}
