//! Runs the program, and serves faults with it.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use helm_oci_conformance::clock::Stopwatch;

/// The program under test with these arguments.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_helm-oci-conformance"));
    command
        .args(arguments)
        .env_remove("HELM_OCI_PASSWORD")
        .stdin(Stdio::null());
    command
}

/// The result of one run of the program.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) took: Duration,
}

impl Ran {
    /// Runs the program to its end.
    pub(crate) fn of(arguments: &[&str]) -> Self {
        Self::with_input(arguments, "")
    }

    /// Runs the program with something on its standard input.
    pub(crate) fn with_input(arguments: &[&str], input: &str) -> Self {
        Self::of_command(program(arguments), input)
    }

    /// Runs a command to its end.
    pub(crate) fn of_command(mut command: Command, input: &str) -> Self {
        let begun = Stopwatch::start();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("standard input is piped");
        // A program that does not read its input may close it early.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let Output {
            status,
            stdout,
            stderr,
        } = child.wait_with_output().expect("the program ends");
        Self {
            code: status.code(),
            out: String::from_utf8(stdout).expect("standard output is text"),
            err: String::from_utf8(stderr).expect("standard error is text"),
            took: begun.elapsed(),
        }
    }
}

/// `serve` in the background; it ends when this is dropped.
pub(crate) struct Serve {
    child: Child,
    pub(crate) url: String,
}

impl Serve {
    /// Serves with these arguments on a free port.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        let mut child = program(&arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("standard output is piped");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("it prints its address");
        let url = line
            .trim_end()
            .strip_prefix("serving on ")
            .expect("an address")
            .to_owned();
        Self { child, url }
    }

    /// Stops it with Ctrl-C, and returns its exit code.
    pub(crate) fn interrupt(mut self) -> Option<i32> {
        interrupt(&self.child);
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends the signal of Ctrl-C.
pub(crate) fn interrupt(child: &Child) {
    let status = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(status.expect("kill runs").success());
}

/// Creates a program, in a process of its own: a file that this process has open for writing while another test forks
/// could not be run.
pub(crate) fn executable(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be created");
    let created = Command::new("/bin/sh")
        .args(["-c", r#"printf '%s' "$1" > "$0" && chmod 755 "$0""#])
        .args([path.as_os_str(), text.as_ref()])
        .status();
    assert!(created.expect("a shell runs").success());
}

/// A file as JSON.
pub(crate) fn json(path: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(path).expect("the report was written");
    serde_json::from_str(&text).expect("the report is JSON")
}
