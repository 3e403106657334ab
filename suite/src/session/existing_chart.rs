//! An existing chart, which a read-only run reads instead of pushing one.

use bytes::Bytes;
use helm_oci_fixtures::chart::ChartPackage;
use helm_oci_fixtures::media_type;
use http::StatusCode;
use serde_json::Value;

use crate::oci::{Descriptor, Manifest, RepositoryName, Tag};
use crate::session::steps::{Chart, obstacle};
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{Obstacle, ObstacleKind, Stop};
use crate::wire::Measured;

/// The size of the largest blob that is kept.
const LARGEST: u64 = 4 << 20;

/// A chart in the registry.
#[derive(Debug, Clone)]
pub struct ExistingChart {
    /// The repository.
    pub repository: RepositoryName,
    /// The tag. It replaces the tag `1.0.0` of a check.
    pub tag: Tag,
    /// The chart.
    pub chart: Chart,
    /// The status of the first GET by digest, if it was 404: a pull-through cache may know a digest only once somebody
    /// has read the tag. Later reads do not show it.
    pub hidden_digest: Option<StatusCode>,
}

impl ExistingChart {
    /// Reads the chart with this tag in the session's repository.
    pub async fn read(session: &Session, tag: &Tag) -> Result<Self, Stop> {
        let hidden_digest = first_by_digest(session, tag).await;
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
        let (config, unkept_config) = kept(session, &manifest.config, &reply).await?;
        let (archive, unkept_archive) = kept(session, archive, &reply).await?;
        let provenance = match manifest.layer(media_type::HELM_PROVENANCE) {
            Some(layer) => Some(blob(session, layer, &reply).await?),
            None => None,
        };
        let metadata: Value = serde_json::from_slice(&config).unwrap_or_default();
        let text = |name: &str| metadata[name].as_str().unwrap_or_default();
        Ok(Self {
            repository: session.repository().clone(),
            tag: tag.clone(),
            hidden_digest,
            chart: Chart {
                package: ChartPackage::found(text("name"), text("version"), archive, config),
                provenance,
                digest: digest_of(&reply.body),
                manifest: reply.body,
                unkept_archive,
                unkept_config,
            },
        })
    }
}

/// The 404 to GET of the digest that HEAD of the tag names, as Helm up to 3.17 reads a chart.
async fn first_by_digest(session: &Session, tag: &Tag) -> Option<StatusCode> {
    let head = session.head_manifest(tag).await.ok()?;
    let digest = head.header("docker-content-digest")?;
    let first = session.get_manifest(digest).await.ok()?;
    let is_hidden = head.status.is_success() && first.status == StatusCode::NOT_FOUND;
    is_hidden.then_some(first.status)
}

/// The content of a descriptor, or its measure if it is large, or if the registry does not return it: the checks that
/// read it judge that.
async fn kept(
    session: &Session,
    descriptor: &Descriptor,
    manifest: &Reply,
) -> Result<(Bytes, Option<Measured>), Stop> {
    if descriptor.size <= LARGEST {
        match blob(session, descriptor, manifest).await {
            Ok(bytes) => return Ok((bytes, None)),
            Err(stop) if descriptor.digest.is_empty() || descriptor.size == 0 => return Err(stop),
            Err(_) => {}
        }
    }
    let measured = Measured {
        length: descriptor.size,
        digest: descriptor.digest.clone(),
    };
    Ok((Bytes::new(), Some(measured)))
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use helm_oci_fixtures::fault::Fault;

    use super::*;
    use crate::checks;
    use crate::proof;
    use crate::requirement::Setup;
    use crate::session::target::Target;
    use crate::session::write_mode::{ExistingContent, WriteMode};

    #[test]
    fn a_digest_that_nobody_finds_before_the_tag_is_read_is_noted() {
        let tag: Tag = "1.0.0".parse().expect("a tag");
        for (faults, hidden) in [
            (&[][..], None),
            (
                &[Fault::HidesDigestsUntilTagRead],
                Some(StatusCode::NOT_FOUND),
            ),
        ] {
            let target = proof::target(Setup::Open, faults);
            let pushing = Session::new(target.clone(), "test/existing");
            let pushed = proof::finish(pushing.arrange_chart("1.0.0")).expect("it never waits");
            pushed.expect("it is accepted");
            let read = proof::finish(ExistingChart::read(&pushing, &tag));
            let existing = read.expect("it never waits").expect("it exists");
            assert_eq!(existing.hidden_digest, hidden, "{faults:?}");
            let target = Target {
                write_mode: WriteMode::ReadOnly(ExistingContent {
                    repository: Some(existing.repository.clone()),
                    tag: Some(existing.tag.clone()),
                    chart: Some(Arc::new(existing)),
                }),
                ..target
            };
            let by_digest = checks::find("pull/by-digest").expect("it is known");
            let session = Session::new(target, by_digest.id);
            let judged = proof::finish((by_digest.check)(&session)).expect("it never waits");
            let is_violated = matches!(judged, Err(Stop::Violated(_)));
            assert_eq!(is_violated, hidden.is_some(), "{judged:?}");
        }
    }
}
