//! Blob upload, in the order of Helm's requests.

mod complete;
mod head;
mod location;
mod ordinary;
mod other_methods;
mod start;
mod stored;

pub(super) use self::start::plain_name;

use bytes::Bytes;

use crate::oci::Digest;
use crate::requirement::Requirement;
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{CheckResult, Stop};

/// Content that no other check of the run uploads.
pub(super) fn content(session: &Session, what: &str) -> Bytes {
    Bytes::from(format!("{what} {:016x}", session.seed()))
}

/// Uploads two ordinary blobs; returns how many uploads succeeded, and the response that failed or else the last one.
pub(super) async fn control_uploads(session: &Session) -> Result<(usize, Reply), Stop> {
    let (first, _) = upload_blob(session, "ordinary").await?;
    let (second, _) = upload_blob(session, "as ordinary").await?;
    let count = usize::from(first.status.is_success()) + usize::from(second.status.is_success());
    Ok((
        count,
        if first.status.is_success() {
            second
        } else {
            first
        },
    ))
}

/// Expects an unusual upload to succeed; inconclusive if ordinary uploads fail as well.
pub(super) async fn succeeds_like_any_other(session: &Session, reply: &Reply) -> CheckResult {
    if reply.status.is_success() {
        return Ok(());
    }
    match control_uploads(session).await? {
        (2, ordinary) => Err(expect::violated(
            "a 2xx status, as for an ordinary blob",
            format!("status {}", reply.status),
            &[reply, &ordinary],
        )),
        (_, ordinary) => Err(obstacle("upload an ordinary blob", &ordinary)),
    }
}

/// Starts an upload; returns the response and its `Location`.
pub(super) async fn fresh_location(session: &Session) -> Result<(Reply, String), Stop> {
    let reply = session.start_upload().await?;
    match reply.header("location").map(ToOwned::to_owned) {
        Some(location) if reply.status.is_success() => Ok((reply, location)),
        _ => Err(obstacle("find the upload's Location", &reply)),
    }
}

/// Uploads a blob as Helm does; returns the response to the PUT and the digest.
pub(super) async fn upload_blob(session: &Session, what: &str) -> Result<(Reply, Digest), Stop> {
    put_blob(session, &content(session, what)).await
}

/// The same with this content.
pub(super) async fn put_blob(session: &Session, blob: &Bytes) -> Result<(Reply, Digest), Stop> {
    let digest = digest_of(blob);
    let location = session.arrange_upload().await?;
    let reply = session
        .complete_upload(&location, &digest, blob)
        .send()
        .await?;
    Ok((reply, digest))
}

/// The requirements of this area, in reading order.
pub(super) static REQUIREMENTS: &[&Requirement] = &[
    &head::ABSENT,
    &head::FOUND,
    &head::PRESENT,
    &head::LENGTH,
    &head::TRUE_LENGTH,
    &start::POST_ALLOWED,
    &start::POST_202,
    &start::POST_NOT_201,
    &location::LOCATION,
    &location::ROOTED,
    &location::WITH_SCHEME,
    &location::QUERY,
    &complete::MONOLITHIC,
    &ordinary::BLOBS,
    &ordinary::CONFIG,
    &complete::PUT_201,
    &complete::PUT_NOT_202,
    &stored::PUT_LOCATION,
    &stored::LOCATION_LEADS,
    &stored::PUT_DIGEST,
    &stored::PUT_TRUE_DIGEST,
    &complete::VERIFIED,
    &other_methods::CHUNKED,
    &other_methods::CHUNK_RANGE,
    &other_methods::SINGLE_POST,
    &other_methods::MOUNT,
    &other_methods::MOUNTED,
    &start::NOT_THROTTLED,
];
