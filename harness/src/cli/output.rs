//! The one place that writes to standard output and standard error.

use std::io::{self, IsTerminal, Write};

use super::error::CliError;

/// Prints to standard output. A reader that went away has read enough.
pub(super) fn print(text: &str) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CliError::Stdout(error)),
        _ => Ok(()),
    }
}

/// Prints an error and its causes on one line to standard error.
pub(super) fn error(error: &CliError) {
    note(&format!("error: {}\n", crate::error::chain(error)));
}

/// Prints to standard error; there is nobody to tell if that fails.
pub(super) fn note(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}

/// Whether a person reads standard output.
pub(super) fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether a person reads standard error.
pub(super) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// How many columns the terminal has, if there is one.
pub(super) fn width() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}
