//! What earlier runs left in a registry, found by its name and by nothing else.

use futures_util::StreamExt;
use helm_oci_suite::oci::RepositoryName;
use helm_oci_suite::session::steps::ACCEPT_ORAS;
use helm_oci_suite::session::{Reply, Session, digest_of};
use http::{Method, StatusCode};
use serde_json::Value;
use thiserror::Error;

use super::ledger::is_digest;
use super::{Holdings, Made};

/// How many repositories are looked into at the same time.
const PARALLEL: usize = 4;

/// More pages than any list has that ends.
const PAGES: usize = 10_000;

/// How many of everything a run's name has after `hoc-`.
const DIGITS: usize = 8;

/// Why it cannot be told what is there.
#[derive(Debug, Error)]
pub enum SearchError {
    /// The registry does not list its repositories.
    #[error(
        "the registry does not list its repositories ({trouble}); give the --seed of the run, or --repositories with a \
         file of their names"
    )]
    NoCatalog {
        /// What it answered.
        trouble: String,
    },
    /// A repository could not be looked into.
    #[error("cannot look into {repository}: {trouble}")]
    Repository {
        /// The repository.
        repository: String,
        /// What was answered.
        trouble: String,
    },
}

/// Whether a repository was made by a run in this namespace: its name says `hoc-` and eight hexadecimal digits where
/// runs write them, and leads nowhere else from there, as `/../` would.
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
            // Names of one segment are tried with every `/` made a `-`.
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
            trouble: "GET /v2/_catalog answers 404 Not Found".to_owned(),
        }),
        Err(trouble) => Err(SearchError::NoCatalog { trouble }),
    }
}

/// What these repositories hold, as far as it hangs on a tag; those that hold nothing are left out.
pub async fn holdings(session: &Session, repositories: &[String]) -> Result<Made, SearchError> {
    let found: Vec<_> = futures_util::stream::iter(repositories)
        .map(|repository| async move {
            let held = look_into(session, repository).await;
            held.map(|holdings| (repository.clone(), holdings))
                .map_err(|trouble| SearchError::Repository {
                    repository: repository.clone(),
                    trouble,
                })
        })
        .buffered(PARALLEL)
        .collect()
        .await;
    let made = found.into_iter().collect::<Result<Made, _>>()?;
    let is_something = |(_, held): &(String, Holdings)| *held != Holdings::default();
    Ok(made.into_iter().filter(is_something).collect())
}

async fn look_into(session: &Session, repository: &str) -> Result<Holdings, String> {
    let mut holdings = Holdings::default();
    let path = format!("/v2/{repository}/tags/list");
    let tags = list(session, &path, "tags").await?.unwrap_or_default();
    let mut open = Vec::new();
    for tag in tags {
        if !is_tag(&tag) {
            return Err("it lists a tag that is none".to_owned());
        }
        if let Some((digest, manifest)) = manifest(session, repository, &tag).await? {
            holdings.tags.insert(tag, digest.clone());
            open.push((digest, manifest));
        }
    }
    while let Some((digest, manifest)) = open.pop() {
        if !holdings.manifests.insert(digest) {
            continue;
        }
        holdings.blobs.extend(blobs(&manifest));
        for child in named(&manifest["manifests"]) {
            if let Some(child) = self::manifest(session, repository, &child).await? {
                open.push(child);
            }
        }
    }
    Ok(holdings)
}

/// A manifest with its digest; nothing if it is not there.
async fn manifest(
    session: &Session,
    repository: &str,
    reference: &str,
) -> Result<Option<(String, Value)>, String> {
    let path = format!("/v2/{repository}/manifests/{reference}");
    let reply = session.call(Method::GET, &path).accept(ACCEPT_ORAS).send();
    let reply = reply.await.map_err(|stop| stop.to_string())?;
    if reply.status == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    if !reply.status.is_success() {
        return Err(format!("GET {path} answers {}", reply.status));
    }
    let told = reply
        .header("docker-content-digest")
        .filter(|digest| is_digest(digest));
    let digest = told.map_or_else(|| digest_of(&reply.body), ToOwned::to_owned);
    // What cannot be read can be deleted all the same.
    let manifest = serde_json::from_slice(&reply.body).unwrap_or_default();
    Ok(Some((digest, manifest)))
}

/// The digests of config and layers.
fn blobs(manifest: &Value) -> Vec<String> {
    let mut blobs = named(&manifest["layers"]);
    blobs.extend(digest_in(&manifest["config"]));
    blobs
}

/// The digests of a list of descriptors.
fn named(descriptors: &Value) -> Vec<String> {
    let descriptors = descriptors.as_array().into_iter().flatten();
    descriptors.filter_map(digest_in).collect()
}

fn digest_in(descriptor: &Value) -> Option<String> {
    let digest = descriptor["digest"].as_str()?;
    is_digest(digest).then(|| digest.to_owned())
}

/// A list, page by page; nothing if it is not there.
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
            page.ok_or_else(|| format!("GET {} answers {}", reply.uri.path(), reply.status))?;
        let page = page[field].as_array().into_iter().flatten();
        names.extend(page.filter_map(Value::as_str).map(ToOwned::to_owned));
        match next(&reply) {
            Some(next) => uri = session.resolve(&reply.uri, next),
            None => return Ok(Some(names)),
        }
    }
    Err(format!("GET {path} goes on for more than {PAGES} pages"))
}

/// Where the next page is.
fn next(reply: &Reply) -> Option<&str> {
    let link = reply.header("link")?;
    let (target, parameters) = link.strip_prefix('<')?.split_once('>')?;
    parameters.contains("next").then_some(target)
}

/// Whether a text is a tag, so that it can stand in a path.
fn is_tag(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_run_named_is_of_a_run() {
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

    #[test]
    fn what_leads_elsewhere_is_no_tag() {
        for (tag, expected) in [("1.0.0_a", true), ("_", true), ("..", false), ("-x", false)] {
            assert_eq!(is_tag(tag), expected, "{tag}");
        }
    }
}
