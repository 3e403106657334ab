//! The CNCF Distribution registry, from its official image.

use super::TargetError;
use super::container::{Image, version};
use super::options::{HTPASSWD, Options, TLS};
use super::recipe::Recipe;

const DEFAULT: &str = "3.0.0";

/// Deleting is not allowed, as Distribution has it when nothing else is said.
const NO_DELETES: &str = "no-deletes";

const PASSWORDS: &str = "/etc/conformance/htpasswd";
const CERTIFICATE: &str = "/etc/conformance/tls.crt";
const KEY: &str = "/etc/conformance/tls.key";

/// A launcher for `version`; deleting is allowed, as most installations have it, unless `no-deletes` is given.
pub(super) fn launcher(
    name: &str,
    given: Option<&str>,
    options: Option<&str>,
) -> Result<Image, TargetError> {
    let options = Options::parse("distribution", options, &[HTPASSWD, TLS, NO_DELETES])?;
    let deletes = (!options.has(NO_DELETES)).to_string();
    let mut recipe = Recipe::new().variable("REGISTRY_STORAGE_DELETE_ENABLED", &deletes);
    if options.has(HTPASSWD) {
        recipe = recipe
            .variable("REGISTRY_AUTH", "htpasswd")
            .variable("REGISTRY_AUTH_HTPASSWD_REALM", "conformance")
            .variable("REGISTRY_AUTH_HTPASSWD_PATH", PASSWORDS)
            .file(PASSWORDS, "{htpasswd}");
    }
    if options.has(TLS) {
        recipe = recipe
            .variable("REGISTRY_HTTP_TLS_CERTIFICATE", CERTIFICATE)
            .variable("REGISTRY_HTTP_TLS_KEY", KEY)
            .file(CERTIFICATE, "{certificate}")
            .file(KEY, "{key}");
    }
    let tag = version("distribution", given, DEFAULT)?;
    Ok(Image::new(name, format!("registry:{tag}"), recipe))
}
