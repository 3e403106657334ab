//! Consistency of what the registry acknowledged: immediately, in repeated requests, and under concurrent writes.

mod blobs;
mod manifests;
mod pushes;
mod reads;

use crate::requirement::Requirement;

/// The requirements of this area, in reading order.
pub(super) static REQUIREMENTS: &[&Requirement] = &[
    &blobs::USABLE,
    &blobs::SAME_BLOB,
    &blobs::INTERLEAVED,
    &blobs::NOT_LOST,
    &blobs::ABANDONED,
    &blobs::BLOB_AT_ONCE,
    &manifests::MANIFEST_AT_ONCE,
    &manifests::SAME_MANIFEST,
    &manifests::OVERWRITE,
    &manifests::OLD_DIGEST,
    &manifests::SHARED_CONFIG,
    &manifests::SIDE_BY_SIDE,
    &manifests::TAG_AT_ONCE,
    &pushes::PARALLEL_UPLOADS,
    &pushes::LIST_MEANWHILE,
    &pushes::BOTH_LISTED,
    &pushes::WAITING_BLOBS,
    &pushes::PULL_GOES_ON,
    &pushes::BOTH_REPOSITORIES,
    &reads::AGREE,
    &reads::MOVED_TAG,
    &reads::PARALLEL,
];
