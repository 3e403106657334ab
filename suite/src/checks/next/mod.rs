//! OCI features that Helm does not use yet: informational.

mod artifact;
mod index;

use bytes::Bytes;
use helm_oci_fixtures::media_type;

use crate::requirement::Requirement;

/// An artifact type of another tool.
const KIND: &str = "application/vnd.example.chart";

/// The manifest with an additional first field.
fn with_field(manifest: &Bytes, field: &str) -> Bytes {
    let text = String::from_utf8_lossy(manifest);
    Bytes::from(text.replacen('{', &format!("{{{field},"), 1))
}

/// The descriptor of a manifest or an index.
fn descriptor(media_type: &str, digest: &str, bytes: &Bytes) -> String {
    let size = bytes.len();
    format!("{{\"mediaType\":\"{media_type}\",\"digest\":\"{digest}\",\"size\":{size}}}")
}

/// An index with these descriptors.
fn index_of(descriptors: &[String]) -> Bytes {
    Bytes::from(format!(
        "{{\"schemaVersion\":2,\"mediaType\":\"{}\",\"manifests\":[{}]}}",
        media_type::OCI_INDEX,
        descriptors.join(",")
    ))
}

/// The requirements of this area, in reading order.
pub(super) static REQUIREMENTS: &[&Requirement] = &[
    &index::INDEX,
    &index::SEVERAL,
    &index::NESTED,
    &index::BYTES,
    &index::KEPT,
    &artifact::ARTIFACT_TYPE,
    &artifact::ARTIFACT_TYPE_KEPT,
    &artifact::EMPTY_CONFIG,
    &artifact::ANY_LAYER,
    &artifact::EMBEDDED_DATA,
    &artifact::SUBJECT,
    &artifact::FILTER,
    &artifact::SHA512,
];
