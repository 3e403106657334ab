//! The likeness of two exchanges: the same kind of request, the same rejection.

use helm_oci_fixtures::route::Route;
use http::{Method, StatusCode, Uri};

use crate::wire::exchange::Exchange;

/// True if two exchanges have the same method, endpoint and status.
pub fn is_alike(one: &Exchange, other: &Exchange) -> bool {
    has_same_request(one, other) && status(one) == status(other)
}

/// True if two exchanges have the same method and endpoint.
pub(super) fn has_same_request(one: &Exchange, other: &Exchange) -> bool {
    one.request.method == other.request.method && has_same_endpoint(one, other)
}

/// True if two exchanges have the same endpoint.
fn has_same_endpoint(one: &Exchange, other: &Exchange) -> bool {
    let endpoint = |exchange: &Exchange| {
        let route = Route::of(&exchange.request.uri.parse::<Uri>().ok()?);
        Some(std::mem::discriminant(&route))
    };
    endpoint(one).is_some() && endpoint(one) == endpoint(other)
}

fn status(exchange: &Exchange) -> Option<StatusCode> {
    let response = exchange.response.as_ref().ok()?;
    Some(response.status)
}

/// True if the registry did not do what the request asks for.
pub(super) fn is_rejected(exchange: &Exchange) -> bool {
    let response = exchange.response.as_ref();
    response.map_or(true, |response| is_failure(response.status))
}

/// True if the network or an overloaded server may be the reason for the response.
pub(super) fn is_momentary(exchange: &Exchange) -> bool {
    let response = exchange.response.as_ref();
    is_lost(exchange)
        || response.is_ok_and(|response| {
            let status = response.status;
            status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
        })
}

/// True if the registry refused the request for its rate.
pub(super) fn is_limited(exchange: &Exchange) -> bool {
    let status = status(exchange);
    status.is_some_and(|status| matches!(status.as_u16(), 429 | 503))
}

/// True if the registry itself sent no response, which the network may explain.
pub(super) fn is_lost(exchange: &Exchange) -> bool {
    exchange.response.is_err() && exchange.request.uri.starts_with('/')
}

fn is_failure(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

/// True if a header of the response names the other host to which the request was sent.
pub(super) fn leads_to(one: &Exchange, request: &Exchange) -> bool {
    let uri = request.request.uri.parse::<Uri>().ok();
    let authority = uri.and_then(|uri| uri.into_parts().authority);
    let Some(authority) = authority else {
        return false;
    };
    let named = |(name, value): &(String, String)| {
        matches!(name.as_str(), "location" | "link" | "www-authenticate")
            && value.contains(&format!("//{authority}"))
    };
    let response = one.response.as_ref();
    response.is_ok_and(|response| response.headers.iter().any(named))
}

/// True if a request was rejected with a status that is about the content that it sent: two of them may have two causes.
pub(super) fn is_about_the_content(exchange: &Exchange) -> bool {
    let method = &exchange.request.method;
    let sends_content = matches!(*method, Method::PUT | Method::POST | Method::PATCH);
    let response = exchange.response.as_ref();
    sends_content
        && response
            .is_ok_and(|response| matches!(response.status.as_u16(), 400 | 411 | 413 | 415 | 422))
}

/// True if both requests were rejected because of who sent them, or how many: whatever they ask for. A permission is about
/// the endpoint.
pub(super) fn is_about_the_client(one: &Exchange, other: &Exchange) -> bool {
    let is_same = status(one) == status(other);
    match status(one).map(|status| status.as_u16()) {
        Some(401 | 407 | 429 | 431) => is_same,
        Some(403) => is_same && has_same_endpoint(one, other),
        _ => false,
    }
}
