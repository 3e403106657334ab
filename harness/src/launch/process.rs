//! A registry as a program of this machine, in a folder of its own. Both are removed at the end.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use helm_oci_fixtures::digest::sha256;
use helm_oci_reports::record::{TargetIdentity, TargetKind};
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::ready::{self, free_port, is_taken};
use super::recipe::{self, Filled, Place};
use super::{Held, LaunchError, Launched};
use crate::http::{HealthClient, Http};
use crate::target::kind::ProcessTarget;
use crate::target::resolved::Connection;

/// The time in which a program has to exit after SIGTERM.
const EXIT: Duration = Duration::from_secs(5);

/// The number of bytes at the end of its log that an error shows.
const LOG_TAIL: u64 = 600;

/// The file in its folder that receives both streams of the program.
const LOG: &str = "log";

/// A program that runs.
pub(super) struct Running {
    child: Child,
    /// The process group of the program, until it is killed.
    group: Option<Pid>,
    /// Removed when dropped.
    folder: TempDir,
}

/// Starts the program, and returns once it is ready.
pub(super) async fn start(
    program: &ProcessTarget,
    connection: &Connection,
) -> Result<Launched, LaunchError> {
    let failed = |source| LaunchError::Program {
        program: program.path.clone(),
        source,
    };
    let folder = tempfile::tempdir().map_err(failed)?;
    let port = match program.port {
        // Another program that listens there would be taken for the registry.
        Some(port) if is_taken(port) => {
            return Err(LaunchError::PortTaken {
                program: program.path.clone(),
                port,
            });
        }
        Some(port) => port,
        None => free_port().map_err(failed)?,
    };
    let authority = format!("127.0.0.1:{port}");
    let place = Place {
        port,
        authority: &authority,
        folder: &folder.path().to_string_lossy(),
    };
    let filled = recipe::fill(&program.recipe, &place)?;
    let mut running = spawn(program, port, &filled, folder).map_err(failed)?;
    let mut trust = connection.trust.clone();
    trust.pinned.extend(filled.certificate);
    let url = format!("{}://{authority}", filled.scheme);
    let origin: http::Uri = url.parse().expect("an address makes a URI");
    let health = HealthClient::new(origin.clone(), &trust, connection.limits)?;
    let registry = Http::new(origin, &trust, connection.limits)?;
    let ready = tokio::select! {
        ready = ready::wait(&health, &program.recipe.ready) => {
            ready.map_err(|last| LaunchError::NotReady {
                program: program.path.clone(),
                seconds: ready::LIMIT.as_secs(),
                last: format!("{last}; last log lines: {}", running.log_tail()),
            })
        }
        _ = running.child.wait() => Err(LaunchError::Exited {
            program: program.path.clone(),
            log: running.log_tail(),
        }),
    };
    if let Err(error) = ready {
        running.stop().await;
        return Err(error);
    }
    Ok(Launched {
        identity: TargetIdentity {
            url: Some(url),
            program: Some(program.path.clone()),
            program_digest: std::fs::read(&program.path)
                .ok()
                .map(|bytes| sha256(&bytes)),
            ..TargetIdentity::of_kind(TargetKind::Process)
        },
        registry: Arc::new(registry),
        credentials: filled
            .credentials
            .or_else(|| connection.credentials.clone()),
        namespace: None,
        held: Held::Process(running),
    })
}

/// Writes the files of the program, and starts it.
fn spawn(
    program: &ProcessTarget,
    port: u16,
    filled: &Filled,
    folder: TempDir,
) -> io::Result<Running> {
    for (path, content) in &filled.files {
        write(&folder.path().join(path), content)?;
    }
    let log = File::create(folder.path().join(LOG))?;
    let mut command = Command::new(&program.path);
    command
        .args(&filled.command)
        .env("PORT", port.to_string())
        .envs(&filled.env)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0)
        .kill_on_drop(true);
    Ok(Running::new(command.spawn()?, folder))
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

    /// Stops the program by SIGTERM, and by SIGKILL if it does not exit. The processes that it started are killed as
    /// well, even if the program has exited already.
    pub(super) async fn stop(mut self) {
        self.signal(Signal::TERM);
        let _ = timeout(EXIT, self.child.wait()).await;
        self.signal(Signal::KILL);
        self.group = None;
        // A process that cannot be killed cannot be waited for either.
        let _ = timeout(EXIT, self.child.wait()).await;
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // A group that no longer exists needs no signal.
            let _ = kill_process_group(group, signal);
        }
    }

    /// The end of its log, on one line.
    fn log_tail(&self) -> String {
        let words = tail(&self.folder.path().join(LOG)).unwrap_or_default();
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
        // After an interrupted launch: the handle kills the program itself, but not the processes that it started.
        self.signal(Signal::KILL);
    }
}

fn write(path: &Path, content: &str) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(path, content)
}

fn tail(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::target::kind::Kind;
    use crate::target::spec::TargetSpec;

    async fn launch_error(program: &str, port: Option<u16>) -> String {
        let spec = TargetSpec {
            port,
            ..TargetSpec::named(&format!("process:{program}"))
        };
        let Ok(Kind::Process(program)) = Kind::parse(&spec) else {
            panic!("{program} is a process");
        };
        let launched = start(&program, &Connection::default()).await;
        let error = launched.err().expect("it is not a registry");
        error.to_string()
    }

    /// True if a process exists and is not a zombie.
    fn is_alive(id: &str) -> bool {
        let mut ps = std::process::Command::new("ps");
        let output = ps.args(["-o", "stat=", "-p", id.trim()]).output();
        let state = output.expect("ps is installed").stdout;
        !matches!(state.trim_ascii_start().first(), None | Some(b'Z'))
    }

    #[tokio::test]
    async fn a_program_on_the_port_is_not_taken_for_the_registry() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let error = launch_error("/bin/cat", Some(port)).await;
        assert!(error.contains(&format!("port {port}")), "{error}");
        assert!(error.contains("another program"), "{error}");
    }

    #[tokio::test]
    async fn processes_that_a_program_started_are_killed_even_if_it_exited() {
        let folder = tempfile::tempdir().expect("a folder");
        let (script, id) = (folder.path().join("start"), folder.path().join("id"));
        let text = format!(
            "#!/bin/sh\n(trap '' TERM; exec sleep 60) &\necho $! > {}\n",
            id.display()
        );
        std::fs::write(&script, text).expect("it is written");
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&script, executable).expect("it is ours");
        let error = launch_error(&script.to_string_lossy(), None).await;
        assert!(error.contains("exited before it was ready"), "{error}");
        let id = std::fs::read_to_string(id).expect("it was started");
        assert!((0..100).any(|_| !is_alive(&id)), "{id} is alive");
    }
}
