//! An HTTP server for a handler: the reference registry, or a proxy with faults in front of a real registry.
//!
//! It serves plain HTTP, or plain HTTP and TLS on one port. It writes each response exactly as the handler returns it,
//! and cuts the connection if the handler requests that. It knows no path and no requirement.

mod body;
mod connection;
mod proxy;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use helm_oci_fixtures::fault::FaultyRegistry;
use helm_oci_fixtures::transport::{
    CLIENT_HELLO_RESPONSE, ClientHelloReaction, Incoming, Outgoing, Scheme, TransportEffect,
};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Incoming as IncomingBody};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::clock;

use self::body::Answer;
use self::connection::{AfterResponse, Connection};
pub use self::proxy::Proxy;
pub(crate) use self::proxy::{redirect, strip};

/// The maximum size of a request or response body.
pub(crate) const LARGEST: usize = 128 << 20;

/// The time that a response takes if the number of concurrent requests matters.
const LATENCY: Duration = Duration::from_millis(20);

/// The time in which open requests have to end when the server stops.
const GRACE: Duration = Duration::from_secs(3);

/// The first byte of a TLS handshake record.
const TLS_HANDSHAKE: u8 = 0x16;

/// The handler of requests.
pub trait Handler: Send + Sync + 'static {
    /// Returns the response to one request.
    fn answer(&self, incoming: Incoming) -> BoxFuture<'_, Outgoing>;

    /// The reaction of a plain-HTTP port to a TLS `ClientHello`.
    fn client_hello(&self) -> ClientHelloReaction;
}

impl Handler for FaultyRegistry {
    fn answer(&self, incoming: Incoming) -> BoxFuture<'_, Outgoing> {
        Box::pin(async move {
            let _admitted = match self.admit(clock::uptime()) {
                Ok(admitted) => admitted,
                Err(refused) => return *refused,
            };
            if self.limits_concurrency() {
                pass(LATENCY).await;
            }
            self.handle(&incoming)
        })
    }

    fn client_hello(&self) -> ClientHelloReaction {
        Self::client_hello(self)
    }
}

/// An error of the start of a server.
#[derive(Debug, Error)]
#[error("cannot listen on {address}")]
pub struct ServeError {
    address: SocketAddr,
    #[source]
    source: io::Error,
}

/// A running server. Dropped without [`Server::stop`], it stops without waiting for its connections.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Listens on `listen`; port 0 selects a free port.
    pub async fn start(listen: SocketAddr, handler: Arc<dyn Handler>) -> Result<Self, ServeError> {
        Self::listen(listen, handler, None).await
    }

    /// Serves TLS and plain HTTP on one port; the first byte of a connection decides.
    pub async fn start_with_tls(
        listen: SocketAddr,
        handler: Arc<dyn Handler>,
        tls: Arc<ServerConfig>,
    ) -> Result<Self, ServeError> {
        Self::listen(listen, handler, Some(tls.into())).await
    }

    async fn listen(
        listen: SocketAddr,
        handler: Arc<dyn Handler>,
        tls: Option<TlsAcceptor>,
    ) -> Result<Self, ServeError> {
        let failed = |source| ServeError {
            address: listen,
            source,
        };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (stop, stopped) = watch::channel(false);
        let accepting = tokio::spawn(accept(listener, handler, tls, stopped));
        Ok(Self {
            address,
            stop,
            accepting,
        })
    }

    /// The address on which the server listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts no more connections, completes open requests, and returns when all connections are closed.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let stopper = self.accepting.abort_handle();
        if timeout(GRACE, self.accepting).await.is_err() {
            stopper.abort();
        }
    }
}

async fn accept(
    listener: TcpListener,
    handler: Arc<dyn Handler>,
    tls: Option<TlsAcceptor>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // An error means that the `Server` was dropped, which ends the task as well.
            _ = stopped.changed() => break,
            accepted = listener.accept() => {
                // A failure concerns one connection, not the server.
                if let Ok((stream, _)) = accepted {
                    connections.spawn(converse(stream, Arc::clone(&handler), tls.clone(), stopped.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
    while connections.join_next().await.is_some() {}
}

/// Serves one connection until either side ends it.
async fn converse(
    stream: TcpStream,
    handler: Arc<dyn Handler>,
    tls: Option<TlsAcceptor>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut first = [0];
    tokio::select! {
        _ = stopped.changed() => return,
        peeked = stream.peek(&mut first) => if !matches!(peeked, Ok(1)) { return },
    }
    if first[0] != TLS_HANDSHAKE {
        return serve(stream, handler, Scheme::Http, stopped).await;
    }
    let Some(tls) = tls else {
        return answer_tls(stream, handler.client_hello(), stopped).await;
    };
    tokio::select! {
        _ = stopped.changed() => {}
        // A client that does not trust the certificate closes the connection.
        secured = tls.accept(stream) => if let Ok(stream) = secured {
            serve(stream, handler, Scheme::Https, stopped.clone()).await;
        }
    }
}

/// Serves HTTP on one connection.
async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    handler: Arc<dyn Handler>,
    scheme: Scheme,
    mut stopped: watch::Receiver<bool>,
) {
    let after = Arc::new(AfterResponse::default());
    let service =
        service_fn(|request| respond(Arc::clone(&handler), scheme, request, Arc::clone(&after)));
    let stream = Connection::new(stream, Arc::clone(&after));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // A connection that ends with an error was closed by the client or by a fault.
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

async fn answer_tls(
    mut stream: TcpStream,
    reaction: ClientHelloReaction,
    mut stopped: watch::Receiver<bool>,
) {
    match reaction {
        ClientHelloReaction::HttpResponse => {
            let _ = stream.write_all(CLIENT_HELLO_RESPONSE).await;
            let _ = stream.shutdown().await;
            // Closing with unread bytes would reset the connection and could discard the response.
            let mut rest = [0; 1024];
            while let Ok(1..) = tokio::io::AsyncReadExt::read(&mut stream, &mut rest).await {}
        }
        ClientHelloReaction::Silence => {
            let _ = stopped.changed().await;
        }
        ClientHelloReaction::Close => {}
    }
}

/// A fault requests that the connection is closed.
#[derive(Debug, Error)]
#[error("a fault closes the connection before the response")]
struct Cut;

#[expect(
    clippy::disallowed_methods,
    reason = "a fault delays the response; nothing is awaited"
)]
async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

/// The body of a request; `None` if it is too large or incomplete. It is received into one buffer, so that the parts of a
/// large chart are not held twice.
async fn whole_body(body: IncomingBody) -> Option<Bytes> {
    let mut body = Limited::new(body, LARGEST);
    let stated = body.size_hint().lower();
    let mut whole = BytesMut::with_capacity(usize::try_from(stated).ok()?.min(LARGEST));
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.ok()?.into_data() {
            whole.extend_from_slice(&data);
        }
    }
    Some(whole.freeze())
}

async fn respond(
    handler: Arc<dyn Handler>,
    scheme: Scheme,
    request: Request<IncomingBody>,
    after: Arc<AfterResponse>,
) -> Result<Response<Answer>, Cut> {
    let (mut parts, body) = request.into_parts();
    let Some(body) = whole_body(body).await else {
        let mut refusal = Response::new(Bytes::from_static(
            b"the request is too large or incomplete\n",
        ));
        *refusal.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return Ok(refusal.map(Answer::whole));
    };
    if let Some(path) = parts.uri.path_and_query() {
        parts.uri = path.clone().into();
    }
    let request = Request::from_parts(parts, body);
    let Outgoing { response, effect } = handler.answer(Incoming { scheme, request }).await;
    match effect {
        TransportEffect::None => Ok(response.map(Answer::whole)),
        TransportEffect::Delay(time) => {
            pass(time).await;
            Ok(response.map(Answer::whole))
        }
        TransportEffect::CloseBeforeResponse => Err(Cut),
        TransportEffect::CloseAfterResponse => Ok(response.map(|body| Answer::last(body, after))),
        TransportEffect::WriteAfterResponse(length) => {
            after.write(length);
            Ok(response.map(Answer::whole))
        }
        TransportEffect::CutBodyAfter(length) => {
            Ok(response.map(|body| Answer::cut(&body, length)))
        }
    }
}
