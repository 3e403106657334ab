//! Who says so: the documents and code that requirements cite.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::requirement::Level;

/// A published document or a code base that requirements cite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Document {
    /// Its name.
    pub name: &'static str,
    /// The version cited, where it has one for all citations.
    pub version: &'static str,
    /// Where to read it.
    pub url: &'static str,
}

/// One citation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// The document's name.
    pub document: &'static str,
    /// Its version or tag.
    pub version: &'static str,
    /// Where in the document: a section anchor, or path and line.
    pub anchor: &'static str,
    /// The cited sentence, or a summary of the code.
    pub text: &'static str,
    /// True if `text` is a quotation; otherwise it is a summary of code.
    pub quoted: bool,
}

/// How strongly the OCI specification asks for what a requirement states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Specification {
    /// It says MUST, or MUST NOT.
    Must,
    /// It says SHOULD, or SHOULD NOT.
    Should,
    /// It says MAY: a registry is free to do otherwise.
    May,
    /// It describes it without any of these words.
    Stated,
    /// It says nothing of it, and another standard does, or what it says binds somebody else.
    Silent,
    /// It says nothing of it: the only authority is Helm.
    HelmOnly,
}

impl Specification {
    /// All of them, the strongest first.
    pub const ALL: &'static [Self] = &[
        Self::Must,
        Self::Should,
        Self::May,
        Self::Stated,
        Self::Silent,
        Self::HelmOnly,
    ];

    /// Both severities in words: how strongly Helm needs it, and how strongly the specification asks for it.
    pub fn beside(self, level: Level) -> String {
        match self {
            Self::HelmOnly => format!("{level}, Helm only"),
            _ => format!("Helm {level}, {self}"),
        }
    }

    /// What the cited sentences say by their strongest keyword.
    pub(crate) fn of(sources: &[Source]) -> Self {
        let is_from = |document: Document| {
            move |source: &&Source| source.document == document.name && source.quoted
        };
        let mut cited = sources.iter().filter(is_from(DISTRIBUTION)).peekable();
        if cited.peek().is_none() {
            let has_standard = sources.iter().any(|source| is_from(HTTP)(&source));
            return if has_standard {
                Self::Silent
            } else {
                Self::HelmOnly
            };
        }
        cited
            .map(|source| keyword(source.text))
            .min()
            .unwrap_or(Self::Stated)
    }
}

/// The strongest keyword of a sentence.
fn keyword(sentence: &str) -> Specification {
    let has = |word: &str| {
        let mut words = sentence.split(|c: char| !c.is_ascii_alphabetic());
        words.any(|one| one == word)
    };
    if has("MUST") {
        Specification::Must
    } else if has("SHOULD") {
        Specification::Should
    } else if has("MAY") {
        Specification::May
    } else {
        Specification::Stated
    }
}

impl fmt::Display for Specification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "OCI MUST",
            Self::Should => "OCI SHOULD",
            Self::May => "OCI MAY",
            Self::Stated => "OCI without keyword",
            Self::Silent => "OCI silent",
            Self::HelmOnly => "Helm only",
        })
    }
}

impl Document {
    /// Cites a sentence of the document, word for word.
    pub const fn states(&self, anchor: &'static str, sentence: &'static str) -> Source {
        Source {
            document: self.name,
            version: self.version,
            anchor,
            text: sentence,
            quoted: true,
        }
    }
}

/// The OCI distribution specification.
pub const DISTRIBUTION: Document = Document {
    name: "OCI distribution-spec",
    version: "1.1.1",
    url: "https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md",
};

/// The user documentation of Helm on OCI-based registries.
pub const HELM_DOCS: Document = Document {
    name: "Helm documentation, Use OCI-based registries",
    version: "3.x",
    url: "https://helm.sh/docs/topics/registries/",
};

/// HTTP semantics.
pub const HTTP: Document = Document {
    name: "RFC 9110",
    version: "2022",
    url: "https://www.rfc-editor.org/rfc/rfc9110",
};

/// Helm's own code: the only authority where Helm is stricter than the specification.
pub const fn helm(tag: &'static str, path: &'static str, does: &'static str) -> Source {
    Source {
        document: "helm/helm",
        version: tag,
        anchor: path,
        text: does,
        quoted: false,
    }
}

/// The transport library of Helm 3.18 and later.
pub const fn oras_go(tag: &'static str, path: &'static str, does: &'static str) -> Source {
    Source {
        document: "oras-project/oras-go",
        version: tag,
        anchor: path,
        text: does,
        quoted: false,
    }
}

/// The transport library of Helm 3.0 to 3.17.
pub const fn containerd(tag: &'static str, path: &'static str, does: &'static str) -> Source {
    Source {
        document: "containerd/containerd",
        version: tag,
        anchor: path,
        text: does,
        quoted: false,
    }
}

/// A recording in `spec/helm-client-behaviour.md`: what a released Helm was seen to do.
pub const fn observed(section: &'static str, does: &'static str) -> Source {
    Source {
        document: "suite/spec/helm-client-behaviour.md",
        version: "2026-11",
        anchor: section,
        text: does,
        quoted: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_keyword_of_the_specification_counts() {
        let must = DISTRIBUTION.states("a", "The answer MUST be 200.");
        let should = DISTRIBUTION.states("a", "It SHOULD carry a length, as a client may expect.");
        let plain = DISTRIBUTION.states("a", "The MUSTARD answers may be sent.");
        let standard = HTTP.states("status.401", "The server MUST send a challenge.");
        let code = helm("v3.8.0", "pkg/x.go:1", "MUST have it");
        for (sources, expected) in [
            (vec![should, must], Specification::Must),
            (vec![code, should], Specification::Should),
            (vec![plain], Specification::Stated),
            (vec![code, standard], Specification::Silent),
            (vec![code], Specification::HelmOnly),
        ] {
            assert_eq!(Specification::of(&sources), expected, "{sources:?}");
        }
    }

    #[test]
    fn both_severities_are_told() {
        for (specification, words) in [
            (Specification::Should, "Helm MUST, OCI SHOULD"),
            (Specification::Silent, "Helm MUST, OCI silent"),
            (Specification::HelmOnly, "MUST, Helm only"),
        ] {
            assert_eq!(specification.beside(Level::Must), words);
        }
    }
}
