//! The deletion of what a run stored on a persistent registry.

use clap::ValueEnum;
use serde::Deserialize;

/// The content that is deleted at the end of a run, and the order of deletion.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CleanUpStrategy {
    /// Manifests by digest (the tags first, if the registry keeps tagged manifests), then blobs.
    #[default]
    Auto,
    /// Tags, and manifests without a tag; the registry collects the rest as garbage.
    Tag,
    /// Manifests by digest, then blobs.
    Digest,
    /// Tags, then manifests by digest, then blobs.
    TagsFirst,
    /// Nothing.
    None,
}
