//! Descriptors.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// A descriptor as a registry returns it: only the digest must be there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The digest of the content, as received.
    pub digest: String,
    /// The size of the content in bytes, or 0.
    #[serde(default, deserialize_with = "number")]
    pub size: u64,
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

/// Reads anything that is no number as 0.
fn number<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    Ok(value.as_u64().unwrap_or_default())
}

/// Reads `null` as an empty map, as every client written in Go does.
fn null_is_empty<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}
