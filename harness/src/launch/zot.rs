//! The zot registry, from its official image; with its default configuration, unless something else is asked for.

use serde_json::{Value, json};

use super::TargetError;
use super::container::{Image, Setting, version};
use super::options::{HTPASSWD, Options, TLS};

const DEFAULT: &str = "2.1.20";

/// Where the image looks for its configuration.
const CONFIGURATION: &str = "/etc/zot/config.json";
const PASSWORDS: &str = "/etc/zot/htpasswd";
const CERTIFICATE: &str = "/etc/zot/tls.crt";
const KEY: &str = "/etc/zot/tls.key";

/// Docker's own manifests are taken as well.
const DOCKER: &str = "docker2s2";

/// A launcher for `version`.
pub(super) fn launcher(
    name: &str,
    given: Option<&str>,
    options: Option<&str>,
) -> Result<Image, TargetError> {
    let options = Options::parse("zot", options, &[HTPASSWD, TLS, DOCKER])?;
    let mut settings = Vec::new();
    if !options.is_empty() {
        let configuration = configuration(&options).to_string();
        settings.push(Setting::file(CONFIGURATION, configuration));
    }
    if options.has(HTPASSWD) {
        settings.push(Setting::Htpasswd(PASSWORDS));
    }
    if options.has(TLS) {
        settings.push(Setting::Certificate {
            certificate: CERTIFICATE,
            key: KEY,
        });
    }
    Ok(Image {
        target: name.to_owned(),
        repository: "ghcr.io/project-zot/zot",
        tag: format!("v{}", version("zot", given, DEFAULT)?),
        settings,
        port: 5000,
    })
}

fn configuration(options: &Options) -> Value {
    let mut http = json!({ "address": "0.0.0.0", "port": "5000" });
    if options.has(HTPASSWD) {
        http["auth"] = json!({ "htpasswd": { "path": PASSWORDS } });
    }
    if options.has(TLS) {
        http["tls"] = json!({ "cert": CERTIFICATE, "key": KEY });
    }
    if options.has(DOCKER) {
        http["compat"] = json!(["docker2s2"]);
    }
    json!({
        "storage": { "rootDirectory": "/var/lib/registry" },
        "http": http,
        "log": { "level": "info" },
    })
}
