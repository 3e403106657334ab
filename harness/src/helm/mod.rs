//! Real Helms: found, asked what they are, and run through the flows a user runs.
//!
//! - [`Helm`] is a binary that said which version it is; [`discover()`] finds those in a folder;
//! - [`Home`] is where one run lives; nothing of the user's is read or written;
//! - [`Stage`] is the reference registry with faults, for a Helm to meet, and tells who asked what;
//! - [`flow`] knows each flow in the command line of each era, arranges what it needs, and judges the effect;
//! - [`Recorder`] stands between a Helm and a real registry, and writes down what is said;
//! - [`observe`] runs fault x Helm x flow and makes evidence of it.
//!
//! Nothing here knows a requirement: what a failure means is for others to say.

mod discover;
pub mod flow;
mod home;
pub mod observe;
mod process;
mod recorder;
mod stage;
mod text;
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
pub use self::home::Home;
pub use self::process::{Ended, Exit};
pub use self::recorder::{Place, Recorder};
pub use self::stage::{Seen, Stage, Wings};
pub use self::text::{Names, last_words};
pub use self::tls::roots;

/// How long Helm may take to say which version it is, or which flags a command has.
const ASKING: Duration = Duration::from_secs(10);

/// How much of what is no version is repeated.
const LONGEST_QUOTE: usize = 80;

/// The commands that learned `--plain-http` over time.
const TRANSPORTED: &[&str] = &[
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

/// A Helm that said which version it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Helm {
    /// The binary.
    pub path: PathBuf,
    /// What it said of itself.
    pub version: Version,
    /// The commands that know `--plain-http`.
    plain_http: BTreeSet<&'static str>,
}

/// Why something is no Helm one can work with.
#[derive(Debug, Error)]
pub enum HelmError {
    /// It could not be started.
    #[error("cannot run {}", .path.display())]
    Start {
        /// The binary.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It did not answer.
    #[error(
        "{} did not say its version within {} s; is it a Helm?",
        .path.display(),
        ASKING.as_secs()
    )]
    Hangs {
        /// The binary.
        path: PathBuf,
    },
    /// It ended without an answer.
    #[error("{} failed when asked for its version: {words}", .path.display())]
    Crashes {
        /// The binary.
        path: PathBuf,
        /// The end of what it said, or how it ended.
        words: String,
    },
    /// What it said is no version.
    #[error(
        "{} says its version is `{said}`, which is no version such as v3.10.1; is it a Helm?",
        .path.display()
    )]
    Garbles {
        /// The binary.
        path: PathBuf,
        /// What it said, on one line and not too much of it.
        said: String,
    },
    /// It is a Helm that knows no OCI registries.
    #[error("{} is Helm {version}; OCI registries are known to Helm 3.0 and later", .path.display())]
    Ancient {
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
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A folder holds no Helm.
    #[error(
        "no executable in {} or its direct subfolders has a name that begins with `helm`",
        .path.display()
    )]
    Nowhere {
        /// The folder.
        path: PathBuf,
    },
    /// A name is on no folder of the search path.
    #[error("there is no `{}` on the PATH; give the path of the binary", .name.display())]
    NotOnPath {
        /// The name.
        name: PathBuf,
    },
    /// Two binaries are the same Helm.
    #[error("{binaries} are both Helm {version}; give one of them")]
    Twice {
        /// Its version.
        version: Version,
        /// The binaries.
        binaries: String,
    },
    /// No temporary folder could be made.
    #[error("cannot make a home for Helm")]
    Home(#[source] io::Error),
}

impl Helm {
    /// Asks a binary which version it is and which of its commands know `--plain-http`.
    pub async fn meet(path: &Path) -> Result<Self, HelmError> {
        // It is run elsewhere than here.
        let path = &std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let home = Home::new().map_err(HelmError::Home)?;
        let said = ask(&home, path, &["version", "--template", "{{.Version}}"]).await?;
        let version = read_version(&said).ok_or_else(|| HelmError::Garbles {
            path: path.to_owned(),
            said: quote(&said),
        })?;
        if version.major < 3 {
            return Err(HelmError::Ancient {
                path: path.to_owned(),
                version,
            });
        }
        let mut helm = Self {
            path: path.to_owned(),
            version,
            plain_http: BTreeSet::new(),
        };
        for command in TRANSPORTED {
            let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
            // Before 3.7 there is no `push`, and asking for its help is an error.
            let usage = ask(&home, path, &words).await.unwrap_or_default();
            if usage.contains("--plain-http") {
                helm.plain_http.insert(command);
            }
        }
        Ok(helm)
    }

    /// Whether this version is at least `major.minor.patch`; a prerelease counts as its release.
    pub fn is_since(&self, major: u64, minor: u64, patch: u64) -> bool {
        (self.version.major, self.version.minor, self.version.patch) >= (major, minor, patch)
    }

    /// Runs a command line in a home.
    pub async fn run(
        &self,
        home: &Home,
        arguments: &[String],
        input: Option<&str>,
        deadline: Duration,
    ) -> Result<Ended, HelmError> {
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

    /// How this Helm is told to reach a port of this machine, with TLS or without.
    ///
    /// Up to 3.17 Helm speaks plain HTTP with `localhost` and loopback addresses, whatever they speak. `0.0.0.0` is
    /// neither to it and leads here all the same, so that TLS needs no name that resolves. Helm 3.0 to 3.2 takes no
    /// address for a host, and comes without TLS.
    fn origin_here(&self, is_secure: bool, port: u16) -> Uri {
        let origin = if is_secure && self.is_since(3, 3, 0) {
            format!("https://0.0.0.0:{port}")
        } else {
            format!("http://localhost:{port}")
        };
        origin.parse().expect("an address makes a URI")
    }

    /// The flag that makes `command` speak plain HTTP, where it has one.
    fn plain_http(&self, command: &str) -> Option<&'static str> {
        self.plain_http.contains(command).then_some("--plain-http")
    }
}

async fn ask(home: &Home, path: &Path, words: &[&str]) -> Result<String, HelmError> {
    let mut command = home.command(path);
    command.args(words).env("HELM_EXPERIMENTAL_OCI", "1");
    let path = path.to_owned();
    match process::run(command, None, ASKING).await {
        Err(source) => Err(HelmError::Start { path, source }),
        Ok(Ended {
            exit: Exit::Overtime,
            ..
        }) => Err(HelmError::Hangs { path }),
        Ok(ended) if ended.is_success() => Ok(ended.stdout),
        Ok(ended) => {
            let words = match (last_words(&ended), ended.exit) {
                (words, Exit::Code(code)) if words.is_empty() => format!("exit code {code}"),
                (words, _) if words.is_empty() => "killed by a signal".to_owned(),
                (words, _) => quote(&words),
            };
            Err(HelmError::Crashes { path, words })
        }
    }
}

fn read_version(said: &str) -> Option<Version> {
    let said = said.trim();
    Version::parse(said.strip_prefix('v').unwrap_or(said)).ok()
}

/// The beginning of a text, fit for one line of a message.
fn quote(text: &str) -> String {
    let visible: String = text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .filter(|character| !character.is_control())
        .collect();
    let mut quoted: String = visible.chars().take(LONGEST_QUOTE).collect();
    if quoted.len() < visible.len() {
        quoted.push('…');
    }
    quoted
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Meets a script, which a process of its own makes: what this one had open for writing when another test
    /// forked could not be run.
    async fn meet(script: &str) -> Result<Helm, HelmError> {
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
        Helm::meet(&path).await
    }

    #[tokio::test]
    async fn a_helm_is_asked_for_its_version_and_its_flags() {
        let helm = meet(r#"case "$*" in version*) echo v3.17.3;; push*) echo "  --plain-http";; *) exit 1;; esac"#)
            .await
            .expect("a Helm");
        assert_eq!(helm.version, Version::new(3, 17, 3));
        assert_eq!(helm.plain_http("push"), Some("--plain-http"));
        assert_eq!(helm.plain_http("pull"), None);
    }

    #[tokio::test]
    async fn what_is_no_helm_is_told_in_a_sentence() {
        let crashed = meet("echo 'panic: no' >&2; exit 2")
            .await
            .expect_err("no Helm");
        assert!(
            crashed
                .to_string()
                .ends_with("failed when asked for its version: panic: no"),
            "{crashed}"
        );
        let garbled = meet("printf 'hello\\033[2J\\nworld'")
            .await
            .expect_err("no Helm");
        assert!(
            garbled
                .to_string()
                .contains("says its version is `hello[2J world`"),
            "{garbled}"
        );
        let ancient = meet("echo v2.17.0").await.expect_err("no Helm");
        assert!(ancient.to_string().contains("is Helm 2.17.0"), "{ancient}");
        let missing = Helm::meet(Path::new("/nowhere/helm"))
            .await
            .expect_err("no Helm");
        assert_eq!(missing.to_string(), "cannot run /nowhere/helm");
    }
}
