//! A home for one Helm: nothing of the user's is read, nothing of the user's is written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use helm_oci_suite::session::target::Credentials;
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

/// A temporary folder with everything a Helm reads and writes.
///
/// The credentials of Helm 3.0 to 3.2 live in its cache; [`Home::fresh`] lets them be.
#[derive(Debug)]
pub struct Home {
    root: TempDir,
    roots_file: Option<PathBuf>,
    has_one_processor: bool,
}

/// A wrapper script around Helm may need programs; Helm itself needs none.
const SEARCH_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Where Helm 3.0 to 3.2 keeps credentials, whatever its environment says.
const OLD_CREDENTIALS: &str = "helm/registry/config.json";

impl Home {
    /// An empty home.
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

    /// Makes Helm trust the roots in this PEM file, and no others.
    pub fn trust(&mut self, roots: &Path) {
        self.roots_file = Some(roots.to_owned());
    }

    /// Gives Helm one processor, so that it does in one order what it does side by side: on several, Helm 3.12
    /// hangs or fails by chance where an upload fails early.
    pub const fn give_one_processor(&mut self) {
        self.has_one_processor = true;
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// Where Helm is run, and what it makes is found.
    pub fn work(&self) -> PathBuf {
        self.path("work")
    }

    /// The file that holds credentials from Helm 3.3 on.
    pub fn credentials(&self) -> PathBuf {
        self.path("config").join("registry.json")
    }

    /// The file that holds credentials in Helm 3.0 to 3.2.
    pub fn old_credentials(&self) -> PathBuf {
        self.path("cache").join(OLD_CREDENTIALS)
    }

    /// Puts a token for a host where Helm looks for it; a user name and a password are for Helm to put there.
    pub fn keep(&self, host: &str, credentials: &Credentials) -> io::Result<()> {
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
    pub fn fresh(&self) -> io::Result<()> {
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

    /// A command that lives here and knows nothing of the world outside.
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
            // The time zone shows in the `created` annotation of Helm 3.15 and later.
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
