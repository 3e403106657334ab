//! API endpoint, transport and headers.

mod connection;
mod endpoint;
mod front_end;
mod request_headers;
mod response_headers;
mod retry_after;
mod upload;

pub(super) use self::request_headers::accepts_user_agents;
pub(super) use self::upload::complete_with_digest;

use crate::requirement::Requirement;

/// The requirements of this area, in reading order.
pub(super) static REQUIREMENTS: &[&Requirement] = &[
    &endpoint::VERSION_CHECK,
    &front_end::NOT_REDIRECTED,
    &front_end::NO_SIGN_IN,
    &front_end::NO_PAGE,
    &endpoint::NO_SLASH,
    &endpoint::CLIENT_HELLO,
    &connection::CLOSE_ANNOUNCED,
    &connection::NOTHING_AFTER_HEAD,
    &request_headers::HELM_AGENTS,
    &request_headers::ACCEPT_LISTS,
    &request_headers::MISSING_ACCEPT,
    &request_headers::BLOB_ACCEPT,
    &response_headers::CONTENT_ENCODING,
    &response_headers::MANIFEST_LENGTH,
    &response_headers::BLOB_LENGTH,
    &upload::ENCODED_DIGEST,
    &upload::NO_COOKIES,
    &retry_after::SHORT,
];
