//! A registry as a program of this machine, in a folder of its own; both are gone afterwards.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Component, Path};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use helm_oci_fixtures::digest::sha256;
use helm_oci_reports::record::TargetIdentity;
use helm_oci_suite::requirement::BoxFuture;
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::ready::{self, free_port, is_taken};
use super::recipe::{Place, Recipe};
use super::{Held, LaunchError, Launched, Launcher, Settings, TargetError};
use crate::http::Http;
use crate::target::spec::TargetSpec;

/// How long a program may take to end when it is asked to.
const PATIENCE: Duration = Duration::from_secs(5);

/// How much of the end of its log is shown.
const LAST_WORDS: u64 = 600;

/// What both streams of the program are written to, in its folder.
const LOG: &str = "log";

/// A registry as a program.
pub(super) struct Program {
    target: String,
    path: String,
    recipe: Recipe,
    port: Option<u16>,
}

/// A program that runs.
pub(super) struct Running {
    child: Child,
    /// The program and what it started, until all of it was made to end.
    group: Option<Pid>,
    /// Gone with the value.
    folder: TempDir,
}

impl Program {
    /// Reads `PATH ARGUMENT…`; what else there is to say stands in the target's entry of a target file.
    pub(super) fn new(spec: &TargetSpec, command: &str) -> Result<Self, TargetError> {
        let mut words = command.split_whitespace();
        let path = words.next().ok_or(TargetError::Program)?.to_owned();
        let mut recipe = Recipe::of(spec);
        let arguments = words.map(ToOwned::to_owned).chain(recipe.command);
        recipe.command = arguments.collect();
        for file in recipe.files.keys() {
            let mut parts = Path::new(file).components();
            if file.is_empty() || !parts.all(|part| matches!(part, Component::Normal(_))) {
                return Err(TargetError::Outside {
                    target: spec.target.clone(),
                    path: file.clone(),
                });
            }
        }
        Ok(Self {
            target: spec.target.clone(),
            path,
            recipe,
            port: spec.port,
        })
    }

    async fn start(&self, settings: &Settings) -> Result<Launched, LaunchError> {
        let failed = |source| LaunchError::Program {
            program: self.path.clone(),
            source,
        };
        let folder = tempfile::tempdir().map_err(failed)?;
        let port = match self.port {
            // Whoever else listens there would be taken for the program.
            Some(port) if is_taken(port) => return Err(self.port_taken(port)),
            Some(port) => port,
            None => free_port().map_err(failed)?,
        };
        let authority = format!("127.0.0.1:{port}");
        let filled = self.recipe.fill(&Place {
            port,
            authority: &authority,
            folder: &folder.path().to_string_lossy(),
        })?;
        for (path, content) in &filled.files {
            write(&folder.path().join(path), content).map_err(failed)?;
        }
        let log = File::create(folder.path().join(LOG)).map_err(failed)?;
        let mut command = Command::new(&self.path);
        command
            .args(&filled.command)
            .env("PORT", port.to_string())
            .envs(&filled.env)
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(failed)?)
            .stderr(log)
            .process_group(0)
            .kill_on_drop(true);
        let child = command.spawn().map_err(failed)?;
        let mut running = Running::new(child, folder);
        let mut trust = settings.trust.clone();
        trust.pinned.extend(filled.certificate);
        let url = format!("{}://{authority}", filled.scheme);
        let origin = url.parse().expect("an address makes a URI");
        let registry = Http::new(origin, &trust, settings.limits)?;
        let ready = tokio::select! {
            ready = ready::wait(&registry, &self.recipe.ready) => {
                ready.map_err(|last| self.not_ready(&last, &running))
            }
            _ = running.child.wait() => Err(LaunchError::Exited {
                image: self.path.clone(),
                log: running.last_words(),
            }),
        };
        if let Err(error) = ready {
            running.stop().await;
            return Err(error);
        }
        Ok(Launched {
            identity: TargetIdentity {
                url: Some(url),
                program: Some(self.path.clone()),
                program_digest: std::fs::read(&self.path).ok().map(|bytes| sha256(&bytes)),
                ..TargetIdentity::of_kind("process")
            },
            registry: Arc::new(registry),
            credentials: filled.credentials.or_else(|| settings.credentials.clone()),
            namespace: None,
            held: Held::Process(running),
        })
    }

    fn port_taken(&self, port: u16) -> LaunchError {
        LaunchError::PortTaken {
            program: self.path.clone(),
            port,
        }
    }

    fn not_ready(&self, last: &str, running: &Running) -> LaunchError {
        LaunchError::NotReady {
            image: self.path.clone(),
            seconds: ready::LIMIT.as_secs(),
            last: format!("{last}; its last words: {}", running.last_words()),
        }
    }
}

impl Launcher for Program {
    fn name(&self) -> &str {
        &self.target
    }

    fn takes_credentials(&self) -> bool {
        true
    }

    fn place(&self) -> Option<String> {
        self.port.map(|port| format!("127.0.0.1:{port}"))
    }

    fn launch<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Launched, LaunchError>> {
        Box::pin(self.start(settings))
    }
}

impl Running {
    fn new(child: Child, folder: TempDir) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self {
            child,
            group: id.and_then(Pid::from_raw),
            folder,
        }
    }

    /// Asks the program to end, and makes it end if it does not; what it started goes with it, also if it ended
    /// before that.
    pub(super) async fn stop(mut self) {
        self.signal(Signal::TERM);
        let _ = timeout(PATIENCE, self.child.wait()).await;
        self.signal(Signal::KILL);
        self.group = None;
        // What cannot be killed cannot be waited for either.
        let _ = timeout(PATIENCE, self.child.wait()).await;
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // What is gone already needs no signal.
            let _ = kill_process_group(group, signal);
        }
    }

    /// The end of what it wrote, on one line.
    fn last_words(&self) -> String {
        let words = last_of(&self.folder.path().join(LOG)).unwrap_or_default();
        let words: Vec<&str> = words.split_whitespace().collect();
        if words.is_empty() {
            "none".to_owned()
        } else {
            words.join(" ")
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Where a launch was broken off; the program itself is killed by its handle, but not what it started.
        self.signal(Signal::KILL);
    }
}

fn write(path: &Path, content: &str) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(path, content)
}

fn last_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LAST_WORDS)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    async fn launch(program: &str, port: Option<u16>) -> String {
        let target = format!("process:{program}");
        let spec = TargetSpec {
            port,
            ..TargetSpec::named(&target)
        };
        let program = Program::new(&spec, program).expect("it can be read");
        let launched = program.launch(&Settings::default()).await;
        let error = launched.err().expect("it is no registry");
        error.to_string()
    }

    /// Whether a process is there and not only waited for.
    fn lives(id: &str) -> bool {
        let mut ps = std::process::Command::new("ps");
        let told = ps.args(["-o", "stat=", "-p", id.trim()]).output();
        let state = told.expect("ps is there").stdout;
        !matches!(state.trim_ascii_start().first(), None | Some(b'Z'))
    }

    #[tokio::test]
    async fn who_listens_there_already_is_not_taken_for_the_program() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let error = launch("/bin/cat", Some(port)).await;
        assert!(error.contains(&format!("port {port}")), "{error}");
        assert!(error.contains("another program"), "{error}");
    }

    #[tokio::test]
    async fn what_a_program_started_is_gone_also_if_it_ended_by_itself() {
        let folder = tempfile::tempdir().expect("a folder");
        let (script, id) = (folder.path().join("start"), folder.path().join("id"));
        let text = format!(
            "#!/bin/sh\n(trap '' TERM; exec sleep 60) &\necho $! > {}\n",
            id.display()
        );
        std::fs::write(&script, text).expect("it is written");
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&script, executable).expect("it is ours");
        let error = launch(&script.to_string_lossy(), None).await;
        assert!(error.contains("exited before it was ready"), "{error}");
        let id = std::fs::read_to_string(id).expect("it was started");
        assert!((0..100).any(|_| !lives(&id)), "{id} lives");
    }
}
