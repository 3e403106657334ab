//! Manifest upload.

mod checked;
mod content;
mod put;

use crate::requirement::Requirement;
use crate::session::Session;
use bytes::Bytes;
use helm_oci_fixtures::chart::{ChartMetadata, ChartPackage};

/// The manifest with each `own` replaced by `other`.
fn replaced(manifest: &Bytes, own: &str, other: &str) -> Bytes {
    Bytes::from(String::from_utf8_lossy(manifest).replace(own, other))
}

/// A chart with annotations in its `Chart.yaml`: one outside ASCII, one long.
pub(super) fn annotated(session: &Session) -> ChartPackage {
    let metadata = ChartMetadata::new(session.chart_name(), "1.0.0")
        .annotation("category", "démo <of> & annotations")
        .annotation("example.test/long", &"x".repeat(500));
    ChartPackage::build(&metadata, session.seed())
}

/// The requirements of this area, in reading order.
pub(super) static ALL_OF_THEM: &[&Requirement] = &[
    &put::PUT_201,
    &put::PUT_NOT_202,
    &put::BY_DIGEST,
    &put::NO_TAG,
    &content::NO_MEDIA_TYPE,
    &content::CONFIG_TYPE,
    &content::LAYER_TYPE,
    &content::ANNOTATIONS,
    &content::ANNOTATIONS_KEPT,
    &put::PUT_DIGEST,
    &put::PUT_TRUE_DIGEST,
    &checked::SINGLE_ACCEPT,
    &checked::READ_BACK,
    &put::TAGGED,
    &checked::ABSENT_TAG,
    &checked::ABSENT_DIGEST,
    &checked::MISSING_BLOBS,
    &checked::FOREIGN_DIGEST,
    &put::PUT_LOCATION,
    &put::LOCATION_LEADS,
];
