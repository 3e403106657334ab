//! The steps of a session: the paths of the distribution API, the requests that Helm sends, and arranging.
//!
//! Arranging is lenient: it accepts every response after which the check can go on, so that one defect does not hide the
//! others. A failure to arrange is an obstacle, never a violation.

mod blobs;
mod charts;
mod manifests;
mod tags;
mod uploads;

pub(crate) use self::charts::Blob;
pub use self::charts::{BuiltCharts, Chart, with_media_type};
use super::{Reply, Session};
use crate::verdict::{Obstacle, ObstacleKind, Stop};

/// `Accept` of Helm 3.0 to 3.17 when it resolves a tag.
pub const ACCEPT_CONTAINERD: &str = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*";

/// `Accept` of Helm 3.0 to 3.17 before it pushes a manifest, and when it reads one by digest.
pub const ACCEPT_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json, */*";

/// `Accept` of Helm 3.18 and later for manifests.
pub const ACCEPT_ORAS: &str = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, application/vnd.oci.artifact.manifest.v1+json";

/// The number of times that a step of an arrangement is tried again.
const REPEATS: usize = 2;

/// The version of arranged charts, which is their tag.
const VERSION: &str = "1.0.0";

impl Session {
    /// The tag that a check reads as `tag`: in a read-only run the tag `1.0.0` is that of the existing chart.
    pub fn tag<'t>(&'t self, tag: &'t str) -> &'t str {
        match self.existing_chart() {
            Some(existing) if tag == VERSION => &existing.tag,
            _ => tag,
        }
    }

    /// `/v2/<repository>/manifests/<reference>`.
    pub fn manifest_path(&self, reference: &str) -> String {
        let reference = self.tag(reference);
        format!("/v2/{}/manifests/{reference}", self.repository())
    }

    /// Tries a step of an arrangement again while it fails because of the network or an overloaded server.
    async fn persisting<T, A>(&self, step: impl Fn() -> A) -> Result<T, Stop>
    where
        A: Future<Output = Result<T, Stop>>,
    {
        for _ in 0..REPEATS {
            match Box::pin(step()).await {
                Err(why) if self.may_pass(&why) => {}
                other => return other,
            }
        }
        Box::pin(step()).await
    }

    /// `/v2/<repository>/blobs/<digest>`.
    pub fn blob_path(&self, digest: &str) -> String {
        format!("/v2/{}/blobs/{digest}", self.repository())
    }
}

/// A step that could not be arranged, with the reply that shows it.
pub(crate) fn obstacle(what: &str, reply: &Reply) -> Stop {
    Stop::from(Obstacle {
        kind: ObstacleKind::Arrangement,
        what: format!("could not {what}: the registry returned {}", reply.status),
        exchanges: vec![reply.exchange],
    })
}
