//! The olareg registry, from its official image; it keeps everything in memory.

use serde_json::json;

use super::TargetError;
use super::container::{Image, version};
use super::options::{Options, TLS};
use super::recipe::Recipe;

const DEFAULT: &str = "0.2.2";

const USERS: &str = "/etc/conformance/users.yaml";
const CERTIFICATE: &str = "/etc/conformance/tls.crt";
const KEY: &str = "/etc/conformance/tls.key";

/// It wants a user name and a password, given by `Basic`.
const BASIC: &str = "basic";
/// It gives tokens to those who have a user name and a password.
const BEARER: &str = "bearer";
/// Deleting is not allowed, as olareg has it when nothing else is said.
const NO_DELETES: &str = "no-deletes";

/// A launcher for `version`; deleting is allowed, unless `no-deletes` is given.
pub(super) fn launcher(
    name: &str,
    given: Option<&str>,
    options: Option<&str>,
) -> Result<Image, TargetError> {
    let options = Options::parse("olareg", options, &[BASIC, BEARER, TLS, NO_DELETES])?;
    let mut recipe = Recipe::new().arguments(&["serve", "--store-type", "mem"]);
    if !options.has(NO_DELETES) {
        recipe = recipe.arguments(&["--api-delete", "--api-blob-delete"]);
    }
    if options.has(BEARER) {
        recipe = recipe
            .arguments(&["--auth-token-opaque", USERS, "--external-url", "{url}"])
            .file(USERS, users());
    } else if options.has(BASIC) {
        recipe = recipe
            .arguments(&["--auth-basic", USERS])
            .file(USERS, users());
    }
    if options.has(TLS) {
        recipe = recipe
            .arguments(&["--tls-cert", CERTIFICATE, "--tls-key", KEY])
            .file(CERTIFICATE, "{certificate}")
            .file(KEY, "{key}");
    }
    let tag = version("olareg", given, DEFAULT)?;
    Ok(Image::new(
        name,
        format!("ghcr.io/olareg/olareg:v{tag}"),
        recipe,
    ))
}

/// One user who may do everything, as YAML, of which JSON is a part.
fn users() -> String {
    let everything =
        |repository: &str| json!({ "repo": repository, "members": ["all"], "access": ["*"] });
    json!({
        "users": { "{username}": { "cred": "{bcrypt}" } },
        "groups": { "all": { "members": ["{username}"] } },
        "acls": [everything(""), everything("*")],
    })
    .to_string()
}
