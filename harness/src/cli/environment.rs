//! The only reader of the environment: variables that stand in for flags.

use std::env;
use std::ffi::OsString;

use crate::doctor::Surroundings;

/// A variable, if it is set and text.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the only reader of the environment"
)]
pub(super) fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// Whether `NO_COLOR` asks for plain text; see <https://no-color.org>.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the only reader of the environment"
)]
pub(super) fn wants_no_color() -> bool {
    env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// What Helm and Docker listen to.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the only reader of the environment"
)]
pub(super) fn surroundings() -> Surroundings {
    Surroundings::of(|name| env::var_os(name))
}

/// `PATH`; empty if it is not set.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the only reader of the environment"
)]
pub(super) fn search_path() -> OsString {
    env::var_os("PATH").unwrap_or_default()
}
