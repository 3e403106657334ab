//! The arrangement of a flow: charts in the registry, files in the working directory, and invocations of Helm.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use helm_oci_fixtures::chart::ChartPackage;
use helm_oci_fixtures::digest::sha256;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::session::Session;
use helm_oci_suite::session::steps::Chart;
use helm_oci_suite::verdict::Stop;

use super::{Effect, FlowError, Invocation, MODIFIED, Scenario, final_error};

/// The arrangement of one flow.
pub(super) struct Arrangement<'a> {
    pub(super) scenario: &'a Scenario<'a>,
    pub(super) flow: Flow,
    pub(super) session: Arc<Session>,
}

impl Arrangement<'_> {
    /// The same flow in another repository, so that limits per repository apply to each invocation separately.
    pub(super) fn in_repository(&self, name: &str) -> Self {
        Self {
            scenario: self.scenario,
            flow: self.flow,
            session: self.scenario.session(&format!("flow/{}-{name}", self.flow)),
        }
    }

    /// `oci://host/namespace`, the destination of pushes.
    pub(super) fn namespace(&self) -> String {
        let chart = self.chart_url();
        chart
            .rsplit_once('/')
            .map_or(chart.clone(), |(namespace, _)| namespace.to_owned())
    }

    /// `oci://host/namespace/name`, the source of pulls.
    pub(super) fn chart_url(&self) -> String {
        format!(
            "oci://{}/{}",
            self.scenario.host(),
            self.session.repository()
        )
    }

    /// An invocation of a Helm command, with the flag for a registry without TLS if needed.
    pub(super) fn invocation(
        &self,
        command: &str,
        arguments: &[&str],
        effect: Effect,
    ) -> Invocation {
        let words = command
            .split(' ')
            .chain(arguments.iter().copied())
            .map(ToOwned::to_owned);
        let arguments = words.chain(self.scenario.transport(command)).collect();
        Invocation {
            session: Arc::clone(&self.session),
            arguments,
            input: None,
            effect,
            needs_cache: false,
        }
    }

    /// A chart package of realistic size and content, with the name of this flow's repository.
    pub(super) fn package(&self, version: &str) -> ChartPackage {
        let session = &self.session;
        ChartPackage::realistic(session.chart_name(), version, session.seed())
    }

    /// Stores a chart in the registry in the shape of this Helm version, under the tag of its version.
    pub(super) async fn store(&self, version: &str, is_signed: bool) -> Result<Chart, FlowError> {
        let package = self.package(version);
        let provenance = is_signed.then(|| helm_oci_fixtures::provenance::sign(&package));
        self.store_package(package, provenance, &version.replace('+', "_"))
            .await
    }

    pub(super) async fn store_package(
        &self,
        package: ChartPackage,
        provenance: Option<Bytes>,
        tag: &str,
    ) -> Result<Chart, FlowError> {
        let stored = async {
            let chart = self
                .session
                .arrange_blobs_of(package, self.scenario.shape(), provenance)
                .await?;
            self.session.arrange_manifest(tag, &chart.manifest).await?;
            self.settle(&chart.blobs(), &chart.digest).await?;
            Ok(chart)
        };
        stored.await.map_err(|stop| self.refused(&stop))
    }

    /// Gives a stored chart another tag.
    pub(super) async fn tag(&self, chart: &Chart, tag: &str) -> Result<(), FlowError> {
        let tagged = async {
            self.session.arrange_manifest(tag, &chart.manifest).await?;
            self.settle(&[], &chart.digest).await
        };
        tagged.await.map_err(|stop| self.refused(&stop))
    }

    /// Reads a chart in every way once, so that a registry that lags behind a push has caught up before Helm runs.
    pub(super) async fn settle(&self, blobs: &[Bytes], manifest: &str) -> Result<(), Stop> {
        for blob in blobs {
            self.session.head_blob(&sha256(blob)).await?;
        }
        self.session.head_manifest(manifest).await?;
        self.session.list_tags().await?;
        Ok(())
    }

    /// Runs Helm as a part of the arrangement; it must succeed.
    pub(super) async fn succeed(&self, invocation: &Invocation) -> Result<(), FlowError> {
        let ended = self.scenario.run(invocation).await?;
        if ended.is_success() {
            return Ok(());
        }
        let what = format!(
            "`helm {}` failed: {}",
            invocation.arguments.join(" "),
            final_error(&ended)
        );
        Err(FlowError::Arrangement {
            flow: self.flow,
            what,
        })
    }

    pub(super) fn refused(&self, stop: &Stop) -> FlowError {
        FlowError::Arrangement {
            flow: self.flow,
            what: stop.to_string(),
        }
    }

    /// Writes a file into the working directory, with a fixed modification time.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.scenario.home.work().join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
        fs::write(&path, bytes)?;
        File::options()
            .write(true)
            .open(&path)?
            .set_modified(SystemTime::UNIX_EPOCH + MODIFIED)
    }
}
