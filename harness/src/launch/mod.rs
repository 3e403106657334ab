//! What makes a target available, and takes it away again.
//!
//! A launcher returns when its target answers, not after a while. Whatever was launched is stopped with
//! an awaited [`Launched::stop`]; what was interrupted before that is found by its label.

mod container;
mod distribution;
mod expiring;
mod image;
mod olareg;
mod options;
mod process;
mod ready;
mod recipe;
mod reference;
mod secure;
mod url;
mod zot;

use std::sync::Arc;

use helm_oci_reports::record::{Leftover, TargetIdentity};
use helm_oci_suite::requirement::BoxFuture;
use helm_oci_suite::session::target::Credentials;
use helm_oci_suite::wire::registry::Registry;
use http::Uri;
use thiserror::Error;

use crate::http::{Limits, Trust, TrustError};
use crate::serve::{ServeError, Server};
use crate::target::spec::TargetSpec;

pub use self::container::{Survey, SurveyedImage, sweep};

/// The kinds of targets, for messages.
pub const KINDS: &str = "reference[+basic][+bearer][+expiring][+tls], distribution[:VERSION][+htpasswd][+tls][+no-deletes], \
     zot[:VERSION][+minimal][+htpasswd][+access-control][+tls][+docker2s2], \
     olareg[:VERSION][+basic][+bearer][+tls][+no-deletes], image:NAME[:TAG|@DIGEST], process:PATH, \
     http(s)://HOST[:PORT][/NAMESPACE]";

/// Makes one target available.
pub trait Launcher: Send + Sync {
    /// The name given on the command line.
    fn name(&self) -> &str;

    /// Whether it has users of its own, so that credentials may be given for it.
    fn takes_credentials(&self) -> bool {
        false
    }

    /// The host, with its port, by which a login may know it.
    fn host(&self) -> Option<&str> {
        None
    }

    /// What only one target can have at a time: those of one place are examined one after the other.
    fn place(&self) -> Option<String> {
        None
    }

    /// Whether it was there before and is there afterwards.
    fn stays(&self) -> bool {
        false
    }

    /// The path under which repositories may be made.
    fn namespace(&self) -> Option<&str> {
        None
    }

    /// Makes it available and returns once it answers.
    fn launch<'a>(&'a self, settings: &'a Settings)
    -> BoxFuture<'a, Result<Launched, LaunchError>>;
}

/// What a launcher needs to know of its target.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The name of the run on this target: containers carry it as a label.
    pub run: String,
    /// Whom to trust.
    pub trust: Trust,
    /// How long to wait for an answer.
    pub limits: Limits,
    /// What an external registry gets when it asks.
    pub credentials: Option<Credentials>,
}

/// A target that is available.
pub struct Launched {
    /// What it is.
    pub identity: TargetIdentity,
    /// The port to it.
    pub registry: Arc<dyn Registry>,
    /// What to answer its challenges with.
    pub credentials: Option<Credentials>,
    /// The path under which repositories may be made.
    pub namespace: Option<String>,
    held: Held,
}

/// What has to be taken away again.
enum Held {
    Nothing,
    Server(Server),
    Container(Box<container::Running>),
    Process(process::Running),
}

impl Launched {
    /// Whether what the checks make goes away with it.
    pub const fn vanishes(&self) -> bool {
        !matches!(self.held, Held::Nothing)
    }

    /// Takes the target away, and returns when it is gone, with what could not be taken away.
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

/// Why a target is not available.
#[derive(Debug, Error)]
pub enum LaunchError {
    /// There is no container engine to ask.
    #[error("no container engine answers; start Docker, or set DOCKER_HOST")]
    NoEngine(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The image is neither here nor to be had.
    #[error(
        "image {image} is not here and cannot be pulled; check the version, or load it with `docker load`"
    )]
    ImageMissing {
        /// Its name and tag.
        image: String,
        /// Why it could not be pulled.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An image that is nowhere to be pulled from is not here.
    #[error("image {image} is not here; build it, or name a tag or a digest that can be pulled")]
    NotHere {
        /// Its name and tag.
        image: String,
    },
    /// The program cannot be started.
    #[error("cannot start {program}; check the path, and that it is executable")]
    Program {
        /// Its path.
        program: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Somebody else listens where the program is to listen.
    #[error(
        "another program listens on port {port}, which is that of {program}; end it, or name another `port`"
    )]
    PortTaken {
        /// The program that was to be started.
        program: String,
        /// The port.
        port: u16,
    },
    /// The engine does not publish the port of the registry.
    #[error(
        "the engine publishes no port {port} of {image}; name the port of the registry with `port`"
    )]
    NotPublished {
        /// The image.
        image: String,
        /// The port.
        port: u16,
    },
    /// It ended before it was ready.
    #[error("{image} exited before it was ready; its last words: {log}")]
    Exited {
        /// Its image, or the program.
        image: String,
        /// The end of its log, on one line.
        log: String,
    },
    /// It did not become ready in time.
    #[error("{image} did not answer with a success or 401 within {seconds} s, but at last: {last}")]
    NotReady {
        /// Its image, or the program.
        image: String,
        /// The limit.
        seconds: u64,
        /// What came instead.
        last: String,
    },
    /// The engine refused something else.
    #[error("the container engine could not run {image}")]
    Engine {
        /// The image.
        image: String,
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A certificate or a password could not be made for it.
    #[error("cannot make what the target needs for TLS or a login")]
    Secure(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The embedded registry could not listen.
    #[error("the embedded registry did not start")]
    Serve(#[from] ServeError),
    /// TLS could not be set up.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

impl LaunchError {
    /// Whether the machine lacks what the target needs, which is nobody's fault.
    pub const fn is_missing_means(&self) -> bool {
        matches!(
            self,
            Self::NoEngine(_) | Self::ImageMissing { .. } | Self::NotHere { .. }
        )
    }
}

/// Why a target's name was not understood.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TargetError {
    /// It names no known kind.
    #[error("unknown target `{name}`; known are {KINDS}")]
    Unknown {
        /// What was given.
        name: String,
    },
    /// The version is not one.
    #[error("`{version}` is no version of {kind}; write it like {example}")]
    Version {
        /// The kind of target.
        kind: &'static str,
        /// What was given.
        version: String,
        /// What it looks like.
        example: &'static str,
    },
    /// A word after the name is not known there, or comes twice.
    #[error("`+{given}` says nothing, or nothing new, of {kind}; known are {known}")]
    Option {
        /// The kind of target.
        kind: &'static str,
        /// What was given.
        given: String,
        /// What could be given.
        known: String,
    },
    /// The name of an image is not one.
    #[error(
        "`{reference}` is no image; write image:NAME:TAG or image:NAME@sha256:DIGEST, and not the tag `latest`, \
         which says nothing to who reads the report"
    )]
    Image {
        /// What was given.
        reference: String,
    },
    /// Something is said of a target that is not started from it.
    #[error("`{key}` says nothing of {target}, which is neither an image: nor a process:")]
    Recipe {
        /// The target.
        target: String,
        /// What is said.
        key: &'static str,
    },
    /// No program is named.
    #[error(
        "process: names no program; write process:PATH, with its arguments behind it if there are any"
    )]
    Program,
    /// A file of a process lies outside the folder that is made for it.
    #[error(
        "the file `{path}` of {target} must lie in the folder of the process; name it without `/` at the beginning and without `..`"
    )]
    Outside {
        /// The target.
        target: String,
        /// The path.
        path: String,
    },
    /// The URL holds a user name or a password.
    #[error(
        "the URL of {host} holds credentials; give them with --username and --password-stdin instead"
    )]
    Credentials {
        /// The host.
        host: String,
    },
    /// The URL is not one of a registry.
    #[error("`{url}` is not the URL of a registry: {why}")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// Reads what is said of a target. Without a scheme a host is reached over TLS, unless plain HTTP is asked for.
pub fn parse(spec: &TargetSpec) -> Result<Box<dyn Launcher>, TargetError> {
    let name = spec.target.as_str();
    if let Some(reference) = name.strip_prefix("image:") {
        return Ok(Box::new(image::launcher(spec, reference)?));
    }
    if let Some(command) = name.strip_prefix("process:") {
        return Ok(Box::new(process::Program::new(spec, command)?));
    }
    if let Some(key) = spec.said_of_starting() {
        let target = name.to_owned();
        return Err(TargetError::Recipe { target, key });
    }
    let (base, options) = split(name, '+');
    let (kind, version) = split(base, ':');
    match (kind, version) {
        ("reference", None) => Ok(Box::new(reference::launcher(name, options)?)),
        ("distribution", version) => Ok(Box::new(distribution::launcher(name, version, options)?)),
        ("zot", version) => Ok(Box::new(zot::launcher(name, version, options)?)),
        ("olareg", version) => Ok(Box::new(olareg::launcher(name, version, options)?)),
        _ => Ok(Box::new(url::External::parse(name, spec.plain_http)?)),
    }
}

/// What the container engine has of what is launched where no version is given.
pub async fn survey() -> Result<Survey, LaunchError> {
    let launchers = [
        distribution::launcher("distribution", None, None),
        zot::launcher("zot", None, None),
    ];
    let images = launchers.map(|image| image.expect("the default version is one").name());
    container::survey(images).await
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at)
        .map_or((text, None), |(before, after)| (before, Some(after)))
}

/// Reads the URL of a registry that is there already, without a namespace.
pub fn origin(given: &str) -> Result<Uri, TargetError> {
    url::External::parse(given, false)?.into_origin()
}
