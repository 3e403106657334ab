//! The description of a target, as the command line and a targets file give it. Nothing is parsed or read yet.

use std::collections::BTreeMap;
use std::num::{NonZeroU16, NonZeroU32, NonZeroU64};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::target::policy::{CleanUpStrategy, Size};

/// One target, its connection, its credentials, and the policy of a run on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of its own in a targets file"
)]
pub struct TargetSpec {
    /// The text that names it, as on the command line: `zot:2.1.20+tls`, or a URL.
    pub target: String,
    /// Its name in reports, if it differs from that text.
    pub name: Option<String>,
    /// Plain HTTP for a host without a scheme.
    pub plain_http: bool,
    /// A PEM file of additional root certificates.
    pub ca_file: Option<PathBuf>,
    /// A PEM file with a client certificate and its chain.
    pub cert_file: Option<PathBuf>,
    /// A PEM file with the key of the client certificate.
    pub key_file: Option<PathBuf>,
    /// Any certificate is accepted.
    pub insecure_skip_tls_verify: bool,
    /// The user name.
    pub username: Option<String>,
    /// The environment variable that holds the password.
    pub password_env: Option<String>,
    /// The environment variable that holds an identity token.
    pub identity_token_env: Option<String>,
    /// The environment variable that holds a registry token.
    pub registry_token_env: Option<String>,
    /// A configuration file of Helm or Docker with a login for the host.
    pub registry_config: Option<PathBuf>,
    /// The login stored by `helm registry login` or `docker login` for the host is used.
    pub logged_in: bool,
    /// The port on which the registry of an image or a process listens.
    pub port: Option<u16>,
    /// Its arguments. None keeps those of an image.
    pub command: Vec<String>,
    /// Variables of its environment.
    pub env: BTreeMap<String, String>,
    /// Its files, by path: in the container, or in the folder of the process.
    pub files: BTreeMap<String, String>,
    /// The path that returns a success status or 401 once it is ready; `/v2/` by default.
    pub ready: Option<String>,
    /// The content that is deleted at the end of a run.
    pub clean_up: CleanUpStrategy,
    /// The time without a successful deletion after which the clean-up ends, in seconds.
    pub clean_up_limit: Option<NonZeroU32>,
    /// The number of checks that run concurrently; the default of the run otherwise.
    pub jobs: Option<NonZeroU16>,
    /// The requirements that are not examined on it: ids, areas, or patterns.
    pub skip: Vec<String>,
    /// The largest number of requests in a second.
    pub requests_per_second: Option<NonZeroU32>,
    /// The largest number of requests of a run.
    pub max_requests: Option<NonZeroU64>,
    /// The largest total size of the bodies of all requests and responses.
    pub max_bytes: Option<Size>,
    /// A file of empty repositories that a run uses instead of its own.
    pub repositories: Option<PathBuf>,
    /// Nothing is written; existing content is read.
    pub read_only: bool,
    /// The chart that is read then: `oci://HOST/REPOSITORY:VERSION`, or `NAME:VERSION` in the namespace.
    pub chart: Option<String>,
}

impl TargetSpec {
    /// A target with nothing but a name.
    pub fn named(target: &str) -> Self {
        Self {
            target: target.to_owned(),
            ..Self::default()
        }
    }

    /// The name in reports, or the text that names the target.
    pub fn display_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.target)
    }

    /// The first key that is set and describes a launch.
    pub(super) fn launch_key(&self) -> Option<&'static str> {
        let keys = [
            ("port", self.port.is_some()),
            ("command", !self.command.is_empty()),
            ("env", !self.env.is_empty()),
            ("files", !self.files.is_empty()),
            ("ready", self.ready.is_some()),
        ];
        keys.into_iter()
            .find(|(_, is_set)| *is_set)
            .map(|(key, _)| key)
    }

    /// Resolves the relative paths in it against `folder`.
    pub(super) fn relative_to(&mut self, folder: &Path) {
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
