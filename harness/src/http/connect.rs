//! TCP connections with a timeout and typed errors, and the `ClientHello` of a TLS client.

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use helm_oci_suite::wire::{ConnectStep, TlsFailure, TransportError};
use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tower_service::Service;

use super::authority;

/// Opens TCP connections for the HTTP client.
#[derive(Debug, Clone)]
pub(super) struct Tcp {
    pub(super) limit: Duration,
}

impl Service<Uri> for Tcp {
    type Response = TokioIo<TcpStream>;
    type Error = TransportError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let limit = self.limit;
        Box::pin(async move { open(&uri, limit).await.map(TokioIo::new) })
    }
}

/// Opens a TCP connection to the host and port of `uri`.
pub(super) async fn open(uri: &Uri, limit: Duration) -> Result<TcpStream, TransportError> {
    let failed = |step, cause: String| TransportError::Connect {
        authority: authority(uri),
        step,
        cause,
    };
    let default = if uri.scheme_str() == Some("https") {
        443
    } else {
        80
    };
    let port = uri.port_u16().unwrap_or(default);
    let connection = async {
        let addresses = lookup_host((host(uri), port)).await;
        let addresses: Vec<SocketAddr> = addresses
            .map_err(|error| failed(ConnectStep::Lookup, os_message(&error)))?
            .collect();
        let stream = TcpStream::connect(&addresses[..]).await;
        stream.map_err(|error| failed(ConnectStep::Connection, os_message(&error)))
    };
    let stream = timeout(limit, connection).await.map_err(|_| {
        let cause = format!("no connection within {} s", limit.as_secs());
        failed(ConnectStep::Connection, cause)
    })??;
    // Without it small requests are delayed; a socket that rejects the option still works.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// The first bytes that a TLS client sends.
pub(super) fn client_hello(tls: &ClientConfig, origin: &Uri) -> Result<Vec<u8>, TransportError> {
    let failed = |cause: String| TransportError::Tls {
        authority: authority(origin),
        failure: TlsFailure::Other,
        cause,
    };
    let name =
        ServerName::try_from(host(origin).to_owned()).map_err(|error| failed(error.to_string()))?;
    let mut client = ClientConnection::new(tls.clone().into(), name)
        .map_err(|error| failed(error.to_string()))?;
    let mut greeting = Vec::new();
    client
        .write_tls(&mut greeting)
        .map_err(|error| failed(error.to_string()))?;
    Ok(greeting)
}

/// The host in the form that the resolver requires: an IPv6 address without brackets.
pub(super) fn host(uri: &Uri) -> &str {
    uri.host()
        .unwrap_or_default()
        .trim_start_matches('[')
        .trim_end_matches(']')
}

/// The message of the operating system, without the error number.
pub(super) fn os_message(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or(&text)
        .to_lowercase()
}
