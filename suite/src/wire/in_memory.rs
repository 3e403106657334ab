//! The reference registry without a socket.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use helm_oci_fixtures::fault::FaultyRegistry;
use helm_oci_fixtures::transport::{
    CLIENT_HELLO_RESPONSE, ClientHelloReaction, Incoming, Outgoing, Scheme, TransportEffect,
};
use http::{HeaderValue, Method, Uri, header};

use super::content::Content;
use super::{
    AfterResponse, AloneFuture, ClientHelloOutcome, ConnectStep, Measurement, Registry, Request,
    Response, ResponseFuture, TransportError,
};

/// The reference registry without a socket: for proofs, and for tests.
pub struct InMemory {
    registry: Arc<FaultyRegistry>,
    origin: Uri,
    other_host: Option<&'static str>,
    are_faults_active: bool,
}

impl InMemory {
    /// Wraps a registry, which is reached at `origin`.
    pub const fn new(registry: Arc<FaultyRegistry>, origin: Uri) -> Self {
        Self {
            registry,
            origin,
            other_host: None,
            are_faults_active: true,
        }
    }

    /// The same registry, on which the faults observe each request and alter none.
    #[must_use]
    pub const fn with_inactive_faults(mut self) -> Self {
        self.are_faults_active = false;
        self
    }

    /// The same registry, which also serves this host.
    #[must_use]
    pub const fn with_other_host(mut self, host: &'static str) -> Self {
        self.other_host = Some(host);
        self
    }

    fn respond(&self, request: Request) -> Result<Response, TransportError> {
        self.respond_alone(request).map(|(response, _)| response)
    }

    fn respond_alone(
        &self,
        mut request: Request,
    ) -> Result<(Response, AfterResponse), TransportError> {
        let authority = authority(&request.uri);
        let is_served = authority == self::authority(&self.origin)
            || self.other_host == Some(authority.as_str());
        if !is_served {
            let cause = "no such host".to_owned();
            let step = ConnectStep::Lookup;
            return Err(TransportError::Connect {
                authority,
                step,
                cause,
            });
        }
        let measure = request.measure.take();
        let scheme = request.uri.scheme_str().and_then(Scheme::parse);
        if let Some(path) = request.uri.path_and_query() {
            request.uri = path.clone().into();
        }
        let host = HeaderValue::from_str(&authority).expect("an authority is a header value");
        request.headers.insert(header::HOST, host);
        let incoming = Incoming {
            scheme: scheme.unwrap_or(Scheme::Http),
            request: http::Request::from(request).map(Content::into_bytes),
        };
        let Outgoing { response, effect } = if self.are_faults_active {
            self.registry.handle(&incoming)
        } else {
            self.registry.handle_unaltered(&incoming)
        };
        let mut response = Response::from(response);
        if !matches!(effect, TransportEffect::CutBodyAfter(_)) {
            response = as_sent(&incoming, response, &authority)?;
        }
        let mut after = AfterResponse::Open;
        match effect {
            // In memory no time passes, and every request has a connection of its own.
            TransportEffect::None | TransportEffect::Delay(_) => {}
            TransportEffect::CloseAfterResponse => after = AfterResponse::Closed,
            TransportEffect::WriteAfterResponse(_) => after = AfterResponse::SentMore,
            TransportEffect::CloseBeforeResponse => {
                return Err(closed(authority, 0));
            }
            TransportEffect::CutBodyAfter(length) => {
                response.body.truncate(length);
                let error = closed(authority.clone(), response.body.len());
                return Err(response.cut_by(error));
            }
        }
        if let Some(expected) = measure.filter(|_| response.status.is_success()) {
            let mut measurement = Measurement::new(&expected);
            measurement.add(&response.body, &authority)?;
            let (head, measured) = measurement.finish();
            response.body = head;
            response.measured = Some(measured);
        }
        Ok((response, after))
    }
}

/// The response as a server sends it: a body does not exceed its `Content-Length`, and the connection closes without a
/// response if it is shorter.
fn as_sent(
    incoming: &Incoming,
    mut response: Response,
    authority: &str,
) -> Result<Response, TransportError> {
    let length = response.headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let length = length.filter(|_| incoming.request.method() != Method::HEAD);
    if let Some(length) = length {
        if length > response.body.len() {
            return Err(closed(authority.to_owned(), 0));
        }
        response.body.truncate(length);
    }
    for value in response.headers.values_mut() {
        // White space around a value does not belong to it.
        let trimmed = HeaderValue::from_bytes(value.as_bytes().trim_ascii());
        *value = trimmed.expect("a part of a header value is one");
    }
    Ok(response)
}

fn closed(authority: String, received: usize) -> TransportError {
    let cause = match received {
        0 => "closed before the response".to_owned(),
        length => format!("closed after {length} bytes of the body"),
    };
    TransportError::Broken {
        authority,
        cause,
        received: None,
    }
}

fn authority(uri: &Uri) -> String {
    let authority = uri.authority();
    authority.map(ToString::to_string).unwrap_or_default()
}

impl Registry for InMemory {
    fn send(&self, request: Request) -> ResponseFuture<'_> {
        Box::pin(ready(self.respond(request)))
    }

    fn send_alone(&self, request: Request) -> AloneFuture<'_> {
        Box::pin(ready(self.respond_alone(request)))
    }

    fn client_hello(&self) -> BoxFuture<'_, Result<ClientHelloOutcome, TransportError>> {
        let outcome = match self.registry.client_hello() {
            ClientHelloReaction::HttpResponse => {
                ClientHelloOutcome::Response(Bytes::from_static(CLIENT_HELLO_RESPONSE))
            }
            ClientHelloReaction::Silence => ClientHelloOutcome::NoResponse,
            ClientHelloReaction::Close => ClientHelloOutcome::Closed,
        };
        Box::pin(ready(Ok(outcome)))
    }

    fn pause(&self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(ready(()))
    }

    fn origin(&self) -> &Uri {
        &self.origin
    }
}
