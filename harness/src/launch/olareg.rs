//! The image of olareg, configured by its arguments. It stores everything in memory.

use serde_json::json;

use crate::target::kind::{ImageTarget, OlaregOption, Recipe, Release};

const USERS: &str = "/etc/conformance/users.yaml";
const CERTIFICATE: &str = "/etc/conformance/tls.crt";
const KEY: &str = "/etc/conformance/tls.key";

/// The image of a release. Deletion is enabled, unless an option disables it.
pub(super) fn image(release: &Release<OlaregOption>) -> ImageTarget {
    let Release { version, options } = release;
    let mut recipe = Recipe::default().arguments(&["serve", "--store-type", "mem"]);
    if !options.has(OlaregOption::NoDeletes) {
        recipe = recipe.arguments(&["--api-delete", "--api-blob-delete"]);
    }
    if options.has(OlaregOption::Bearer) {
        recipe = recipe
            .arguments(&["--auth-token-opaque", USERS, "--external-url", "{url}"])
            .file(USERS, users());
    } else if options.has(OlaregOption::Basic) {
        recipe = recipe
            .arguments(&["--auth-basic", USERS])
            .file(USERS, users());
    }
    if options.has(OlaregOption::Tls) {
        recipe = recipe
            .arguments(&["--tls-cert", CERTIFICATE, "--tls-key", KEY])
            .file(CERTIFICATE, "{certificate}")
            .file(KEY, "{key}");
    }
    ImageTarget::published(format!("ghcr.io/olareg/olareg:v{version}"), recipe)
}

/// One user with all permissions, as YAML, of which JSON is a subset.
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
