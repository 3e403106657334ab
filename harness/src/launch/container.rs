//! A registry in a container: ready when it answers, removed and awaited on every path.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use helm_oci_reports::record::TargetIdentity;
use helm_oci_suite::registry::Registry;
use helm_oci_suite::requirement::BoxFuture;
use helm_oci_suite::target::Credentials;
use http::Request;
use testcontainers::bollard::Docker;
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
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{Held, LaunchError, Launched, Launcher, Settings, TargetError, secure};
use crate::transport::{Http, Limits, Trust};

/// The label by which a run finds its containers.
const LABEL: &str = "org.helm-oci-conformance.run";

/// How long a container may take to answer.
const READY: Duration = Duration::from_secs(30);

/// How often it is asked meanwhile.
const AGAIN: Duration = Duration::from_millis(50);

/// How long an image may take to arrive.
const PULL: Duration = Duration::from_secs(300);

/// How long the engine may take for anything small.
const ENGINE: Duration = Duration::from_secs(10);

/// A registry as an image.
pub(super) struct Image {
    pub(super) target: String,
    pub(super) repository: &'static str,
    pub(super) tag: String,
    pub(super) settings: Vec<Setting>,
    pub(super) port: u16,
}

/// How the registry in an image is set up.
pub(super) enum Setting {
    /// A variable of its environment.
    Variable {
        name: &'static str,
        value: &'static str,
    },
    /// A file.
    File { path: &'static str, content: String },
    /// The file that lets a user in, who is made for one launch.
    Htpasswd(&'static str),
    /// The files of a certificate and its key, made for one launch.
    Certificate {
        certificate: &'static str,
        key: &'static str,
    },
}

impl Setting {
    pub(super) const fn variable(name: &'static str, value: &'static str) -> Self {
        Self::Variable { name, value }
    }

    pub(super) const fn file(path: &'static str, content: String) -> Self {
        Self::File { path, content }
    }
}

/// A container that is yet to be started, and what one needs to reach what is in it.
struct Prepared {
    request: ContainerRequest<GenericImage>,
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

    fn prepare(&self, settings: &Settings) -> Result<Prepared, LaunchError> {
        let image =
            GenericImage::new(self.repository, &self.tag).with_exposed_port(self.port.tcp());
        let mut prepared = Prepared {
            request: image.with_label(LABEL, &settings.run),
            credentials: None,
            scheme: "http",
            trust: settings.trust.clone(),
        };
        for setting in &self.settings {
            let request = prepared.request;
            prepared.request = match setting {
                Setting::Variable { name, value } => request.with_env_var(*name, *value),
                Setting::File { path, content } => {
                    request.with_copy_to(*path, content.clone().into_bytes())
                }
                Setting::Htpasswd(path) => {
                    let user = secure::user()?;
                    prepared.credentials = Some(user.credentials);
                    request.with_copy_to(*path, user.htpasswd.into_bytes())
                }
                Setting::Certificate { certificate, key } => {
                    let made = secure::certificate()?;
                    prepared.scheme = "https";
                    prepared.trust.pinned.push(made.pinned);
                    request
                        .with_copy_to(*certificate, made.pem.into_bytes())
                        .with_copy_to(*key, made.key.into_bytes())
                }
            };
        }
        Ok(prepared)
    }

    async fn start(&self, settings: &Settings) -> Result<Launched, LaunchError> {
        let docker = engine().await.map_err(LaunchError::NoEngine)?;
        let name = self.name();
        let Prepared {
            mut request,
            credentials,
            scheme,
            trust,
        } = self.prepare(settings)?;
        if docker.inspect_image(&name).await.is_err() {
            request = self.pull(request).await?;
        }
        let image_id = docker.inspect_image(&name).await.ok().and_then(|image| {
            image
                .repo_digests
                .and_then(|digests| digests.into_iter().next())
                .or(image.id)
        });
        let started = async {
            let container = request.start().await.map_err(|error| self.failed(error))?;
            let running = Running(container);
            let reached = self.reach(&running, scheme, &trust, settings.limits).await;
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
                kind: "container".to_owned(),
                url: Some(url),
                image: Some(name),
                image_id,
                server: None,
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

    /// The URL of the registry in the container, and a port to it, once it answers.
    async fn reach(
        &self,
        running: &Running,
        scheme: &str,
        trust: &Trust,
        limits: Limits,
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
        let url = format!("{scheme}://{host}:{port}");
        let origin = url
            .parse()
            .map_err(|error: http::uri::InvalidUri| self.failed(error))?;
        let registry = Http::new(origin, trust, limits)?;
        let mut last = String::from("nothing came");
        let ready = timeout(READY, answers(&registry, &mut last)).await;
        ready.map_err(|_| LaunchError::NotReady {
            image: self.name(),
            seconds: READY.as_secs(),
            last,
        })?;
        Ok((url, registry))
    }
}

/// Returns once the registry answers `GET /v2/` with 200 or 401; until then `last` has what came instead.
async fn answers(registry: &Http, last: &mut String) {
    let mut again = interval(AGAIN);
    again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        again.tick().await;
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = format!("{}v2/", registry.origin())
            .parse()
            .expect("an origin and a path make a URI");
        match registry.send(request).await {
            Ok(answer) if matches!(answer.status().as_u16(), 200 | 401) => return,
            Ok(answer) => *last = answer.status().to_string(),
            Err(error) => *last = error.to_string(),
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
