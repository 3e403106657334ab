//! TLS trust: the root certificates of the system, those of an additional file, or any certificate.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    ClientConfig, ConfigBuilder, DigitallySignedStruct, RootCertStore, SignatureScheme,
    WantsVerifier,
};
use rustls_platform_verifier::Verifier;
use thiserror::Error;

use super::identity;

/// The trust configuration and the client certificate.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// A PEM file with additional root certificates.
    pub ca_file: Option<PathBuf>,
    /// A PEM file with the client certificate and its chain.
    pub cert_file: Option<PathBuf>,
    /// A PEM file with the key of the client certificate.
    pub key_file: Option<PathBuf>,
    /// Certificates that are accepted for any host name: those generated for launched registries.
    pub pinned: Vec<CertificateDer<'static>>,
    /// Accept any certificate.
    pub anyone: bool,
}

/// An error of the TLS configuration.
#[derive(Debug, Error)]
pub enum TrustError {
    /// The file of root certificates cannot be read, or is not PEM.
    #[error("cannot read the certificates of {path}")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: PemError,
    },
    /// The file of root certificates contains none.
    #[error("{path} contains no PEM certificate")]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The client certificate or its key cannot be used.
    #[error("cannot use the certificate of {cert} with the key of {key}: {why}", cert = .cert.display(), key = .key.display())]
    Identity {
        /// The file of the certificate.
        cert: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// The cause, and the next step.
        why: String,
    },
    /// A certificate without a key, or a key without a certificate.
    #[error("a client certificate needs both --cert-file and --key-file")]
    HalfIdentity,
    /// The root certificates cannot be used.
    #[error("cannot configure TLS; pass the registry's root certificate with --ca-file")]
    Roots(#[source] rustls::Error),
}

impl Trust {
    /// Checks that the files of certificates and keys can be used.
    pub fn check(&self) -> Result<(), TrustError> {
        self.extra_roots()?;
        self.dress(
            builder(&Arc::new(ring::default_provider()))?
                .with_root_certificates(RootCertStore::empty()),
        )?;
        Ok(())
    }

    /// Adds the client certificate, if there is one.
    fn dress(
        &self,
        builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    ) -> Result<ClientConfig, TrustError> {
        match (&self.cert_file, &self.key_file) {
            (None, None) => Ok(builder.with_no_client_auth()),
            (Some(cert), Some(key)) => {
                let own = identity::read(cert, key)?;
                builder
                    .with_client_auth_cert(own.chain, own.key)
                    .map_err(|error| identity::wrong(cert, key, &error))
            }
            _ => Err(TrustError::HalfIdentity),
        }
    }

    /// The TLS configuration of a client. If TLS is not `essential`, an error of the system's root certificates is
    /// ignored.
    pub(super) fn config(&self, essential: bool) -> Result<ClientConfig, TrustError> {
        let provider = Arc::new(ring::default_provider());
        let extra = self.extra_roots()?;
        let builder = builder(&provider)?;
        if self.anyone {
            let verifier = Arc::new(Anyone(provider));
            return self.dress(
                builder
                    .dangerous()
                    .with_custom_certificate_verifier(verifier),
            );
        }
        match Verifier::new_with_extra_roots(extra.clone(), provider) {
            Ok(verifier) => {
                let verifier = Arc::new(Named {
                    roots: verifier,
                    own: extra,
                    pinned: self.pinned.clone(),
                });
                self.dress(
                    builder
                        .dangerous()
                        .with_custom_certificate_verifier(verifier),
                )
            }
            Err(error) if essential => Err(TrustError::Roots(error)),
            Err(_) => self.dress(builder.with_root_certificates(RootCertStore::empty())),
        }
    }

    fn extra_roots(&self) -> Result<Vec<CertificateDer<'static>>, TrustError> {
        let Some(path) = &self.ca_file else {
            return Ok(Vec::new());
        };
        let unreadable = |source| TrustError::CaFile {
            path: path.clone(),
            source,
        };
        let roots: Vec<_> = CertificateDer::pem_file_iter(path)
            .map_err(unreadable)?
            .collect::<Result<_, _>>()
            .map_err(unreadable)?;
        if roots.is_empty() {
            return Err(TrustError::NoCertificate { path: path.clone() });
        }
        Ok(roots)
    }
}

fn builder(
    provider: &Arc<CryptoProvider>,
) -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, TrustError> {
    ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(TrustError::Roots)
}

/// Accepts certificates that a root certificate has signed, the certificates in `--ca-file` themselves, and those
/// generated for one launch.
///
/// `openssl req -x509` creates a self-signed certificate that is marked as an authority. Helm accepts it as a server
/// certificate if it is trusted; the rules of web browsers alone reject it.
#[derive(Debug)]
struct Named {
    roots: Verifier,
    own: Vec<CertificateDer<'static>>,
    pinned: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Named {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.pinned.iter().any(|pinned| pinned == certificate) {
            return Ok(ServerCertVerified::assertion());
        }
        let vouched = self
            .roots
            .verify_server_cert(certificate, intermediates, name, ocsp, now);
        if vouched.is_ok() || !self.own.iter().any(|own| own == certificate) {
            return vouched;
        }
        verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.roots
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.roots
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.roots.supported_verify_schemes()
    }
}

/// Accepts any certificate, for `--insecure-skip-tls-verify`; handshake signatures are still verified.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
