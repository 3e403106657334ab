//! The images of zot. They keep their own configuration unless an option needs another one.

use serde_json::{Value, json};

use crate::target::kind::{ImageTarget, Options, Recipe, Release, ZotOption};

/// The path of the configuration in the image.
const CONFIGURATION: &str = "/etc/zot/config.json";
/// The folder of its content in the image's own configuration.
const STORAGE: &str = "/var/lib/registry";
const PASSWORDS: &str = "/etc/zot/htpasswd";
const CERTIFICATE: &str = "/etc/zot/tls.crt";
const KEY: &str = "/etc/zot/tls.key";

/// The image of a release.
pub(super) fn image(release: &Release<ZotOption>) -> ImageTarget {
    let Release { version, options } = release;
    let mut recipe = Recipe::default().in_memory(STORAGE);
    if let Some(configuration) = configuration(options) {
        recipe = recipe.file(CONFIGURATION, configuration.to_string());
    }
    if has_users(options) {
        recipe = recipe.file(PASSWORDS, "{htpasswd}");
    }
    if options.has(ZotOption::Tls) {
        recipe = recipe.file(CERTIFICATE, "{certificate}").file(KEY, "{key}");
    }
    let flavour = if options.has(ZotOption::Minimal) {
        "zot-minimal"
    } else {
        "zot"
    };
    ImageTarget::published(format!("ghcr.io/project-zot/{flavour}:v{version}"), recipe)
}

fn has_users(options: &Options<ZotOption>) -> bool {
    options.has(ZotOption::Htpasswd) || options.has(ZotOption::AccessControl)
}

/// The configuration, if that of the image does not suffice.
fn configuration(options: &Options<ZotOption>) -> Option<Value> {
    let mut http = json!({ "address": "0.0.0.0", "port": "5000" });
    let plain = http.clone();
    if has_users(options) {
        http["auth"] = json!({ "htpasswd": { "path": PASSWORDS } });
    }
    if options.has(ZotOption::AccessControl) {
        let everything = ["read", "create", "update", "delete"];
        http["accessControl"] = json!({ "repositories": { "**": {
            "anonymousPolicy": ["read"],
            "policies": [{ "users": ["{username}"], "actions": everything }],
        }}});
    }
    if options.has(ZotOption::Tls) {
        http["tls"] = json!({ "cert": CERTIFICATE, "key": KEY });
    }
    if options.has(ZotOption::Docker2s2) {
        http["compat"] = json!(["docker2s2"]);
    }
    (http != plain).then(|| {
        json!({
            "storage": { "rootDirectory": STORAGE },
            "http": http,
            "log": { "level": "info" },
        })
    })
}
