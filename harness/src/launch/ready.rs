//! When a launched registry is ready, and where one may listen.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use helm_oci_suite::wire::content::Content;
use helm_oci_suite::wire::registry::Registry;
use http::{Request, StatusCode};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::http::Http;

/// How long a registry may take to answer.
pub(super) const LIMIT: Duration = Duration::from_secs(30);

/// How often it is asked meanwhile.
const AGAIN: Duration = Duration::from_millis(50);

/// Returns once the registry answers at `path` with a success or 401; if it does not in time, with what came last.
pub(super) async fn wait(registry: &Http, path: &str) -> Result<(), String> {
    let mut last = String::from("nothing came");
    let answered = timeout(LIMIT, answers(registry, path, &mut last)).await;
    answered.map_err(|_| last)
}

async fn answers(registry: &Http, path: &str, last: &mut String) {
    let mut again = interval(AGAIN);
    again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let origin = registry.origin().to_string();
    let uri = format!("{}{path}", origin.trim_end_matches('/'));
    loop {
        again.tick().await;
        let request = Request::get(&uri).body(Content::default());
        let request = request.expect("an origin and a path make a request");
        match registry.send(request).await {
            Ok(answer) if is_ready(answer.status()) => return,
            Ok(answer) => *last = answer.status().to_string(),
            Err(error) => *last = error.to_string(),
        }
    }
}

fn is_ready(status: StatusCode) -> bool {
    status.is_success() || status == StatusCode::UNAUTHORIZED
}

/// Whether somebody listens on a port of this machine.
pub(super) fn is_taken(port: u16) -> bool {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    listener.is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

/// A port of this machine on which nobody listens at the moment.
pub(super) fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    Ok(listener.local_addr()?.port())
}
