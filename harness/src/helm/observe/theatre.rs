//! Where one Helm after the other meets one faulty registry after the other, at addresses that stay.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use helm_oci_fixtures::registry::{Access, Credentials};
use helm_oci_fixtures::transport::{ClientHelloReaction, Incoming, Outgoing};
use helm_oci_suite::requirement::{BoxFuture, Setup};
use helm_oci_suite::session::target::Credentials as Known;
use http::Uri;
use rustls::ServerConfig;
use tempfile::TempDir;
use thiserror::Error;

use super::super::{Helm, Stage, tls};
use crate::serve::{Handler, ServeError, Server};

/// The hosts that faults lead to, and the loopback addresses that answer for them. The second host is private
/// in the fault, and so is its stand-in.
const ELSEWHERE: [(&str, Ipv4Addr); 3] = [
    ("other.example", Ipv4Addr::new(127, 0, 0, 2)),
    ("10.0.0.5", Ipv4Addr::new(127, 0, 0, 3)),
    (
        "store.storage.svc.cluster.local",
        Ipv4Addr::new(127, 0, 0, 4),
    ),
];

/// How often another port is tried when a stand-in's is taken.
const ATTEMPTS: usize = 10;

/// The addresses, and who plays there at the moment.
pub(super) struct Theatre {
    cast: Arc<Cast>,
    plain: Server,
    secure: Vec<Server>,
    trust: TempDir,
}

/// Why there is no theatre.
#[derive(Debug, Error)]
pub enum TheatreError {
    /// An address could not be had.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The certificate could not be written where Helm finds it.
    #[error("cannot write the certificate for Helm to trust")]
    Trust(#[source] io::Error),
}

/// A registry as one Helm meets it.
pub(super) struct Scenery {
    pub(super) origin: Uri,
    pub(super) access: Access,
    pub(super) credentials: Option<Known>,
    pub(super) stand_ins: Vec<(&'static str, String)>,
}

impl Theatre {
    pub(super) async fn open() -> Result<Self, TheatreError> {
        let trust = tempfile::tempdir().map_err(TheatreError::Trust)?;
        tls::write_root(&trust.path().join("roots.pem")).map_err(TheatreError::Trust)?;
        let cast = Arc::new(Cast::default());
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let plain = Server::start(any, Arc::clone(&cast) as _).await?;
        let tls = Arc::new(tls::server());
        let mut attempt = secure(&cast, &tls).await;
        for _ in 1..ATTEMPTS {
            if attempt.is_ok() {
                break;
            }
            attempt = secure(&cast, &tls).await;
        }
        Ok(Self {
            cast,
            plain,
            secure: attempt?,
            trust,
        })
    }

    /// The roots that Helm has to trust.
    pub(super) fn roots(&self) -> PathBuf {
        self.trust.path().join("roots.pem")
    }

    /// What the registry looks like to this Helm in this set-up.
    pub(super) fn scenery(&self, helm: &Helm, setup: Setup) -> Scenery {
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
        Scenery {
            origin,
            credentials: (!matches!(access, Access::Open))
                .then_some(Known::user(username, password)),
            access,
            stand_ins: ELSEWHERE
                .map(|(host, address)| (host, format!("{address}:{port}")))
                .to_vec(),
        }
    }

    /// From now on whoever calls speaks with this registry.
    pub(super) fn give(&self, stage: &Arc<Stage>) {
        let mut playing = self.cast.0.write().unwrap_or_else(PoisonError::into_inner);
        *playing = Some(Arc::clone(stage));
    }

    pub(super) async fn close(self) {
        self.plain.stop().await;
        for server in self.secure {
            server.stop().await;
        }
    }
}

/// A server for the registry, and one on the same port for each host elsewhere.
async fn secure(cast: &Arc<Cast>, tls: &Arc<ServerConfig>) -> Result<Vec<Server>, ServeError> {
    let start = |address| Server::start_with_tls(address, Arc::clone(cast) as _, Arc::clone(tls));
    let mut servers = vec![start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?];
    let port = servers[0].address().port();
    for (_, address) in ELSEWHERE {
        servers.push(start(SocketAddr::from((address, port))).await?);
    }
    Ok(servers)
}

/// Whoever plays at the moment.
#[derive(Default)]
struct Cast(RwLock<Option<Arc<Stage>>>);

impl Cast {
    fn playing(&self) -> Option<Arc<Stage>> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Handler for Cast {
    fn answer(&self, incoming: Incoming) -> BoxFuture<'_, Outgoing> {
        let playing = self.playing();
        Box::pin(async move {
            match playing {
                Some(stage) => stage.answer(incoming).await,
                None => Outgoing::default(),
            }
        })
    }

    fn client_hello(&self) -> ClientHelloReaction {
        self.playing()
            .map_or(ClientHelloReaction::HttpResponse, |stage| {
                stage.client_hello()
            })
    }
}
