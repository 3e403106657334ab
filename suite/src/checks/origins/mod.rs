//! URLs that a registry returns: locations, redirects, links and realms.

mod chains;
mod links;
mod reach;
mod realms;
mod stores;
mod uploads;

use http::{Method, Uri};

use crate::requirement::Requirement;
use crate::session::{Reply, Session, expect};
use crate::verdict::Stop;
use crate::wire::redaction::redact_url;

/// The URL in the `Location` of a response, resolved; an invalid one is a violation.
fn resolved(session: &Session, reply: &Reply) -> Result<Uri, Stop> {
    let location = expect::header(reply, "location")?;
    session.resolve(&reply.uri, location).map_err(|_| {
        expect::violated(
            "a valid URL in `location`",
            format!("`location: {}`", redact_url(location)),
            &[reply],
        )
    })
}

/// The redirect in response to GET of a chart's layer; skips registries that do not redirect blobs.
async fn redirected(session: &Session) -> Result<Reply, Stop> {
    let chart = session.arrange_chart("1.0.0").await?;
    let first = unfollowed_blob(session, &chart.layer_digest()).await?;
    if first.status.is_redirection() {
        Ok(first)
    } else {
        Err(Stop::condition_not_met(
            "the registry does not redirect blobs",
        ))
    }
}

/// The first response to GET of a blob.
async fn unfollowed_blob(session: &Session, digest: &str) -> Result<Reply, Stop> {
    let get = session.call(Method::GET, &session.blob_path(digest));
    get.unfollowed().send().await
}

/// The target of a redirect.
fn target(session: &Session, reply: &Reply) -> Result<Uri, Stop> {
    let location = expect::header(reply, "location")?;
    session.resolve(&reply.uri, location)
}

/// The requirements of this area, in reading order.
pub(super) static REQUIREMENTS: &[&Requirement] = &[
    &chains::REDIRECTED_HEAD,
    &uploads::LOCATION_HOST,
    &uploads::LOCATION_TLS,
    &uploads::PUT_NOT_REDIRECTED,
    &chains::REDIRECT_ENDS,
    &chains::AT_MOST_NINE,
    &stores::NO_CREDENTIALS,
    &stores::STORE_AUTHORIZATION,
    &stores::REDIRECT_REACHABLE,
    &stores::REDIRECT_TLS,
    &links::LINK_HOST,
    &links::CUT_LIST,
    &links::NEXT_PAGE,
    &links::NO_FOREIGN_LINK,
    &realms::REALM_TLS,
    &realms::REALM_PUBLIC,
];
