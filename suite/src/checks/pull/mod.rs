//! Pulling manifests and blobs.

mod blob;
mod head;
mod layers;
mod length;
mod manifest;
mod manifest_content;
mod range;

pub(super) use self::head::head_by_digest;

use crate::requirement::Requirement;
use crate::session::steps::{Blob, obstacle};
use crate::session::{Reply, Session};
use crate::verdict::Stop;

/// Reads a manifest; any status except 200 is inconclusive, so that only the content is judged.
pub(super) async fn read_manifest(session: &Session, reference: &str) -> Result<Reply, Stop> {
    let reply = session.get_manifest(reference).await?;
    if reply.status.as_u16() == 200 {
        Ok(reply)
    } else {
        Err(obstacle("read the manifest", &reply))
    }
}

/// True if the body is an image manifest, and not an index or another document.
pub(super) fn is_image_manifest(reply: &Reply) -> bool {
    serde_json::from_slice::<serde_json::Value>(&reply.body)
        .is_ok_and(|value| value.get("config").is_some())
}

/// Pushes a chart and reads its layer, following redirects; returns the archive and the response.
pub(super) async fn read_layer(session: &Session) -> Result<(Blob, Reply), Stop> {
    let chart = session.arrange_ordinary_chart("1.0.0").await?;
    // `consistency/blob-readable-at-once` judges the first response after an upload.
    session.head_blob(&chart.layer_digest()).await?;
    let reply = session.get_blob_following(&chart.layer_digest()).await?;
    Ok((chart.layer(), reply))
}

/// The requirements of this area, in reading order.
pub(super) static REQUIREMENTS: &[&Requirement] = &[
    &head::HEAD_TAG,
    &head::HEAD_TYPE,
    &head::HEAD_LENGTH,
    &length::LENGTH,
    &head::HEAD_DIGEST,
    &head::HEAD_TRUE_DIGEST,
    &manifest::GET_TAG,
    &manifest::GET_DIGEST,
    &manifest::GET_TRUE_DIGEST,
    &manifest_content::TYPE,
    &manifest_content::NOT_CONVERTED,
    &layers::TYPES,
    &manifest_content::BYTES,
    &manifest_content::ODD_SHAPE,
    &manifest::BY_DIGEST,
    &manifest::UNTAGGED,
    &manifest::ABSENT,
    &blob::BLOB_BYTES,
    &blob::BLOB_WHOLE,
    &blob::BLOB_LENGTH,
    &blob::BLOB_DIGEST,
    &blob::CONFIG,
    &range::RANGE,
    &range::CLAIMED_RANGES,
    &manifest_content::NO_INDEX_WRAPPED,
];
