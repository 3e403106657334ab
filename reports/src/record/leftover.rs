//! Leftovers: everything that a run stored and could not delete.

use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr};

/// One leftover.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Leftover {
    /// Its repository; the image of a container.
    pub repository: String,
    /// Its kind.
    pub kind: LeftoverKind,
    /// The digest of a manifest or of a blob, the tag, or the id of a container.
    pub name: String,
    /// The reason for which it still exists.
    pub why: String,
    /// The command that deletes it, without secrets.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub command: Option<String>,
}

/// A kind of leftover.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    Display,
    IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
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
    pub fn name(self) -> &'static str {
        self.into()
    }
}
