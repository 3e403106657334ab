//! `helm push`, which every Helm has since 3.7.

use super::{Act, Backstage, Effect, FlowError};

/// Pushes a package that the registry does not hold.
pub(super) fn push(backstage: &Backstage<'_>, version: &str) -> Result<Vec<Act>, FlowError> {
    let package = backstage.session.package(version);
    backstage.write(&package.file_name, &package.archive)?;
    let file = package.file_name.clone();
    let stored = Effect::Stored {
        tag: version.replace('+', "_"),
        package,
    };
    Ok(vec![backstage.act(
        "push",
        &[&file, &backstage.namespace()],
        stored,
    )])
}

/// Pushes a package that this Helm pushed before.
pub(super) async fn again(backstage: &Backstage<'_>) -> Result<Vec<Act>, FlowError> {
    let acts = push(backstage, "1.0.0")?;
    for act in &acts {
        backstage.succeed(act).await?;
    }
    let settled = async {
        let tagged = backstage.session.head_manifest("1.0.0").await?;
        let digest = tagged.header("docker-content-digest").unwrap_or_default();
        backstage
            .settle(&backstage.session.package("1.0.0"), digest)
            .await
    };
    settled.await.map_err(|stop| backstage.refused(stop))?;
    Ok(acts)
}
