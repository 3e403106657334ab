//! A registry in a container: ready when it responds, removed and awaited on every path.

use std::sync::Arc;
use std::time::Duration;

use helm_oci_reports::record::{Leftover, TargetIdentity, TargetKind};
use helm_oci_suite::session::target::Credentials;
use testcontainers::bollard::Docker;
use testcontainers::bollard::models::{ContainerInspectResponse, ImageInspect};
use testcontainers::core::client::ClientError;
use testcontainers::core::{IntoContainerPort, Mount};
use testcontainers::runners::AsyncRunner;
use testcontainers::{
    ContainerAsync, ContainerRequest, GenericImage, ImageExt, TestcontainersError,
};
use tokio::time::timeout;

use super::engine::{self, LABEL};
use super::ready::{self, free_port};
use super::recipe::{self, Place};
use super::{Held, LaunchError, Launched};
use crate::http::{HealthClient, Http, Trust};
use crate::target::kind::ImageTarget;
use crate::target::resolved::Connection;

/// The time limit of pulling an image.
const PULL: Duration = Duration::from_secs(300);

/// A container that runs.
pub(super) struct Running {
    container: ContainerAsync<GenericImage>,
    label: String,
}

impl Running {
    /// Removes it, and returns it if it cannot be removed.
    pub(super) async fn remove(self) -> Vec<Leftover> {
        match timeout(engine::TIMEOUT, self.container.rm()).await {
            Ok(Ok(())) => Vec::new(),
            _ => engine::sweep(&self.label).await,
        }
    }
}

/// Starts a container, and returns once the registry in it is ready.
pub(super) async fn launch(
    image: &ImageTarget,
    label: &str,
    connection: &Connection,
) -> Result<Launched, LaunchError> {
    let launch = Launch {
        image,
        label,
        connection,
    };
    let launched = launch.start().await;
    if launched.is_err() {
        engine::sweep(label).await;
    }
    launched
}

/// The launch of one container.
struct Launch<'a> {
    image: &'a ImageTarget,
    label: &'a str,
    connection: &'a Connection,
}

/// A container that is not started yet, and the parameters of a connection to it.
struct Prepared {
    request: ContainerRequest<GenericImage>,
    /// The port of this machine on which the registry is published, if the registry has to know it.
    fixed_port: Option<u16>,
    credentials: Option<Credentials>,
    scheme: &'static str,
    trust: Trust,
}

impl Launch<'_> {
    fn reference(&self) -> String {
        self.image.reference.clone()
    }

    fn failed(&self, source: impl std::error::Error + Send + Sync + 'static) -> LaunchError {
        LaunchError::Engine {
            image: self.reference(),
            source: Box::new(source),
        }
    }

    fn prepare(&self) -> Result<Prepared, LaunchError> {
        let ImageTarget {
            reference,
            port,
            recipe,
            ..
        } = self.image;
        // A digest ends in `sha256:…`; the text before that colon serves as a name.
        let (name, tag) = reference
            .rsplit_once(':')
            .expect("a reference has a tag or a digest");
        let image = GenericImage::new(name, tag).with_exposed_port(port.tcp());
        let mut request = image.with_label(LABEL, self.label);
        // A registry that has to know its own URL cannot be published on a port of the engine's choice.
        let fixed_port = recipe.mentions(&["{url}"]).then(free_port).transpose();
        let fixed_port = fixed_port.map_err(|error| self.failed(error))?;
        if let Some(fixed) = fixed_port {
            request = request.with_mapped_port(fixed, port.tcp());
        }
        let place = Place {
            port: *port,
            authority: &format!("127.0.0.1:{}", fixed_port.unwrap_or_default()),
            folder: "",
        };
        let filled = recipe::fill(recipe, &place)?;
        for (name, value) in filled.env {
            request = request.with_env_var(name, value);
        }
        for (path, content) in filled.files {
            request = request.with_copy_to(path, content.into_bytes());
        }
        for folder in &recipe.tmpfs {
            request = request.with_mount(Mount::tmpfs_mount(folder));
        }
        if !filled.command.is_empty() {
            request = request.with_cmd(filled.command);
        }
        let mut trust = self.connection.trust.clone();
        trust.pinned.extend(filled.certificate);
        let given = || self.connection.credentials.clone();
        Ok(Prepared {
            request,
            fixed_port,
            credentials: filled.credentials.or_else(given),
            scheme: filled.scheme,
            trust,
        })
    }

    async fn start(&self) -> Result<Launched, LaunchError> {
        let docker = engine::connect().await?;
        let reference = self.reference();
        let Prepared {
            mut request,
            fixed_port,
            credentials,
            scheme,
            trust,
        } = self.prepare()?;
        if docker.inspect_image(&reference).await.is_err() {
            if !self.image.is_published {
                return Err(LaunchError::NotBuilt { image: reference });
            }
            request = self.pull(request).await?;
        }
        let image = docker.inspect_image(&reference).await.unwrap_or_default();
        let started = async {
            let container = request.start().await.map_err(|error| self.failed(error))?;
            let running = Running {
                container,
                label: self.label.to_owned(),
            };
            let authority = match fixed_port {
                Some(port) => format!("127.0.0.1:{port}"),
                None => self.authority(&docker, &running).await?,
            };
            let url = format!("{scheme}://{authority}");
            let reached = self.reach(url, &trust).await;
            Ok::<_, LaunchError>((running, reached))
        };
        let (running, reached) = tokio::select! {
            started = started => started?,
            log = engine::log_at_exit(&docker, self.label, &reference) => {
                return Err(LaunchError::Exited { program: reference, log });
            }
        };
        let (url, registry) = match reached {
            Ok(reached) => reached,
            Err(error) => {
                // Not before: it would look as if the container had exited by itself.
                running.remove().await;
                return Err(error);
            }
        };
        Ok(Launched {
            identity: TargetIdentity {
                url: Some(url),
                image: Some(reference),
                version: version_label(&image),
                image_id: image
                    .repo_digests
                    .and_then(|digests| digests.into_iter().next())
                    .or(image.id),
                ..TargetIdentity::of_kind(TargetKind::Container)
            },
            registry: Arc::new(registry),
            credentials,
            namespace: None,
            held: Held::Container(Box::new(running)),
        })
    }

    async fn pull(
        &self,
        request: ContainerRequest<GenericImage>,
    ) -> Result<ContainerRequest<GenericImage>, LaunchError> {
        let missing = |source| LaunchError::ImageMissing {
            image: self.reference(),
            source,
        };
        match timeout(PULL, request.pull_image()).await {
            Ok(Ok(request)) => Ok(request),
            Ok(Err(TestcontainersError::Client(ClientError::PullImage { err, .. }))) => {
                Err(missing(err.into()))
            }
            Ok(Err(error)) => Err(missing(error.into())),
            Err(elapsed) => Err(missing(elapsed.into())),
        }
    }

    /// The host and port on which the engine publishes the registry.
    async fn authority(&self, docker: &Docker, running: &Running) -> Result<String, LaunchError> {
        let host = running.container.get_host().await;
        let host = host.map_err(|error| self.failed(error))?.to_string();
        // The name may also resolve to an IPv6 address, on which the engine need not listen.
        let host = if host == "localhost" {
            "127.0.0.1".to_owned()
        } else {
            host
        };
        let container = docker.inspect_container(running.container.id(), None).await;
        let container = container.map_err(|error| self.failed(error))?;
        let port = published(&container, self.image.port);
        let port = port.ok_or_else(|| LaunchError::NotPublished {
            image: self.reference(),
            port: self.image.port,
        })?;
        Ok(format!("{host}:{port}"))
    }

    /// An HTTP client for the registry at this URL, once it is ready.
    async fn reach(&self, url: String, trust: &Trust) -> Result<(String, Http), LaunchError> {
        let origin: http::Uri = url
            .parse()
            .map_err(|error: http::uri::InvalidUri| self.failed(error))?;
        let health = HealthClient::new(origin.clone(), trust, self.connection.limits)?;
        let registry = Http::new(origin, trust, self.connection.limits)?;
        ready::wait(&health, &self.image.recipe.ready)
            .await
            .map_err(|last| LaunchError::NotReady {
                program: self.reference(),
                seconds: ready::LIMIT.as_secs(),
                last,
            })?;
        Ok((url, registry))
    }
}

/// The port of the host on which a container's port is published. Podman reports no address with it; Docker reports
/// one for each version of IP.
fn published(container: &ContainerInspectResponse, port: u16) -> Option<String> {
    let ports = container.network_settings.as_ref()?.ports.as_ref()?;
    let bindings = ports.get(&format!("{port}/tcp"))?.as_ref()?;
    bindings
        .iter()
        .find_map(|binding| binding.host_port.clone())
}

/// The version in the labels of an image.
fn version_label(image: &ImageInspect) -> Option<String> {
    let labels = image.config.as_ref()?.labels.as_ref()?;
    labels.get("org.opencontainers.image.version").cloned()
}
