//! A credential helper: a program that is told a host and says who we are there.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use helm_oci_suite::session::target::Credentials;
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use thiserror::Error;

/// How long a helper may take: it may have to ask a server of its own.
const LIMIT: Duration = Duration::from_secs(10);

/// More than any answer has.
const LARGEST: u64 = 1 << 20;

/// What helpers say as the user name where the secret is an identity token.
const IS_TOKEN: &str = "<token>";

/// What is wrong with a helper. What it says may be a secret, and is not repeated.
#[derive(Debug, Error)]
pub enum HelperError {
    /// It is a path, and must be a name.
    #[error("is no name of a program; write what follows `docker-credential-`")]
    Name,
    /// It is not there.
    #[error("is not on the PATH; install it, or take it out of the file")]
    Missing,
    /// It could not be started.
    #[error("could not be started: {0}")]
    Unstartable(std::io::Error),
    /// It ended badly.
    #[error("failed; run it by hand with `get`, and the host on its standard input, to see why")]
    Failed,
    /// It did not end.
    #[error("did not answer within {} s; run it by hand, it may wait for somebody to unlock it", LIMIT.as_secs())]
    Silent,
    /// It said something else.
    #[error("answered what is no credentials; run it by hand to see what it says")]
    Answer,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// Asks a helper for what it has for a server; nothing if it says that it has nothing.
pub(super) fn ask(name: &str, server: &str) -> Result<Option<Credentials>, HelperError> {
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
    let (tell, told) = mpsc::channel();
    // The thread ends with the pipes and the helper, whoever holds them; nobody waits for it longer than allowed.
    thread::spawn(move || {
        let mut said = String::new();
        if let Some(mut stdin) = stdin {
            // One that does not listen may answer all the same.
            let _ = stdin.write_all(line.as_bytes());
        }
        let read = stdout.map(|stdout| stdout.take(LARGEST).read_to_string(&mut said));
        let said = read.and_then(Result::ok).map(|_| said);
        let _ = tell.send((said, helper.wait()));
    });
    let Ok((said, ended)) = told.recv_timeout(limit) else {
        // It may have ended in this very moment.
        let _ = kill_process(id, Signal::KILL);
        return Err(HelperError::Silent);
    };
    let ended = ended.map_err(HelperError::Unstartable)?;
    let said = said.ok_or(HelperError::Answer)?;
    if !ended.success() {
        let has_none = said.contains("credentials not found");
        return if has_none {
            Ok(None)
        } else {
            Err(HelperError::Failed)
        };
    }
    let answer: Answer = serde_json::from_str(&said).map_err(|_| HelperError::Answer)?;
    Ok(match answer {
        Answer { secret, .. } if secret.is_empty() => None,
        Answer { username, secret } if username == IS_TOKEN => {
            Some(Credentials::IdentityToken(secret))
        }
        Answer { username, secret } => Some(Credentials::user(username, secret)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(script: &str) -> Result<Option<Credentials>, HelperError> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        run(command, "r.example:5000", Duration::from_secs(5))
    }

    #[test]
    fn a_helper_is_told_the_server_and_believed() {
        let echo = r#"read server; echo "{\"ServerURL\":\"$server\",\"Username\":\"$server\",\"Secret\":\"s\"}""#;
        let known = Some(Credentials::user("r.example:5000", "s"));
        assert!(matches!(says(echo), Ok(found) if found == known));
        let token = r#"echo '{"Username":"<token>","Secret":"t"}'"#;
        let known = Some(Credentials::IdentityToken("t".to_owned()));
        assert!(matches!(says(token), Ok(found) if found == known));
        for nothing in [
            "echo credentials not found in native keychain; exit 1",
            r#"echo '{"Username":"","Secret":""}'"#,
        ] {
            assert!(matches!(says(nothing), Ok(None)), "{nothing}");
        }
    }

    #[test]
    fn a_helper_that_is_of_no_use_is_told_in_one_way_each() {
        assert!(matches!(
            says("echo canary; exit 1"),
            Err(HelperError::Failed)
        ));
        assert!(matches!(says("echo canary"), Err(HelperError::Answer)));
        assert!(matches!(says("exit 0"), Err(HelperError::Answer)));
        assert!(matches!(ask("../sh", "r.example"), Err(HelperError::Name)));
        let missing = ask("of-nobody-at-all", "r.example");
        assert!(matches!(missing, Err(HelperError::Missing)));
        for script in ["exec sleep 20", "exec >&-; exec sleep 20"] {
            let mut waits = Command::new("/bin/sh");
            waits.args(["-c", script]);
            let silent = run(waits, "r.example", Duration::from_millis(50));
            assert!(matches!(silent, Err(HelperError::Silent)), "{script}");
        }
    }
}
