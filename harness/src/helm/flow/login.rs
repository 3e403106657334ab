//! `helm registry login`, with the password on standard input.

use super::{Act, Effect, Scene};

/// Logs in with the target's credentials; a registry that asks for none gets some all the same.
pub(super) fn act(scene: &Scene<'_>) -> Act {
    let (username, password) = scene
        .target
        .credentials
        .as_ref()
        .map_or(("nobody", "nothing"), |known| {
            (known.username.as_str(), known.password.as_str())
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
        arguments: words.chain(scene.transport("registry login")).collect(),
        input: Some(format!("{password}\n")),
        effect: Effect::LoggedIn {
            host: scene.host().to_owned(),
        },
        needs_cache: false,
    }
}
