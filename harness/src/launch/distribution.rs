//! The image of CNCF Distribution, configured by its environment.

use crate::target::kind::{DistributionOption, ImageTarget, Recipe, Release};

const STORAGE: &str = "/var/lib/registry";
const PASSWORDS: &str = "/etc/conformance/htpasswd";
const CERTIFICATE: &str = "/etc/conformance/tls.crt";
const KEY: &str = "/etc/conformance/tls.key";

/// The image of a release. Deletion is enabled, as in most installations, unless an option disables it.
pub(super) fn image(release: &Release<DistributionOption>) -> ImageTarget {
    let Release { version, options } = release;
    let deletes = (!options.has(DistributionOption::NoDeletes)).to_string();
    let mut recipe = Recipe::default()
        .in_memory(STORAGE)
        .variable("REGISTRY_STORAGE_DELETE_ENABLED", &deletes);
    if options.has(DistributionOption::Htpasswd) {
        recipe = recipe
            .variable("REGISTRY_AUTH", "htpasswd")
            .variable("REGISTRY_AUTH_HTPASSWD_REALM", "conformance")
            .variable("REGISTRY_AUTH_HTPASSWD_PATH", PASSWORDS)
            .file(PASSWORDS, "{htpasswd}");
    }
    if options.has(DistributionOption::Tls) {
        recipe = recipe
            .variable("REGISTRY_HTTP_TLS_CERTIFICATE", CERTIFICATE)
            .variable("REGISTRY_HTTP_TLS_KEY", KEY)
            .file(CERTIFICATE, "{certificate}")
            .file(KEY, "{key}");
    }
    ImageTarget::published(format!("registry:{version}"), recipe)
}
