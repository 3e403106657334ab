//! The HTTP client: `suite::Registry` over the network, with hyper.
//!
//! It sends requests and returns responses unchanged. It adds `Host`, and `User-Agent` if there is none. It follows no
//! redirect, decodes nothing, keeps no cookie and uses no proxy. Every wait and every body is bounded, so that no
//! registry can make the suite hang or exhaust its memory.

mod alone;
mod connect;
mod health;
mod identity;
mod sent;
mod trust;

use std::error::Error;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use helm_oci_suite::wire::{
    AloneFuture, ClientHelloOutcome, Expected, Measurement, Registry, Request, Response,
    ResponseFuture, TlsFailure, TransportError,
};
use http::{HeaderValue, Uri, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::TokioExecutor;
use rustls::ClientConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use self::connect::Tcp;
pub use self::health::{Health, HealthClient, HealthError};
use self::sent::{Progress, Sent};
pub use self::trust::{Trust, TrustError};

/// The timeouts and size limits of the client.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The timeout for a TCP connection.
    pub connect: Duration,
    /// The timeout from the request to the last byte of its response.
    pub answer: Duration,
    /// The period in which at least [`Limits::least`] bytes of a large body must be transferred.
    pub idle: Duration,
    /// The number of bytes of a large body that must be transferred in each period [`Limits::idle`].
    pub least: u64,
    /// The timeout for the first bytes after a `ClientHello`.
    pub hello: Duration,
    /// The longest time for which a connection is watched after a response.
    pub after: Duration,
    /// The maximum size of a response body, except bodies that are only measured.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            least: 4 << 20,
            hello: Duration::from_secs(2),
            after: Duration::from_millis(300),
            body: 8 << 20,
        }
    }
}

/// A registry on the network.
pub struct Http {
    client: Client<HttpsConnector<Tcp>, Sent>,
    /// A client that uses each connection once.
    single: Client<HttpsConnector<Tcp>, Sent>,
    /// The number of connections that broke.
    broken: AtomicUsize,
    tls: ClientConfig,
    origin: Uri,
    limits: Limits,
}

/// The number of broken connections after which each connection is used once: a registry that closes connections without
/// announcing it breaks the next request.
const BROKEN: usize = 3;

const AGENT: &str = concat!("helm-oci-conformance/", env!("CARGO_PKG_VERSION"));

impl Http {
    /// A client for the registry at `origin`, which consists of scheme, host and port.
    pub fn new(origin: Uri, trust: &Trust, limits: Limits) -> Result<Self, TrustError> {
        let tls = trust.config(origin.scheme_str() == Some("https"))?;
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls.clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(Tcp {
                limit: limits.connect,
            });
        let mut builder = Client::builder(TokioExecutor::new());
        builder.http1_title_case_headers(true);
        let client = builder.build(connector.clone());
        let single = builder.pool_max_idle_per_host(0).build(connector);
        Ok(Self {
            client,
            single,
            broken: AtomicUsize::new(0),
            tls,
            origin,
            limits,
        })
    }

    /// Sends a request with exactly its own headers, and reads the complete response.
    pub async fn forward(&self, request: Request) -> Result<Response, TransportError> {
        let (authority, uri) = (authority(&request.uri), request.uri.clone());
        let is_large = request.is_large();
        let limit = if is_large {
            self.limits.idle
        } else {
            self.limits.answer
        };
        let seconds = limit.as_secs();
        let (progress, mut before) = (Progress::default(), 0);
        let mut exchange = pin!(self.exchange(request, &authority, &progress));
        loop {
            if let Ok(answer) = timeout(limit, exchange.as_mut()).await {
                return match answer {
                    Err(error @ TransportError::Broken { .. }) => {
                        self.broken.fetch_add(1, Ordering::Relaxed);
                        Err(self.diagnosed(&uri, error).await)
                    }
                    answer => answer,
                };
            }
            let authority = authority.clone();
            if !is_large {
                return Err(TransportError::Timeout { authority, seconds });
            }
            // The total time of a large body depends on the bandwidth and is not limited.
            let now = progress.bytes();
            if now - before < self.limits.least {
                return Err(TransportError::Stalled { authority, seconds });
            }
            before = now;
        }
    }

    async fn exchange(
        &self,
        mut request: Request,
        authority: &str,
        progress: &Progress,
    ) -> Result<Response, TransportError> {
        let measure = request.measure.take();
        let request = http::Request::from(request).map(|content| Sent::new(&content, progress));
        let client = if self.broken.load(Ordering::Relaxed) < BROKEN {
            &self.client
        } else {
            &self.single
        };
        let answer = client.request(request).await;
        let answer = answer.map_err(|error| self.classify(&error, authority))?;
        match measure {
            Some(measure) if answer.status().is_success() => {
                forget(answer, &measure, authority, progress).await
            }
            _ => keep(answer, self.limits.body, authority).await,
        }
    }

    /// Classifies an error by its chain of causes.
    fn classify(&self, error: &ClientError, authority: &str) -> TransportError {
        let mut cause = error.source();
        while let Some(error) = cause {
            if let Some(own) = error.downcast_ref::<TransportError>() {
                return own.clone();
            }
            cause = error.source();
        }
        match tls_cause(error) {
            Some(cause) => TransportError::Tls {
                authority: authority.to_owned(),
                failure: failure(cause, &self.tls),
                cause: cause.to_string(),
            },
            None if error.is_connect() && self.origin.scheme_str() == Some("https") => {
                TransportError::Tls {
                    authority: authority.to_owned(),
                    failure: TlsFailure::Other,
                    cause: root(error),
                }
            }
            None => broken(authority, error),
        }
    }

    async fn greet(&self) -> Result<ClientHelloOutcome, TransportError> {
        let greeting = connect::client_hello(&self.tls, &self.origin)?;
        let mut stream = connect::open(&self.origin, self.limits.connect).await?;
        let mut answer = [0; 64];
        let mut length = 0;
        let conversation = async {
            stream.write_all(&greeting).await?;
            // Five bytes identify `HTTP/`; they may arrive one at a time.
            while length < 5 {
                match stream.read(&mut answer[length..]).await? {
                    0 => break,
                    more => length += more,
                }
            }
            std::io::Result::Ok(())
        };
        // A reset is a closed connection.
        let is_closed = timeout(self.limits.hello, conversation).await.is_ok();
        Ok(match length {
            0 if is_closed => ClientHelloOutcome::Closed,
            0 => ClientHelloOutcome::NoResponse,
            _ => ClientHelloOutcome::Response(Bytes::copy_from_slice(&answer[..length])),
        })
    }
}

/// Reads a response with its complete body.
async fn keep(
    answer: http::Response<Incoming>,
    limit: usize,
    authority: &str,
) -> Result<Response, TransportError> {
    let (parts, mut body) = answer.into_parts();
    let mut read = BytesMut::new();
    loop {
        let piece = match next(&mut body, authority).await {
            Ok(Some(piece)) => piece,
            Ok(None) => break,
            Err(error) => {
                let incomplete = http::Response::from_parts(parts, read.freeze());
                return Err(Response::from(incomplete).cut_by(error));
            }
        };
        if read.len() + piece.len() > limit {
            return Err(TransportError::TooLarge {
                authority: authority.to_owned(),
                limit: limit as u64,
            });
        }
        read.extend_from_slice(&piece);
    }
    Ok(http::Response::from_parts(parts, read.freeze()).into())
}

/// Reads a response, measures its body, and keeps only the beginning of the body.
async fn forget(
    answer: http::Response<Incoming>,
    expected: &Expected,
    authority: &str,
    progress: &Progress,
) -> Result<Response, TransportError> {
    let (parts, mut body) = answer.into_parts();
    let mut measurement = Measurement::new(expected);
    while let Some(piece) = next(&mut body, authority).await? {
        progress.add(piece.len());
        measurement.add(&piece, authority)?;
    }
    let (head, measured) = measurement.finish();
    let response = http::Response::from_parts(parts, head);
    Ok(Response {
        measured: Some(measured),
        ..response.into()
    })
}

/// The next chunk of a body.
async fn next(body: &mut Incoming, authority: &str) -> Result<Option<Bytes>, TransportError> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken(authority, &error))?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

impl Registry for Http {
    fn send(&self, mut request: Request) -> ResponseFuture<'_> {
        request
            .headers
            .entry(header::USER_AGENT)
            .or_insert(HeaderValue::from_static(AGENT));
        Box::pin(self.forward(request))
    }

    fn send_alone(&self, request: Request) -> AloneFuture<'_> {
        Box::pin(self.exchange_alone(request))
    }

    fn client_hello(&self) -> BoxFuture<'_, Result<ClientHelloOutcome, TransportError>> {
        Box::pin(self.greet())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the registry requested a pause with Retry-After; nothing else sleeps"
    )]
    fn pause(&self, time: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    fn origin(&self) -> &Uri {
        &self.origin
    }
}

/// Host and port, without user information.
fn authority(uri: &Uri) -> String {
    match (uri.host(), uri.port_u16()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => "no host".to_owned(),
    }
}

/// The error of the TLS library that caused this one.
fn tls_cause<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(tls);
        }
        // The source of such an error is that of the error in it.
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        cause = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// The kind of an error of the TLS library.
fn failure(error: &rustls::Error, tls: &ClientConfig) -> TlsFailure {
    use rustls::AlertDescription as Alert;
    let has_certificate = tls.client_auth_cert_resolver.has_certs();
    match error {
        rustls::Error::InvalidMessage(_) => TlsFailure::NoTls,
        rustls::Error::InvalidCertificate(_) => TlsFailure::ServerCertificate,
        rustls::Error::AlertReceived(alert) => match alert {
            Alert::CertificateRequired => TlsFailure::NoClientCertificate,
            Alert::BadCertificate | Alert::HandshakeFailure if !has_certificate => {
                TlsFailure::NoClientCertificate
            }
            Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied
            | Alert::DecryptError => TlsFailure::ClientCertificate,
            _ => TlsFailure::Other,
        },
        _ => TlsFailure::Other,
    }
}

fn broken(authority: &str, error: &dyn Error) -> TransportError {
    TransportError::Broken {
        authority: authority.to_owned(),
        cause: root(error),
        received: None,
    }
}

/// The message of the innermost cause.
fn root(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = error.to_string();
        cause = error.source();
    }
    words
}

/// Installs ring as the default cryptography provider of rustls in this process. Repeated calls have no effect.
pub fn install_cryptography() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
