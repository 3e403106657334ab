//! Exchanges that show a finding or an obstacle.

use helm_oci_suite::wire::exchange::{Body, Exchange};
use http::{Method, StatusCode};

use super::row::Depth;

/// The headers of brief reports, apart from those that begin with `oci-`.
const ESSENTIAL: &[&str] = &[
    "accept",
    "accept-encoding",
    "accept-ranges",
    "authorization",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "cookie",
    "docker-content-digest",
    "link",
    "location",
    "range",
    "retry-after",
    "set-cookie",
    "transfer-encoding",
    "user-agent",
    "www-authenticate",
];

/// The exchanges of a transcript that show something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExchangesView<'a> {
    /// The exchanges, in the order of the finding.
    pub shown: Vec<ExchangeView<'a>>,
    /// The number of exchanges in the transcript.
    pub total: usize,
    /// The position among them of the one that shows the result best: the only one of a brief report.
    pub main: usize,
}

/// One exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeView<'a> {
    /// Its number in the transcript, from 1.
    pub number: usize,
    /// The method of the request.
    pub method: &'a Method,
    /// The path and the query, after the origin if that is not the registry's own.
    pub uri: &'a str,
    /// The headers and the body of the request.
    pub request: MessageView<'a>,
    /// The response, or the reason for which there is none.
    pub response: Result<ResponseView<'a>, &'a str>,
}

/// A response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseView<'a> {
    /// The status code.
    pub status: StatusCode,
    /// The headers and the body.
    pub message: MessageView<'a>,
}

/// The headers and the body of a request or a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageView<'a> {
    /// The headers.
    pub headers: Vec<HeaderView<'a>>,
    /// The body, if there is one.
    pub body: Option<&'a Body>,
}

/// One header field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeaderView<'a> {
    /// The name.
    pub name: &'a str,
    /// The value.
    pub value: &'a str,
    /// The depth of a report from which on it is shown.
    pub depth: Depth,
}

impl<'a> ExchangesView<'a> {
    /// The exchanges at these positions; a position beyond the transcript is skipped.
    pub(super) fn at(exchanges: &'a [Exchange], positions: &[usize]) -> Self {
        let shown = positions.iter().filter_map(|position| {
            let Exchange { request, response } = exchanges.get(*position)?;
            Some(ExchangeView {
                number: position + 1,
                method: &request.method,
                uri: &request.uri,
                request: message(&request.headers, request.body.as_ref()),
                response: match response {
                    Ok(response) => Ok(ResponseView {
                        status: response.status,
                        message: message(&response.headers, response.body.as_ref()),
                    }),
                    Err(reason) => Err(reason),
                },
            })
        });
        let shown: Vec<ExchangeView<'_>> = shown.collect();
        Self {
            main: shown.len().saturating_sub(1),
            shown,
            total: exchanges.len(),
        }
    }

    /// The exchange that shows the result best; none if there is none.
    pub fn main(&self) -> Option<&ExchangeView<'a>> {
        self.shown.get(self.main)
    }

    /// The same exchanges; the main one has the status that the observation begins with, if one of them has it.
    pub(super) fn showing(mut self, actual: &str) -> Self {
        let status = actual.strip_prefix("status ");
        let status = status.and_then(|rest| rest.split(' ').next());
        let has_status = |exchange: &ExchangeView<'_>| {
            let response = exchange.response.as_ref().ok();
            response.is_some_and(|response| Some(response.status.as_str()) == status)
        };
        self.main = self.shown.iter().rposition(has_status).unwrap_or(self.main);
        self
    }
}

fn message<'a>(headers: &'a [(String, String)], body: Option<&'a Body>) -> MessageView<'a> {
    let headers = headers.iter().map(|(name, value)| HeaderView {
        name,
        value,
        depth: if is_essential(name) {
            Depth::Brief
        } else {
            Depth::Full
        },
    });
    MessageView {
        headers: headers.collect(),
        body,
    }
}

fn is_essential(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("oci-") || ESSENTIAL.contains(&name.as_str())
}
