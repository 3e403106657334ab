//! `helm push` of Helm 3.7 and later.

use bytes::Bytes;
use helm_oci_fixtures::chart::ChartPackage;
use helm_oci_fixtures::{digest::sha256, provenance};
use helm_oci_suite::session::Session;

use super::{Arrangement, Effect, FlowError, Invocation, pull};

/// Pushes a package that the registry does not hold.
pub(super) fn push(
    arrangement: &Arrangement<'_>,
    version: &str,
) -> Result<Vec<Invocation>, FlowError> {
    let package = arrangement.package(version);
    Ok(vec![of(arrangement, package, None)?])
}

/// Pushes a package that the registry does not hold, and pulls it at once.
pub(super) fn and_pull(arrangement: &Arrangement<'_>) -> Result<Vec<Invocation>, FlowError> {
    let package = arrangement.package("1.0.0");
    let mut push = of(arrangement, package.clone(), None)?;
    // A request to the registry would hide from the pull what the push left behind.
    push.effect = Effect::None;
    Ok(vec![push, pull::pushed(arrangement, package)?])
}

/// Pushes a package again.
pub(super) async fn again(arrangement: &Arrangement<'_>) -> Result<Vec<Invocation>, FlowError> {
    pushed(arrangement).await?;
    push(arrangement, "1.0.0")
}

/// Pushes a changed package under the name and version of a previous push.
pub(super) async fn changed(arrangement: &Arrangement<'_>) -> Result<Vec<Invocation>, FlowError> {
    pushed(arrangement).await?;
    let session = &arrangement.session;
    let seed = session.seed().wrapping_add(1);
    let package = ChartPackage::realistic(session.chart_name(), "1.0.0", seed);
    Ok(vec![of(arrangement, package, None)?])
}

/// Pushes a package with its provenance, and another with the layers in the other order: Helm 3.8 and later sort layers
/// by digest.
pub(super) fn signed(arrangement: &Arrangement<'_>) -> Result<Vec<Invocation>, FlowError> {
    let other = arrangement.in_repository("sorted-first");
    let mut invocations = Vec::new();
    for (arrangement, is_first) in [(arrangement, false), (&other, true)] {
        let (package, provenance) = sorted(&arrangement.session, is_first);
        invocations.push(of(arrangement, package, Some(provenance))?);
    }
    Ok(invocations)
}

/// A signed package whose provenance sorts before or after its archive, by digest.
fn sorted(session: &Session, is_first: bool) -> (ChartPackage, Bytes) {
    let mut seed = session.seed();
    loop {
        let package = ChartPackage::realistic(session.chart_name(), "1.0.0", seed);
        let provenance = provenance::sign(&package);
        if (sha256(&provenance) < package.digest()) == is_first {
            return (package, provenance);
        }
        seed = seed.wrapping_add(1);
    }
}

fn of(
    arrangement: &Arrangement<'_>,
    package: ChartPackage,
    provenance: Option<Bytes>,
) -> Result<Invocation, FlowError> {
    arrangement.write(&package.file_name, &package.archive)?;
    if let Some(provenance) = &provenance {
        arrangement.write(&format!("{}.prov", package.file_name), provenance)?;
    }
    let file = package.file_name.clone();
    let stored = Effect::Stored {
        tag: package.metadata.version.replace('+', "_"),
        package,
        provenance,
    };
    Ok(arrangement.invocation("push", &[&file, &arrangement.namespace()], stored))
}

/// Arranges a first push by this Helm version.
async fn pushed(arrangement: &Arrangement<'_>) -> Result<(), FlowError> {
    for invocation in push(arrangement, "1.0.0")? {
        arrangement.succeed(&invocation).await?;
    }
    let settled = async {
        let tagged = arrangement.session.head_manifest("1.0.0").await?;
        let digest = tagged.header("docker-content-digest").unwrap_or_default();
        let package = arrangement.package("1.0.0");
        arrangement
            .settle(&[package.config, package.archive], digest)
            .await
    };
    settled.await.map_err(|stop| arrangement.refused(&stop))
}
