//! The flows that read: pull in its forms, and what renders a chart without keeping it.

use std::fs;

use helm_oci_fixtures::provenance::PUBLIC_KEYRING;
use helm_oci_suite::session::steps::Chart;

use super::{Act, Backstage, Effect, FlowError};

/// Pulls one version, named exactly.
pub(super) async fn exact(backstage: &Backstage<'_>, version: &str) -> Result<Vec<Act>, FlowError> {
    let chart = backstage.store(version, false).await?;
    Ok(vec![pull(
        backstage,
        "pulled",
        &["--version", version],
        &chart,
    )?])
}

/// Pulls a chart with its provenance, and another to verify it.
pub(super) async fn signed(backstage: &Backstage<'_>) -> Result<Vec<Act>, FlowError> {
    backstage.write("keyring.gpg", PUBLIC_KEYRING)?;
    let fetch = ["--version", "1.0.0", "--prov"];
    let verify = ["--version", "1.0.0", "--verify", "--keyring", "keyring.gpg"];
    let chart = backstage.store("1.0.0", true).await?;
    let verified = backstage.elsewhere("verify");
    let signed = verified.store("1.0.0", true).await?;
    Ok(vec![
        pull(backstage, "with-provenance", &fetch, &chart)?,
        pull(&verified, "verified", &verify, &signed)?,
    ])
}

/// Pulls the highest version of two ranges: one of releases, and one that only build metadata satisfies.
pub(super) async fn range(backstage: &Backstage<'_>) -> Result<Vec<Act>, FlowError> {
    let releases = several(backstage).await?;
    let other = backstage.elsewhere("build");
    let builds = several(&other).await?;
    let (release, build) = ("^1.0.0", ">0.1.0, <0.3.0");
    Ok(vec![
        pull(
            backstage,
            "release",
            &["--version", release],
            &releases.release,
        )?,
        pull(&other, "build", &["--version", build], &builds.build)?,
    ])
}

/// Pulls without a version.
pub(super) async fn unversioned(backstage: &Backstage<'_>) -> Result<Vec<Act>, FlowError> {
    let charts = several(backstage).await?;
    Ok(vec![pull(backstage, "pulled", &[], &charts.release)?])
}

/// Pulls what a digest names.
pub(super) async fn pinned(backstage: &Backstage<'_>) -> Result<Vec<Act>, FlowError> {
    let chart = backstage.store("1.0.0", false).await?;
    let url = format!("{}@{}", backstage.chart_url(), chart.digest);
    Ok(vec![pull_from(backstage, &url, "pulled", &[], &chart)?])
}

/// Shows a chart, renders another and installs a third, without keeping them.
pub(super) async fn show(backstage: &Backstage<'_>) -> Result<Vec<Act>, FlowError> {
    let chart = backstage.store("1.0.0", false).await?;
    let name = format!("name: {}", chart.package.metadata.name);
    let shown = Effect::Says(vec![name, "version: 1.0.0".to_owned()]);
    let url = backstage.chart_url();
    let mut acts = vec![backstage.act("show chart", &[&url, "--version", "1.0.0"], shown)];
    acts.push(rendering(backstage, "template", &[]).await?);
    let scene = backstage.scene;
    let dry_run = if scene.helm.is_since(3, 13, 0) {
        "--dry-run=client"
    } else {
        "--dry-run"
    };
    let kubeconfig = scene.kubeconfig.as_ref().map(|path| path.to_string_lossy());
    let cluster = match &kubeconfig {
        Some(path) if scene.helm.is_since(3, 8, 0) => vec![dry_run, "--kubeconfig", path],
        Some(_) | None => vec![dry_run],
    };
    let has_cluster = cluster.len() > 1;
    if (has_cluster || scene.helm.is_since(4, 0, 0)) && scene.reaches("install") {
        acts.push(rendering(backstage, "install", &cluster).await?);
    }
    if has_cluster && scene.reaches("upgrade") {
        let upgrade = [&["--install"], &cluster[..]].concat();
        acts.push(rendering(backstage, "upgrade", &upgrade).await?);
    }
    Ok(acts)
}

/// A command that prints what a chart renders to, with a chart of its own.
async fn rendering(
    backstage: &Backstage<'_>,
    command: &str,
    options: &[&str],
) -> Result<Act, FlowError> {
    let rendered = backstage.elsewhere(command);
    rendered.store("1.0.0", false).await?;
    let manifest = Effect::Says(vec![
        "kind: ConfigMap".to_owned(),
        "greeting: \"hello\"".to_owned(),
    ]);
    let url = rendered.chart_url();
    let chart = ["release", &url, "--version", "1.0.0"];
    Ok(rendered.act(command, &[&chart, options].concat(), manifest))
}

/// Two of the charts in a repository with many tags.
struct Several {
    release: Chart,
    build: Chart,
}

/// A repository as it grows: releases, build metadata, a prerelease, and tags that are no versions.
async fn several(backstage: &Backstage<'_>) -> Result<Several, FlowError> {
    backstage.store("0.1.0", false).await?;
    let build = backstage.store("0.2.0+build.5", false).await?;
    backstage.store("1.0.0", false).await?;
    let release = backstage.store("1.2.0", false).await?;
    backstage.store("1.3.0-rc.1", false).await?;
    for tag in ["latest", "stable"] {
        let package = backstage.session.package("1.2.0");
        backstage.store_package(package, None, tag).await?;
    }
    Ok(Several { release, build })
}

fn pull(
    backstage: &Backstage<'_>,
    folder: &str,
    options: &[&str],
    chart: &Chart,
) -> Result<Act, FlowError> {
    pull_from(backstage, &backstage.chart_url(), folder, options, chart)
}

fn pull_from(
    backstage: &Backstage<'_>,
    url: &str,
    folder: &str,
    options: &[&str],
    chart: &Chart,
) -> Result<Act, FlowError> {
    // Helm does not make it.
    fs::create_dir(backstage.scene.home.work().join(folder))?;
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
    Ok(backstage.act("pull", &arguments, pulled))
}
