//! `helm chart save`, `push`, `pull` and `export` of Helm 3.0 to 3.6, which name a reference without a scheme.

use super::{Act, Backstage, Effect, FlowError};

/// Saves a package into the cache, which is part of getting ready, and pushes it from there.
pub(super) fn push(backstage: &Backstage<'_>) -> Result<Vec<Act>, FlowError> {
    let package = backstage.session.package("1.0.0");
    backstage.write(&package.file_name, &package.archive)?;
    let reference = reference(backstage);
    let save = backstage.act(
        "chart save",
        &[&package.file_name, &reference],
        Effect::None,
    );
    let stored = Effect::StoredAnew {
        tag: "1.0.0".to_owned(),
        package,
    };
    let mut push = backstage.act("chart push", &[&reference], stored);
    push.needs_cache = true;
    Ok(vec![save, push])
}

/// Pulls a chart into the cache and exports it from there.
pub(super) async fn pull(backstage: &Backstage<'_>) -> Result<Vec<Act>, FlowError> {
    let chart = backstage.store("1.0.0", false).await?;
    let reference = reference(backstage);
    let exported = Effect::Exported {
        folder: "exported".to_owned(),
        package: chart.package,
    };
    let pull = backstage.act("chart pull", &[&reference], Effect::None);
    let mut export = backstage.act(
        "chart export",
        &[&reference, "--destination", "exported"],
        exported,
    );
    export.needs_cache = true;
    Ok(vec![pull, export])
}

fn reference(backstage: &Backstage<'_>) -> String {
    format!(
        "{}/{}:1.0.0",
        backstage.scene.host(),
        backstage.session.repository()
    )
}
