//! The content that a run stored, derived from its requests and their responses.

use std::collections::{BTreeMap, BTreeSet};

use helm_oci_fixtures::route::Route;
use helm_oci_suite::oci::Digest;
use helm_oci_suite::oci::percent::pairs;
use helm_oci_suite::wire::{Request, Response};
use http::{Method, StatusCode, Uri};

/// The content of a repository that a run stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RepositoryContent {
    /// The digests of manifests.
    pub manifests: BTreeSet<Digest>,
    /// The tags, each with the digest of the manifest that was last pushed to it; `None` if it is unknown.
    pub tags: BTreeMap<String, Option<Digest>>,
    /// The digests of blobs.
    pub blobs: BTreeSet<Digest>,
    /// Path and query of upload sessions that were opened and not closed.
    pub uploads: BTreeSet<String>,
}

/// The content that a run stored, by repository.
pub type Stored = BTreeMap<String, RepositoryContent>;

/// One manifest or blob that was stored.
#[derive(Debug)]
pub(super) struct Entry {
    repository: String,
    digest: Digest,
    kind: EntryKind,
}

#[derive(Debug)]
enum EntryKind {
    /// A manifest, with its tag if it was pushed by tag.
    Manifest {
        tag: Option<String>,
    },
    Blob,
}

impl Entry {
    /// The entry that a request stores if it succeeds, or if its response is lost; `upload` is the repository of the upload
    /// that it continues.
    pub(super) fn of_request(request: &Request, upload: Option<&str>) -> Option<Self> {
        let uri = &request.uri;
        match (request.method.as_str(), Route::of(uri)) {
            (
                "PUT",
                Route::Manifest {
                    repository,
                    reference,
                },
            ) => {
                let digest = request.content.digest().parse().ok()?;
                Some(Self::manifest(repository, reference, digest))
            }
            ("PUT", _) => {
                let digest = digest_parameter(uri, "digest")?;
                Some(Self::blob(upload?.to_owned(), digest))
            }
            ("POST", Route::Uploads { repository }) => {
                Some(Self::blob(repository, mounted_or_uploaded(uri)?))
            }
            _ => None,
        }
    }

    /// The entry that only a response reveals: a manifest whose digest differs from ours, or a blob that was mounted or
    /// uploaded by POST.
    pub(super) fn of_response(method: &Method, uri: &Uri, response: &Response) -> Option<Self> {
        let status = response.status;
        match (method.as_str(), Route::of(uri)) {
            (
                "PUT",
                Route::Manifest {
                    repository,
                    reference,
                },
            ) if status.is_success() => {
                let digest = response.headers.get("docker-content-digest")?;
                let digest = digest.to_str().ok()?.parse().ok()?;
                Some(Self::manifest(repository, reference, digest))
            }
            ("POST", Route::Uploads { repository }) if status == StatusCode::CREATED => {
                Some(Self::blob(repository, mounted_or_uploaded(uri)?))
            }
            _ => None,
        }
    }

    fn manifest(repository: String, reference: String, digest: Digest) -> Self {
        let tag = Some(reference).filter(|reference| !reference.contains(':'));
        Self {
            repository,
            digest,
            kind: EntryKind::Manifest { tag },
        }
    }

    fn blob(repository: String, digest: Digest) -> Self {
        Self {
            repository,
            digest,
            kind: EntryKind::Blob,
        }
    }

    pub(super) fn add_to(self, stored: &mut Stored) {
        let content = stored.entry(self.repository).or_default();
        match self.kind {
            EntryKind::Manifest { tag } => {
                if let Some(tag) = tag {
                    content.tags.insert(tag, Some(self.digest.clone()));
                }
                content.manifests.insert(self.digest);
            }
            EntryKind::Blob => {
                content.blobs.insert(self.digest);
            }
        }
    }
}

/// The digest of the blob that a POST mounts, or uploads as a whole.
fn mounted_or_uploaded(uri: &Uri) -> Option<Digest> {
    digest_parameter(uri, "mount").or_else(|| digest_parameter(uri, "digest"))
}

/// A digest in the query of a URL.
fn digest_parameter(uri: &Uri, name: &str) -> Option<Digest> {
    let mut pairs = pairs(uri.query()?);
    let (_, value) = pairs.find(|(own, _)| own == name)?;
    value.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_in_a_query_is_percent_decoded() {
        for (query, digest) in [
            ("digest=sha256:ab", Some("sha256:ab")),
            ("digest=sha256%3Aab", Some("sha256:ab")),
            ("_state=x%3Dy&digest=sha256%3a%61b", Some("sha256:ab")),
            (
                "digest=multihash%2Bbase58%3AQm",
                Some("multihash+base58:Qm"),
            ),
            ("digest=sha512%2Bb64u%3AYQ%3D%3D", Some("sha512+b64u:YQ==")),
            ("digest=sha256%3Aa%27b", None),
            ("Digest=sha256:ab", None),
            ("digest=", None),
            ("digest", None),
        ] {
            let uri = format!("https://registry.test/v2/a/blobs/uploads/1?{query}");
            let found = digest_parameter(&uri.parse().expect("a URI"), "digest");
            assert_eq!(found.as_deref(), digest, "{query}");
        }
    }
}
