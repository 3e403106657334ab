//! A response that was observed: to which request, and with which status.

use helm_oci_fixtures::route::Route;
use http::{Method, StatusCode, Uri};

use crate::wire::exchange::Exchange;

/// The method and the route of a request, and the status of its response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedResponse {
    method: Method,
    route: Route,
    status: StatusCode,
}

impl ObservedResponse {
    /// The response of a recorded exchange; `None` if no response came.
    pub fn of(exchange: &Exchange) -> Option<Self> {
        let request = &exchange.request;
        let response = exchange.response.as_ref().ok()?;
        Some(Self {
            method: request.method.clone(),
            route: Route::of(&request.uri.parse::<Uri>().ok()?),
            status: response.status,
        })
    }

    /// The responses of these exchanges; an exchange without a response has none.
    pub fn all<'a>(exchanges: impl IntoIterator<Item = &'a Exchange>) -> Vec<Self> {
        exchanges.into_iter().filter_map(Self::of).collect()
    }

    /// The method of the request.
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// The endpoint that was addressed.
    pub const fn route(&self) -> &Route {
        &self.route
    }

    /// The status of the response.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// True if the response has no body, whatever its `Content-Length` is.
    pub fn is_head(&self) -> bool {
        self.method == Method::HEAD
    }
}
