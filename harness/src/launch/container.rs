//! A registry in a container: ready when it answers, removed and awaited on every path.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use helm_oci_reports::record::{Leftover, LeftoverKind, TargetIdentity};
use helm_oci_suite::requirement::BoxFuture;
use helm_oci_suite::session::target::Credentials;
use testcontainers::bollard::Docker;
use testcontainers::bollard::models::{ContainerInspectResponse, ImageInspect};
use testcontainers::bollard::query_parameters::{
    EventsOptionsBuilder, ListContainersOptionsBuilder, LogsOptionsBuilder,
    RemoveContainerOptionsBuilder,
};
use testcontainers::core::IntoContainerPort;
use testcontainers::core::client::{ClientError, docker_client_instance};
use testcontainers::runners::AsyncRunner;
use testcontainers::{
    ContainerAsync, ContainerRequest, GenericImage, ImageExt, TestcontainersError,
};
use tokio::time::timeout;

use super::ready::{self, free_port};
use super::recipe::{Place, Recipe};
use super::{Held, LaunchError, Launched, Launcher, Settings, TargetError};
use crate::http::{Http, Limits, Trust};

/// The label by which a run finds its containers.
const LABEL: &str = "org.helm-oci-conformance.run";

/// How long an image may take to arrive.
const PULL: Duration = Duration::from_secs(300);

/// How long the engine may take to remove what is left of a launch.
const SWEEP: Duration = Duration::from_secs(30);

/// How long the engine may take for anything small.
const ENGINE: Duration = Duration::from_secs(10);

/// A registry as an image.
pub(super) struct Image {
    target: String,
    /// Its name with a tag or a digest.
    reference: String,
    recipe: Recipe,
    /// Where the registry listens in the container.
    pub(super) port: u16,
    /// Whether it is pulled where it is not here.
    pub(super) is_published: bool,
    /// Whether it is somebody else's, with users of its own.
    pub(super) has_users: bool,
}

/// A container that is yet to be started, and what one needs to reach what is in it.
struct Prepared {
    request: ContainerRequest<GenericImage>,
    /// The port of this machine under which the registry knows itself, where it has to.
    known: Option<u16>,
    credentials: Option<Credentials>,
    scheme: &'static str,
    trust: Trust,
}

/// What a container engine has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// What it is, with its version.
    pub engine: String,
    /// The images that were asked for.
    pub images: Vec<SurveyedImage>,
}

/// An image that a container engine was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyedImage {
    /// Its name and tag.
    pub name: String,
    /// Its id, if it is here.
    pub id: Option<String>,
}

/// A container that runs.
pub(super) struct Running {
    container: ContainerAsync<GenericImage>,
    run: String,
}

impl Running {
    /// Removes it, and returns it if it cannot be removed.
    pub(super) async fn remove(self) -> Vec<Leftover> {
        match timeout(ENGINE, self.container.rm()).await {
            Ok(Ok(())) => Vec::new(),
            _ => sweep(&self.run).await,
        }
    }
}

/// The version given, or the default one; it is part of an image's tag and checked as such.
pub(super) fn version(
    kind: &'static str,
    given: Option<&str>,
    default: &'static str,
) -> Result<String, TargetError> {
    let version = given.unwrap_or(default);
    let version = version.strip_prefix('v').unwrap_or(version);
    let digit_first = version.starts_with(|c: char| c.is_ascii_digit());
    if digit_first
        && version
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c))
    {
        return Ok(version.to_owned());
    }
    Err(TargetError::Version {
        kind,
        version: version.to_owned(),
        example: default,
    })
}

impl Image {
    /// A published image, whose registry listens on port 5000.
    pub(super) fn new(target: &str, reference: String, recipe: Recipe) -> Self {
        Self {
            target: target.to_owned(),
            reference,
            recipe,
            port: 5000,
            is_published: true,
            has_users: false,
        }
    }

    /// Its name with a tag or a digest.
    pub(super) fn name(&self) -> String {
        self.reference.clone()
    }

    fn failed(&self, source: impl std::error::Error + Send + Sync + 'static) -> LaunchError {
        LaunchError::Engine {
            image: self.name(),
            source: Box::new(source),
        }
    }

    fn prepare(&self, settings: &Settings) -> Result<Prepared, LaunchError> {
        // A digest ends in `sha256:…`, and what stands before that colon serves as a name.
        let (name, tag) = self
            .reference
            .rsplit_once(':')
            .expect("a reference has a tag or a digest");
        let image = GenericImage::new(name, tag).with_exposed_port(self.port.tcp());
        let mut request = image.with_label(LABEL, &settings.run);
        // A registry that has to know where it is reached cannot be given a port of the engine's choice, and is
        // reached on this machine.
        let known = self.recipe.mentions(&["{url}"]).then(free_port).transpose();
        let known = known.map_err(|error| self.failed(error))?;
        if let Some(known) = known {
            request = request.with_mapped_port(known, self.port.tcp());
        }
        let filled = self.recipe.fill(&Place {
            port: self.port,
            authority: &format!("127.0.0.1:{}", known.unwrap_or_default()),
            folder: "",
        })?;
        for (name, value) in filled.env {
            request = request.with_env_var(name, value);
        }
        for (path, content) in filled.files {
            request = request.with_copy_to(path, content.into_bytes());
        }
        if !filled.command.is_empty() {
            request = request.with_cmd(filled.command);
        }
        let mut trust = settings.trust.clone();
        trust.pinned.extend(filled.certificate);
        Ok(Prepared {
            request,
            known,
            credentials: filled.credentials.or_else(|| settings.credentials.clone()),
            scheme: filled.scheme,
            trust,
        })
    }

    async fn start(&self, settings: &Settings) -> Result<Launched, LaunchError> {
        let docker = engine().await.map_err(LaunchError::NoEngine)?;
        let name = self.name();
        let Prepared {
            mut request,
            known,
            credentials,
            scheme,
            trust,
        } = self.prepare(settings)?;
        if docker.inspect_image(&name).await.is_err() {
            if !self.is_published {
                return Err(LaunchError::NotHere { image: name });
            }
            request = self.pull(request).await?;
        }
        let image = docker.inspect_image(&name).await.unwrap_or_default();
        let started = async {
            let container = request.start().await.map_err(|error| self.failed(error))?;
            let running = Running {
                container,
                run: settings.run.clone(),
            };
            let authority = match known {
                Some(port) => format!("127.0.0.1:{port}"),
                None => self.authority(&docker, &running).await?,
            };
            let url = format!("{scheme}://{authority}");
            let reached = self.reach(url, &trust, settings.limits).await;
            Ok::<_, LaunchError>((running, reached))
        };
        let (running, reached) = tokio::select! {
            started = started => started?,
            log = last_words(&docker, &settings.run, &name) => {
                return Err(LaunchError::Exited { image: name, log });
            }
        };
        let (url, registry) = match reached {
            Ok(reached) => reached,
            Err(error) => {
                // Not before: it would look as if the container had ended by itself.
                running.remove().await;
                return Err(error);
            }
        };
        Ok(Launched {
            identity: TargetIdentity {
                url: Some(url),
                image: Some(name),
                version: version_label(&image),
                image_id: image
                    .repo_digests
                    .and_then(|digests| digests.into_iter().next())
                    .or(image.id),
                ..TargetIdentity::of_kind("container")
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
            image: self.name(),
            source,
        };
        match timeout(PULL, request.pull_image()).await {
            Ok(Ok(request)) => Ok(request),
            Ok(Err(TestcontainersError::Client(ClientError::PullImage { err, .. }))) => {
                Err(missing(err.into()))
            }
            Ok(Err(error)) => Err(missing(error.into())),
            Err(late) => Err(missing(late.into())),
        }
    }

    /// Host and port under which the engine has the registry.
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
        let port = published(&container, self.port).ok_or_else(|| LaunchError::NotPublished {
            image: self.name(),
            port: self.port,
        })?;
        Ok(format!("{host}:{port}"))
    }

    /// A port to the registry at this URL, once it answers.
    async fn reach(
        &self,
        url: String,
        trust: &Trust,
        limits: Limits,
    ) -> Result<(String, Http), LaunchError> {
        let origin = url
            .parse()
            .map_err(|error: http::uri::InvalidUri| self.failed(error))?;
        let registry = Http::new(origin, trust, limits)?;
        ready::wait(&registry, &self.recipe.ready)
            .await
            .map_err(|last| LaunchError::NotReady {
                image: self.name(),
                seconds: ready::LIMIT.as_secs(),
                last,
            })?;
        Ok((url, registry))
    }
}

/// Under which port of its host a container's port is published. Podman names no address with it, where Docker has
/// one for each version of IP.
fn published(container: &ContainerInspectResponse, port: u16) -> Option<String> {
    let ports = container.network_settings.as_ref()?.ports.as_ref()?;
    let bindings = ports.get(&format!("{port}/tcp"))?.as_ref()?;
    bindings
        .iter()
        .find_map(|binding| binding.host_port.clone())
}

/// The version that an image says it has.
fn version_label(image: &ImageInspect) -> Option<String> {
    let labels = image.config.as_ref()?.labels.as_ref()?;
    labels.get("org.opencontainers.image.version").cloned()
}

impl Launcher for Image {
    fn name(&self) -> &str {
        &self.target
    }

    fn takes_credentials(&self) -> bool {
        self.has_users
    }

    fn launch<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Launched, LaunchError>> {
        Box::pin(async move {
            let launched = self.start(settings).await;
            if launched.is_err() {
                sweep(&settings.run).await;
            }
            launched
        })
    }
}

/// The engine, if one answers.
async fn engine() -> Result<Docker, Box<dyn std::error::Error + Send + Sync>> {
    let docker = docker_client_instance().await?;
    timeout(ENGINE, docker.ping()).await??;
    Ok(docker)
}

/// Asks the engine what it is, and for these images.
pub(super) async fn survey<const N: usize>(names: [String; N]) -> Result<Survey, LaunchError> {
    let docker = engine().await.map_err(LaunchError::NoEngine)?;
    let version = timeout(ENGINE, docker.version()).await;
    let version = version.ok().and_then(Result::ok);
    let version = version.and_then(|version| version.version);
    let mut images = Vec::new();
    for name in names {
        let image = timeout(ENGINE, docker.inspect_image(&name)).await;
        let id = image.ok().and_then(Result::ok).and_then(|image| image.id);
        images.push(SurveyedImage { name, id });
    }
    Ok(Survey {
        engine: format!("engine {}", version.as_deref().unwrap_or("of no version")),
        images,
    })
}

/// Waits until a container of this run and image ends and returns the end of its log on one line.
async fn last_words(docker: &Docker, run: &str, image: &str) -> String {
    let filters = HashMap::from([
        ("type", vec!["container".to_owned()]),
        ("event", vec!["die".to_owned()]),
        ("label", vec![format!("{LABEL}={run}")]),
        ("image", vec![image.to_owned()]),
    ]);
    let mut events = docker.events(Some(EventsOptionsBuilder::new().filters(&filters).build()));
    let Some(Ok(event)) = events.next().await else {
        // Without events the wait for readiness alone decides.
        return std::future::pending().await;
    };
    let id = event.actor.and_then(|actor| actor.id).unwrap_or_default();
    let options = LogsOptionsBuilder::new()
        .stdout(true)
        .stderr(true)
        .tail("5")
        .build();
    let log: Vec<_> = docker.logs(&id, Some(options)).collect().await;
    let words: Vec<String> = log
        .into_iter()
        .flatten()
        .map(|line| line.to_string())
        .collect();
    let words = words.join(" ");
    let words: Vec<&str> = words.split_whitespace().collect();
    let words = words.join(" ");
    if words.is_empty() {
        "none".to_owned()
    } else {
        words.chars().take(600).collect()
    }
}

/// Removes whatever containers of this run are left, those of a launch that was broken off, and returns those that
/// the engine does not remove in time.
///
/// An engine lists a container a moment before it can remove it, so it is asked until it lists none.
pub async fn sweep(run: &str) -> Vec<Leftover> {
    let Ok(docker) = engine().await else {
        return Vec::new();
    };
    let mut left = Vec::new();
    let swept = async {
        loop {
            left = sweep_once(&docker, run).await;
            if left.is_empty() {
                return;
            }
        }
    };
    match timeout(SWEEP, swept).await {
        Ok(()) => Vec::new(),
        Err(_) => left,
    }
}

/// Removes what is listed, and returns what that was.
async fn sweep_once(docker: &Docker, run: &str) -> Vec<Leftover> {
    let filters = HashMap::from([("label", vec![format!("{LABEL}={run}")])]);
    let all = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&filters)
        .build();
    let listed = docker.list_containers(Some(all)).await.unwrap_or_default();
    let mut found = Vec::new();
    for container in listed {
        let Some(id) = container.id else { continue };
        let force = RemoveContainerOptionsBuilder::new()
            .force(true)
            .v(true)
            .build();
        // One that cannot be removed is listed again.
        let _ = docker.remove_container(&id, Some(force)).await;
        found.push(Leftover {
            repository: container.image.unwrap_or_default(),
            kind: LeftoverKind::Container,
            why: format!("the engine did not remove it within {} s", SWEEP.as_secs()),
            command: Some(format!("docker rm --force --volumes {id}")),
            name: id,
        });
    }
    found
}
