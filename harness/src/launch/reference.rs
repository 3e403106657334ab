//! The embedded reference registry, on a socket of this machine.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use helm_oci_fixtures::fault::FaultyRegistry;
use helm_oci_fixtures::registry::{Access, Credentials, ReferenceRegistry};
use helm_oci_reports::record::TargetIdentity;
use helm_oci_suite::requirement::BoxFuture;
use helm_oci_suite::session::target::Credentials as Known;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;

use super::expiring::Expiring;
use super::options::{Options, TLS};
use super::secure::{self, Certificate};
use super::{Held, LaunchError, Launched, Launcher, Settings, TargetError};
use crate::http::Http;
use crate::serve::{Handler, Server};

const BASIC: &str = "basic";
const BEARER: &str = "bearer";
/// It gives tokens that are good for two requests.
const EXPIRING: &str = "expiring";

pub(super) struct Reference {
    name: String,
    options: Options,
}

/// A launcher; with `bearer` it gives tokens, with `basic` it does not.
pub(super) fn launcher(name: &str, options: Option<&str>) -> Result<Reference, TargetError> {
    let options = Options::parse("reference", options, &[BASIC, BEARER, EXPIRING, TLS])?;
    Ok(Reference {
        name: name.to_owned(),
        options,
    })
}

impl Reference {
    fn access(&self) -> Access {
        if self.options.has(BEARER) || self.options.has(EXPIRING) {
            Access::bearer_for_tests()
        } else if self.options.has(BASIC) {
            Access::basic_for_tests()
        } else {
            Access::Open
        }
    }

    async fn start(&self, settings: &Settings) -> Result<Launched, LaunchError> {
        let access = self.access();
        let is_open = matches!(access, Access::Open);
        let registry = Arc::new(FaultyRegistry::new(ReferenceRegistry::new(access), &[]));
        let registry: Arc<dyn Handler> = if self.options.has(EXPIRING) {
            Arc::new(Expiring::new(registry))
        } else {
            registry
        };
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut trust = settings.trust.clone();
        let (scheme, server) = if self.options.has(TLS) {
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
            identity: TargetIdentity::of_kind("reference"),
            registry: Arc::new(Http::new(origin, &trust, settings.limits)?),
            credentials: (!is_open).then_some(Known::user(username, password)),
            namespace: None,
            held: Held::Server(server),
        })
    }
}

impl Launcher for Reference {
    fn name(&self) -> &str {
        &self.name
    }

    fn launch<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Launched, LaunchError>> {
        Box::pin(self.start(settings))
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
