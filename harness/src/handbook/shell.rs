//! The variables and shell functions of the commands by hand.

use std::fmt::Write as _;

/// The `Accept` header of Helm 3.0 to 3.17 for manifests.
pub(super) const ACCEPT_3_17: &str = "accept: application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*";

/// The `Accept` header of Helm 3.18 and later for manifests.
pub(super) const ACCEPT_3_18: &str = "accept: application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, application/vnd.oci.artifact.manifest.v1+json";

/// Variables for long and frequent headers.
pub(crate) const VARIABLES: &[(&str, &str)] = &[
    ("BYTES", "content-type: application/octet-stream"),
    (
        "MANIFEST",
        "content-type: application/vnd.oci.image.manifest.v1+json",
    ),
    ("AS_HELM_3_17", ACCEPT_3_17),
    ("AS_HELM_3_18", ACCEPT_3_18),
];

/// The variables and shell functions that the commands use.
pub(super) fn prelude(is_used: impl Fn(&str) -> bool) -> String {
    let mut prelude = "REGISTRY=https://registry.example\n".to_owned();
    for (sign, line) in [
        ("$USERNAME", "USERNAME=… PASSWORD=…\n"),
        (
            "$REALM",
            "REALM=… SERVICE=…  # from the WWW-Authenticate of a 401\n",
        ),
        ("$TOKEN", "TOKEN=…  # from the response of the realm\n"),
    ] {
        if is_used(sign) {
            prelude.push_str(line);
        }
    }
    let uploads = is_used("upload ");
    for (variable, header) in VARIABLES {
        if is_used(&format!("${variable}\"")) || uploads && *variable == "BYTES" {
            let _ = writeln!(prelude, "{variable}='{header}'");
        }
    }
    prelude.push_str("request() { curl -sSi -H Accept: -H User-Agent: \"$@\"; }\n");
    if uploads || is_used("$(location") {
        prelude.push_str(LOCATION);
    }
    if uploads {
        prelude.push_str(UPLOAD);
    }
    prelude
}

/// A shell function that sends a request and prints its `Location` as a URL.
const LOCATION: &str = "\
location() { request \"$@\" | tr -d '\\r' | sed -n \"s|^[Ll]ocation: /|$REGISTRY/|p; s|^[Ll]ocation: h|h|p\"; }
";

/// A shell function that uploads a file by POST and PUT.
const UPLOAD: &str = "\
upload() {
  request -X PUT \"$(location -X POST \"$REPOSITORY/blobs/uploads/\" -H 'Content-Length: 0')\" \\
    --url-query \"digest=sha256:$(sha256sum < \"$1\" | cut -d ' ' -f 1)\" -H \"$BYTES\" --data-binary \"@$1\"
}
";
