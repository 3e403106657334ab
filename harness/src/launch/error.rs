//! Errors of a launch.

use thiserror::Error;

use crate::error::chain;
use crate::http::TrustError;
use crate::serve::ServeError;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A target that is not available.
#[derive(Debug, Error)]
pub enum LaunchError {
    /// The container engine cannot be reached.
    #[error("no container engine is reachable; start Docker, or set DOCKER_HOST")]
    NoEngine(#[source] Cause),
    /// The image is missing, and could not be pulled.
    #[error(
        "image {image} not found locally and could not be pulled: {cause}; \
         load it with `docker load` or check the version",
        cause = chain(.source.as_ref())
    )]
    ImageMissing {
        /// Its reference.
        image: String,
        /// The cause.
        #[source]
        source: Cause,
    },
    /// The image is missing, and is not published.
    #[error(
        "image {image} not found locally; build it, or name a tag or digest that can be pulled"
    )]
    NotBuilt {
        /// Its reference.
        image: String,
    },
    /// The program cannot be started.
    #[error(
        "cannot start {program}: {source}; check that the path is right and the file executable"
    )]
    Program {
        /// Its path.
        program: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The port of the program is in use.
    #[error(
        "port {port} of {program} is in use by another program; stop that program, or set another `port`"
    )]
    PortTaken {
        /// The program that was to be started.
        program: String,
        /// The port.
        port: u16,
    },
    /// The engine does not publish the port of the registry.
    #[error(
        "the container engine does not publish port {port} of {image}; \
         set `port` to the port on which the registry listens"
    )]
    NotPublished {
        /// The image.
        image: String,
        /// The port.
        port: u16,
    },
    /// The registry exited before it was ready.
    #[error("{program} exited before it was ready; last log lines: {log}")]
    Exited {
        /// Its image, or the program.
        program: String,
        /// The end of its log, on one line.
        log: String,
    },
    /// The registry was not ready in time.
    #[error("{program} not ready after {seconds} s; last response: {last}")]
    NotReady {
        /// Its image, or the program.
        program: String,
        /// The time limit.
        seconds: u64,
        /// The last response, or the last error.
        last: String,
    },
    /// The engine reported another error.
    #[error("the container engine failed to run {image}")]
    Engine {
        /// The image.
        image: String,
        /// The error of the engine.
        #[source]
        source: Cause,
    },
    /// A certificate or a password for the target could not be created.
    #[error("cannot create the certificate or the user of the target")]
    Secure(#[source] Cause),
    /// The embedded registry could not listen.
    #[error("the embedded registry did not start")]
    Serve(#[from] ServeError),
    /// TLS could not be set up.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

impl LaunchError {
    /// True if this machine lacks the container engine or the image.
    pub const fn is_unsupported(&self) -> bool {
        matches!(
            self,
            Self::NoEngine(_) | Self::ImageMissing { .. } | Self::NotBuilt { .. }
        )
    }
}
