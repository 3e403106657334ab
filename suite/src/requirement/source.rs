//! Sources: the documents and the code that requirements cite.

use serde::{Deserialize, Serialize};
use strum::{Display, VariantArray};

use crate::requirement::Level;

/// A published document or a code base that requirements cite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Document {
    /// Its name.
    pub name: &'static str,
    /// The version cited, where it has one for all citations.
    pub version: &'static str,
    /// Its URL.
    pub url: &'static str,
}

/// One citation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// The document's name.
    pub document: &'static str,
    /// Its version or tag.
    pub version: &'static str,
    /// The place in the document: a section anchor, or path and line.
    pub anchor: &'static str,
    /// The cited sentence, or a summary of the code.
    pub text: &'static str,
    /// True if `text` is a quotation; otherwise it is a summary of code.
    pub quoted: bool,
}

/// The importance of a requirement for the OCI specification.
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
    VariantArray,
)]
#[serde(rename_all = "kebab-case")]
pub enum Specification {
    /// The specification requires it: MUST or MUST NOT.
    #[strum(serialize = "OCI MUST")]
    Must,
    /// The specification recommends it: SHOULD or SHOULD NOT.
    #[strum(serialize = "OCI SHOULD")]
    Should,
    /// The specification permits it: MAY.
    #[strum(serialize = "OCI MAY")]
    May,
    /// The specification describes it without a keyword.
    #[strum(serialize = "OCI without keyword")]
    Stated,
    /// The specification does not require it of a registry, and another standard does or it binds somebody else.
    #[strum(serialize = "OCI silent")]
    Silent,
    /// The specification does not mention it; only Helm requires it.
    #[strum(serialize = "Helm only")]
    HelmOnly,
}

impl Specification {
    /// All values, the strongest first.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// Both importances as text: for Helm and for the specification.
    pub fn with_level(self, level: Level) -> String {
        match self {
            Self::HelmOnly => format!("{level}, Helm only"),
            _ => format!("Helm {level}, {self}"),
        }
    }

    /// The strongest keyword of the cited sentences.
    pub(crate) fn of(sources: &[Source]) -> Self {
        let is_from = |document: Document| {
            move |source: &&Source| source.document == document.name && source.quoted
        };
        let is_oci = |source: &&Source| OCI.iter().any(|document| is_from(*document)(source));
        let mut cited = sources.iter().filter(is_oci).peekable();
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

impl Document {
    /// Cites a sentence of the document word for word.
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

/// The OCI image specification: the form of manifests.
pub const IMAGE: Document = Document {
    name: "OCI image-spec",
    version: "1.1.1",
    url: "https://github.com/opencontainers/image-spec/blob/v1.1.1",
};

/// The specifications whose keywords give the importance of a requirement for OCI.
const OCI: [Document; 2] = [DISTRIBUTION, IMAGE];

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

/// HTTP/1.1.
pub const HTTP_1_1: Document = Document {
    name: "RFC 9112",
    version: "2022",
    url: "https://www.rfc-editor.org/rfc/rfc9112",
};

/// Cites Helm's code, the only source where Helm is stricter than the specification.
pub const fn helm(tag: &'static str, path: &'static str, does: &'static str) -> Source {
    Source {
        document: "helm/helm",
        version: tag,
        anchor: path,
        text: does,
        quoted: false,
    }
}

/// Cites the transport library of Helm 3.18 and later.
pub const fn oras_go(tag: &'static str, path: &'static str, does: &'static str) -> Source {
    Source {
        document: "oras-project/oras-go",
        version: tag,
        anchor: path,
        text: does,
        quoted: false,
    }
}

/// Cites the transport library of Helm 3.0 to 3.17.
pub const fn containerd(tag: &'static str, path: &'static str, does: &'static str) -> Source {
    Source {
        document: "containerd/containerd",
        version: tag,
        anchor: path,
        text: does,
        quoted: false,
    }
}

/// Cites a recording in `spec/helm-client-behaviour.md`: the observed behaviour of a released Helm version.
pub const fn observed(section: &'static str, does: &'static str) -> Source {
    Source {
        document: "suite/spec/helm-client-behaviour.md",
        version: "2026-11",
        anchor: section,
        text: does,
        quoted: false,
    }
}

/// The documents that have a URL.
const LINKED: [Document; 5] = [DISTRIBUTION, IMAGE, HELM_DOCS, HTTP, HTTP_1_1];

/// The code bases that requirements cite, each a repository on GitHub.
const REPOSITORIES: [&str; 3] = ["helm/helm", "oras-project/oras-go", "containerd/containerd"];

/// The URL of a cited place; `None` for a document that is not published.
pub fn link(document: &str, version: &str, anchor: &str) -> Option<String> {
    if REPOSITORIES.contains(&document) {
        let (path, line) = anchor.split_once(':').unwrap_or((anchor, ""));
        let (version, path) = (in_url(version), in_url(path));
        let line = match in_url(line).replace('-', "-L") {
            line if line.is_empty() => line,
            line => format!("#L{line}"),
        };
        return Some(format!(
            "https://github.com/{document}/blob/{version}/{path}{line}"
        ));
    }
    let found = LINKED.iter().find(|known| known.name == document)?;
    // The anchor of the image specification begins with a file.
    let (file, anchor) = match anchor.split_once(", ") {
        Some((file, _)) => (format!("/{}", in_url(file)), String::new()),
        None => (String::new(), format!("#{}", in_url(anchor))),
    };
    Some(format!("{}{file}{anchor}", found.url))
}

/// The characters of a path or an anchor; others would need an escape, and no citation has them.
fn in_url(text: &str) -> String {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || "-._/+".contains(*c);
    text.chars().filter(is_plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_citation_has_a_link() {
        for ((document, version, anchor), url) in [
            (
                ("helm/helm", "v3.8.0", "pkg/registry/client.go:21"),
                "https://github.com/helm/helm/blob/v3.8.0/pkg/registry/client.go#L21",
            ),
            (
                ("OCI image-spec", "1.1.1", "manifest.md, config"),
                "https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md",
            ),
            (
                ("RFC 9110", "2022", "status.301"),
                "https://www.rfc-editor.org/rfc/rfc9110#status.301",
            ),
            (
                ("helm/helm", "\"><script>", "a b:1"),
                "https://github.com/helm/helm/blob/script/ab#L1",
            ),
        ] {
            assert_eq!(link(document, version, anchor).as_deref(), Some(url));
        }
        assert_eq!(link("javascript:alert(1)", "", ""), None);
    }

    #[test]
    fn the_strongest_keyword_of_the_specification_counts() {
        let must = DISTRIBUTION.states("a", "The answer MUST be 200.");
        let should = DISTRIBUTION.states("a", "It SHOULD carry a length, as a client may expect.");
        let plain = DISTRIBUTION.states("a", "The MUSTARD answers may be sent.");
        let standard = HTTP.states("status.401", "The server MUST send a challenge.");
        let image = IMAGE.states("manifest.md", "An implementation MUST NOT fail.");
        let code = helm("v3.8.0", "pkg/x.go:1", "MUST have it");
        for (sources, expected) in [
            (vec![should, must], Specification::Must),
            (vec![code, should], Specification::Should),
            (vec![should, image], Specification::Must),
            (vec![plain], Specification::Stated),
            (vec![code, standard], Specification::Silent),
            (vec![code], Specification::HelmOnly),
        ] {
            assert_eq!(Specification::of(&sources), expected, "{sources:?}");
        }
    }

    #[test]
    fn both_importances_are_shown() {
        for (specification, words) in [
            (Specification::Should, "Helm MUST, OCI SHOULD"),
            (Specification::Silent, "Helm MUST, OCI silent"),
            (Specification::HelmOnly, "MUST, Helm only"),
        ] {
            assert_eq!(specification.with_level(Level::Must), words);
        }
    }
}
