//! Who says so: the documents and code that requirements cite.

use serde::Serialize;

/// A published document or a code base that requirements cite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Document {
    /// Its name.
    pub name: &'static str,
    /// The version cited, where it has one for all citations.
    pub version: &'static str,
    /// Where to read it.
    pub url: &'static str,
}

/// One citation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The document's name.
    pub document: &'static str,
    /// Its version or tag.
    pub version: &'static str,
    /// Where in the document: a section anchor, or path and line.
    pub anchor: &'static str,
    /// The sentence relied on, or what the code does there.
    pub says: &'static str,
    /// Whether `says` is a quotation; otherwise it is our reading of code.
    pub quoted: bool,
}

impl Document {
    /// Cites a sentence of the document, word for word.
    pub const fn says(&self, anchor: &'static str, sentence: &'static str) -> Source {
        Source {
            document: self.name,
            version: self.version,
            anchor,
            says: sentence,
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
        says: does,
        quoted: false,
    }
}

/// The transport library of Helm 3.18 and later.
pub const fn oras_go(tag: &'static str, path: &'static str, does: &'static str) -> Source {
    Source {
        document: "oras-project/oras-go",
        version: tag,
        anchor: path,
        says: does,
        quoted: false,
    }
}

/// The transport library of Helm 3.0 to 3.17.
pub const fn containerd(tag: &'static str, path: &'static str, does: &'static str) -> Source {
    Source {
        document: "containerd/containerd",
        version: tag,
        anchor: path,
        says: does,
        quoted: false,
    }
}

/// A recording in `spec/helm-client-behaviour.md`: what a released Helm was seen to do.
pub const fn observed(section: &'static str, does: &'static str) -> Source {
    Source {
        document: "suite/spec/helm-client-behaviour.md",
        version: "2026-11",
        anchor: section,
        says: does,
        quoted: false,
    }
}
