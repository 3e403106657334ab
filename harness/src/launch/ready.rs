//! Readiness of a launched registry, and free ports for it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use http::StatusCode;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::http::HealthClient;

/// The time in which a registry has to become ready.
pub(super) const LIMIT: Duration = Duration::from_secs(30);

/// The interval between two requests.
const INTERVAL: Duration = Duration::from_millis(50);

/// Returns once the registry returns a success status or 401 for `path`; otherwise the last response or error.
pub(super) async fn wait(registry: &HealthClient, path: &str) -> Result<(), String> {
    let mut last = String::from("none");
    let ready = timeout(LIMIT, poll(registry, path, &mut last)).await;
    ready.map_err(|_| last)
}

async fn poll(registry: &HealthClient, path: &str, last: &mut String) {
    let mut interval = interval(INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        match registry.get(path).await {
            Ok(health) if is_ready(health.status) => return,
            Ok(health) => *last = health.status.to_string(),
            Err(error) => *last = error.to_string(),
        }
    }
}

fn is_ready(status: StatusCode) -> bool {
    status.is_success() || status == StatusCode::UNAUTHORIZED
}

/// True if a program listens on this port of the machine.
pub(super) fn is_taken(port: u16) -> bool {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    listener.is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

/// A port of this machine on which no program listens at the moment.
pub(super) fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    Ok(listener.local_addr()?.port())
}
