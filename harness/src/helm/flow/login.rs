//! `helm registry login`, with the password on standard input, and `helm registry logout`.

use std::sync::Arc;

use helm_oci_suite::session::target::Credentials;

use super::{Act, Backstage, Effect};

/// Logs in with the target's credentials; a registry that asks for none gets some all the same.
pub(super) fn act(backstage: &Backstage<'_>) -> Act {
    let scene = backstage.scene;
    let known = scene.target.credentials.as_ref();
    let (username, password) = known
        .and_then(Credentials::login)
        .map_or(("nobody", "nothing"), |login| {
            (login.username.as_str(), login.password.as_str())
        });
    let words = [
        "registry",
        "login",
        scene.host(),
        "--username",
        username,
        "--password-stdin",
    ];
    let words = words.into_iter().map(ToOwned::to_owned);
    Act {
        session: Arc::clone(&backstage.session),
        arguments: words.chain(scene.transport("registry login")).collect(),
        input: Some(format!("{password}\n")),
        effect: Effect::LoggedIn {
            host: scene.host().to_owned(),
        },
        needs_cache: false,
    }
}

/// Logs out again. No Helm asks the registry for it.
pub(super) fn logout(backstage: &Backstage<'_>) -> Act {
    let host = backstage.scene.host();
    let gone = Effect::LoggedOut {
        host: host.to_owned(),
    };
    let mut act = backstage.act("registry logout", &[host], gone);
    act.needs_cache = true;
    act
}
