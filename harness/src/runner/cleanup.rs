//! Takes away what the checks made on a registry that stays, as far as the registry lets us.
//!
//! What was made is read off the transcripts, so nothing else is ever touched. All of it is best effort
//! and bounded; what remains is said in one line.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::StreamExt;
use helm_oci_fixtures::route::Route;
use helm_oci_suite::exchange::Exchange;
use helm_oci_suite::session::Session;
use helm_oci_suite::target::Target;
use http::{Method, Uri};
use tokio::time::timeout;

/// How long the clean-up may take.
const LIMIT: Duration = Duration::from_secs(10);

/// How many deletes run at the same time.
const PARALLEL: usize = 8;

/// What a repository holds because of this run.
#[derive(Debug, Default, PartialEq, Eq)]
struct Made {
    manifests: BTreeSet<String>,
    blobs: BTreeSet<String>,
}

/// Deletes manifests, then blobs; returns what could not be removed and why, in at most one line.
pub async fn clean_up(target: &Target, said: &[Vec<Exchange>]) -> Vec<String> {
    let made = made(said);
    if made.is_empty() {
        return Vec::new();
    }
    let session = Session::new(target.clone(), "clean-up");
    let paths = |of: fn(&Made) -> &BTreeSet<String>, kind: &'static str| {
        let paths = made.iter().flat_map(move |(repository, made)| {
            of(made)
                .iter()
                .map(move |digest| format!("/v2/{repository}/{kind}/{digest}"))
        });
        paths.collect::<Vec<_>>()
    };
    let manifests = paths(|made| &made.manifests, "manifests");
    let blobs = paths(|made| &made.blobs, "blobs");
    let mut left = Vec::new();
    let done = timeout(LIMIT, async {
        left.extend(delete(&session, &manifests, "manifests").await);
        left.extend(delete(&session, &blobs, "blobs").await);
    });
    if done.await.is_err() {
        left.push(format!(
            "deleting was not done within {} s",
            LIMIT.as_secs()
        ));
    }
    if left.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "in {} repositories {}: {}",
        made.len(),
        prefix(target),
        left.join("; ")
    )]
}

/// Deletes everything at these paths; what is left, in words, if anything is.
async fn delete(session: &Session, paths: &[String], kind: &str) -> Option<String> {
    let answers: Vec<Option<String>> = futures_util::stream::iter(paths)
        .map(|path| async {
            match session.call(Method::DELETE, path).send().await {
                Ok(reply) if reply.status.is_success() || reply.status.as_u16() == 404 => None,
                Ok(reply) => Some(format!("the registry answers DELETE with {}", reply.status)),
                Err(_) => Some("the registry does not answer DELETE".to_owned()),
            }
        })
        .buffered(PARALLEL)
        .collect()
        .await;
    let left: Vec<String> = answers.into_iter().flatten().collect();
    let why = left.first()?;
    Some(format!(
        "{} of {} {kind} remain, {why}",
        left.len(),
        paths.len()
    ))
}

/// What the names of all repositories of the run begin with.
fn prefix(target: &Target) -> String {
    let name = target.repository("x");
    format!("{}*", name.strip_suffix('x').unwrap_or(&name))
}

/// Reads off transcripts what was stored: manifests and blobs whose PUT, or whose mount, succeeded.
fn made(said: &[Vec<Exchange>]) -> BTreeMap<String, Made> {
    let mut made: BTreeMap<String, Made> = BTreeMap::new();
    for exchange in said.iter().flatten() {
        let Ok(response) = &exchange.response else {
            continue;
        };
        let Some((method, uri)) = exchange.request.start.split_once(' ') else {
            continue;
        };
        let Ok(uri) = uri.parse::<Uri>() else {
            continue;
        };
        if !response.start.starts_with('2') || uri.authority().is_some() {
            continue;
        }
        let body = exchange
            .request
            .body
            .as_ref()
            .map(|body| body.digest.clone());
        match (method, Route::of(&uri)) {
            ("PUT", Route::Manifest { repository, .. }) => {
                made.entry(repository).or_default().manifests.extend(body);
            }
            ("PUT", Route::Upload { repository, .. }) => {
                made.entry(repository)
                    .or_default()
                    .blobs
                    .extend(parameter(&uri, "digest"));
            }
            ("POST", Route::Uploads { repository }) if response.start.starts_with("201") => {
                let stored = parameter(&uri, "mount").or_else(|| parameter(&uri, "digest"));
                made.entry(repository).or_default().blobs.extend(stored);
            }
            _ => {}
        }
    }
    made
}

/// A digest in the query, its colon decoded.
fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let pairs = uri
        .query()?
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    let value = pairs
        .filter(|(own, _)| *own == name)
        .map(|(_, value)| value)
        .next()?;
    Some(value.replace("%3A", ":").replace("%3a", ":"))
}

#[cfg(test)]
mod tests {
    use helm_oci_suite::proof;
    use helm_oci_suite::requirement::Setup;

    use super::*;

    #[tokio::test]
    async fn what_was_made_is_found_and_removed() {
        let target = proof::target(Setup::Open, &[]);
        let session = Session::new(target.clone(), "test/clean-up");
        let chart = session
            .arrange_chart("1.0.0")
            .await
            .expect("the reference takes a chart");
        let said = [session.transcript()];
        let found = made(&said);
        let own = &found[session.repository()];
        assert_eq!(own.manifests, BTreeSet::from([chart.digest.clone()]));
        assert_eq!(
            own.blobs,
            BTreeSet::from([chart.config_digest(), chart.layer_digest()])
        );
        assert_eq!(clean_up(&target, &said).await, Vec::<String>::new());
        let gone = session.get_manifest("1.0.0").await.expect("an answer");
        assert_eq!(gone.status, 404);
    }
}
