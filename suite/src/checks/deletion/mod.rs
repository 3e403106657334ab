//! Deletion and its effects. No Helm version deletes anything; users and clean-up jobs do.

mod again;
mod manifests;
mod shared;

use http::Method;

use crate::requirement::Requirement;
use crate::session::steps::obstacle;
use crate::session::{Reply, Session};
use crate::verdict::Stop;

/// Sends DELETE; skips registries that do not delete such content.
async fn delete(session: &Session, path: &str, what: &str) -> Result<Reply, Stop> {
    let reply = session.call(Method::DELETE, path).send().await?;
    match reply.status.as_u16() {
        202 | 200 | 204 => Ok(reply),
        400 | 401 | 403 | 404 | 405 | 501 => Err(Stop::not_offered(
            format!("the registry does not delete {what}"),
            reply.status,
        )),
        _ => Err(obstacle(&format!("delete {what}"), &reply)),
    }
}

/// The requirements of this area, in reading order.
pub(super) static REQUIREMENTS: &[&Requirement] = &[
    &manifests::MANIFESTS,
    &manifests::REMOVED,
    &manifests::HEAD_OF_DIGEST_AGREES,
    &manifests::HEAD_OF_TAG_AGREES,
    &manifests::REFUSED_KEEPS,
    &shared::OTHER_TAGS,
    &shared::SHARED_BLOBS,
    &shared::OTHER_REPOSITORIES,
    &again::PUSH_AGAIN,
    &again::TAG_PUSHED_AGAIN,
];
