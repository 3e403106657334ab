//! Eras: spans of Helm versions with one behaviour on the wire.
//!
//! An era exists only where the wire changed; section 1 of `spec/helm-client-behaviour.md` cites the release that
//! changed it. A requirement names exact versions, which may be narrower than an era.

use std::str::FromStr;

use semver::Version;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};
use thiserror::Error;

use super::version::Span;

/// A span of Helm versions with one behaviour on the wire.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
pub enum Era {
    /// `helm chart save` and `push`; the legacy layer type.
    #[serde(rename = "3.0-3.6")]
    #[strum(serialize = "3.0-3.6")]
    Chart,
    /// The HIP-6 rewrite, still behind the gate.
    #[serde(rename = "3.7")]
    #[strum(serialize = "3.7")]
    Hip6,
    /// Generally available, over containerd.
    #[serde(rename = "3.8-3.17")]
    #[strum(serialize = "3.8-3.17")]
    Containerd,
    /// oras-go v2 in Helm 3.
    #[serde(rename = "3.18-3.21.0")]
    #[strum(serialize = "3.18-3.21.0")]
    Oras3,
    /// oras-go v2.6.1 in Helm 3: URLs are checked before they are followed, and a blob has at most 32 MiB.
    #[serde(rename = "3.21.1-3.21.4")]
    #[strum(serialize = "3.21.1-3.21.4")]
    Hardened3,
    /// oras-go v2.6.2 in Helm 3: no such limit, the next page of a tag list has the origin of the registry, and a push
    /// requests one token.
    #[serde(rename = "3.22+")]
    #[strum(serialize = "3.22+")]
    SameOrigin3,
    /// oras-go v2 in Helm 4.
    #[serde(rename = "4.0-4.2.0")]
    #[strum(serialize = "4.0-4.2.0")]
    Oras4,
    /// oras-go v2.6.1 in Helm 4.
    #[serde(rename = "4.2.1-4.2.4")]
    #[strum(serialize = "4.2.1-4.2.4")]
    Hardened4,
    /// oras-go v2.6.2 in Helm 4.
    #[serde(rename = "4.3+")]
    #[strum(serialize = "4.3+")]
    SameOrigin4,
}

impl Era {
    /// All eras, oldest first; within one library Helm 3 before Helm 4.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The name used in reports, such as `3.8-3.17`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The versions of the era.
    pub const fn span(self) -> Span {
        match self {
            Self::Chart => Span::new((3, 0, 0), (3, 7, 0)),
            Self::Hip6 => Span::new((3, 7, 0), (3, 8, 0)),
            Self::Containerd => Span::new((3, 8, 0), (3, 18, 0)),
            Self::Oras3 => Span::new((3, 18, 0), (3, 21, 1)),
            Self::Hardened3 => Span::new((3, 21, 1), (3, 22, 0)),
            Self::SameOrigin3 => Span::new((3, 22, 0), (4, 0, 0)),
            Self::Oras4 => Span::new((4, 0, 0), (4, 2, 1)),
            Self::Hardened4 => Span::new((4, 2, 1), (4, 3, 0)),
            Self::SameOrigin4 => Span::since((4, 3, 0)),
        }
    }

    /// The transport library.
    pub const fn library(self) -> &'static str {
        match self {
            Self::Chart => "containerd 1.3 and 1.4",
            Self::Hip6 => "containerd 1.5",
            Self::Containerd => "containerd 1.5 to 1.7",
            Self::Oras3 => "oras-go v2.5.0 and v2.6.0",
            Self::Oras4 => "oras-go v2.6.0",
            Self::Hardened3 | Self::Hardened4 => "oras-go v2.6.1",
            Self::SameOrigin3 | Self::SameOrigin4 => "oras-go v2.6.2",
        }
    }

    /// The era of a Helm version; `None` if that version has no OCI support.
    pub fn of(version: &Version) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|era| era.span().contains(version))
    }
}

impl Span {
    /// True if some version of the span lies in the era of `version`, and so behaves the same on the wire.
    pub fn shares_era_with(&self, version: &Version) -> bool {
        Era::of(version).is_some_and(|era| era.span().overlaps(self))
    }
}

/// A word that names no Helm version and no era.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "expected a Helm version from 3.0 on, such as 3.8 or 4.2.4, or an era: {}",
    era_names()
)]
pub struct SpanError;

fn era_names() -> String {
    let names: Vec<&str> = Era::ALL.iter().map(|era| era.name()).collect();
    names.join(", ")
}

impl FromStr for Span {
    type Err = SpanError;

    /// Reads `3`, `3.8`, `3.8.1`, also with a `v`, or the name of an era.
    fn from_str(text: &str) -> Result<Self, SpanError> {
        let text = text.strip_prefix('v').unwrap_or(text);
        if let Ok(era) = text.parse::<Era>() {
            return Ok(era.span());
        }
        let numbers: Result<Vec<u64>, _> = text.split('.').map(str::parse).collect();
        let span = match numbers.map_err(|_| SpanError)?.as_slice() {
            [major] => Self::new((*major, 0, 0), (major.saturating_add(1), 0, 0)),
            [major, minor] => Self::new((*major, *minor, 0), (*major, minor.saturating_add(1), 0)),
            [major, minor, patch] => Self::new(
                (*major, *minor, *patch),
                (*major, *minor, patch.saturating_add(1)),
            ),
            _ => return Err(SpanError),
        };
        let has_oci = Era::ALL.iter().any(|era| era.span().overlaps(&span));
        has_oci.then_some(span).ok_or(SpanError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).expect("a test version is valid")
    }

    #[test]
    fn every_release_lies_in_one_era() {
        for (text, era) in [
            ("3.0.0", Era::Chart),
            ("3.6.3", Era::Chart),
            ("3.7.2", Era::Hip6),
            ("3.8.0", Era::Containerd),
            ("3.17.4", Era::Containerd),
            ("3.18.0", Era::Oras3),
            ("3.21.0", Era::Oras3),
            ("3.21.1", Era::Hardened3),
            ("3.21.4", Era::Hardened3),
            ("3.22.0", Era::SameOrigin3),
            ("4.0.0", Era::Oras4),
            ("4.2.0", Era::Oras4),
            ("4.2.1", Era::Hardened4),
            ("4.2.4", Era::Hardened4),
            ("4.3.0-rc.1", Era::SameOrigin4),
            ("4.3.1", Era::SameOrigin4),
        ] {
            assert_eq!(Era::of(&version(text)), Some(era), "{text}");
        }
        assert_eq!(Era::of(&version("2.17.0")), None);
    }

    #[test]
    fn a_span_is_parsed_from_a_version_or_an_era() {
        for (word, versions) in [
            ("3.8", ">=3.8.0, <3.9.0"),
            ("4", ">=4.0.0, <5.0.0"),
            ("3.21.1", ">=3.21.1, <3.21.2"),
            ("3.8-3.17", ">=3.8.0, <3.18.0"),
        ] {
            let span: Span = word.parse().expect("it is a span");
            assert_eq!(span.to_string(), versions, "{word}");
        }
        for word in ["2.17", "latest", "3.8.1.2", "", "3.x"] {
            assert_eq!(word.parse::<Span>(), Err(SpanError), "{word}");
        }
        assert!(SpanError.to_string().ends_with("4.2.1-4.2.4, 4.3+"));
    }

    #[test]
    fn a_span_shares_the_eras_of_its_versions() {
        for (word, other, expected) in [
            ("3.8", "3.10.1", true),
            ("3.8", "3.18.6", false),
            ("4", "4.0.4", true),
            ("4.2.4", "4.2.0", false),
            ("4.2.4", "4.3.1", false),
            ("3", "2.17.0", false),
        ] {
            let span: Span = word.parse().expect("it is a span");
            assert_eq!(
                span.shares_era_with(&version(other)),
                expected,
                "{word} {other}"
            );
        }
    }

    #[test]
    fn names_agree_with_serialisation() {
        for era in Era::ALL {
            assert_eq!(serde_json::to_value(era).expect("serialises"), era.name());
        }
        assert_eq!(Era::Hip6.to_string(), "3.7");
    }
}
