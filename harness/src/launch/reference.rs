//! The embedded reference registry, on a socket of this machine.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use helm_oci_fixtures::fault::FaultyRegistry;
use helm_oci_fixtures::registry::{Access, ReferenceRegistry};
use helm_oci_reports::record::TargetIdentity;
use helm_oci_suite::requirement::BoxFuture;

use super::{Held, LaunchError, Launched, Launcher, Settings};
use crate::serve::Server;
use crate::transport::Http;

pub(super) struct Reference;

impl Launcher for Reference {
    fn name(&self) -> &'static str {
        "reference"
    }

    fn launch<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Launched, LaunchError>> {
        Box::pin(async move {
            let registry = FaultyRegistry::new(ReferenceRegistry::new(Access::Open), &[]);
            let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let server = Server::start(listen, Arc::new(registry)).await?;
            let origin = format!("http://{}", server.address())
                .parse()
                .expect("an address makes a URI");
            Ok(Launched {
                identity: TargetIdentity {
                    kind: "reference".to_owned(),
                    url: None,
                    image: None,
                    image_id: None,
                    server: None,
                },
                registry: Arc::new(Http::new(origin, &settings.trust, settings.limits)?),
                credentials: None,
                namespace: None,
                held: Held::Server(server),
            })
        })
    }
}
