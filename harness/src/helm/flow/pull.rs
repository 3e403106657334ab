//! The flows that read: pull in its forms, show and template, and dependencies.

use std::fs;

use helm_oci_fixtures::provenance::PUBLIC_KEYRING;
use helm_oci_suite::api::Chart;

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

/// Fetches what a chart depends on.
pub(super) async fn dependency(backstage: &Backstage<'_>) -> Result<Vec<Act>, FlowError> {
    let chart = backstage.store("1.0.0", false).await?;
    let parent = format!(
        "apiVersion: v2\nname: parent\nversion: 0.1.0\ndependencies:\n- name: {}\n  version: 1.0.0\n  repository: {}\n",
        chart.package.metadata.name,
        backstage.namespace(),
    );
    backstage.write("parent/Chart.yaml", parent.as_bytes())?;
    let pulled = Effect::Pulled {
        folder: "parent/charts".to_owned(),
        package: chart.package,
        provenance: None,
    };
    Ok(vec![backstage.act(
        "dependency update",
        &["parent"],
        pulled,
    )])
}

/// Shows a chart and renders another, without keeping them.
pub(super) async fn show(backstage: &Backstage<'_>) -> Result<Vec<Act>, FlowError> {
    let chart = backstage.store("1.0.0", false).await?;
    let rendered = backstage.elsewhere("template");
    rendered.store("1.0.0", false).await?;
    let name = format!("name: {}", chart.package.metadata.name);
    let shown = Effect::Says(vec![name, "version: 1.0.0".to_owned()]);
    let manifest = Effect::Says(vec![
        "kind: ConfigMap".to_owned(),
        "greeting: \"hello\"".to_owned(),
    ]);
    let (url, other) = (backstage.chart_url(), rendered.chart_url());
    let template = ["release", &other, "--version", "1.0.0"];
    Ok(vec![
        backstage.act("show chart", &[&url, "--version", "1.0.0"], shown),
        rendered.act("template", &template, manifest),
    ])
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
    // Helm does not make it.
    fs::create_dir(backstage.scene.home.work().join(folder))?;
    let url = backstage.chart_url();
    let arguments: Vec<&str> = [url.as_str()]
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
