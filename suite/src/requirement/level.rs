//! The level of a requirement, and the set-up of the reference registry on which it is proven.

use serde::{Deserialize, Serialize};
use strum::Display;

/// The level of a requirement: its importance for a registry that serves Helm.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Display,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "UPPERCASE")]
pub enum Level {
    /// Without it an ordinary flow of some Helm version fails or returns wrong content.
    Must,
    /// Without it a narrower flow, an old era or a diagnosis suffers.
    Should,
    /// No Helm version depends on it; it is observed and never fails a run.
    May,
}

impl Level {
    /// True if a result of this level can decide the outcome of a run: a SHOULD only in a strict run, and a MAY never.
    pub const fn decides(self, strict: bool) -> bool {
        match self {
            Self::Must => true,
            Self::Should => strict,
            Self::May => false,
        }
    }
}

/// A set-up of the reference registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Setup {
    /// TLS, no authentication.
    Open,
    /// No TLS, no authentication.
    PlainHttp,
    /// TLS and HTTP Basic.
    Basic,
    /// TLS and Bearer tokens from a token endpoint.
    Bearer,
}
