//! Launches targets, and removes what was launched.
//!
//! A launch returns once the target is ready, not after a fixed time. Every launched target is stopped by an awaited
//! [`Launched::stop`]; the containers of an interrupted launch are found by their label.

mod container;
mod distribution;
mod engine;
mod error;
mod expiring;
mod olareg;
mod process;
mod ready;
mod recipe;
mod reference;
mod secure;
mod url;
mod zot;

use std::sync::Arc;

use helm_oci_reports::record::{Leftover, TargetIdentity};
use helm_oci_suite::oci::RepositoryName;
use helm_oci_suite::session::target::Credentials;
use helm_oci_suite::wire::Registry;

use crate::serve::Server;
use crate::target::kind::{Kind, Release};
use crate::target::resolved::Connection;

pub use self::engine::{Survey, SurveyedImage, sweep};
pub use self::error::LaunchError;

/// A target that is available.
pub struct Launched {
    /// Its identity in a run record.
    pub identity: TargetIdentity,
    /// The HTTP client of the registry.
    pub registry: Arc<dyn Registry>,
    /// The credentials for its challenges.
    pub credentials: Option<Credentials>,
    /// The namespace in which a run may create repositories.
    pub namespace: Option<RepositoryName>,
    held: Held,
}

/// The part of a target that has to be removed.
enum Held {
    Nothing,
    Server(Server),
    Container(Box<container::Running>),
    Process(process::Running),
}

/// Launches a target, or connects to it, and returns once it is ready. Containers get this label.
pub async fn launch(
    kind: &Kind,
    label: &str,
    connection: &Connection,
) -> Result<Launched, LaunchError> {
    let image = match kind {
        Kind::Reference(options) => return reference::start(options, connection).await,
        Kind::Process(program) => return process::start(program, connection).await,
        Kind::Url(url) => return url::connect(url, connection),
        Kind::Distribution(release) => &distribution::image(release),
        Kind::Zot(release) => &zot::image(release),
        Kind::Olareg(release) => &olareg::image(release),
        Kind::Image(image) => image,
    };
    container::launch(image, label, connection).await
}

impl Launched {
    /// True if the target, and everything that a run stores there, is removed at the end.
    pub const fn is_ephemeral(&self) -> bool {
        !matches!(self.held, Held::Nothing)
    }

    /// Removes the target, and returns what could not be removed.
    pub async fn stop(self) -> Vec<Leftover> {
        match self.held {
            Held::Nothing => return Vec::new(),
            Held::Server(server) => server.stop().await,
            Held::Container(running) => return running.remove().await,
            Held::Process(running) => running.stop().await,
        }
        Vec::new()
    }
}

/// Queries the container engine for its version, and for the images of the registries that are launched by default.
pub async fn survey() -> Result<Survey, LaunchError> {
    let images = [
        distribution::image(&Release::default()),
        zot::image(&Release::default()),
    ];
    engine::survey(images.map(|image| image.reference)).await
}
