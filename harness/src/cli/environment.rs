//! The only reader of the process environment.

use std::env;
use std::path::PathBuf;

use crate::environment::Environment;

/// The environment of this process.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the only reader of the environment"
)]
pub(super) fn environment() -> Environment {
    Environment::new(|name| env::var_os(name))
}

/// True if `NO_COLOR` requests plain text (see <https://no-color.org>), or the terminal cannot show more.
pub(super) fn wants_no_color() -> bool {
    environment().path("NO_COLOR").is_some() || is_dumb_terminal()
}

/// The file for the summary of a step of GitHub Actions, and the variable that names it.
pub(super) fn step_summary() -> (&'static str, Option<PathBuf>) {
    const NAME: &str = "GITHUB_STEP_SUMMARY";
    (NAME, environment().path(NAME))
}

/// The width of the terminal, as the shell or the user states it.
pub(super) fn columns() -> Option<usize> {
    let columns: Option<usize> = environment().text("COLUMNS")?.parse().ok();
    columns.filter(|columns| *columns > 0)
}

/// True if the terminal understands no control sequences.
pub(super) fn is_dumb_terminal() -> bool {
    environment()
        .text("TERM")
        .is_some_and(|term| term == "dumb")
}
