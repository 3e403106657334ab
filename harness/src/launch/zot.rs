//! The zot registry, from its official images; with the configuration of the image, unless something else is asked
//! for.

use serde_json::{Value, json};

use super::TargetError;
use super::container::{Image, version};
use super::options::{HTPASSWD, Options, TLS};
use super::recipe::Recipe;

const DEFAULT: &str = "2.1.20";

/// Where the image looks for its configuration.
const CONFIGURATION: &str = "/etc/zot/config.json";
const PASSWORDS: &str = "/etc/zot/htpasswd";
const CERTIFICATE: &str = "/etc/zot/tls.crt";
const KEY: &str = "/etc/zot/tls.key";

/// The image without extensions.
const MINIMAL: &str = "minimal";
/// Docker's own manifests are taken as well.
const DOCKER: &str = "docker2s2";
/// Anyone may read, and one user may do everything.
const ACCESS_CONTROL: &str = "access-control";

/// A launcher for `version`.
pub(super) fn launcher(
    name: &str,
    given: Option<&str>,
    options: Option<&str>,
) -> Result<Image, TargetError> {
    let known = [HTPASSWD, TLS, MINIMAL, DOCKER, ACCESS_CONTROL];
    let options = Options::parse("zot", options, &known)?;
    let mut recipe = Recipe::new();
    if let Some(configuration) = configuration(&options) {
        recipe = recipe.file(CONFIGURATION, configuration.to_string());
    }
    if options.has(HTPASSWD) || options.has(ACCESS_CONTROL) {
        recipe = recipe.file(PASSWORDS, "{htpasswd}");
    }
    if options.has(TLS) {
        recipe = recipe.file(CERTIFICATE, "{certificate}").file(KEY, "{key}");
    }
    let flavour = if options.has(MINIMAL) {
        "zot-minimal"
    } else {
        "zot"
    };
    let tag = version("zot", given, DEFAULT)?;
    let image = format!("ghcr.io/project-zot/{flavour}:v{tag}");
    Ok(Image::new(name, image, recipe))
}

/// A configuration, if that of the image will not do.
fn configuration(options: &Options) -> Option<Value> {
    let mut http = json!({ "address": "0.0.0.0", "port": "5000" });
    let plain = http.clone();
    if options.has(HTPASSWD) || options.has(ACCESS_CONTROL) {
        http["auth"] = json!({ "htpasswd": { "path": PASSWORDS } });
    }
    if options.has(ACCESS_CONTROL) {
        let everything = ["read", "create", "update", "delete"];
        http["accessControl"] = json!({ "repositories": { "**": {
            "anonymousPolicy": ["read"],
            "policies": [{ "users": ["{username}"], "actions": everything }],
        }}});
    }
    if options.has(TLS) {
        http["tls"] = json!({ "cert": CERTIFICATE, "key": KEY });
    }
    if options.has(DOCKER) {
        http["compat"] = json!(["docker2s2"]);
    }
    (http != plain).then(|| {
        json!({
            "storage": { "rootDirectory": "/var/lib/registry" },
            "http": http,
            "log": { "level": "info" },
        })
    })
}
