//! Servers that misbehave, and ports without a server.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{WantsServerCert, WebPkiClientVerifier};
use rustls::{
    ConfigBuilder, RootCertStore, ServerConfig, ServerConnection, StreamOwned, WantsVerifier,
};

/// The behaviour of a hostile server on each connection.
pub(crate) type Behaviour = fn(TcpStream);

/// Starts a server with this behaviour, for the rest of the test process, and returns its host and port.
pub(crate) fn hostile(behaviour: Behaviour) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || behaviour(stream));
        }
    });
    address
}

/// A port on which nothing listens.
pub(crate) fn refused() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address").to_string()
}

/// Reads the head of one request; `false` at the end of the connection.
fn receive(stream: &mut impl Read) -> bool {
    head(stream).is_some()
}

fn head(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return None,
        }
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

/// Accepts connections, and never responds.
pub(crate) fn hangs(mut stream: TcpStream) {
    let mut sink = Vec::new();
    let _ = stream.read_to_end(&mut sink);
}

/// Responds with bytes that are not HTTP.
pub(crate) fn garbles(mut stream: TcpStream) {
    receive(&mut stream);
    let _ = stream.write_all(b"\x00\xff\xfe SSH-2.0 nonsense\x1b[2J\r\n\r\n");
}

/// Responds with invalid bytes in a header, and with an escape sequence in the status line.
pub(crate) fn garbles_headers(mut stream: TcpStream) {
    while receive(&mut stream) {
        let response = b"HTTP/1.1 200 \x1b[31mred\r\nserver: \x1b]0;title\x07\xff\r\ncontent-length: 0\r\n\r\n";
        if stream.write_all(response).is_err() {
            return;
        }
    }
}

/// Responds with an endless body.
pub(crate) fn never_ends(mut stream: TcpStream) {
    receive(&mut stream);
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n");
    while stream.write_all(&[b' '; 8192]).is_ok() {}
}

/// Sends a body one byte at a time.
#[expect(clippy::disallowed_methods, reason = "slowness is the point")]
pub(crate) fn drips(mut stream: TcpStream) {
    receive(&mut stream);
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n");
    while stream.write_all(b" ").is_ok() {
        thread::sleep(Duration::from_millis(200));
    }
}

/// Responds to everything with a web page.
pub(crate) fn shows_pages(mut stream: TcpStream) {
    let page = "<html><body>Welcome to nginx</body></html>";
    while receive(&mut stream) {
        let length = page.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {length}\r\n\r\n"
        );
        if stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.write_all(page.as_bytes()))
            .is_err()
        {
            return;
        }
    }
}

/// A container engine without images.
pub(crate) fn has_no_images(mut stream: TcpStream) {
    let body = r#"{"message":"no such image"}"#;
    let length = body.len();
    while let Some(head) = head(&mut stream) {
        let is_ping = head.contains("/_ping HTTP");
        let status = if is_ping { "200 OK" } else { "404 Not Found" };
        let response = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        if stream.write_all(response.as_bytes()).is_err() {
            return;
        }
    }
}

/// Redirects everything to itself.
pub(crate) fn redirects(mut stream: TcpStream) {
    while receive(&mut stream) {
        let response = b"HTTP/1.1 302 Found\r\nlocation: /v2/\r\ncontent-length: 0\r\n\r\n";
        if stream.write_all(response).is_err() {
            return;
        }
    }
}

/// Starts a TLS server with the certificate in `tls/` that requires credentials, and returns its port.
pub(crate) fn tls() -> u16 {
    serve_tls(Builder::with_no_client_auth)
}

/// The same, for clients with this certificate only.
pub(crate) fn mutual_tls(known: CertificateDer<'static>) -> u16 {
    let mut roots = RootCertStore::empty();
    roots.add(known).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let verifier = verifier.build().expect("a verifier");
    serve_tls(|builder| builder.with_client_cert_verifier(verifier))
}

type Builder<State> = ConfigBuilder<ServerConfig, State>;

fn serve_tls(clients: impl FnOnce(Builder<WantsVerifier>) -> Builder<WantsServerCert>) -> u16 {
    let read = |name: &str| {
        std::fs::read(format!(
            "{}/tests/cli/tls/{name}.pem",
            env!("CARGO_MANIFEST_DIR")
        ))
        .expect("a PEM file")
    };
    let certificate = CertificateDer::from_pem_slice(&read("cert")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(&read("key")).expect("a key");
    let builder =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("TLS versions");
    let config = clients(builder)
        .with_single_cert(vec![certificate], key)
        .expect("the key belongs to the certificate");
    let config = Arc::new(config);
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
            let mut stream = StreamOwned::new(connection, stream);
            thread::spawn(move || {
                while receive(&mut stream) {
                    let response = b"HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic realm=\"peer\"\r\ncontent-length: 0\r\n\r\n";
                    if stream.write_all(response).is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}
