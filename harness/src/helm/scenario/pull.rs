//! The reading flows: the forms of `helm pull`, and commands that render a chart.

use std::fs;

use helm_oci_fixtures::chart::ChartPackage;
use helm_oci_fixtures::provenance::PUBLIC_KEYRING;
use helm_oci_suite::session::steps::Chart;

use super::{Arrangement, Effect, FlowError, Invocation};

/// Pulls an exact version.
pub(super) async fn exact(
    arrangement: &Arrangement<'_>,
    version: &str,
) -> Result<Vec<Invocation>, FlowError> {
    let chart = arrangement.store(version, false).await?;
    Ok(vec![pull(
        arrangement,
        "pulled",
        &["--version", version],
        &chart,
    )?])
}

/// Pulls a chart with its provenance, and verifies another.
pub(super) async fn signed(arrangement: &Arrangement<'_>) -> Result<Vec<Invocation>, FlowError> {
    arrangement.write("keyring.gpg", PUBLIC_KEYRING)?;
    let fetch = ["--version", "1.0.0", "--prov"];
    let verify = ["--version", "1.0.0", "--verify", "--keyring", "keyring.gpg"];
    let chart = arrangement.store("1.0.0", true).await?;
    let verified = arrangement.in_repository("verify");
    let signed = verified.store("1.0.0", true).await?;
    Ok(vec![
        pull(arrangement, "with-provenance", &fetch, &chart)?,
        pull(&verified, "verified", &verify, &signed)?,
    ])
}

/// Pulls by two ranges: one of releases, and one that only a version with build metadata satisfies.
pub(super) async fn range(arrangement: &Arrangement<'_>) -> Result<Vec<Invocation>, FlowError> {
    let releases = several(arrangement).await?;
    let other = arrangement.in_repository("build");
    let builds = several(&other).await?;
    let (release, build) = ("^1.0.0", ">0.1.0, <0.3.0");
    Ok(vec![
        pull(
            arrangement,
            "release",
            &["--version", release],
            &releases.release,
        )?,
        pull(&other, "build", &["--version", build], &builds.build)?,
    ])
}

/// Pulls without a version.
pub(super) async fn unversioned(
    arrangement: &Arrangement<'_>,
) -> Result<Vec<Invocation>, FlowError> {
    let charts = several(arrangement).await?;
    Ok(vec![pull(arrangement, "pulled", &[], &charts.release)?])
}

/// Pulls by digest.
pub(super) async fn pinned(arrangement: &Arrangement<'_>) -> Result<Vec<Invocation>, FlowError> {
    let chart = arrangement.store("1.0.0", false).await?;
    let url = format!("{}@{}", arrangement.chart_url(), chart.digest);
    Ok(vec![pull_from(arrangement, &url, "pulled", &[], &chart)?])
}

/// Shows a chart, renders another, and installs a third as a dry run.
pub(super) async fn show(arrangement: &Arrangement<'_>) -> Result<Vec<Invocation>, FlowError> {
    let chart = arrangement.store("1.0.0", false).await?;
    let name = format!("name: {}", chart.package.metadata.name);
    let shown = Effect::Prints(vec![name, "version: 1.0.0".to_owned()]);
    let url = arrangement.chart_url();
    let mut invocations =
        vec![arrangement.invocation("show chart", &[&url, "--version", "1.0.0"], shown)];
    invocations.push(rendering(arrangement, "template", &[]).await?);
    let scenario = arrangement.scenario;
    let dry_run = if scenario.helm.is_since(3, 13, 0) {
        "--dry-run=client"
    } else {
        "--dry-run"
    };
    let kubeconfig = scenario
        .kubeconfig
        .as_ref()
        .map(|path| path.to_string_lossy());
    let cluster = match &kubeconfig {
        Some(path) if scenario.helm.is_since(3, 8, 0) => vec![dry_run, "--kubeconfig", path],
        Some(_) | None => vec![dry_run],
    };
    let has_cluster = cluster.len() > 1;
    if (has_cluster || scenario.helm.is_since(4, 0, 0)) && scenario.reaches("install") {
        invocations.push(rendering(arrangement, "install", &cluster).await?);
    }
    if has_cluster && scenario.reaches("upgrade") {
        let upgrade = [&["--install"], &cluster[..]].concat();
        invocations.push(rendering(arrangement, "upgrade", &upgrade).await?);
    }
    Ok(invocations)
}

/// A command that prints the rendered manifests of a chart, with a chart of its own.
async fn rendering(
    arrangement: &Arrangement<'_>,
    command: &str,
    options: &[&str],
) -> Result<Invocation, FlowError> {
    let rendered = arrangement.in_repository(command);
    rendered.store("1.0.0", false).await?;
    let manifest = Effect::Prints(vec![
        "kind: ConfigMap".to_owned(),
        "greeting: \"hello\"".to_owned(),
    ]);
    let url = rendered.chart_url();
    let chart = ["release", &url, "--version", "1.0.0"];
    Ok(rendered.invocation(command, &[&chart, options].concat(), manifest))
}

/// Two of the charts in a repository with many tags.
pub(super) struct Several {
    pub(super) release: Chart,
    pub(super) build: Chart,
}

/// Stores a typical repository: releases, build metadata, a prerelease, and tags that are no versions.
pub(super) async fn several(arrangement: &Arrangement<'_>) -> Result<Several, FlowError> {
    arrangement.store("0.1.0", false).await?;
    let build = arrangement.store("0.2.0+build.5", false).await?;
    arrangement.store("1.0.0", false).await?;
    let release = arrangement.store("1.2.0", false).await?;
    arrangement.store("1.3.0-rc.1", false).await?;
    for tag in ["latest", "stable"] {
        arrangement.tag(&release, tag).await?;
    }
    Ok(Several { release, build })
}

/// Pulls a package that an invocation before pushes.
pub(super) fn pushed(
    arrangement: &Arrangement<'_>,
    package: ChartPackage,
) -> Result<Invocation, FlowError> {
    let folder = "pulled";
    // Helm does not create the folder.
    fs::create_dir(arrangement.scenario.home.work().join(folder))?;
    let url = arrangement.chart_url();
    let arguments = [&url, "--version", "1.0.0", "--destination", folder];
    let pulled = Effect::Pulled {
        folder: folder.to_owned(),
        package,
        provenance: None,
    };
    Ok(arrangement.invocation("pull", &arguments, pulled))
}

fn pull(
    arrangement: &Arrangement<'_>,
    folder: &str,
    options: &[&str],
    chart: &Chart,
) -> Result<Invocation, FlowError> {
    pull_from(
        arrangement,
        &arrangement.chart_url(),
        folder,
        options,
        chart,
    )
}

fn pull_from(
    arrangement: &Arrangement<'_>,
    url: &str,
    folder: &str,
    options: &[&str],
    chart: &Chart,
) -> Result<Invocation, FlowError> {
    // Helm does not create the folder.
    fs::create_dir(arrangement.scenario.home.work().join(folder))?;
    let arguments: Vec<&str> = [url]
        .into_iter()
        .chain(options.iter().copied())
        .chain(["--destination", folder])
        .collect();
    let pulled = Effect::Pulled {
        folder: folder.to_owned(),
        package: chart.package.clone(),
        provenance: chart.provenance.clone(),
    };
    Ok(arrangement.invocation("pull", &arguments, pulled))
}
