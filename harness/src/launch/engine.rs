//! The container engine: its version, its images, and the containers of a launch.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt;
use helm_oci_reports::record::{Leftover, LeftoverKind};
use testcontainers::bollard::Docker;
use testcontainers::bollard::query_parameters::{
    EventsOptionsBuilder, ListContainersOptionsBuilder, LogsOptionsBuilder,
    RemoveContainerOptionsBuilder,
};
use testcontainers::core::client::docker_client_instance;
use tokio::time::timeout;

use super::LaunchError;

/// The label that identifies the containers of a launch.
pub(super) const LABEL: &str = "org.helm-oci-conformance.run";

/// The time in which the engine has to remove the containers of an interrupted launch.
const SWEEP: Duration = Duration::from_secs(30);

/// The time limit of any other request to the engine.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// The number of characters at the end of a log that an error shows.
const LOG_TAIL: usize = 600;

/// The version and the images of a container engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// The version of the engine.
    pub engine: String,
    /// The images that were looked up.
    pub images: Vec<SurveyedImage>,
}

/// An image that was looked up in a container engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyedImage {
    /// Its name and tag.
    pub name: String,
    /// Its id, if the engine has it.
    pub id: Option<String>,
}

/// Connects to the engine.
pub(super) async fn connect() -> Result<Docker, LaunchError> {
    let connected = async {
        let docker = docker_client_instance().await?;
        timeout(TIMEOUT, docker.ping()).await??;
        Ok(docker)
    };
    connected.await.map_err(LaunchError::NoEngine)
}

/// Queries the engine for its version and for these images.
pub(super) async fn survey<const N: usize>(names: [String; N]) -> Result<Survey, LaunchError> {
    let docker = connect().await?;
    let version = timeout(TIMEOUT, docker.version()).await;
    let version = version.ok().and_then(Result::ok);
    let version = version.and_then(|version| version.version);
    let mut images = Vec::new();
    for name in names {
        let image = timeout(TIMEOUT, docker.inspect_image(&name)).await;
        let id = image.ok().and_then(Result::ok).and_then(|image| image.id);
        images.push(SurveyedImage { name, id });
    }
    Ok(Survey {
        engine: match version {
            Some(version) => format!("container engine {version}"),
            None => "container engine of unknown version".to_owned(),
        },
        images,
    })
}

/// Waits until a container of this launch exits, and returns the end of its log on one line.
pub(super) async fn log_at_exit(docker: &Docker, label: &str, image: &str) -> String {
    let filters = HashMap::from([
        ("type", vec!["container".to_owned()]),
        ("event", vec!["die".to_owned()]),
        ("label", vec![format!("{LABEL}={label}")]),
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
    let lines: Vec<String> = log
        .into_iter()
        .flatten()
        .map(|line| line.to_string())
        .collect();
    let text = lines.join(" ");
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() {
        "none".to_owned()
    } else {
        words.join(" ").chars().take(LOG_TAIL).collect()
    }
}

/// Removes the containers of an interrupted launch, and returns those that the engine does not remove in time.
///
/// An engine lists a container a moment before it can remove it, so it is queried until it lists none.
pub async fn sweep(label: &str) -> Vec<Leftover> {
    let Ok(docker) = connect().await else {
        return Vec::new();
    };
    let mut left = Vec::new();
    let swept = async {
        loop {
            left = sweep_once(&docker, label).await;
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

/// Removes the containers that are listed, and returns them.
async fn sweep_once(docker: &Docker, label: &str) -> Vec<Leftover> {
    let filters = HashMap::from([("label", vec![format!("{LABEL}={label}")])]);
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
        // A container that cannot be removed is listed again.
        let _ = docker.remove_container(&id, Some(force)).await;
        found.push(Leftover {
            repository: container.image.unwrap_or_default(),
            kind: LeftoverKind::Container,
            why: format!(
                "the container engine did not remove it within {} s",
                SWEEP.as_secs()
            ),
            command: Some(format!("docker rm --force --volumes {id}")),
            name: id,
        });
    }
    found
}
