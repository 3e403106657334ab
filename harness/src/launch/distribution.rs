//! The CNCF Distribution registry, from its official image.

use super::TargetError;
use super::container::{Image, Setting, version};
use super::options::{HTPASSWD, Options, TLS};

const DEFAULT: &str = "3.0.0";

/// Deleting is not allowed, as Distribution has it when nothing else is said.
const NO_DELETES: &str = "no-deletes";

/// A launcher for `version`; deleting is allowed, as most installations have it, unless `no-deletes` is given.
pub(super) fn launcher(
    name: &str,
    given: Option<&str>,
    options: Option<&str>,
) -> Result<Image, TargetError> {
    let options = Options::parse("distribution", options, &[HTPASSWD, TLS, NO_DELETES])?;
    let deletes = if options.has(NO_DELETES) {
        "false"
    } else {
        "true"
    };
    let mut settings = vec![Setting::variable(
        "REGISTRY_STORAGE_DELETE_ENABLED",
        deletes,
    )];
    if options.has(HTPASSWD) {
        let path = "/etc/conformance/htpasswd";
        settings.extend([
            Setting::variable("REGISTRY_AUTH", "htpasswd"),
            Setting::variable("REGISTRY_AUTH_HTPASSWD_REALM", "conformance"),
            Setting::variable("REGISTRY_AUTH_HTPASSWD_PATH", path),
            Setting::Htpasswd(path),
        ]);
    }
    if options.has(TLS) {
        let (certificate, key) = ("/etc/conformance/tls.crt", "/etc/conformance/tls.key");
        settings.extend([
            Setting::variable("REGISTRY_HTTP_TLS_CERTIFICATE", certificate),
            Setting::variable("REGISTRY_HTTP_TLS_KEY", key),
            Setting::Certificate { certificate, key },
        ]);
    }
    Ok(Image {
        target: name.to_owned(),
        repository: "registry",
        tag: version("distribution", given, DEFAULT)?,
        settings,
        port: 5000,
    })
}
