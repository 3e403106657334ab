//! The look at what a push left in the registry.
//!
//! The registry may serve content wrongly that it stored rightly, which a pull shows. So a push is wrong only if the reads
//! agree: nothing is under the tag, or another chart is. Otherwise the exit status of Helm decides.

use bytes::Bytes;
use helm_oci_fixtures::chart::ChartPackage;
use helm_oci_fixtures::digest::sha256;
use helm_oci_suite::oci::Manifest;
use helm_oci_suite::session::{Reply, Session};
use http::StatusCode;

use super::effect::described_files;

const NOTHING: &str = "it succeeds and no manifest under the tag";
const OTHER_CHART: &str = "it succeeds and the chart stored is another";
const OTHER_CONFIG: &str = "it succeeds and the config stored is another";
const OTHER_PROVENANCE: &str = "it succeeds and the provenance stored is another";

/// Looks for a manifest with the package, byte for byte, and with the provenance if there is one.
pub(super) async fn exactly(
    session: &Session,
    tag: &str,
    package: &ChartPackage,
    provenance: Option<&Bytes>,
) -> Result<(), String> {
    let Some(stored) = Tagged::read(session, tag).await? else {
        return Ok(());
    };
    let mut expected = vec![
        (sha256(&package.archive), OTHER_CHART),
        (sha256(&package.config), OTHER_CONFIG),
    ];
    expected.extend(provenance.map(|bytes| (sha256(bytes), OTHER_PROVENANCE)));
    match expected.iter().find(|(digest, _)| !stored.has(digest)) {
        Some((_, difference)) if stored.is_current(session, tag).await => {
            Err((*difference).to_owned())
        }
        _ => Ok(()),
    }
}

/// The same for a chart that Helm 3.0 to 3.6 repacked: it has the same files.
pub(super) async fn repacked(
    session: &Session,
    tag: &str,
    package: &ChartPackage,
) -> Result<(), String> {
    let Some(stored) = Tagged::read(session, tag).await? else {
        return Ok(());
    };
    let difference = if stored.has(&sha256(&package.config)) {
        let archive = stored.archive(session).await;
        let is_other =
            |archive: Bytes| described_files(&archive) != described_files(&package.archive);
        archive.is_some_and(is_other).then_some(OTHER_CHART)
    } else {
        Some(OTHER_CONFIG)
    };
    match difference {
        Some(difference) if stored.is_current(session, tag).await => Err(difference.to_owned()),
        _ => Ok(()),
    }
}

/// The manifest that GET of a tag returns.
struct Tagged {
    manifest: Manifest,
    digest: String,
}

impl Tagged {
    /// Reads the manifest; `None` if it cannot be read, and an error if there is none.
    async fn read(session: &Session, tag: &str) -> Result<Option<Self>, String> {
        let Ok(reply) = session.get_manifest(tag).await else {
            return Ok(None);
        };
        if reply.status == StatusCode::NOT_FOUND && is_absent(session, tag).await {
            return Err(NOTHING.to_owned());
        }
        Ok(Self::of(&reply))
    }

    /// The manifest of a chart; an index that a registry generates around it has no config.
    fn of(reply: &Reply) -> Option<Self> {
        let manifest: Manifest = serde_json::from_slice(&reply.body).ok()?;
        let is_chart = reply.status.is_success() && !manifest.config.digest.is_empty();
        let digest = sha256(&reply.body);
        is_chart.then_some(Self { manifest, digest })
    }

    fn has(&self, digest: &str) -> bool {
        let Manifest { config, layers } = &self.manifest;
        config.digest == digest || layers.iter().any(|layer| layer.digest == digest)
    }

    /// True if HEAD of the tag names the same manifest.
    async fn is_current(&self, session: &Session, tag: &str) -> bool {
        let head = session.head_manifest(tag).await;
        head.is_ok_and(|head| head.header("docker-content-digest") == Some(self.digest.as_str()))
    }

    /// The content of the only layer, if it can be read.
    async fn archive(&self, session: &Session) -> Option<Bytes> {
        let [layer] = &self.manifest.layers[..] else {
            return None;
        };
        let reply = session.get_blob_following(&layer.digest).await.ok()?;
        let is_intact = reply.status.is_success() && sha256(&reply.body) == layer.digest;
        is_intact.then_some(reply.body)
    }
}

/// True if HEAD does not find a tag either, and it is not listed.
async fn is_absent(session: &Session, tag: &str) -> bool {
    let head = session.head_manifest(tag).await;
    if !head.is_ok_and(|head| head.status == StatusCode::NOT_FOUND) {
        return false;
    }
    let listed = session.arranged_tags().await;
    listed.map_or(true, |(_, tags)| !tags.iter().any(|own| own == tag))
}

#[cfg(test)]
mod tests {
    use helm_oci_fixtures::fault::Fault;
    use helm_oci_fixtures::manifest::Shape;
    use helm_oci_fixtures::provenance;
    use helm_oci_suite::proof;
    use helm_oci_suite::requirement::Setup;
    use helm_oci_suite::verdict::Stop;

    use super::*;

    /// Pushes a chart as Helm 3.8 to 3.17 does, which reads the tag and the blobs before.
    async fn push(
        session: &Session,
        tag: &str,
        package: &ChartPackage,
        provenance: Option<&Bytes>,
    ) -> Result<(), Stop> {
        let chart = session.chart_of(package.clone(), Shape::Helm38, provenance.cloned());
        // A failure here is one of the read and not of the push.
        let _ = session.head_manifest(tag).await;
        for blob in chart.blobs() {
            let _ = session.head_blob(&sha256(&blob)).await;
            session.arrange_blob(&blob).await?;
        }
        session.arrange_manifest(tag, &chart.manifest).await
    }

    /// Looks at a push that the registry with this fault accepts.
    async fn look(
        fault: Fault,
        tag: &str,
        earlier: &[&ChartPackage],
        package: &ChartPackage,
        provenance: Option<&Bytes>,
    ) -> Result<(), String> {
        let session = Session::new(proof::target(Setup::Open, &[fault]), "test/look");
        for package in earlier {
            let _ = push(&session, tag, package, None).await;
        }
        match push(&session, tag, package, provenance).await {
            Ok(()) => exactly(&session, tag, package, provenance).await,
            Err(_) => Ok(()),
        }
    }

    #[tokio::test]
    async fn only_faults_of_storage_make_an_accepted_push_wrong() {
        let session = Session::new(proof::target(Setup::Open, &[]), "test/look");
        let first = session.package("1.0.0");
        let changed = ChartPackage::realistic(session.chart_name(), "1.0.0", 2);
        let plus = session.package("1.0.0+build.5");
        let provenance = provenance::sign(&first);
        let mut wrong = Vec::new();
        for fault in Fault::ALL {
            for (flow, looked) in [
                (
                    "push-prov",
                    look(*fault, "1.0.0", &[], &first, Some(&provenance)).await,
                ),
                (
                    "push-plus",
                    look(*fault, "1.0.0_build.5", &[], &plus, None).await,
                ),
                (
                    "push-changed",
                    look(*fault, "1.0.0", &[&first], &changed, None).await,
                ),
            ] {
                if let Err(what) = looked {
                    wrong.push((fault.name(), flow, what));
                }
            }
        }
        let found = wrong
            .iter()
            .map(|(fault, flow, what)| (*fault, *flow, what.as_str()));
        assert_eq!(
            found.collect::<Vec<_>>(),
            [
                ("rewrites-underscore-tags", "push-plus", NOTHING),
                ("ignores-overwrites", "push-changed", OTHER_CHART),
            ]
        );
    }

    #[tokio::test]
    async fn a_repacked_chart_has_the_same_files() {
        for (fault, is_stored) in [
            (None, false),
            (Some(Fault::AltersBlobs), true),
            (Some(Fault::BlobGetNotFound), true),
        ] {
            let faults: Vec<Fault> = fault.into_iter().collect();
            let session = Session::new(proof::target(Setup::Open, &faults), "test/look");
            let package = session.package("1.0.0");
            let mut other = package.clone();
            other.archive = ChartPackage::realistic(session.chart_name(), "1.0.0", 2).archive;
            let pushed = push(&session, "1.0.0", &other, None).await;
            pushed.expect("it is accepted");
            assert_eq!(repacked(&session, "1.0.0", &other).await, Ok(()));
            let looked = repacked(&session, "1.0.0", &package).await;
            assert_eq!(looked.is_ok(), is_stored, "{fault:?}: {looked:?}");
        }
    }
}
