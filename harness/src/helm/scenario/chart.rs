//! `helm chart save`, `push`, `pull` and `export` of Helm 3.0 to 3.6, with references without a scheme.

use helm_oci_fixtures::chart::ChartPackage;

use super::{Arrangement, Effect, FlowError, Invocation};

/// Saves a package into the cache as arrangement, and pushes it from there.
pub(super) fn push(arrangement: &Arrangement<'_>) -> Result<Vec<Invocation>, FlowError> {
    let package = arrangement.package("1.0.0");
    arrangement.write(&package.file_name, &package.archive)?;
    let reference = reference(arrangement);
    let save = arrangement.invocation(
        "chart save",
        &[&package.file_name, &reference],
        Effect::None,
    );
    let stored = Effect::StoredRepacked {
        tag: "1.0.0".to_owned(),
        package,
    };
    let mut push = arrangement.invocation("chart push", &[&reference], stored);
    push.needs_cache = true;
    Ok(vec![save, push])
}

/// Pushes a package from the cache, and pulls it at once into an empty cache.
pub(super) fn push_and_pull(arrangement: &Arrangement<'_>) -> Result<Vec<Invocation>, FlowError> {
    let mut invocations = push(arrangement)?;
    if let Some(push) = invocations.last_mut() {
        // A request to the registry would hide from the pull what the push left behind.
        push.effect = Effect::None;
    }
    let package = arrangement.package("1.0.0");
    invocations.extend(pull_and_export(arrangement, package));
    Ok(invocations)
}

/// Pulls a chart into the cache and exports it from there.
pub(super) async fn pull(arrangement: &Arrangement<'_>) -> Result<Vec<Invocation>, FlowError> {
    let chart = arrangement.store("1.0.0", false).await?;
    Ok(pull_and_export(arrangement, chart.package))
}

fn pull_and_export(arrangement: &Arrangement<'_>, package: ChartPackage) -> Vec<Invocation> {
    let reference = reference(arrangement);
    let exported = Effect::Exported {
        folder: "exported".to_owned(),
        package,
    };
    let pull = arrangement.invocation("chart pull", &[&reference], Effect::None);
    let mut export = arrangement.invocation(
        "chart export",
        &[&reference, "--destination", "exported"],
        exported,
    );
    export.needs_cache = true;
    vec![pull, export]
}

fn reference(arrangement: &Arrangement<'_>) -> String {
    format!(
        "{}/{}:1.0.0",
        arrangement.scenario.host(),
        arrangement.session.repository()
    )
}
