//! Everything one can say of a target: what the command line says of all of them, and a file of each.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::{Path, PathBuf};

use helm_oci_suite::session::target::Credentials;
use serde::Deserialize;

use crate::target::policy::{CleanUpStrategy, Size};

/// One target, and how it is to be treated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of its own in a file of targets"
)]
pub struct TargetSpec {
    /// What it is, as the command line has it: `zot:2.1.20+tls`, or a URL.
    pub target: String,
    /// Its name in reports, if not the target itself.
    pub name: Option<String>,
    /// A host without a scheme is reached without TLS.
    pub plain_http: bool,
    /// A PEM file of further roots.
    pub ca_file: Option<PathBuf>,
    /// The certificate by which the registry knows us, as PEM.
    pub cert_file: Option<PathBuf>,
    /// Its key, as PEM.
    pub key_file: Option<PathBuf>,
    /// Any certificate is taken.
    pub insecure_skip_tls_verify: bool,
    /// The user name for a registry that is a URL.
    pub username: Option<String>,
    /// The environment variable that holds the password.
    pub password_env: Option<String>,
    /// The environment variable that holds an identity token.
    pub identity_token_env: Option<String>,
    /// The environment variable that holds a token that is ready.
    pub registry_token_env: Option<String>,
    /// A file of Helm's or Docker's that has credentials for the host.
    pub registry_config: Option<PathBuf>,
    /// What `helm registry login` and `docker login` left for the host is used.
    pub logged_in: bool,
    /// The port on which the registry of an image or a process listens.
    pub port: Option<u16>,
    /// Its arguments; those of an image stay as they are if there are none.
    pub command: Vec<String>,
    /// Variables of its environment.
    pub env: BTreeMap<String, String>,
    /// Files it finds, by path: in the container, or in the folder of the process.
    pub files: BTreeMap<String, String>,
    /// The path that answers with a success or 401 when it is ready; `/v2/` if nothing is said.
    pub ready: Option<String>,
    /// What is deleted at the end of a run.
    pub clean_up: CleanUpStrategy,
    /// How many requests are sent in a second at most.
    pub requests_per_second: Option<NonZeroU32>,
    /// How many requests are sent all in all.
    pub max_requests: Option<NonZeroU64>,
    /// How large all bodies of requests and answers may be together.
    pub max_bytes: Option<Size>,
    /// A file of empty repositories that are used instead of the run's own.
    pub repositories: Option<PathBuf>,
    /// Nothing is written; what is there is looked at.
    pub read_only: bool,
    /// The chart that is looked at then: `oci://HOST/REPOSITORY:VERSION`, or `NAME:VERSION` in the namespace.
    pub chart: Option<String>,
    /// What the registry gets when it asks; never read from a file.
    #[serde(skip)]
    pub credentials: Option<Credentials>,
}

impl TargetSpec {
    /// A target of which nothing else is said.
    pub fn named(target: &str) -> Self {
        Self {
            target: target.to_owned(),
            ..Self::default()
        }
    }

    /// Something that is said of how a registry is started, if anything is.
    pub fn said_of_starting(&self) -> Option<&'static str> {
        let said = [
            ("port", self.port.is_some()),
            ("command", !self.command.is_empty()),
            ("env", !self.env.is_empty()),
            ("files", !self.files.is_empty()),
            ("ready", self.ready.is_some()),
        ];
        said.into_iter()
            .find(|(_, is_said)| *is_said)
            .map(|(key, _)| key)
    }

    /// Takes the paths in it as relative to `folder`.
    pub fn relative_to(&mut self, folder: &Path) {
        let paths = [
            &mut self.ca_file,
            &mut self.cert_file,
            &mut self.key_file,
            &mut self.registry_config,
            &mut self.repositories,
        ];
        for path in paths.into_iter().flatten() {
            *path = folder.join(&*path);
        }
    }
}
