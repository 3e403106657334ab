//! The three commands that fetch the dependencies of a chart.

use helm_oci_fixtures::chart::ChartPackage;
use helm_oci_fixtures::digest::sha256;

use super::pull::several;
use super::{Arrangement, Effect, FlowError, Invocation};

/// Resolves and fetches dependencies, fetches those of a lock file, and packages a chart with them.
pub(super) async fn invocations(
    arrangement: &Arrangement<'_>,
) -> Result<Vec<Invocation>, FlowError> {
    let mut invocations = vec![update(arrangement, "updated").await?];
    if arrangement.scenario.reaches("dependency build") {
        invocations.push(build(&arrangement.in_repository("build")).await?);
    }
    // Up to 3.8.0 `helm package --dependency-update` crashes on any `oci://` repository.
    if arrangement.scenario.helm.is_since(3, 8, 1) && arrangement.scenario.reaches("package") {
        invocations.push(package(&arrangement.in_repository("package")).await?);
    }
    Ok(invocations)
}

/// Resolves and fetches dependencies by two ranges: one of releases, and one that only a version with build metadata
/// satisfies.
pub(super) async fn ranges(arrangement: &Arrangement<'_>) -> Result<Vec<Invocation>, FlowError> {
    let other = arrangement.in_repository("build");
    let release = several(arrangement).await?.release.package;
    let build = several(&other).await?.build.package;
    write_parent(arrangement, "release", &release, "^1.0.0")?;
    write_parent(&other, "build", &build, ">0.1.0, <0.3.0")?;
    Ok(vec![
        arrangement.invocation(
            "dependency update",
            &["release"],
            fetched("release", release),
        ),
        other.invocation("dependency update", &["build"], fetched("build", build)),
    ])
}

async fn update(arrangement: &Arrangement<'_>, parent: &str) -> Result<Invocation, FlowError> {
    let package = depend(arrangement, parent).await?;
    Ok(arrangement.invocation("dependency update", &[parent], fetched(parent, package)))
}

/// The lock file has Helm's format but is not written by Helm, which would fetch the dependencies for it.
async fn build(arrangement: &Arrangement<'_>) -> Result<Invocation, FlowError> {
    let package = depend(arrangement, "built").await?;
    let (name, repository) = (&package.metadata.name, arrangement.namespace());
    let dependency =
        format!(r#"{{"name":"{name}","version":"1.0.0","repository":"{repository}"}}"#);
    // What the chart asks for, and what it was resolved to.
    let digest = sha256(format!("[[{dependency}],[{dependency}]]").as_bytes());
    let lock = format!(
        "dependencies:\n- name: {name}\n  repository: {repository}\n  version: 1.0.0\ndigest: {digest}\ngenerated: \"2026-01-01T00:00:00Z\"\n"
    );
    arrangement.write("built/Chart.lock", lock.as_bytes())?;
    Ok(arrangement.invocation("dependency build", &["built"], fetched("built", package)))
}

async fn package(arrangement: &Arrangement<'_>) -> Result<Invocation, FlowError> {
    let package = depend(arrangement, "packaged").await?;
    let packaged = Effect::Packaged {
        archive: "packaged-0.1.0.tgz".to_owned(),
        package,
    };
    let arguments = ["--dependency-update", "packaged"];
    Ok(arrangement.invocation("package", &arguments, packaged))
}

/// Stores a chart, and writes another that depends on it into the working directory.
async fn depend(arrangement: &Arrangement<'_>, parent: &str) -> Result<ChartPackage, FlowError> {
    let chart = arrangement.store("1.0.0", false).await?;
    write_parent(arrangement, parent, &chart.package, "1.0.0")?;
    Ok(chart.package)
}

/// Writes a chart that depends on a version of another.
fn write_parent(
    arrangement: &Arrangement<'_>,
    parent: &str,
    package: &ChartPackage,
    version: &str,
) -> Result<(), FlowError> {
    let text = format!(
        "apiVersion: v2\nname: {parent}\nversion: 0.1.0\ndependencies:\n- name: {}\n  version: \"{version}\"\n  repository: {}\n",
        package.metadata.name,
        arrangement.namespace(),
    );
    arrangement.write(&format!("{parent}/Chart.yaml"), text.as_bytes())?;
    Ok(())
}

fn fetched(parent: &str, package: ChartPackage) -> Effect {
    Effect::Pulled {
        folder: format!("{parent}/charts"),
        package,
        provenance: None,
    }
}
