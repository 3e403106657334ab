//! Credential helpers: programs that read a host and print the login for it.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use helm_oci_suite::session::target::Credentials;
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use thiserror::Error;

/// The time limit of a helper, which may have to query a server.
const LIMIT: Duration = Duration::from_secs(10);

/// The largest output that is read.
const LARGEST: u64 = 1 << 20;

/// The user name that helpers print if the secret is an identity token.
const IS_TOKEN: &str = "<token>";

/// The failure of a helper. Its output may be a secret, and is not repeated.
#[derive(Debug, Error)]
pub enum HelperError {
    /// It is given as a path.
    #[error("is not the name of a program; use the part after `docker-credential-`")]
    Name,
    /// It is not installed.
    #[error("is not on the PATH; install it, or remove it from the file")]
    Missing,
    /// It could not be started.
    #[error("could not be started: {0}")]
    Unstartable(std::io::Error),
    /// It exited with an error.
    #[error(
        "failed; run it with the argument `get` and the host on its standard input to see the error"
    )]
    Failed,
    /// It did not exit in time.
    #[error("did not finish within {} s; it may wait for a password prompt", LIMIT.as_secs())]
    TimedOut,
    /// Its output is not a login.
    #[error("printed malformed output; run it with the argument `get` to see the output")]
    Output,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    username: String,
    secret: String,
}

/// Runs a helper for a server; `None` if it has no login for it.
pub(super) fn query(name: &str, server: &str) -> Result<Option<Credentials>, HelperError> {
    if name.contains(['/', '\\']) {
        return Err(HelperError::Name);
    }
    let mut command = Command::new(format!("docker-credential-{name}"));
    command.arg("get");
    run(command, server, LIMIT)
}

fn run(
    mut command: Command,
    server: &str,
    limit: Duration,
) -> Result<Option<Credentials>, HelperError> {
    let started = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut helper = started.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => HelperError::Missing,
        _ => HelperError::Unstartable(error),
    })?;
    let (stdin, stdout) = (helper.stdin.take(), helper.stdout.take());
    let line = format!("{server}\n");
    let id = Pid::from_child(&helper);
    let (sender, receiver) = mpsc::channel();
    // The thread ends with the pipes and the helper. The caller does not wait for it beyond the limit.
    thread::spawn(move || {
        let mut output = String::new();
        if let Some(mut stdin) = stdin {
            // A helper that does not read its input may print a login all the same.
            let _ = stdin.write_all(line.as_bytes());
        }
        let read = stdout.map(|stdout| stdout.take(LARGEST).read_to_string(&mut output));
        let output = read.and_then(Result::ok).map(|_| output);
        let _ = sender.send((output, helper.wait()));
    });
    let Ok((output, exit)) = receiver.recv_timeout(limit) else {
        // It may have exited in this very moment.
        let _ = kill_process(id, Signal::KILL);
        return Err(HelperError::TimedOut);
    };
    let exit = exit.map_err(HelperError::Unstartable)?;
    let text = output.ok_or(HelperError::Output)?;
    if !exit.success() {
        let has_none = text.contains("credentials not found");
        return if has_none {
            Ok(None)
        } else {
            Err(HelperError::Failed)
        };
    }
    let output: Output = serde_json::from_str(&text).map_err(|_| HelperError::Output)?;
    Ok(match output {
        Output { secret, .. } if secret.is_empty() => None,
        Output { username, secret } if username == IS_TOKEN => {
            Some(Credentials::IdentityToken(secret))
        }
        Output { username, secret } => Some(Credentials::user(username, secret)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_script(script: &str) -> Result<Option<Credentials>, HelperError> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        run(command, "r.example:5000", Duration::from_secs(5))
    }

    #[test]
    fn a_helper_gets_the_server_and_its_login_is_used() {
        let echo = r#"read server; echo "{\"ServerURL\":\"$server\",\"Username\":\"$server\",\"Secret\":\"s\"}""#;
        let known = Some(Credentials::user("r.example:5000", "s"));
        assert!(matches!(run_script(echo), Ok(found) if found == known));
        let token = r#"echo '{"Username":"<token>","Secret":"t"}'"#;
        let known = Some(Credentials::IdentityToken("t".to_owned()));
        assert!(matches!(run_script(token), Ok(found) if found == known));
        for nothing in [
            "echo credentials not found in native keychain; exit 1",
            r#"echo '{"Username":"","Secret":""}'"#,
        ] {
            assert!(matches!(run_script(nothing), Ok(None)), "{nothing}");
        }
    }

    #[test]
    fn each_failure_of_a_helper_is_reported_as_such() {
        assert!(matches!(
            run_script("echo canary; exit 1"),
            Err(HelperError::Failed)
        ));
        assert!(matches!(
            run_script("echo canary"),
            Err(HelperError::Output)
        ));
        assert!(matches!(run_script("exit 0"), Err(HelperError::Output)));
        assert!(matches!(
            query("../sh", "r.example"),
            Err(HelperError::Name)
        ));
        let missing = query("not-installed", "r.example");
        assert!(matches!(missing, Err(HelperError::Missing)));
        for script in ["exec sleep 20", "exec >&-; exec sleep 20"] {
            let mut waits = Command::new("/bin/sh");
            waits.args(["-c", script]);
            let timed_out = run(waits, "r.example", Duration::from_millis(50));
            assert!(matches!(timed_out, Err(HelperError::TimedOut)), "{script}");
        }
    }
}
