//! Real Helm binaries: discovery, version and capabilities, and the flows of a user.
//!
//! - [`Helm`] is a binary with its version; [`discover()`] finds the binaries in a folder;
//! - [`Home`] is the temporary home directory of a run; no file of the user is read or written;
//! - [`FaultServer`] is the reference registry with faults, and records the exchanges;
//! - [`scenario`] holds the command lines of each flow in each era, arranges their preconditions, and checks their effect;
//! - [`Recorder`] is a proxy between Helm and a real registry, and records the exchanges;
//! - [`observe`] runs Helm versions × flows × faults and records the results as evidence.
//!
//! Nothing here depends on requirements; `prediction::explain` of the suite explains failures.

mod discover;
mod fault_server;
mod home;
pub mod observe;
mod output;
mod process;
mod recorder;
pub mod scenario;
mod tls;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::Uri;
use semver::Version;
use thiserror::Error;

pub(crate) use self::discover::is_executable;
pub use self::discover::{candidates, discover, locate, on_path};
pub use self::fault_server::{FaultServer, InProcessClient, ObservedExchange};
pub use self::home::Home;
pub use self::output::{Placeholders, final_error};
pub use self::process::{Exit, ProcessOutput};
pub use self::recorder::{BelowHttp, Endpoint, Recorder};
pub use self::tls::roots;

/// The time limit for `helm version` and `helm … --help`.
const QUERY_TIMEOUT: Duration = Duration::from_secs(10);

/// The number of characters of unexpected output that an error quotes.
const QUOTE_LENGTH: usize = 80;

/// The commands that have `--plain-http` in some Helm version.
const PLAIN_HTTP_COMMANDS: &[&str] = &[
    "push",
    "pull",
    "show chart",
    "template",
    "dependency update",
    "dependency build",
    "package",
    "install",
    "upgrade",
    "registry login",
];

/// A Helm binary of a known version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Helm {
    /// The binary.
    pub path: PathBuf,
    /// Its version, as `helm version` prints it.
    pub version: Version,
    /// The commands that accept `--plain-http`.
    plain_http: BTreeSet<&'static str>,
}

/// A reason why a path is no usable Helm binary.
#[derive(Debug, Error)]
pub enum HelmError {
    /// It could not be started.
    #[error("cannot run {}", .path.display())]
    Start {
        /// The binary.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// `helm version` did not end in time.
    #[error(
        "{} version: no output within {} s; check that the path is a Helm binary",
        .path.display(),
        QUERY_TIMEOUT.as_secs()
    )]
    NoReply {
        /// The binary.
        path: PathBuf,
    },
    /// `helm version` failed.
    #[error("{} version failed: {words}", .path.display())]
    VersionFailed {
        /// The binary.
        path: PathBuf,
        /// The last lines of its output, or its exit status.
        words: String,
    },
    /// The output of `helm version` is no version.
    #[error(
        "{} version printed `{printed}`, expected a version such as v3.10.1; check that the path is a Helm binary",
        .path.display()
    )]
    NotAVersion {
        /// The binary.
        path: PathBuf,
        /// The beginning of its output, on one line.
        printed: String,
    },
    /// The Helm version has no OCI support.
    #[error("{} is Helm {version}; OCI support requires Helm 3.0 or later", .path.display())]
    TooOld {
        /// The binary.
        path: PathBuf,
        /// Its version.
        version: Version,
    },
    /// A folder could not be read.
    #[error("cannot read the folder {}", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A folder contains no Helm binary.
    #[error(
        "no Helm binary in {}: no executable in it or its direct subfolders has a name that starts with `helm`",
        .path.display()
    )]
    NoneInFolder {
        /// The folder.
        path: PathBuf,
    },
    /// No folder of the search path contains the name.
    #[error("`{}` not found on the PATH; give the path of the binary", .name.display())]
    NotOnPath {
        /// The name.
        name: PathBuf,
    },
    /// Two binaries have the same version.
    #[error("{binaries} are both Helm {version}; give only one of them")]
    Duplicate {
        /// Its version.
        version: Version,
        /// The binaries.
        binaries: String,
    },
    /// The temporary home directory could not be created.
    #[error("cannot create a temporary home directory for Helm")]
    Home(#[source] io::Error),
}

impl Helm {
    /// Determines the version of a binary, and which of its commands accept `--plain-http`.
    pub async fn probe(path: &Path) -> Result<Self, HelmError> {
        // It runs in another working directory.
        let path = &std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let home = Home::new().map_err(HelmError::Home)?;
        let output = ask(&home, path, &["version", "--template", "{{.Version}}"]).await?;
        let version = read_version(&output).ok_or_else(|| HelmError::NotAVersion {
            path: path.to_owned(),
            printed: quote(&output),
        })?;
        if version.major < 3 {
            return Err(HelmError::TooOld {
                path: path.to_owned(),
                version,
            });
        }
        let mut helm = Self {
            path: path.to_owned(),
            version,
            plain_http: BTreeSet::new(),
        };
        for command in PLAIN_HTTP_COMMANDS {
            let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
            // Before 3.7 `helm push --help` is an error.
            let usage = ask(&home, path, &words).await.unwrap_or_default();
            if usage.contains("--plain-http") {
                helm.plain_http.insert(command);
            }
        }
        Ok(helm)
    }

    /// True if this version is at least `major.minor.patch`; a prerelease counts as its release.
    pub fn is_since(&self, major: u64, minor: u64, patch: u64) -> bool {
        (self.version.major, self.version.minor, self.version.patch) >= (major, minor, patch)
    }

    /// Runs a command line with a home directory.
    pub async fn run(
        &self,
        home: &Home,
        arguments: &[String],
        input: Option<&str>,
        deadline: Duration,
    ) -> Result<ProcessOutput, HelmError> {
        let mut command = home.command(&self.path);
        command.args(arguments);
        if !self.is_since(3, 8, 0) {
            command.env("HELM_EXPERIMENTAL_OCI", "1");
        }
        process::run(command, input, deadline)
            .await
            .map_err(|source| HelmError::Start {
                path: self.path.clone(),
                source,
            })
    }

    /// The origin under which this Helm version reaches a port of this machine, with TLS or without.
    ///
    /// Up to 3.17 Helm uses plain HTTP for `localhost` and loopback addresses, also if they serve TLS. `0.0.0.0` does not
    /// count as one of them and reaches this machine as well, so that TLS needs no resolvable name. Helm 3.0 to 3.2
    /// accepts no address as a host, and is given plain HTTP.
    fn origin_here(&self, is_secure: bool, port: u16) -> Uri {
        let origin = if is_secure && self.is_since(3, 3, 0) {
            format!("https://0.0.0.0:{port}")
        } else {
            format!("http://localhost:{port}")
        };
        origin.parse().expect("an address makes a URI")
    }

    /// The flag that selects plain HTTP for `command`, if it has one.
    fn plain_http(&self, command: &str) -> Option<&'static str> {
        self.plain_http.contains(command).then_some("--plain-http")
    }
}

async fn ask(home: &Home, path: &Path, words: &[&str]) -> Result<String, HelmError> {
    let mut command = home.command(path);
    command.args(words).env("HELM_EXPERIMENTAL_OCI", "1");
    let path = path.to_owned();
    match process::run(command, None, QUERY_TIMEOUT).await {
        Err(source) => Err(HelmError::Start { path, source }),
        Ok(ProcessOutput {
            exit: Exit::Timeout,
            ..
        }) => Err(HelmError::NoReply { path }),
        Ok(ended) if ended.is_success() => Ok(ended.stdout),
        Ok(ended) => {
            let words = match (final_error(&ended), ended.exit) {
                (words, Exit::Code(code)) if words.is_empty() => format!("exit code {code}"),
                (words, _) if words.is_empty() => "killed by a signal".to_owned(),
                (words, _) => quote(&words),
            };
            Err(HelmError::VersionFailed { path, words })
        }
    }
}

fn read_version(output: &str) -> Option<Version> {
    let output = output.trim();
    Version::parse(output.strip_prefix('v').unwrap_or(output)).ok()
}

/// The beginning of a text on one line, without control characters.
fn quote(text: &str) -> String {
    let visible: String = text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .filter(|character| !character.is_control())
        .collect();
    let mut quoted: String = visible.chars().take(QUOTE_LENGTH).collect();
    if quoted.len() < visible.len() {
        quoted.push('…');
    }
    quoted
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Probes a script. Another process writes it: a file that this process has open for writing while another test
    /// forks cannot be executed.
    async fn probe(script: &str) -> Result<Helm, HelmError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("helm");
        let made = Command::new("/bin/sh")
            .args([
                "-c",
                r#"printf '#!/bin/sh\n%s\n' "$1" > "$0" && chmod 755 "$0""#,
            ])
            .args([path.as_os_str(), script.as_ref()])
            .status();
        assert!(made.expect("a shell runs").success());
        Helm::probe(&path).await
    }

    #[tokio::test]
    async fn version_and_flags_of_a_binary_are_determined() {
        let helm = probe(r#"case "$*" in version*) echo v3.17.3;; push*) echo "  --plain-http";; *) exit 1;; esac"#)
            .await
            .expect("it is a Helm binary");
        assert_eq!(helm.version, Version::new(3, 17, 3));
        assert_eq!(helm.plain_http("push"), Some("--plain-http"));
        assert_eq!(helm.plain_http("pull"), None);
    }

    #[tokio::test]
    async fn an_unusable_binary_is_one_clear_error() {
        let crashed = probe("echo 'panic: no' >&2; exit 2")
            .await
            .expect_err("it is no Helm binary");
        assert!(
            crashed.to_string().ends_with("version failed: panic: no"),
            "{crashed}"
        );
        let garbled = probe("printf 'hello\\033[2J\\nworld'")
            .await
            .expect_err("it is no Helm binary");
        assert!(
            garbled
                .to_string()
                .contains("version printed `hello[2J world`"),
            "{garbled}"
        );
        let ancient = probe("echo v2.17.0")
            .await
            .expect_err("it is no Helm binary");
        assert!(ancient.to_string().contains("is Helm 2.17.0"), "{ancient}");
        let missing = Helm::probe(Path::new("/nowhere/helm"))
            .await
            .expect_err("it is no Helm binary");
        assert_eq!(missing.to_string(), "cannot run /nowhere/helm");
    }
}
