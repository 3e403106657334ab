//! `helm-oci-conformance`: does this OCI registry serve Helm?

use std::process::ExitCode;

fn main() -> ExitCode {
    helm_oci_conformance::cli::main().into()
}
