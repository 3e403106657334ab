//! Descriptors.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// A descriptor as a registry returns it: only the digest must be there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The digest of the content, as received.
    pub digest: String,
    /// The media type of the content, or nothing.
    #[serde(default)]
    pub media_type: String,
    /// The type of an artifact, or nothing.
    #[serde(default)]
    pub artifact_type: String,
    /// The annotations.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// Reads `null` as an empty map, as every client written in Go does.
fn null_is_empty<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}
