//! Charts.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, OnceLock};

use bytes::Bytes;
use helm_oci_fixtures::chart::{ChartMetadata, ChartPackage};
use helm_oci_fixtures::manifest::{Shape, chart_manifest};
use helm_oci_fixtures::{media_type, provenance};

use super::VERSION;
use crate::oci::Digest;
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{Restriction, Stop};
use crate::wire::Measured;

/// A chart in the registry.
#[derive(Debug, Clone)]
pub struct Chart {
    /// The package.
    pub package: ChartPackage,
    /// The provenance file, if it has one.
    pub provenance: Option<Bytes>,
    /// The manifest as pushed.
    pub manifest: Bytes,
    /// The manifest's digest.
    pub digest: Digest,
    /// The archive of an existing chart, if the package does not have it: it is large, or could not be read.
    pub unkept_archive: Option<Measured>,
    /// The config of an existing chart, if it could not be read.
    pub unkept_config: Option<Measured>,
}

/// A blob that a check reads.
#[derive(Debug, Clone)]
pub(crate) enum Blob {
    /// A blob with these bytes.
    Kept(Bytes),
    /// A blob of this length and digest, which is measured and not kept.
    Unkept(Measured),
}

impl Blob {
    /// The digest.
    pub(crate) fn digest(&self) -> String {
        match self {
            Self::Kept(bytes) => digest_of(bytes).into(),
            Self::Unkept(measured) => measured.digest.clone(),
        }
    }

    /// The length in bytes.
    pub(crate) const fn length(&self) -> u64 {
        match self {
            Self::Kept(bytes) => bytes.len() as u64,
            Self::Unkept(measured) => measured.length,
        }
    }

    /// The bytes; the requirement does not apply to a blob that is not kept.
    pub(crate) fn bytes(self) -> Result<Bytes, Stop> {
        match self {
            Self::Kept(bytes) => Ok(bytes),
            Self::Unkept(_) => Err(Stop::condition_not_met(
                "the archive of the chart is not kept",
            )),
        }
    }

    /// True if it is the body of the response.
    pub(crate) fn is_in(&self, reply: &Reply) -> bool {
        match self {
            Self::Kept(bytes) => reply.body == bytes,
            Self::Unkept(expected) => reply.content() == *expected,
        }
    }
}

impl Chart {
    /// The chart layer.
    pub(crate) fn layer(&self) -> Blob {
        match &self.unkept_archive {
            Some(measured) => Blob::Unkept(measured.clone()),
            None => Blob::Kept(self.package.archive.clone()),
        }
    }

    /// The digest of the chart layer.
    pub fn layer_digest(&self) -> String {
        self.layer().digest()
    }

    /// The config.
    pub(crate) fn config(&self) -> Blob {
        match &self.unkept_config {
            Some(measured) => Blob::Unkept(measured.clone()),
            None => Blob::Kept(self.package.config.clone()),
        }
    }

    /// The digest of the config.
    pub fn config_digest(&self) -> String {
        self.config().digest()
    }

    /// The blob with this digest, if it is measured and not kept.
    pub(crate) fn unkept(&self, digest: &str) -> Option<&Measured> {
        let unkept = [&self.unkept_archive, &self.unkept_config];
        let mut unkept = unkept.into_iter().flatten();
        unkept.find(|measured| measured.digest == digest)
    }

    /// The blobs of the manifest, config first.
    pub fn blobs(&self) -> Vec<Bytes> {
        let mut blobs = vec![self.package.config.clone(), self.package.archive.clone()];
        blobs.extend(self.provenance.clone());
        blobs
    }
}

/// The charts that proofs have built: the same ones for every fault, and compression and signatures take most of the time.
#[derive(Debug, Default)]
pub struct BuiltCharts {
    packages: Once<PackageKey, ChartPackage>,
    /// The provenance files by the digests of the archives.
    provenance: Once<String, Bytes>,
}

/// Values by key. Each is made once; nobody waits for a value of another key.
#[derive(Debug)]
struct Once<K, V>(Mutex<HashMap<K, Arc<OnceLock<V>>>>);

impl<K, V> Default for Once<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Once<K, V> {
    fn get(&self, key: &K, make: impl FnOnce() -> V) -> V {
        let mut values = self.0.lock().expect("nothing panics with the lock");
        let value = Arc::clone(values.entry(key.clone()).or_default());
        drop(values);
        value.get_or_init(make).clone()
    }
}

/// Everything that determines a package.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct PackageKey {
    name: String,
    version: String,
    seed: u64,
    /// True for a chart as charts usually are.
    is_ordinary: bool,
}

impl PackageKey {
    fn build(&self) -> ChartPackage {
        let Self {
            name,
            version,
            seed,
            is_ordinary,
        } = self;
        if *is_ordinary {
            ChartPackage::realistic(name, version, *seed)
        } else {
            ChartPackage::build(&ChartMetadata::new(name, version), *seed)
        }
    }
}

impl BuiltCharts {
    fn package(&self, key: &PackageKey) -> ChartPackage {
        self.packages.get(key, || key.build())
    }

    fn provenance(&self, package: &ChartPackage) -> Bytes {
        self.provenance
            .get(&package.digest(), || provenance::sign(package))
    }
}

impl Session {
    /// A chart package with the name of this check's repository.
    pub fn package(&self, version: &str) -> ChartPackage {
        self.built_package(version, self.seed(), false)
    }

    /// A chart package as charts usually are: an archive of some ten kilobytes, every field of the metadata, many and long
    /// annotations.
    pub fn ordinary_package(&self, version: &str) -> ChartPackage {
        self.ordinary_package_of(version, self.seed())
    }

    /// Such a package with this seed.
    pub(crate) fn ordinary_package_of(&self, version: &str, seed: u64) -> ChartPackage {
        self.built_package(version, seed, true)
    }

    fn built_package(&self, version: &str, seed: u64, is_ordinary: bool) -> ChartPackage {
        let key = PackageKey {
            name: self.chart_name().to_owned(),
            version: version.to_owned(),
            seed,
            is_ordinary,
        };
        match &self.target().built {
            Some(built) => built.package(&key),
            None => key.build(),
        }
    }

    /// The provenance file of a package.
    pub(crate) fn provenance_of(&self, package: &ChartPackage) -> Bytes {
        match &self.target().built {
            Some(built) => built.provenance(package),
            None => provenance::sign(package),
        }
    }

    /// Pushes the blobs of a chart with the manifest of Helm 3.8 to 3.11, and not the manifest.
    pub async fn arrange_chart_blobs(&self, version: &str) -> Result<Chart, Stop> {
        self.arrange_blobs_of(self.package(version), Shape::Helm38, None)
            .await
    }

    /// Pushes the blobs of a signed chart, and not the manifest.
    pub async fn arrange_signed_blobs(&self, version: &str, shape: Shape) -> Result<Chart, Stop> {
        let package = self.package(version);
        let signature = self.provenance_of(&package);
        self.arrange_blobs_of(package, shape, Some(signature)).await
    }

    /// A package with the manifest that Helm writes in this shape.
    pub fn chart_of(
        &self,
        package: ChartPackage,
        shape: Shape,
        provenance: Option<Bytes>,
    ) -> Chart {
        self.as_arranged(Self::chart_as_sent(package, shape, provenance))
    }

    /// The chart with a `mediaType` field in its manifest, if the registry accepts no other.
    pub(crate) fn as_arranged(&self, chart: Chart) -> Chart {
        if !self.target().typed_manifests {
            return chart;
        }
        let manifest = with_media_type(&chart.manifest);
        let digest = digest_of(&manifest);
        Chart {
            manifest,
            digest,
            ..chart
        }
    }

    /// The chart as Helm pushes it, without a `mediaType` field in its manifest.
    pub(crate) fn chart_as_sent(
        package: ChartPackage,
        shape: Shape,
        provenance: Option<Bytes>,
    ) -> Chart {
        let created = matches!(shape, Shape::Helm313).then_some("2026-11-22T05:32:38Z");
        let manifest = chart_manifest(shape, &package, provenance.as_deref(), created);
        let digest = digest_of(&manifest);
        Chart {
            package,
            provenance,
            manifest,
            digest,
            unkept_archive: None,
            unkept_config: None,
        }
    }

    /// Pushes the blobs of a package, and builds its manifest without pushing it.
    pub async fn arrange_blobs_of(
        &self,
        package: ChartPackage,
        shape: Shape,
        provenance: Option<Bytes>,
    ) -> Result<Chart, Stop> {
        let chart = self.chart_of(package, shape, provenance);
        for blob in chart.blobs() {
            self.arrange_blob(&blob).await?;
        }
        Ok(chart)
    }

    /// Pushes a chart with this tag.
    pub async fn arrange_chart(&self, tag: &str) -> Result<Chart, Stop> {
        if let Some(existing) = self.existing_chart().filter(|_| tag == VERSION) {
            return Ok(existing.chart.clone());
        }
        let chart = self.arrange_chart_blobs(VERSION).await?;
        self.arrange_manifest(tag, &chart.manifest).await?;
        Ok(chart)
    }

    /// The chart 1.0.0 with a manifest of its own for this tag, which no other check pushes.
    pub fn chart_of_own(&self, tag: &str) -> Chart {
        let mut package = self.package(VERSION);
        package.metadata = package.metadata.annotation("tag", tag);
        self.chart_of(package, Shape::Helm313, None)
    }

    /// Pushes the chart 1.0.0 with a manifest of its own, under this tag.
    pub async fn arrange_own_manifest(&self, tag: &str) -> Result<Chart, Stop> {
        let chart = self.chart_of_own(tag);
        for blob in chart.blobs() {
            self.arrange_blob(&blob).await?;
        }
        self.arrange_manifest(tag, &chart.manifest).await?;
        Ok(chart)
    }

    /// Pushes a chart as charts usually are, with this tag.
    pub async fn arrange_ordinary_chart(&self, tag: &str) -> Result<Chart, Stop> {
        if let Some(existing) = self.existing_chart().filter(|_| tag == VERSION) {
            return Ok(existing.chart.clone());
        }
        let package = self.ordinary_package(VERSION);
        let chart = self.arrange_blobs_of(package, Shape::Helm38, None).await?;
        self.arrange_manifest(tag, &chart.manifest).await?;
        Ok(chart)
    }

    /// Pushes a signed chart in the given shape with the tag 1.0.0.
    pub async fn arrange_signed_chart(&self, shape: Shape) -> Result<Chart, Stop> {
        if let Some(existing) = self.existing_chart() {
            return match &existing.chart.provenance {
                Some(_) => Ok(existing.chart.clone()),
                None => Err(Stop::not_allowed(Restriction::UnsignedChart)),
            };
        }
        let chart = self.arrange_signed_blobs(VERSION, shape).await?;
        self.arrange_manifest(VERSION, &chart.manifest).await?;
        Ok(chart)
    }

    /// Pushes the blobs of another chart with the same name and version.
    pub async fn arrange_other_chart_blobs(&self, version: &str) -> Result<Chart, Stop> {
        let package = self.built_package(version, self.seed().wrapping_add(1), false);
        self.arrange_blobs_of(package, Shape::Helm38, None).await
    }
}

/// The same manifest with a `mediaType` field.
pub fn with_media_type(manifest: &Bytes) -> Bytes {
    let text = String::from_utf8_lossy(manifest);
    let field = format!("{{\"mediaType\":\"{}\",", media_type::OCI_MANIFEST);
    Bytes::from(text.replacen('{', &field, 1))
}
