//! A temporary home directory for Helm, so that no file of the user is read or written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use helm_oci_suite::session::target::Credentials;
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

/// A temporary folder with every file that Helm reads and writes.
///
/// Helm 3.0 to 3.2 stores credentials in its cache; [`Home::clear_cache`] keeps them.
#[derive(Debug)]
pub struct Home {
    root: TempDir,
    roots_file: Option<PathBuf>,
    has_one_processor: bool,
}

/// The search path for wrapper scripts around Helm; Helm itself starts no program.
const SEARCH_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The path of the credentials of Helm 3.0 to 3.2, independent of its environment.
const OLD_CREDENTIALS: &str = "helm/registry/config.json";

impl Home {
    /// Creates an empty home directory.
    pub fn new() -> io::Result<Self> {
        let home = Self {
            root: tempfile::Builder::new().prefix("helm-home-").tempdir()?,
            roots_file: None,
            has_one_processor: false,
        };
        for folder in ["user", "config", "cache", "data", "docker", "tmp", "work"] {
            fs::create_dir(home.path(folder))?;
        }
        Ok(home)
    }

    /// Makes Helm trust only the root certificates in this PEM file.
    pub fn trust(&mut self, roots: &Path) {
        self.roots_file = Some(roots.to_owned());
    }

    /// Limits Helm to one processor, so that concurrent operations run in a fixed order: on several processors Helm 3.12
    /// hangs or fails by chance when an upload fails early.
    pub const fn use_one_processor(&mut self) {
        self.has_one_processor = true;
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// The working directory of Helm, with the files that it creates.
    pub fn work(&self) -> PathBuf {
        self.path("work")
    }

    /// The credentials file of Helm 3.3 and later.
    pub fn credentials(&self) -> PathBuf {
        self.path("config").join("registry.json")
    }

    /// The credentials file of Helm 3.0 to 3.2.
    pub fn old_credentials(&self) -> PathBuf {
        self.path("cache").join(OLD_CREDENTIALS)
    }

    /// Stores a token for a host in the credentials files. A user name and a password are not stored: Helm logs in with them.
    pub fn store_token(&self, host: &str, credentials: &Credentials) -> io::Result<()> {
        let (name, token) = match credentials {
            Credentials::Login(_) => return Ok(()),
            Credentials::IdentityToken(token) => ("identitytoken", token),
            Credentials::RegistryToken(token) => ("registrytoken", token),
        };
        let text = json!({ "auths": { host: { name: token } } }).to_string();
        for file in [self.credentials(), self.old_credentials()] {
            fs::create_dir_all(file.parent().expect("a file in a folder has one"))?;
            fs::write(file, &text)?;
        }
        Ok(())
    }

    /// Empties the cache.
    pub fn clear_cache(&self) -> io::Result<()> {
        let kept = fs::read(self.old_credentials()).ok();
        empty(&self.path("cache"))?;
        if let Some(kept) = kept {
            let file = self.old_credentials();
            fs::create_dir_all(file.parent().expect("a file in a folder has one"))?;
            fs::write(file, kept)?;
        }
        Ok(())
    }

    /// Empties everything.
    pub fn clear(&self) -> io::Result<()> {
        for folder in ["user", "config", "cache", "data", "docker", "tmp", "work"] {
            empty(&self.path(folder))?;
        }
        Ok(())
    }

    /// A command with this home directory and an otherwise empty environment.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.work());
        for (name, folder) in [
            ("HOME", "user"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_DATA_HOME", "data"),
            ("HELM_CONFIG_HOME", "config"),
            ("HELM_CACHE_HOME", "cache"),
            ("HELM_DATA_HOME", "data"),
            ("HELM_PLUGINS", "data/plugins"),
            ("DOCKER_CONFIG", "docker"),
            ("KUBECONFIG", "user/no-cluster"),
            ("TMPDIR", "tmp"),
        ] {
            command.env(name, self.path(folder));
        }
        command
            .env("HELM_REGISTRY_CONFIG", self.credentials())
            .env("PATH", SEARCH_PATH)
            .env("NO_PROXY", "*")
            .env("NO_COLOR", "1")
            .env("LC_ALL", "C")
            // The `created` annotation of Helm 3.15 and later depends on the time zone.
            .env("TZ", "UTC");
        if self.has_one_processor {
            command.env("GOMAXPROCS", "1");
        }
        if let Some(roots) = &self.roots_file {
            command
                .env("SSL_CERT_FILE", roots)
                .env("SSL_CERT_DIR", self.path("user"));
        }
        command
    }

    fn path(&self, folder: &str) -> PathBuf {
        self.root.path().join(folder)
    }
}

fn empty(folder: &Path) -> io::Result<()> {
    fs::remove_dir_all(folder)?;
    fs::create_dir(folder)
}
