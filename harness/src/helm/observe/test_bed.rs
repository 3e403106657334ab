//! Servers at fixed addresses that serve one faulty registry after the other.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use futures_util::future::BoxFuture;
use helm_oci_fixtures::registry::{Access, Credentials};
use helm_oci_fixtures::transport::{ClientHelloReaction, Incoming, Outgoing};
use helm_oci_suite::requirement::Setup;
use helm_oci_suite::session::target::Credentials as Known;
use http::Uri;
use rustls::ServerConfig;
use tempfile::TempDir;
use thiserror::Error;

use super::super::{FaultServer, Helm, tls};
use crate::serve::{Handler, ServeError, Server};

/// The foreign hosts of faults, and the loopback addresses that serve them. The second host is private in the fault, as is
/// its loopback address.
const FOREIGN_HOSTS: [(&str, Ipv4Addr); 3] = [
    ("other.example", Ipv4Addr::new(127, 0, 0, 2)),
    ("10.0.0.5", Ipv4Addr::new(127, 0, 0, 3)),
    (
        "store.storage.svc.cluster.local",
        Ipv4Addr::new(127, 0, 0, 4),
    ),
];

/// The number of attempts to find a port that is free on all addresses.
const ATTEMPTS: usize = 10;

/// The servers, and the registry that they serve.
pub(super) struct TestBed {
    current: Arc<Current>,
    plain: Server,
    secure: Vec<Server>,
    trust: TempDir,
}

/// A reason why the servers could not be started.
#[derive(Debug, Error)]
pub enum TestBedError {
    /// An address is not available.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The certificate could not be written.
    #[error("cannot write the certificate for Helm to trust")]
    Trust(#[source] io::Error),
}

/// The registry of one set-up, as a Helm version reaches it.
pub(super) struct Environment {
    pub(super) origin: Uri,
    pub(super) access: Access,
    pub(super) credentials: Option<Known>,
    pub(super) substitutes: Vec<(&'static str, String)>,
}

impl TestBed {
    pub(super) async fn open() -> Result<Self, TestBedError> {
        let trust = tempfile::tempdir().map_err(TestBedError::Trust)?;
        tls::write_root(&trust.path().join("roots.pem")).map_err(TestBedError::Trust)?;
        let current = Arc::new(Current::default());
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let plain = Server::start(any, Arc::clone(&current) as _).await?;
        let tls = Arc::new(tls::server());
        let mut attempt = secure(&current, &tls).await;
        for _ in 1..ATTEMPTS {
            if attempt.is_ok() {
                break;
            }
            attempt = secure(&current, &tls).await;
        }
        Ok(Self {
            current,
            plain,
            secure: attempt?,
            trust,
        })
    }

    /// The root certificates for Helm.
    pub(super) fn roots(&self) -> PathBuf {
        self.trust.path().join("roots.pem")
    }

    /// The environment of this Helm version in this set-up.
    pub(super) fn environment(&self, helm: &Helm, setup: Setup) -> Environment {
        let port = self
            .secure
            .first()
            .map_or(0, |server| server.address().port());
        let origin = match setup {
            Setup::PlainHttp => helm.origin_here(false, self.plain.address().port()),
            Setup::Open | Setup::Basic | Setup::Bearer => helm.origin_here(true, port),
        };
        let access = match setup {
            Setup::Open | Setup::PlainHttp => Access::Open,
            Setup::Basic => Access::basic_for_tests(),
            Setup::Bearer => Access::bearer_for_tests(),
        };
        let Credentials { username, password } = Credentials::for_tests();
        Environment {
            origin,
            credentials: (!matches!(access, Access::Open))
                .then_some(Known::user(username, password)),
            access,
            substitutes: FOREIGN_HOSTS
                .map(|(host, address)| (host, format!("{address}:{port}")))
                .to_vec(),
        }
    }

    /// Serves this registry from now on.
    pub(super) fn serve(&self, server: &Arc<FaultServer>) {
        let mut registry = self
            .current
            .0
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *registry = Some(Arc::clone(server));
    }

    pub(super) async fn close(self) {
        self.plain.stop().await;
        for server in self.secure {
            server.stop().await;
        }
    }
}

/// A server for the registry, and one on the same port for each foreign host.
async fn secure(
    current: &Arc<Current>,
    tls: &Arc<ServerConfig>,
) -> Result<Vec<Server>, ServeError> {
    let start =
        |address| Server::start_with_tls(address, Arc::clone(current) as _, Arc::clone(tls));
    let mut servers = vec![start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?];
    let port = servers[0].address().port();
    for (_, address) in FOREIGN_HOSTS {
        servers.push(start(SocketAddr::from((address, port))).await?);
    }
    Ok(servers)
}

/// The registry that is currently served.
#[derive(Default)]
struct Current(RwLock<Option<Arc<FaultServer>>>);

impl Current {
    fn registry(&self) -> Option<Arc<FaultServer>> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Handler for Current {
    fn answer(&self, incoming: Incoming) -> BoxFuture<'_, Outgoing> {
        let registry = self.registry();
        Box::pin(async move {
            match registry {
                Some(server) => server.answer(incoming).await,
                None => Outgoing::default(),
            }
        })
    }

    fn client_hello(&self) -> ClientHelloReaction {
        self.registry()
            .map_or(ClientHelloReaction::HttpResponse, |server| {
                server.client_hello()
            })
    }
}
