//! The only reader of the process environment.

use std::env;

use crate::environment::Environment;

/// The environment of this process.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the only reader of the environment"
)]
pub(super) fn environment() -> Environment {
    Environment::new(|name| env::var_os(name))
}

/// True if `NO_COLOR` requests plain text; see <https://no-color.org>.
pub(super) fn wants_no_color() -> bool {
    environment().path("NO_COLOR").is_some()
}
