//! `helm push`, which every Helm has since 3.7.

use bytes::Bytes;
use helm_oci_fixtures::chart::{ChartMetadata, ChartPackage};
use helm_oci_fixtures::{digest::sha256, provenance};
use helm_oci_suite::session::Session;

use super::{Act, Backstage, Effect, FlowError};

/// Pushes a package that the registry does not hold.
pub(super) fn push(backstage: &Backstage<'_>, version: &str) -> Result<Vec<Act>, FlowError> {
    let package = backstage.session.package(version);
    Ok(vec![of(backstage, package, None)?])
}

/// Pushes a package that this Helm pushed before.
pub(super) async fn again(backstage: &Backstage<'_>) -> Result<Vec<Act>, FlowError> {
    pushed(backstage).await?;
    push(backstage, "1.0.0")
}

/// Pushes another package of the same name and version as one that this Helm pushed before.
pub(super) async fn changed(backstage: &Backstage<'_>) -> Result<Vec<Act>, FlowError> {
    pushed(backstage).await?;
    let session = &backstage.session;
    let metadata = session.package("1.0.0").metadata;
    let package = ChartPackage::build(&metadata, session.seed().wrapping_add(1));
    Ok(vec![of(backstage, package, None)?])
}

/// Pushes a package with its provenance, and another whose layers are in the other order: since 3.8 Helm sorts
/// them by digest.
pub(super) fn signed(backstage: &Backstage<'_>) -> Result<Vec<Act>, FlowError> {
    let other = backstage.elsewhere("sorted-first");
    let mut acts = Vec::new();
    for (backstage, is_first) in [(backstage, false), (&other, true)] {
        let (package, provenance) = sorted(&backstage.session, is_first);
        acts.push(of(backstage, package, Some(provenance))?);
    }
    Ok(acts)
}

/// A signed package whose provenance is before its archive, by digest, or behind it.
fn sorted(session: &Session, is_first: bool) -> (ChartPackage, Bytes) {
    let metadata = ChartMetadata::new(session.chart_name(), "1.0.0");
    let mut seed = session.seed();
    loop {
        let package = ChartPackage::build(&metadata, seed);
        let provenance = provenance::sign(&package);
        if (sha256(&provenance) < package.digest()) == is_first {
            return (package, provenance);
        }
        seed = seed.wrapping_add(1);
    }
}

fn of(
    backstage: &Backstage<'_>,
    package: ChartPackage,
    provenance: Option<Bytes>,
) -> Result<Act, FlowError> {
    backstage.write(&package.file_name, &package.archive)?;
    if let Some(provenance) = &provenance {
        backstage.write(&format!("{}.prov", package.file_name), provenance)?;
    }
    let file = package.file_name.clone();
    let stored = Effect::Stored {
        tag: package.metadata.version.replace('+', "_"),
        package,
        provenance,
    };
    Ok(backstage.act("push", &[&file, &backstage.namespace()], stored))
}

/// A first push, as this Helm does it, with time passing afterwards.
async fn pushed(backstage: &Backstage<'_>) -> Result<(), FlowError> {
    for act in push(backstage, "1.0.0")? {
        backstage.succeed(&act).await?;
    }
    let settled = async {
        let tagged = backstage.session.head_manifest("1.0.0").await?;
        let digest = tagged.header("docker-content-digest").unwrap_or_default();
        let package = backstage.session.package("1.0.0");
        backstage
            .settle(&[package.config, package.archive], digest)
            .await
    };
    settled.await.map_err(|stop| backstage.refused(stop))
}
