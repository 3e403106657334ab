//! Limits on sizes and lengths, from the smallest to the largest that Helm needs.

mod blobs;
mod charts;
mod manifests;
mod names;

use crate::requirement::Requirement;

/// The requirements of this area, in reading order.
pub(super) static REQUIREMENTS: &[&Requirement] = &[
    &names::DEEP_NAMES,
    &names::LONG_TAGS,
    &blobs::EMPTY,
    &blobs::TINY,
    &blobs::LARGE_BLOB,
    &charts::OF_36_MEBIBYTES,
    &charts::OF_100_MEBIBYTES,
    &manifests::LARGE_MANIFEST,
    &manifests::FOUR_MEGABYTES,
];
