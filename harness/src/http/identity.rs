//! The client certificate.

use std::path::Path;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::trust::TrustError;

/// A client certificate with its chain and key.
pub(super) struct Identity {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

/// Reads both files. Errors never contain the content of the key.
pub(super) fn read(cert: &Path, key: &Path) -> Result<Identity, TrustError> {
    let wrong = |why: String| TrustError::Identity {
        cert: cert.to_owned(),
        key: key.to_owned(),
        why,
    };
    let readable = |path: &Path| {
        std::fs::read(path)
            .map_err(|error| wrong(format!("cannot read {}: {error}", path.display())))
    };
    let (certificate, secret) = (readable(cert)?, readable(key)?);
    let chain = CertificateDer::pem_slice_iter(&certificate).collect::<Result<Vec<_>, _>>();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    let chain = chain
        .ok_or_else(|| wrong("the certificate file contains no PEM certificate".to_owned()))?;
    let read = PrivateKeyDer::from_pem_slice(&secret);
    let key = read.map_err(|_| wrong(what_is_wrong_with(&secret).to_owned()))?;
    Ok(Identity { chain, key })
}

/// The error of the TLS library for a certificate and a key.
pub(super) fn wrong(cert: &Path, key: &Path, error: &rustls::Error) -> TrustError {
    let why = match error {
        rustls::Error::InconsistentKeys(_) => {
            "the key does not belong to the certificate".to_owned()
        }
        other => other.to_string(),
    };
    TrustError::Identity {
        cert: cert.to_owned(),
        key: key.to_owned(),
        why,
    }
}

fn what_is_wrong_with(key: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(key);
    if text.contains("ENCRYPTED") {
        "the key is encrypted; remove the passphrase with `openssl pkey -in KEY -out PLAIN`"
    } else {
        "the key file contains no PEM key"
    }
}
