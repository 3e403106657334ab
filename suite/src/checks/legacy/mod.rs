//! Requests and content of Helm before 3.8.

mod manifests;
mod requests;

use crate::requirement::Requirement;

/// The requirements of this area, in reading order.
pub(super) static REQUIREMENTS: &[&Requirement] = &[
    &requests::USER_AGENTS,
    &requests::NO_CONTENT_TYPE,
    &manifests::OLD_LAYER,
    &manifests::SHAPES,
    &manifests::BARE_TYPE,
];
