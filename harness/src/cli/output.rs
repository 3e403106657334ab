//! The only writer to standard output and standard error.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::environment;

/// Output that could not be written.
#[derive(Debug, Error)]
pub(super) enum OutputError {
    #[error("cannot write to standard output")]
    Stdout(#[source] io::Error),
    #[error("cannot write {path}", path = .path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl OutputError {
    /// The error of a file that could not be written.
    pub(super) fn file(path: &Path, source: io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            source,
        }
    }
}

/// Prints to standard output. A reader that closes the pipe early is not an error.
pub(super) fn print(text: &str) -> Result<(), OutputError> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(OutputError::Stdout(error)),
        _ => Ok(()),
    }
}

/// Prints an error and its causes on one line to standard error.
pub(super) fn error(error: &dyn std::error::Error) {
    note(&format!("error: {}\n", crate::error::chain(error)));
}

/// Prints to standard error. A failure cannot be reported anywhere.
pub(super) fn note(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}

/// A number that nobody can predict.
pub(super) fn token() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// True if standard output is a terminal.
pub(super) fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// True if standard error is a terminal.
pub(super) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// The number of columns of the terminal, if there is one; `COLUMNS` takes precedence.
pub(super) fn width() -> Option<usize> {
    environment::columns().or_else(terminal_width)
}

fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}
