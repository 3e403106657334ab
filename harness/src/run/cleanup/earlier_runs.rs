//! The content that earlier runs left in a registry, found by the names of its repositories only.

use futures_util::StreamExt;
use helm_oci_suite::oci::{Digest, Link, RepositoryName, Tag};
use helm_oci_suite::session::steps::ACCEPT_ORAS;
use helm_oci_suite::session::{Reply, Session};
use http::{Method, StatusCode};
use serde_json::Value;
use thiserror::Error;

use super::stored::{RepositoryContent, Stored};

/// The number of repositories that are read concurrently.
const CONCURRENCY: usize = 4;

/// The maximum number of pages of a list.
const PAGES: usize = 10_000;

/// The number of hexadecimal digits after `hoc-` in the name of a run.
const DIGITS: usize = 8;

/// The content of earlier runs cannot be determined.
#[derive(Debug, Error)]
pub enum SearchError {
    /// The registry does not list its repositories.
    #[error(
        "the registry does not list its repositories ({cause}); give the --seed of the run, or --repositories with a \
         file of their names"
    )]
    NoCatalog {
        /// The response, or the error.
        cause: String,
    },
    /// A repository could not be read.
    #[error("cannot read the content of {repository}: {cause}")]
    Repository {
        /// The repository.
        repository: String,
        /// The response, or the error.
        cause: String,
    },
}

/// True if a run created the repository in this namespace: its name is valid, and has `hoc-` and eight hexadecimal digits
/// at the position at which runs write them.
pub fn is_of_a_run(namespace: Option<&str>, name: &str) -> bool {
    name.parse::<RepositoryName>().is_ok() && is_named_by_a_run(namespace, name)
}

fn is_named_by_a_run(namespace: Option<&str>, name: &str) -> bool {
    let is_run = |rest: &str| {
        rest.strip_prefix("hoc-")
            .and_then(|rest| rest.split_at_checked(DIGITS))
            .is_some_and(|(digits, rest)| {
                digits
                    .bytes()
                    .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
                    && rest.starts_with(['/', '-'])
            })
    };
    match namespace {
        None => is_run(name),
        Some(namespace) => {
            // In names of one segment every `/` is a `-`.
            let flat = namespace.replace('/', "-");
            let within = |prefix: &str, separator| {
                let rest = name.strip_prefix(prefix)?;
                rest.strip_prefix(separator)
            };
            within(namespace, '/').is_some_and(is_run) || within(&flat, '-').is_some_and(is_run)
        }
    }
}

/// All repositories that the registry lists.
pub async fn catalog(session: &Session) -> Result<Vec<String>, SearchError> {
    let found = list(session, "/v2/_catalog?n=1000", "repositories").await;
    match found {
        Ok(Some(names)) => Ok(names),
        Ok(None) => Err(SearchError::NoCatalog {
            cause: "GET /v2/_catalog returned 404 Not Found".to_owned(),
        }),
        Err(cause) => Err(SearchError::NoCatalog { cause }),
    }
}

/// The content of these repositories that is reachable from a tag. Empty repositories are omitted.
pub async fn content_of(session: &Session, repositories: &[String]) -> Result<Stored, SearchError> {
    let found: Vec<_> = futures_util::stream::iter(repositories)
        .map(|repository| async move {
            let content = content(session, repository).await;
            content
                .map(|content| (repository.clone(), content))
                .map_err(|cause| SearchError::Repository {
                    repository: repository.clone(),
                    cause,
                })
        })
        .buffered(CONCURRENCY)
        .collect()
        .await;
    let mut stored = found.into_iter().collect::<Result<Stored, _>>()?;
    stored.retain(|_, content| *content != RepositoryContent::default());
    Ok(stored)
}

async fn content(session: &Session, repository: &str) -> Result<RepositoryContent, String> {
    let mut content = RepositoryContent::default();
    let path = format!("/v2/{repository}/tags/list");
    let tags = list(session, &path, "tags").await?.unwrap_or_default();
    let mut open = Vec::new();
    for tag in tags {
        if tag.parse::<Tag>().is_err() {
            return Err("it lists an invalid tag".to_owned());
        }
        if let Some((digest, manifest)) = manifest(session, repository, &tag).await? {
            content.tags.insert(tag, digest.clone());
            open.push((digest, manifest));
        }
    }
    while let Some((digest, manifest)) = open.pop() {
        if !content.manifests.insert(digest) {
            continue;
        }
        content.blobs.extend(blobs(&manifest));
        for child in named(&manifest["manifests"]) {
            if let Some(child) = self::manifest(session, repository, &child).await? {
                open.push(child);
            }
        }
    }
    Ok(content)
}

/// A manifest with its digest; `None` if it does not exist.
async fn manifest(
    session: &Session,
    repository: &str,
    reference: &str,
) -> Result<Option<(Digest, Value)>, String> {
    let path = format!("/v2/{repository}/manifests/{reference}");
    let reply = session.call(Method::GET, &path).accept(ACCEPT_ORAS).send();
    let reply = reply.await.map_err(|stop| stop.to_string())?;
    if reply.status == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    if !reply.status.is_success() {
        return Err(format!("GET {path} returned {}", reply.status));
    }
    let returned = reply.header("docker-content-digest");
    let returned = returned.and_then(|digest| digest.parse().ok());
    let digest = returned.unwrap_or_else(|| Digest::sha256(&reply.body));
    // A manifest that is not JSON can be deleted as well.
    let manifest = serde_json::from_slice(&reply.body).unwrap_or_default();
    Ok(Some((digest, manifest)))
}

/// The digests of config and layers.
fn blobs(manifest: &Value) -> Vec<Digest> {
    let mut blobs = named(&manifest["layers"]);
    blobs.extend(digest_in(&manifest["config"]));
    blobs
}

/// The digests of a list of descriptors.
fn named(descriptors: &Value) -> Vec<Digest> {
    let descriptors = descriptors.as_array().into_iter().flatten();
    descriptors.filter_map(digest_in).collect()
}

fn digest_in(descriptor: &Value) -> Option<Digest> {
    descriptor["digest"].as_str()?.parse().ok()
}

/// All pages of a list; `None` if it does not exist.
async fn list(session: &Session, path: &str, field: &str) -> Result<Option<Vec<String>>, String> {
    let mut uri = session.uri(path);
    let mut names = Vec::new();
    for _ in 0..PAGES {
        let reply = session
            .call_uri(Method::GET, uri)
            .send()
            .await
            .map_err(|stop| stop.to_string())?;
        if reply.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let page: Option<Value> = serde_json::from_slice(&reply.body).ok();
        let page = page.filter(|_| reply.status.is_success());
        let page =
            page.ok_or_else(|| format!("GET {} returned {}", reply.uri.path(), reply.status))?;
        let page = page[field].as_array().into_iter().flatten();
        names.extend(page.filter_map(Value::as_str).map(ToOwned::to_owned));
        match next(&reply) {
            Some(next) => uri = session.resolve(&reply.uri, next),
            None => return Ok(Some(names)),
        }
    }
    Err(format!("GET {path} has more than {PAGES} pages"))
}

/// The URI reference of the next page.
fn next(reply: &Reply) -> Option<&str> {
    let link = Link::parse(reply.header("link")?)?;
    link.is_next().then_some(link.target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_repositories_that_a_run_named_are_of_a_run() {
        for (namespace, name, expected) in [
            (None, "hoc-63cbe1e4/pull-blob", true),
            (None, "hoc-63cbe1e4-names-root", true),
            (None, "hoc-63cbe1e4", false),
            (None, "hoc-63cbe1e", false),
            (None, "hoc-63CBE1E4/x", false),
            (None, "hoc-63cbe1e4x/y", false),
            (None, "hoc-documents/x", false),
            (None, "team/hoc-63cbe1e4-x", false),
            (None, "charts/nginx", false),
            (None, "hoc-63cbe1e4/../charts/nginx", false),
            (None, "hoc-63cbe1e4/x/", false),
            (None, "hoc-63cbe1e4/x';halt;'", false),
            (None, "hoc-63cbe1e4/x/manifests?", false),
            (Some("team"), "team/hoc-63cbe1e4-x", true),
            (Some("team"), "team-hoc-63cbe1e4-x", true),
            (Some("team"), "team/nginx", false),
            (Some("team"), "team", false),
            (Some("team"), "teams/hoc-63cbe1e4-x", false),
            (Some("team"), "other/hoc-63cbe1e4-x", false),
            (Some("team"), "hoc-63cbe1e4/x", false),
            (Some("a/b"), "a/b/hoc-63cbe1e4-x", true),
        ] {
            assert_eq!(
                is_of_a_run(namespace, name),
                expected,
                "{namespace:?} {name}"
            );
        }
    }
}
