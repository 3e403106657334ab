//! One run of a program: with a time limit, in a process group of its own, with both streams captured.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

/// The time limit for the end of a killed process.
const REAP: Duration = Duration::from_secs(2);

/// The size to which each stream is captured, in bytes; no relevant output of Helm is longer.
const LARGEST_STREAM: usize = 256 << 10;

/// The end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// It was ended by a signal, for example after a crash.
    Signal,
    /// It was killed at the time limit.
    Timeout,
}

/// The arguments, end and output of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessOutput {
    /// The arguments of the command line.
    pub arguments: Vec<String>,
    /// Its end.
    pub exit: Exit,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl ProcessOutput {
    /// True if it exited with code 0.
    pub fn is_success(&self) -> bool {
        self.exit == Exit::Code(0)
    }
}

/// Runs a command until it ends or reaches the deadline, and kills every process that it started.
pub(super) async fn run(
    mut command: Command,
    input: Option<&str>,
    deadline: Duration,
) -> io::Result<ProcessOutput> {
    command
        .stdin(if input.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let arguments = command.as_std().get_args();
    let arguments = arguments.map(|argument| argument.to_string_lossy().into_owned());
    let arguments = arguments.collect();
    let mut child = command.spawn()?;
    let group = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw);
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
        // A program that does not read its input is judged by how it ends.
        let _ = stdin.write_all(input.as_bytes()).await;
    }
    let mut output = Box::pin(child.wait_with_output());
    if let Ok(output) = timeout(deadline, output.as_mut()).await {
        let output = output?;
        return Ok(ProcessOutput {
            arguments,
            exit: exit(output.status),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        });
    }
    if let Some(group) = group {
        // What is gone already cannot be killed, which is as well.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let (stdout, stderr) = match timeout(REAP, output).await {
        Ok(Ok(output)) => (text(&output.stdout), text(&output.stderr)),
        _ => (String::new(), String::new()),
    };
    Ok(ProcessOutput {
        arguments,
        exit: Exit::Timeout,
        stdout,
        stderr,
    })
}

fn exit(status: ExitStatus) -> Exit {
    status.code().map_or(Exit::Signal, Exit::Code)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(LARGEST_STREAM)]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(script);
        command
    }

    #[tokio::test]
    async fn both_streams_and_the_code_are_kept() {
        let (script, second) = ("cat; echo oops >&2; exit 3", Duration::from_secs(10));
        let ended = run(shell(script), Some("in"), second)
            .await
            .expect("a shell runs");
        let expected = ProcessOutput {
            arguments: vec!["-c".into(), script.into()],
            exit: Exit::Code(3),
            stdout: "in".into(),
            stderr: "oops\n".into(),
        };
        assert_eq!(ended, expected);
    }

    #[tokio::test]
    async fn what_hangs_is_killed_with_its_children() {
        let short = Duration::from_millis(200);
        let ended = run(shell("echo begun; sleep 600 & sleep 600"), None, short)
            .await
            .expect("a shell runs");
        assert_eq!(ended.exit, Exit::Timeout);
        assert_eq!(ended.stdout, "begun\n");
    }
}
