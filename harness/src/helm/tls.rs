//! TLS for servers that Helm connects to: a certificate for this machine, and the root certificates for Helm.

use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A certificate for loopback addresses. Its key is public; nobody may trust it.
const CERTIFICATE: &[u8] = include_bytes!("tls/test-only-cert.pem");
const KEY: &[u8] = include_bytes!("tls/test-only-key.pem");

/// The TLS configuration of a server with the certificate.
pub(super) fn server() -> ServerConfig {
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE)
        .expect("the certificate in the repository reads");
    let key = PrivateKeyDer::from_pem_slice(KEY).expect("the key in the repository reads");
    ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("certificate and key belong together")
}

/// Writes the certificate as the only root certificate.
pub(super) fn write_root(path: &Path) -> io::Result<()> {
    std::fs::write(path, CERTIFICATE)
}

/// The certificate, the root certificates in another PEM file, and those of the system, as PEM: the token endpoint of a
/// registry may be on another host.
pub fn roots(also: Option<&Path>) -> io::Result<Vec<u8>> {
    let mut roots = CERTIFICATE.to_vec();
    if let Some(also) = also {
        roots.extend(std::fs::read(also)?);
        roots.push(b'\n');
    }
    for root in rustls_native_certs::load_native_certs().certs {
        let encoded = BASE64_STANDARD.encode(&root);
        let pem = format!("-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n");
        roots.extend_from_slice(pem.as_bytes());
    }
    Ok(roots)
}
