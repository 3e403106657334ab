//! One exchange on a connection of its own, and what happens on the connection after it.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use helm_oci_suite::wire::{AfterResponse, Request, Response, TransportError};
use http::{HeaderValue, Uri, Version, header};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::connect::{self, host};
use super::sent::{Progress, Sent};
use super::{AGENT, BROKEN, Http, authority, broken, failure, keep, tls_cause};
use crate::clock::Stopwatch;

/// A connection is watched for so many times the duration of its first exchange: a server that closes it, or sends more
/// than the response, does so at once.
const ROUND_TRIPS: u32 = 8;

/// The shortest time for which a connection is watched.
const SHORTEST: Duration = Duration::from_millis(20);

/// A connection with or without TLS.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Http {
    /// Sends a read on a connection of its own, and watches the connection after the response.
    pub(super) async fn exchange_alone(
        &self,
        mut request: Request,
    ) -> Result<(Response, AfterResponse), TransportError> {
        let uri = request.uri.clone();
        let own = authority(&uri);
        let limited = timeout(self.limits.answer, self.connect(&uri)).await;
        let stream = limited.map_err(|_| self.timed_out(&own))??;
        let host = HeaderValue::from_str(&own).expect("an authority is a header value");
        request.headers.insert(header::HOST, host);
        let agent = request.headers.entry(header::USER_AGENT);
        agent.or_insert(HeaderValue::from_static(AGENT));
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        request.uri = path.parse().expect("the path of a URI is a URI");
        let prepared = |request: Request| {
            let progress = Progress::default();
            http::Request::from(request).map(|content| Sent::new(&content, &progress))
        };
        let (sent, next) = (prepared(request.clone()), prepared(request));
        let builder = http1::Builder::new().title_case_headers(true).clone();
        let handshake = builder.handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|error| broken(&own, &error))?;
        let mut connection = pin!(connection);
        let mut ended = None;
        let begun = Stopwatch::start();
        let first = {
            let exchange = async {
                let answer = sender.send_request(sent).await;
                let answer = answer.map_err(|error| broken(&own, &error))?;
                let is_last = announces_close(&answer);
                let response = keep(answer, self.limits.body, &own).await?;
                Ok((response, is_last))
            };
            let mut exchange = pin!(exchange);
            let response = timeout(self.limits.answer, async {
                loop {
                    tokio::select! {
                        biased;
                        done = exchange.as_mut() => return done,
                        end = connection.as_mut(), if ended.is_none() => ended = Some(end),
                    }
                }
            });
            response.await.map_err(|_| self.timed_out(&own))?
        };
        let (response, announces_end) = first?;
        if ended.is_none() {
            let watched = (begun.elapsed() * ROUND_TRIPS).clamp(SHORTEST, self.limits.after);
            ended = timeout(watched, connection.as_mut()).await.ok();
        }
        // A server may also close the connection only when it is used again.
        let is_lost = if ended.is_none() {
            let second = async { sender.send_request(next).await.is_err() };
            let mut second = pin!(second);
            let outcome = timeout(self.limits.hello, async {
                loop {
                    tokio::select! {
                        biased;
                        failed = second.as_mut() => return failed,
                        end = connection.as_mut(), if ended.is_none() => ended = Some(end),
                    }
                }
            });
            outcome.await.unwrap_or(false)
        } else {
            false
        };
        let after = match ended {
            _ if is_lost => closed(announces_end),
            None => AfterResponse::Open,
            Some(Err(error)) if is_end(&error) => closed(announces_end),
            Some(Err(_)) => AfterResponse::SentMore,
            Some(Ok(())) => closed(announces_end),
        };
        if after == AfterResponse::Closed {
            // The next request on a connection of the pool would be lost.
            self.broken.store(BROKEN, Ordering::Relaxed);
        }
        Ok((response, after))
    }

    /// The cause of a broken connection with TLS, if TLS is the cause. With TLS 1.3 a server refuses a client certificate
    /// only after the handshake, and the client pool loses its alert.
    pub(super) async fn diagnosed(&self, uri: &Uri, error: TransportError) -> TransportError {
        if uri.scheme_str() != Some("https") {
            return error;
        }
        let conversation = async {
            let mut stream = self.connect(uri).await?;
            let own = authority(uri);
            let request = format!("GET /v2/ HTTP/1.1\r\nHost: {own}\r\nConnection: close\r\n\r\n");
            let mut byte = [0];
            let talked = match stream.write_all(request.as_bytes()).await {
                Ok(()) => stream.read(&mut byte).await.map(|_| ()),
                Err(error) => Err(error),
            };
            talked.map_err(|error| self.tls_error(&own, &error))
        };
        match timeout(self.limits.connect, conversation).await {
            Ok(Err(tls @ TransportError::Tls { .. })) => tls,
            _ => error,
        }
    }

    async fn connect(&self, uri: &Uri) -> Result<Box<dyn Stream>, TransportError> {
        let stream = connect::open(uri, self.limits.connect).await?;
        if uri.scheme_str() != Some("https") {
            return Ok(Box::new(stream));
        }
        let own = authority(uri);
        let name = ServerName::try_from(host(uri).to_owned());
        let name = name.map_err(|error| broken(&own, &error))?;
        let connector = TlsConnector::from(Arc::new(self.tls.clone()));
        let stream = connector.connect(name, stream).await;
        Ok(Box::new(
            stream.map_err(|error| self.tls_error(&own, &error))?,
        ))
    }

    fn tls_error(&self, authority: &str, error: &std::io::Error) -> TransportError {
        match tls_cause(error) {
            Some(cause) => TransportError::Tls {
                authority: authority.to_owned(),
                failure: failure(cause, &self.tls),
                cause: cause.to_string(),
            },
            None => broken(authority, error),
        }
    }

    fn timed_out(&self, authority: &str) -> TransportError {
        TransportError::Timeout {
            authority: authority.to_owned(),
            seconds: self.limits.answer.as_secs(),
        }
    }
}

/// True if a response announces the end of its connection.
fn announces_close<B>(answer: &http::Response<B>) -> bool {
    let connection = answer.headers().get_all(header::CONNECTION).into_iter();
    let mut options = connection
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim);
    match answer.version() {
        Version::HTTP_11 => options.any(|option| option.eq_ignore_ascii_case("close")),
        _ => !options.any(|option| option.eq_ignore_ascii_case("keep-alive")),
    }
}

/// True if a connection ended without further bytes.
fn is_end(error: &hyper::Error) -> bool {
    use std::error::Error as _;
    let io = error
        .source()
        .and_then(|cause| cause.downcast_ref::<std::io::Error>());
    error.is_incomplete_message() || error.is_canceled() || error.is_closed() || io.is_some()
}

const fn closed(is_last: bool) -> AfterResponse {
    if is_last {
        AfterResponse::ClosedAsAnnounced
    } else {
        AfterResponse::Closed
    }
}
