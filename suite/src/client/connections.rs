//! The connections of a Helm process: Go sends a read again where the registry closes a connection that was used before.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::{Method, Uri};

use super::ClientRun;
use crate::session::Reply;
use crate::verdict::Stop;

/// The number of idle connections that Go keeps for each host.
const IDLE: usize = 2;

/// The idle connections of one process, by host.
#[derive(Debug, Clone, Default)]
pub(super) struct Connections {
    idle: Arc<Mutex<BTreeMap<String, usize>>>,
    /// True if each request has a connection of its own.
    are_single: bool,
}

impl Connections {
    /// Connections that end with their response.
    pub(super) fn single() -> Self {
        Self {
            are_single: true,
            ..Self::default()
        }
    }

    /// Takes an idle connection; false if the request has a new one.
    pub(super) fn take(&self, uri: &Uri) -> bool {
        self.change(uri, |idle| idle.checked_sub(1))
    }

    /// Keeps a connection whose response was read to its end.
    fn keep(&self, uri: &Uri) {
        self.change(uri, |idle| (idle < IDLE).then_some(idle + 1));
    }

    /// Changes the number of idle connections; false if it remains as it is.
    fn change(&self, uri: &Uri, change: impl Fn(usize) -> Option<usize>) -> bool {
        let host = uri.authority().map_or("", |host| host.as_str());
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = idle.entry(host.to_owned()).or_default();
        let changed = change(*idle).filter(|_| !self.are_single);
        *idle = changed.unwrap_or(*idle);
        changed.is_some()
    }
}

impl ClientRun<'_> {
    /// Sends a request over a new connection or one that was used before. A read is sent again if the registry closes the
    /// latter before it responds.
    pub(super) async fn send_over<F>(
        &self,
        (method, uri): (&Method, &Uri),
        mut is_reused: bool,
        send: impl Fn() -> F,
    ) -> Result<Reply, Stop>
    where
        F: Future<Output = Result<Reply, Stop>>,
    {
        let is_read = matches!(*method, Method::GET | Method::HEAD);
        loop {
            let result = send().await;
            match &result {
                Ok(reply) if is_read_to_its_end(method, reply) => self.connections.keep(uri),
                Err(stop) if is_reused && is_read && self.session.is_unanswered(stop) => {
                    is_reused = self.connections.take(uri);
                    continue;
                }
                _ => {}
            }
            return result;
        }
    }
}

/// True if Helm reads the whole response: of a challenge and of an error only the headers.
fn is_read_to_its_end(method: &Method, reply: &Reply) -> bool {
    let is_read = reply.status.is_success() || reply.status.is_redirection();
    is_read || method == Method::HEAD || reply.body.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_connections_to_a_host_remain_open() {
        let [one, other] = ["https://a.test/v2/", "https://b.test/v2/"].map(Uri::from_static);
        let connections = Connections::default();
        assert!(!connections.take(&one), "there is none yet");
        for _ in 0..3 {
            connections.keep(&one);
        }
        assert!(!connections.take(&other));
        let taken = [(); 3].map(|()| connections.take(&one));
        assert_eq!(taken, [true, true, false]);
        let single = Connections::single();
        single.keep(&one);
        assert!(!single.take(&one));
    }
}
