//! An existing chart, which a read-only run reads instead of pushing one.

use bytes::Bytes;
use helm_oci_fixtures::chart::ChartPackage;
use helm_oci_fixtures::media_type;
use serde_json::Value;

use crate::oci::{Descriptor, Manifest};
use crate::session::steps::{Chart, obstacle};
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{Obstacle, ObstacleKind, Stop};

/// A chart in the registry.
#[derive(Debug, Clone)]
pub struct ExistingChart {
    /// The repository.
    pub repository: String,
    /// The tag. It replaces the tag `1.0.0` of a check.
    pub tag: String,
    /// The chart.
    pub chart: Chart,
}

impl ExistingChart {
    /// Reads the chart with this tag in the session's repository.
    pub async fn read(session: &Session, tag: &str) -> Result<Self, Stop> {
        let reply = session.get_manifest(tag).await?;
        if !reply.status.is_success() {
            return Err(obstacle("read the manifest of the existing chart", &reply));
        }
        let manifest: Manifest = serde_json::from_slice(&reply.body).unwrap_or_default();
        if manifest.config.media_type != media_type::HELM_CONFIG {
            return Err(no_chart(
                &reply,
                "its config does not have the media type of a chart",
            ));
        }
        let archive = [media_type::HELM_CHART, media_type::LEGACY_CHART]
            .into_iter()
            .find_map(|kind| manifest.layer(kind))
            .ok_or_else(|| no_chart(&reply, "it has no chart layer"))?;
        let config = blob(session, &manifest.config, &reply).await?;
        let archive = blob(session, archive, &reply).await?;
        let provenance = match manifest.layer(media_type::HELM_PROVENANCE) {
            Some(layer) => Some(blob(session, layer, &reply).await?),
            None => None,
        };
        let metadata: Value = serde_json::from_slice(&config).unwrap_or_default();
        let text = |name: &str| metadata[name].as_str().unwrap_or_default();
        Ok(Self {
            repository: session.repository().to_owned(),
            tag: tag.to_owned(),
            chart: Chart {
                package: ChartPackage::found(text("name"), text("version"), archive, config),
                provenance,
                digest: digest_of(&reply.body),
                manifest: reply.body,
            },
        })
    }
}

/// The content of a descriptor.
async fn blob(session: &Session, descriptor: &Descriptor, manifest: &Reply) -> Result<Bytes, Stop> {
    let digest = descriptor.digest.as_str();
    if digest.is_empty() {
        return Err(no_chart(manifest, "a descriptor has no digest"));
    }
    let reply = session.get_blob_following(digest).await?;
    if !reply.status.is_success() {
        return Err(obstacle("read a blob of the existing chart", &reply));
    }
    if digest_of(&reply.body) != digest {
        return Err(no_chart(
            &reply,
            &format!("the content returned for {digest} has another digest"),
        ));
    }
    Ok(reply.body)
}

fn no_chart(reply: &Reply, why: &str) -> Stop {
    Stop::from(Obstacle {
        kind: ObstacleKind::Arrangement,
        what: format!(
            "{} is not a chart that the run can read: {why}",
            reply.uri.path()
        ),
        exchanges: vec![reply.exchange],
    })
}
