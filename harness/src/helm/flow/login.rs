//! `helm registry login`, with the password on standard input.

use std::sync::Arc;

use super::{Act, Backstage, Effect};

/// Logs in with the target's credentials; a registry that asks for none gets some all the same.
pub(super) fn act(backstage: &Backstage<'_>) -> Act {
    let scene = backstage.scene;
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
        session: Arc::clone(&backstage.session),
        arguments: words.chain(scene.transport("registry login")).collect(),
        input: Some(format!("{password}\n")),
        effect: Effect::LoggedIn {
            host: scene.host().to_owned(),
        },
        needs_cache: false,
    }
}
