//! Manifest upload.

mod absent;
mod annotations;
mod characters;
mod head;
mod media_type;
mod put;
mod read_back;
mod stored;
mod untyped;
mod verified;

use bytes::Bytes;

use crate::requirement::Requirement;
use crate::session::{Reply, Session, expect};
use crate::verdict::CheckResult;

/// The manifest with each `own` replaced by `other`.
fn replaced(manifest: &Bytes, own: &str, other: &str) -> Bytes {
    Bytes::from(String::from_utf8_lossy(manifest).replace(own, other))
}

/// Pushes other bytes of a manifest that the registry has. `consistency/shared-config` judges a registry that refuses
/// whatever has the blobs of another manifest.
async fn arrange_again(session: &Session, manifest: &Bytes) -> CheckResult {
    let other = Bytes::from([&manifest[..], b"\n"].concat());
    session.arrange_manifest("1.0.0-again", &other).await
}

/// Expects a manifest to be accepted, as others with the blobs of this ordinary one are.
pub(super) async fn accepted_like(
    session: &Session,
    reply: &Reply,
    ordinary: &Bytes,
) -> CheckResult {
    if !reply.status.is_success() {
        arrange_again(session, ordinary).await?;
    }
    expect::success(reply)
}

/// The requirements of this area, in reading order.
pub(super) static REQUIREMENTS: &[&Requirement] = &[
    &put::PUT_201,
    &put::PUT_NOT_202,
    &put::BY_DIGEST,
    &put::NO_TAG,
    &media_type::NO_MEDIA_TYPE,
    &untyped::BY_DIGEST,
    &untyped::BY_TAG,
    &media_type::CONFIG_TYPE,
    &media_type::LAYER_TYPE,
    &annotations::ANNOTATIONS,
    &annotations::ANNOTATIONS_KEPT,
    &characters::ANY_VALUE,
    &characters::STORED,
    &characters::SERVED,
    &stored::PUT_DIGEST,
    &stored::PUT_TRUE_DIGEST,
    &read_back::SINGLE_ACCEPT,
    &read_back::READ_BACK,
    &put::TAGGED,
    &absent::ABSENT_TAG,
    &absent::ABSENT_DIGEST,
    &head::PRESENT,
    &head::HEAD_TYPE,
    &head::REPEATED,
    &verified::MISSING_BLOBS,
    &verified::FOREIGN_DIGEST,
    &stored::PUT_LOCATION,
    &stored::LOCATION_LEADS,
];
