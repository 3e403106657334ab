//! The meaning of the statuses that the clean-up receives.

use http::StatusCode;

/// True if another attempt may return another status.
pub(super) fn is_transient(status: StatusCode) -> bool {
    let is_error = status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED;
    is_error
        || matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
        )
}

/// True if the status says that there is nothing.
pub(super) fn is_absent(status: StatusCode) -> bool {
    matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE)
}

/// True if the status of a DELETE, of an item that exists, says that there is no such method.
pub(super) fn is_unsupported(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED
    ) || is_absent(status)
}
