//! `helm registry login`, with the password on standard input, and `helm registry logout`.

use std::sync::Arc;

use helm_oci_suite::session::target::Credentials;

use super::{Arrangement, Effect, Invocation};

/// Logs in with the target's credentials, or with arbitrary ones if the target has none.
pub(super) fn invocation(arrangement: &Arrangement<'_>) -> Invocation {
    let scenario = arrangement.scenario;
    let known = scenario.target.credentials.as_ref();
    let (username, password) = known
        .and_then(Credentials::login)
        .map_or(("nobody", "nothing"), |login| {
            (login.username.as_str(), login.password.as_str())
        });
    let words = [
        "registry",
        "login",
        scenario.host(),
        "--username",
        username,
        "--password-stdin",
    ];
    let words = words.into_iter().map(ToOwned::to_owned);
    Invocation {
        session: Arc::clone(&arrangement.session),
        arguments: words.chain(scenario.transport("registry login")).collect(),
        input: Some(format!("{password}\n")),
        effect: Effect::LoggedIn {
            host: scenario.host().to_owned(),
        },
        needs_cache: false,
    }
}

/// Logs out, which sends no request in any Helm version.
pub(super) fn logout(arrangement: &Arrangement<'_>) -> Invocation {
    let host = arrangement.scenario.host();
    let gone = Effect::LoggedOut {
        host: host.to_owned(),
    };
    let mut invocation = arrangement.invocation("registry logout", &[host], gone);
    invocation.needs_cache = true;
    invocation
}
