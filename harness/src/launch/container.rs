//! A registry in a container: ready when it answers, removed and awaited on every path.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use helm_oci_reports::record::TargetIdentity;
use helm_oci_suite::requirement::BoxFuture;
use testcontainers::bollard::Docker;
use testcontainers::bollard::query_parameters::{
    EventsOptionsBuilder, ListContainersOptionsBuilder, LogsOptionsBuilder,
    RemoveContainerOptionsBuilder,
};
use testcontainers::core::client::{ClientError, docker_client_instance};
use testcontainers::core::error::WaitContainerError;
use testcontainers::core::wait::HttpWaitStrategy;
use testcontainers::core::{IntoContainerPort, WaitFor};
use testcontainers::runners::AsyncRunner;
use testcontainers::{
    ContainerAsync, ContainerRequest, GenericImage, ImageExt, TestcontainersError,
};
use tokio::time::timeout;

use super::{Held, LaunchError, Launched, Launcher, Settings, TargetError};
use crate::transport::Http;

/// The label by which a run finds its containers.
const LABEL: &str = "org.helm-oci-conformance.run";

/// How long a container may take to answer.
const READY: Duration = Duration::from_secs(30);

/// How long an image may take to arrive.
const PULL: Duration = Duration::from_secs(300);

/// How long the engine may take for anything small.
const ENGINE: Duration = Duration::from_secs(10);

/// A registry as an image.
pub(super) struct Image {
    pub(super) target: String,
    pub(super) repository: &'static str,
    pub(super) tag: String,
    pub(super) environment: &'static [(&'static str, &'static str)],
    pub(super) port: u16,
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
pub(super) struct Running(ContainerAsync<GenericImage>);

impl Running {
    /// Removes it; an engine that fails here is asked once more by [`sweep`].
    pub(super) async fn remove(self) {
        let _ = timeout(ENGINE, self.0.rm()).await;
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
    /// Its name and tag.
    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.repository, self.tag)
    }

    fn failed(&self, source: impl std::error::Error + Send + Sync + 'static) -> LaunchError {
        LaunchError::Engine {
            image: self.name(),
            source: Box::new(source),
        }
    }

    fn request(&self, run: &str) -> ContainerRequest<GenericImage> {
        let ready = HttpWaitStrategy::new("/v2/")
            .with_port(self.port.tcp())
            .with_response_matcher(|answer| matches!(answer.status().as_u16(), 200 | 401));
        let image = GenericImage::new(self.repository, &self.tag)
            .with_exposed_port(self.port.tcp())
            .with_wait_for(WaitFor::http(ready));
        let request = image.with_startup_timeout(READY).with_label(LABEL, run);
        self.environment
            .iter()
            .fold(request, |request, (name, value)| {
                request.with_env_var(*name, *value)
            })
    }

    async fn start(&self, settings: &Settings) -> Result<Launched, LaunchError> {
        let docker = engine().await.map_err(LaunchError::NoEngine)?;
        let name = self.name();
        let mut request = self.request(&settings.run);
        if docker.inspect_image(&name).await.is_err() {
            request = self.pull(request).await?;
        }
        let image_id = docker.inspect_image(&name).await.ok().and_then(|image| {
            image
                .repo_digests
                .and_then(|digests| digests.into_iter().next())
                .or(image.id)
        });
        let container = tokio::select! {
            started = request.start() => started.map_err(|error| self.not_started(error))?,
            log = last_words(&docker, &settings.run, &name) => {
                return Err(LaunchError::Exited { image: name, log });
            }
        };
        let running = Running(container);
        match self.reach(&running, settings).await {
            Ok((url, registry)) => Ok(Launched {
                identity: TargetIdentity {
                    kind: "container".to_owned(),
                    url: Some(url),
                    image: Some(name),
                    image_id,
                    server: None,
                },
                registry: Arc::new(registry),
                credentials: None,
                namespace: None,
                held: Held::Container(Box::new(running)),
            }),
            Err(error) => {
                running.remove().await;
                Err(error)
            }
        }
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

    /// The URL of the registry in the container, and a port to it.
    async fn reach(
        &self,
        running: &Running,
        settings: &Settings,
    ) -> Result<(String, Http), LaunchError> {
        let host = running
            .0
            .get_host()
            .await
            .map_err(|error| self.failed(error))?
            .to_string();
        // The name may also resolve to an IPv6 address, on which the engine need not listen.
        let host = if host == "localhost" {
            "127.0.0.1".to_owned()
        } else {
            host
        };
        let port = running
            .0
            .get_host_port_ipv4(self.port)
            .await
            .map_err(|error| self.failed(error))?;
        let url = format!("http://{host}:{port}");
        let origin = url
            .parse()
            .map_err(|error: http::uri::InvalidUri| self.failed(error))?;
        Ok((url, Http::new(origin, &settings.trust, settings.limits)?))
    }

    fn not_started(&self, error: TestcontainersError) -> LaunchError {
        match error {
            TestcontainersError::WaitContainer(WaitContainerError::StartupTimeout) => {
                LaunchError::NotReady {
                    image: self.name(),
                    seconds: READY.as_secs(),
                }
            }
            error => self.failed(error),
        }
    }
}

impl Launcher for Image {
    fn name(&self) -> &str {
        &self.target
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

/// Removes whatever containers of this run are left: those of a launch that was broken off.
///
/// An engine lists a container a moment before it can remove it, so it is asked until it lists none.
pub async fn sweep(run: &str) {
    let Ok(docker) = engine().await else { return };
    let swept = async { while sweep_once(&docker, run).await > 0 {} };
    // What an engine does not remove in this time is found by its label.
    let _ = timeout(ENGINE, swept).await;
}

/// Removes what is listed, and returns how many those were.
async fn sweep_once(docker: &Docker, run: &str) -> usize {
    let filters = HashMap::from([("label", vec![format!("{LABEL}={run}")])]);
    let all = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&filters)
        .build();
    let listed = docker.list_containers(Some(all)).await.unwrap_or_default();
    for id in listed.iter().filter_map(|container| container.id.as_ref()) {
        let force = RemoveContainerOptionsBuilder::new()
            .force(true)
            .v(true)
            .build();
        // One that cannot be removed is listed again.
        let _ = docker.remove_container(id, Some(force)).await;
    }
    listed.len()
}
