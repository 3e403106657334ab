//! Error responses that help the user to find the cause.

mod body;
mod status;

use crate::requirement::Requirement;

/// The requirements of this area, in reading order.
pub(super) static REQUIREMENTS: &[&Requirement] = &[
    &body::JSON,
    &body::SHORT,
    &status::UNKNOWN_REPOSITORY,
    &status::HEAD_AGREES,
    &status::STATUS_CLASS,
    &body::REJECTED_UPLOAD,
];
