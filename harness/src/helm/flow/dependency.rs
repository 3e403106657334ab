//! What a chart depends on, fetched by each of the three commands that do.

use helm_oci_fixtures::chart::ChartPackage;
use helm_oci_fixtures::digest::sha256;

use super::{Act, Backstage, Effect, FlowError};

/// Resolves and fetches, fetches what a lock says, and packages with what was fetched.
pub(super) async fn acts(backstage: &Backstage<'_>) -> Result<Vec<Act>, FlowError> {
    let mut acts = vec![update(backstage, "updated").await?];
    if backstage.scene.reaches("dependency build") {
        acts.push(build(&backstage.elsewhere("build")).await?);
    }
    // Up to 3.8.0 `helm package --dependency-update` crashes on any `oci://` repository.
    if backstage.scene.helm.is_since(3, 8, 1) && backstage.scene.reaches("package") {
        acts.push(package(&backstage.elsewhere("package")).await?);
    }
    Ok(acts)
}

async fn update(backstage: &Backstage<'_>, parent: &str) -> Result<Act, FlowError> {
    let package = depend(backstage, parent).await?;
    Ok(backstage.act("dependency update", &[parent], fetched(parent, package)))
}

/// The lock is written as Helm writes it, and not by Helm, which would have to fetch what it locks.
async fn build(backstage: &Backstage<'_>) -> Result<Act, FlowError> {
    let package = depend(backstage, "built").await?;
    let (name, repository) = (&package.metadata.name, backstage.namespace());
    let dependency =
        format!(r#"{{"name":"{name}","version":"1.0.0","repository":"{repository}"}}"#);
    // What the chart asks for, and what it was resolved to.
    let digest = sha256(format!("[[{dependency}],[{dependency}]]").as_bytes());
    let lock = format!(
        "dependencies:\n- name: {name}\n  repository: {repository}\n  version: 1.0.0\ndigest: {digest}\ngenerated: \"2026-01-01T00:00:00Z\"\n"
    );
    backstage.write("built/Chart.lock", lock.as_bytes())?;
    Ok(backstage.act("dependency build", &["built"], fetched("built", package)))
}

async fn package(backstage: &Backstage<'_>) -> Result<Act, FlowError> {
    let package = depend(backstage, "packaged").await?;
    let packaged = Effect::Packaged {
        archive: "packaged-0.1.0.tgz".to_owned(),
        package,
    };
    let arguments = ["--dependency-update", "packaged"];
    Ok(backstage.act("package", &arguments, packaged))
}

/// Stores a chart, and writes another that depends on it into the working folder.
async fn depend(backstage: &Backstage<'_>, parent: &str) -> Result<ChartPackage, FlowError> {
    let chart = backstage.store("1.0.0", false).await?;
    let text = format!(
        "apiVersion: v2\nname: {parent}\nversion: 0.1.0\ndependencies:\n- name: {}\n  version: 1.0.0\n  repository: {}\n",
        chart.package.metadata.name,
        backstage.namespace(),
    );
    backstage.write(&format!("{parent}/Chart.yaml"), text.as_bytes())?;
    Ok(chart.package)
}

fn fetched(parent: &str, package: ChartPackage) -> Effect {
    Effect::Pulled {
        folder: format!("{parent}/charts"),
        package,
        provenance: None,
    }
}
