//! Large bodies on the wire: in constant memory, and as long as they get on.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use helm_oci_conformance::http::{Http, Limits, Trust};
use helm_oci_suite::session::Session;
use helm_oci_suite::session::target::{MEBIBYTE, Target};
use helm_oci_suite::wire::content::Pattern;
use helm_oci_suite::wire::{Measured, Registry, Request, TransportError};
use http::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::interval;

/// The most that the memory of this process may grow by: what is in flight at once, and not what goes through.
const ROOM: u64 = 16 << 20;

/// `serve` as a process of its own, so that what it stores is not ours.
struct Serve {
    child: Child,
    url: String,
}

impl Serve {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_helm-oci-conformance"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("standard output is piped");
        let read = BufReader::new(stdout).read_line(&mut line);
        read.expect("it says where it serves");
        let url = line.trim_end().strip_prefix("serving on ");
        let url = url.expect("an address").to_owned();
        Self { child, url }
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn port(url: &str, limits: Limits) -> Http {
    let origin = url.parse().expect("a URI");
    Http::new(origin, &Trust::default(), limits).expect("no TLS is needed")
}

/// The most memory that this process ever had, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

async fn up_and_down(session: &Session, pattern: &Pattern) {
    let location = session.arrange_upload().await.expect("it is opened");
    let put = session.complete_upload(&location, pattern.digest(), pattern);
    let put = put.send().await.expect("an answer");
    assert_eq!(put.status, 201);
    let read = session.measure_blob(pattern);
    let read = read.await.expect("an answer");
    let whole = Measured {
        length: pattern.length(),
        digest: pattern.digest().to_owned(),
    };
    assert_eq!(read.measured, Some(whole));
    assert!(read.body.len() < 4096, "only its beginning is kept");
}

#[tokio::test]
async fn a_chart_of_any_size_goes_through_in_the_same_memory() {
    let serve = Serve::start();
    let target = Target::new(Arc::new(port(&serve.url, Limits::default())), 7);
    let session = Session::new(target, "test/large");
    up_and_down(&session, &Pattern::new(1, MEBIBYTE)).await;
    let before = peak();
    up_and_down(&session, &Pattern::new(2, 100 * MEBIBYTE)).await;
    if let (Some(before), Some(after)) = (before, peak()) {
        let grown = after - before;
        assert!(grown < ROOM, "by {} KiB", grown >> 10);
    }
    let recorded = session.transcript().pop().expect("it was written down");
    let body = recorded.response.expect("an answer").body.expect("a body");
    assert_eq!(body.length as u64, 100 * MEBIBYTE);
    assert_eq!(body.digest, Pattern::new(2, 100 * MEBIBYTE).digest());
}

/// What a peer does with a connection, as long as somebody listens.
fn peer<F>(served: fn(TcpStream) -> F) -> String
where
    F: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let socket = TcpSocket::new_v4().expect("a socket");
    // What waits on its way to the peer is not seen to move.
    socket.set_recv_buffer_size(64 << 10).expect("it is small");
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    socket.bind(any).expect("a free port");
    let listener = socket.listen(8).expect("it listens");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(served(stream));
        }
    });
    format!("http://{address}")
}

async fn hangs(mut stream: TcpStream) -> std::io::Result<()> {
    stream.read_exact(&mut [0; 64]).await?;
    std::future::pending().await
}

/// Takes no more than a quarter of a mebibyte every 10 ms, and answers when it has all.
async fn dawdles(mut stream: TcpStream) -> std::io::Result<()> {
    let mut again = interval(Duration::from_millis(10));
    let mut taken = 0;
    let mut room = vec![0; 256 << 10];
    while taken < LENGTH {
        again.tick().await;
        taken += stream.read(&mut room).await? as u64;
    }
    stream
        .write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n")
        .await
}

/// More bytes than the socket buffers hold.
const LENGTH: u64 = 32 << 20;

fn put(url: &str) -> Request {
    let uri = format!("{url}/v2/a/blobs/uploads/1");
    Request::new(Method::PUT, uri.parse().expect("a URI")).content(&Pattern::new(3, LENGTH))
}

#[tokio::test]
async fn what_stands_still_is_given_up() {
    let url = peer(hangs);
    let limits = Limits {
        idle: Duration::from_millis(300),
        ..Limits::default()
    };
    let answer = port(&url, limits).send(put(&url)).await;
    let error = answer.expect_err("nobody answers");
    assert!(matches!(error, TransportError::Stalled { .. }), "{error}");
}

#[tokio::test]
async fn what_is_slow_and_moves_is_waited_for() {
    let url = peer(dawdles);
    let limits = Limits {
        answer: Duration::from_millis(1),
        idle: Duration::from_millis(600),
        least: 1,
        ..Limits::default()
    };
    let answer = port(&url, limits).send(put(&url)).await;
    assert_eq!(answer.expect("an answer").status, 201);
}
