//! Reading of lists and manifests, for the clean-up and for the search for earlier runs.

use std::collections::BTreeSet;

use helm_oci_suite::oci::{Digest, Link};
use helm_oci_suite::session::steps::ACCEPT_ORAS;
use helm_oci_suite::session::{Reply, Session};
use helm_oci_suite::verdict::Stop;
use http::{Method, StatusCode, Uri};
use serde_json::Value;

use super::status::is_absent;

/// The maximum number of pages of a list.
const PAGES: usize = 1_000;

/// The maximum number of redirects.
const REDIRECTS: usize = 5;

/// A list of names, as far as it could be read.
#[derive(Debug, Default)]
pub(super) struct List {
    /// The names.
    pub(super) names: Vec<String>,
    /// The reason why it ends early.
    pub(super) problem: Option<Problem>,
}

/// The reason why something could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// The request with its response, or the error.
    pub(super) what: String,
    /// The status of the response.
    pub(super) status: Option<StatusCode>,
}

impl Problem {
    pub(super) fn new(what: String) -> Self {
        Self { what, status: None }
    }

    fn of_reply(path: &str, reply: &Reply) -> Self {
        Self {
            what: format!("GET {path} returned {}", reply.status),
            status: Some(reply.status),
        }
    }

    fn of_stop(path: &str, stop: Stop) -> Self {
        Self::new(match stop {
            Stop::Inconclusive(obstacle) => format!("GET {path}: {}", obstacle.what),
            stop => format!("GET {path}: {stop}"),
        })
    }
}

/// All pages of a list.
pub(super) async fn list(session: &Session, path: &str, field: &str) -> List {
    let mut list = List::default();
    let mut uri = session.uri(path);
    let mut read = BTreeSet::new();
    for _ in 0..PAGES {
        let reply = match session.call_uri(Method::GET, uri).send().await {
            Ok(reply) => reply,
            Err(stop) => {
                list.problem = Some(Problem::of_stop(path, stop));
                return list;
            }
        };
        let page: Option<Value> = serde_json::from_slice(&reply.body).ok();
        let Some(page) = page.filter(|_| reply.status.is_success()) else {
            list.problem = Some(Problem::of_reply(reply.uri.path(), &reply));
            return list;
        };
        let page = page[field].as_array().into_iter().flatten();
        let names = page.filter_map(Value::as_str).map(ToOwned::to_owned);
        list.names.extend(names);
        if !read.insert(reply.uri.to_string()) {
            let what = format!("a `link` of GET {path} leads to a page before it");
            list.problem = Some(Problem::new(what));
            return list;
        }
        match next(&reply) {
            Some(next) => uri = session.resolve(&reply.uri, next),
            None => return list,
        }
    }
    let what = format!("GET {path} has more than {PAGES} pages");
    list.problem = Some(Problem::new(what));
    list
}

/// The URI reference of the next page.
fn next(reply: &Reply) -> Option<&str> {
    let link = Link::parse(reply.header("link")?)?;
    link.is_next().then_some(link.target)
}

/// A manifest with its digest; `None` if it does not exist. Redirects are followed.
pub(super) async fn manifest(
    session: &Session,
    repository: &str,
    reference: &str,
) -> Result<Option<(Digest, Value)>, Problem> {
    let path = format!("/v2/{repository}/manifests/{reference}");
    let mut uri = session.uri(&path);
    for _ in 0..=REDIRECTS {
        let reply = session.call_uri(Method::GET, uri).accept(ACCEPT_ORAS);
        let reply = reply.send().await;
        let reply = reply.map_err(|stop| Problem::of_stop(&path, stop))?;
        if is_absent(reply.status) {
            return Ok(None);
        }
        if let Some(next) = redirect(session, &reply) {
            uri = next;
            continue;
        }
        if !reply.status.is_success() {
            return Err(Problem::of_reply(&path, &reply));
        }
        let returned = reply.header("docker-content-digest");
        let returned = returned.and_then(|digest| digest.parse().ok());
        let digest = returned.unwrap_or_else(|| Digest::sha256(&reply.body));
        // A manifest that is not JSON can be deleted as well.
        let manifest = serde_json::from_slice(&reply.body).unwrap_or_default();
        return Ok(Some((digest, manifest)));
    }
    let what = format!("GET {path} is redirected more than {REDIRECTS} times");
    Err(Problem::new(what))
}

/// The place to which a response redirects.
fn redirect(session: &Session, reply: &Reply) -> Option<Result<Uri, Stop>> {
    let location = reply.header("location")?;
    let is_redirect = matches!(reply.status.as_u16(), 301 | 302 | 303 | 307 | 308);
    is_redirect.then(|| session.resolve(&reply.uri, location))
}

/// The digests of config and layers.
pub(super) fn blobs(manifest: &Value) -> Vec<Digest> {
    let mut blobs = named(&manifest["layers"]);
    blobs.extend(digest_in(&manifest["config"]));
    blobs
}

/// The digests of a list of descriptors.
pub(super) fn named(descriptors: &Value) -> Vec<Digest> {
    let descriptors = descriptors.as_array().into_iter().flatten();
    descriptors.filter_map(digest_in).collect()
}

fn digest_in(descriptor: &Value) -> Option<Digest> {
    descriptor["digest"].as_str()?.parse().ok()
}
