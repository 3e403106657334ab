//! The clients that can reach a host, as far as its name shows.

use std::net::IpAddr;

use http::Uri;

/// The clients that can reach a host, as far as its name shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Clients on the same machine.
    Machine,
    /// Clients in the same cluster.
    Cluster,
    /// All clients, as far as the name shows.
    Anywhere,
}

impl Reach {
    pub(super) fn of(uri: &Uri) -> Self {
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let is_below = |domain: &str| {
            host.strip_suffix(domain)
                .is_some_and(|rest| rest.ends_with('.'))
        };
        let is_machine = host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback() || address.is_unspecified());
        if is_machine || host == "localhost" || is_below("localhost") {
            Self::Machine
        } else if is_below("svc") || is_below("cluster.local") {
            Self::Cluster
        } else {
            Self::Anywhere
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reach_of_a_host_is_read_from_its_name() {
        for (host, expected) in [
            ("store.storage.svc", Reach::Cluster),
            ("store.storage.svc.cluster.local", Reach::Cluster),
            ("STORE.x.SVC.CLUSTER.LOCAL.", Reach::Cluster),
            ("localhost:9000", Reach::Machine),
            ("store.localhost", Reach::Machine),
            ("127.0.0.1:9000", Reach::Machine),
            ("[::1]:9000", Reach::Machine),
            ("10.0.0.5", Reach::Anywhere),
            ("minio", Reach::Anywhere),
            ("svc", Reach::Anywhere),
            ("mysvc", Reach::Anywhere),
            ("store.example", Reach::Anywhere),
        ] {
            let uri: Uri = format!("https://{host}/a").parse().expect("a URI");
            assert_eq!(Reach::of(&uri), expected, "{host}");
        }
    }
}
