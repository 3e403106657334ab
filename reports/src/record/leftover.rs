//! What a run made and could not take away.

use serde::{Deserialize, Serialize};

/// One thing that was left behind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Leftover {
    /// Its repository; the image of a container.
    pub repository: String,
    /// What it is.
    pub kind: LeftoverKind,
    /// The digest of a manifest or of a blob, the tag, or the id of a container.
    pub name: String,
    /// Why it is still there.
    pub why: String,
    /// The command that removes it, without secrets.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub command: Option<String>,
}

/// What can be left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftoverKind {
    /// A tag.
    Tag,
    /// A manifest.
    Manifest,
    /// A blob.
    Blob,
    /// A container that was launched.
    Container,
}

impl LeftoverKind {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Manifest => "manifest",
            Self::Blob => "blob",
            Self::Container => "container",
        }
    }
}
