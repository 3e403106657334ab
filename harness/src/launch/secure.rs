//! The certificate and the user of a launched registry. Both are created for one launch.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use helm_oci_suite::session::target::Login;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::CertificateDer;

use super::LaunchError;

/// The names in the certificate. The HTTP client accepts it under any name.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The lowest cost of bcrypt: the password is valid for seconds.
const COST: u32 = 4;

/// A certificate with its key, both as PEM.
pub(super) struct Certificate {
    pub(super) pem: String,
    pub(super) key: String,
    pub(super) pinned: CertificateDer<'static>,
}

/// A user with a random password, and the hash of the password.
pub(super) struct User {
    pub(super) login: Login,
    pub(super) bcrypt: String,
}

/// Creates a certificate for this machine.
pub(super) fn certificate() -> Result<Certificate, LaunchError> {
    let names = NAMES.map(ToOwned::to_owned).to_vec();
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(names).map_err(|error| LaunchError::Secure(error.into()))?;
    Ok(Certificate {
        pem: cert.pem(),
        key: signing_key.serialize_pem(),
        pinned: cert.der().clone(),
    })
}

/// Creates a user.
pub(super) fn user() -> Result<User, LaunchError> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| LaunchError::Secure(error.into()))?;
    let password = BASE64_URL_SAFE_NO_PAD.encode(random);
    let bcrypt =
        bcrypt::hash(&password, COST).map_err(|error| LaunchError::Secure(error.into()))?;
    Ok(User {
        login: Login {
            username: "conformance".to_owned(),
            password,
        },
        bcrypt,
    })
}
