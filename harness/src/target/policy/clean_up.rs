//! The deletion of what a run stored on a persistent registry.

use std::num::NonZeroU32;
use std::time::Duration;

use clap::ValueEnum;
use serde::Deserialize;

/// The rules of the clean-up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CleanUp {
    /// The content that is deleted, and the order of deletion.
    pub strategy: CleanUpStrategy,
    /// The time without a success after which it ends, in seconds.
    pub seconds: Option<NonZeroU32>,
}

impl CleanUp {
    /// The time without a success after which the clean-up ends; 10 s by default.
    pub fn limit(self) -> Duration {
        let seconds = self.seconds.map_or(10, NonZeroU32::get);
        Duration::from_secs(u64::from(seconds))
    }
}

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
