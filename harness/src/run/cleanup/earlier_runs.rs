//! The content that earlier runs left in a registry, found by the names of its repositories only.

use futures_util::StreamExt;
use helm_oci_suite::oci::{RepositoryName, Tag};
use helm_oci_suite::session::Session;
use http::StatusCode;
use thiserror::Error;

use super::reading::{self, Problem, blobs, list, named};
use super::stored::{RepositoryContent, Stored};

/// The number of repositories that are read concurrently.
const CONCURRENCY: usize = 4;

/// The number of hexadecimal digits after `hoc` in the name of a run.
const DIGITS: usize = 8;

/// The registry does not list its repositories.
#[derive(Debug, Error)]
#[error(
    "the registry does not list its repositories ({cause}); give the name of the run with --run, or --repositories with a file \
     of their names"
)]
pub struct NoCatalog {
    /// The response, or the error.
    cause: String,
}

/// The content of earlier runs, as far as it could be read.
#[derive(Debug, Default)]
pub struct Found {
    /// The repositories that could be read, in which a tag is listed.
    pub stored: Stored,
    /// The number of repositories that could be read and list no tag.
    pub untagged: usize,
    /// The contents that could not be read, as sentences.
    pub problems: Vec<String>,
}

/// True if a run created the repository in this namespace: its name is valid, and has `hoc` and eight hexadecimal digits
/// at the position at which runs write them.
pub fn is_of_a_run(namespace: Option<&RepositoryName>, name: &str) -> bool {
    name.parse::<RepositoryName>().is_ok() && is_named_by_a_run(namespace, name)
}

fn is_named_by_a_run(namespace: Option<&RepositoryName>, name: &str) -> bool {
    let is_run = |rest: &str| {
        // Earlier versions wrote a `-`.
        let digits = rest
            .strip_prefix("hoc-")
            .or_else(|| rest.strip_prefix("hoc"));
        digits
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

/// All repositories that the registry lists, and the reason why there may be more.
pub async fn catalog(session: &Session) -> Result<(Vec<String>, Option<String>), NoCatalog> {
    let list = list(session, "/v2/_catalog?n=1000", "repositories").await;
    match list.problem {
        Some(problem) if list.names.is_empty() => Err(NoCatalog {
            cause: problem.what,
        }),
        problem => {
            let problem = problem
                .map(|problem| format!("the list of repositories ends early: {}", problem.what));
            Ok((list.names, problem))
        }
    }
}

/// The content of these repositories that is reachable from a tag. What cannot be read is noted, and the rest is read.
pub async fn content_of(session: &Session, repositories: &[String]) -> Found {
    let contents: Vec<_> = futures_util::stream::iter(repositories)
        .map(async |repository| (repository.clone(), content(session, repository).await))
        .buffered(CONCURRENCY)
        .collect()
        .await;
    let mut found = Found::default();
    for (repository, (content, problems)) in contents {
        let problems = problems.into_iter();
        let count = found.problems.len();
        let sentence = |problem| format!("{repository}: {problem}");
        found.problems.extend(problems.map(sentence));
        if content != RepositoryContent::default() {
            found.stored.insert(repository, content);
        } else if found.problems.len() == count {
            found.untagged += 1;
        }
    }
    found
}

async fn content(session: &Session, repository: &str) -> (RepositoryContent, Vec<String>) {
    let mut content = RepositoryContent::default();
    let mut problems = Vec::new();
    let path = format!("/v2/{repository}/tags/list");
    let tags = list(session, &path, "tags").await;
    problems.extend(tags.problem.filter(|problem| !says_empty(problem)));
    let mut invalid = 0;
    let mut open = Vec::new();
    for tag in tags.names {
        if tag.parse::<Tag>().is_err() {
            invalid += 1;
            continue;
        }
        // A tag without a readable manifest can be deleted as well.
        let digest = match reading::manifest(session, repository, &tag).await {
            Ok(Some((digest, manifest))) => {
                open.push((digest.clone(), manifest));
                Some(digest)
            }
            Ok(None) => None,
            Err(problem) => {
                problems.push(problem);
                None
            }
        };
        content.tags.insert(tag, digest);
    }
    while let Some((digest, manifest)) = open.pop() {
        if !content.manifests.insert(digest) {
            continue;
        }
        content.blobs.extend(blobs(&manifest));
        for child in named(&manifest["manifests"]) {
            match reading::manifest(session, repository, &child).await {
                Ok(child) => open.extend(child),
                Err(problem) => problems.push(problem),
            }
        }
    }
    let mut problems: Vec<String> = problems.into_iter().map(|problem| problem.what).collect();
    if invalid > 0 {
        problems.push(format!(
            "its list has {invalid} entries that are not valid tags, and cannot be deleted by them"
        ));
    }
    (content, problems)
}

/// True if a response says that there is no such repository, or that there cannot be one of this name.
fn says_empty(problem: &Problem) -> bool {
    matches!(
        problem.status,
        Some(StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_repositories_that_a_run_named_are_of_a_run() {
        for (namespace, name, expected) in [
            (None, "hoc63cbe1e4/pull-blob", true),
            (None, "hoc63cbe1e4-names-root", true),
            (None, "hoc63cbe1e4", false),
            (None, "hoc63cbe1e", false),
            (None, "hoc63CBE1E4/x", false),
            (None, "hoc63cbe1e4x/y", false),
            (None, "hocdocuments/x", false),
            (None, "team/hoc63cbe1e4-x", false),
            (None, "charts/nginx", false),
            (None, "hoc63cbe1e4/../charts/nginx", false),
            (None, "hoc63cbe1e4/x/", false),
            (None, "hoc63cbe1e4/x';halt;'", false),
            (None, "hoc63cbe1e4/x/manifests?", false),
            (Some("team"), "team/hoc63cbe1e4-x", true),
            (Some("team"), "team-hoc63cbe1e4-x", true),
            (Some("team"), "team/nginx", false),
            (Some("team"), "team", false),
            (Some("team"), "teams/hoc63cbe1e4-x", false),
            (Some("team"), "other/hoc63cbe1e4-x", false),
            (Some("team"), "hoc63cbe1e4/x", false),
            (Some("a/b"), "a/b/hoc63cbe1e4-x", true),
        ] {
            let parsed = namespace.map(|text: &str| text.parse().expect("a name"));
            assert_eq!(
                is_of_a_run(parsed.as_ref(), name),
                expected,
                "{namespace:?} {name}"
            );
        }
    }
}
