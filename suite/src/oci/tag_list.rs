//! Tag lists.

use serde::Deserialize;

/// The body of a response to `tags/list`.
#[derive(Debug, Clone, Deserialize)]
pub struct TagList {
    /// The repository.
    #[serde(default)]
    pub name: String,
    /// The tags; some registries return `null` for none.
    #[serde(default)]
    pub tags: Option<Vec<String>>,
}
