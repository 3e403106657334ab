//! Consistency of what the registry acknowledged: immediately, in repeated requests, and under concurrent writes.

mod blobs;
mod cached_lists;
mod caches;
mod manifests;
mod overlap;
mod overwrites;
mod reads;
mod uploads;

use crate::requirement::Requirement;

/// The requirements of this area, in reading order.
pub(super) static REQUIREMENTS: &[&Requirement] = &[
    &blobs::USABLE,
    &blobs::SAME_BLOB,
    &uploads::INTERLEAVED,
    &uploads::NOT_LOST,
    &uploads::ABANDONED,
    &blobs::BLOB_AT_ONCE,
    &manifests::MANIFEST_AT_ONCE,
    &caches::DIGESTS,
    &caches::TAGS,
    &caches::BLOBS,
    &manifests::SAME_MANIFEST,
    &overwrites::OVERWRITE,
    &overwrites::OLD_DIGEST,
    &manifests::SHARED_CONFIG,
    &overwrites::CONCURRENT_PUSHES,
    &manifests::TAG_AT_ONCE,
    &cached_lists::LISTS,
    &uploads::OPEN_UPLOADS,
    &overlap::LIST_DURING_UPLOAD,
    &overlap::BOTH_LISTED,
    &overlap::UNREFERENCED_BLOBS,
    &overlap::PULL_DURING_OVERWRITE,
    &blobs::BOTH_REPOSITORIES,
    &reads::HEAD_AND_GET,
    &overwrites::MOVED_TAG,
    &reads::CONCURRENT_PULLS,
];
