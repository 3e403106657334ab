//! Repository names and tags.

mod dashes;
mod first_manifest;
mod first_write;
mod repository;
mod tag;
mod underscore;

use crate::requirement::Requirement;
use crate::session::{Reply, Session};
use crate::verdict::Stop;

/// Starts an upload in `repository`: the first write of every Helm version.
pub(super) async fn first_write(session: &Session, repository: &str) -> Result<Reply, Stop> {
    session.start_upload_in(repository).await
}

/// The requirements of this area, in reading order.
pub(super) static REQUIREMENTS: &[&Requirement] = &[
    &repository::GRAMMAR,
    &dashes::DASHES,
    &repository::TWO_SEGMENTS,
    &repository::ROOT,
    &underscore::UNDERSCORE,
    &underscore::UNDERSCORE_READ,
    &tag::CASE,
    &first_write::FIRST_WRITE_RESPONSE,
    &first_write::NO_SERVER_ERROR,
    &first_write::CREATED_ON_PUSH,
    &first_write::NEW_REPOSITORY,
    &first_manifest::FIRST_MANIFEST,
    &tag::PLUS,
    &tag::NOT_SEMVER,
    &tag::LATEST,
    &repository::BASENAME,
];
