//! The embedded reference registry, on a socket of this machine.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use helm_oci_fixtures::fault::FaultyRegistry;
use helm_oci_fixtures::registry::{Access, Credentials, ReferenceRegistry};
use helm_oci_reports::record::{TargetIdentity, TargetKind};
use helm_oci_suite::session::target::Credentials as TargetCredentials;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;

use super::expiring::Expiring;
use super::secure::{self, Certificate};
use super::{Held, LaunchError, Launched};
use crate::http::Http;
use crate::serve::{Handler, Server};
use crate::target::kind::{Options, ReferenceOption};
use crate::target::resolved::Connection;

/// Starts the registry on a free port.
pub(super) async fn start(
    options: &Options<ReferenceOption>,
    connection: &Connection,
) -> Result<Launched, LaunchError> {
    let access = access(options);
    let is_open = matches!(access, Access::Open);
    let registry = Arc::new(FaultyRegistry::new(ReferenceRegistry::new(access), &[]));
    let registry: Arc<dyn Handler> = if options.has(ReferenceOption::Expiring) {
        Arc::new(Expiring::new(registry))
    } else {
        registry
    };
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut trust = connection.trust.clone();
    let (scheme, server) = if options.has(ReferenceOption::Tls) {
        let certificate = secure::certificate()?;
        trust.pinned.push(certificate.pinned.clone());
        let tls = Arc::new(tls(&certificate)?);
        (
            "https",
            Server::start_with_tls(listen, registry, tls).await?,
        )
    } else {
        ("http", Server::start(listen, registry).await?)
    };
    let origin = format!("{scheme}://{}", server.address())
        .parse()
        .expect("an address makes a URI");
    let Credentials { username, password } = Credentials::for_tests();
    Ok(Launched {
        identity: TargetIdentity::of_kind(TargetKind::Reference),
        registry: Arc::new(Http::new(origin, &trust, connection.limits)?),
        credentials: (!is_open).then_some(TargetCredentials::user(username, password)),
        namespace: None,
        held: Held::Server(server),
    })
}

fn access(options: &Options<ReferenceOption>) -> Access {
    if options.has(ReferenceOption::Bearer) || options.has(ReferenceOption::Expiring) {
        Access::bearer_for_tests()
    } else if options.has(ReferenceOption::Basic) {
        Access::basic_for_tests()
    } else {
        Access::Open
    }
}

fn tls(certificate: &Certificate) -> Result<ServerConfig, LaunchError> {
    let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes())
        .map_err(|error| LaunchError::Secure(error.into()))?;
    ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.pinned.clone()], key)
        .map_err(|error| LaunchError::Secure(error.into()))
}
