//! Credentials of a target: the logins stored by `helm registry login` and `docker login`, and the credential helpers
//! that their files name.
//!
//! The crate `docker_credential` reads the same files, but it waits for a helper without limit, does not know
//! `registrytoken`, and repeats the output of a helper in its errors.

mod helper;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use helm_oci_suite::session::target::Credentials;
use serde::Deserialize;
use thiserror::Error;

pub use self::helper::HelperError;
pub use self::source::{CredentialsError, identity_token, read, registry_token};

/// Base64 with or without padding: Docker writes it, others do not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The key under which Docker stores the login of its own registry.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// A file of stored logins.
pub struct Logins {
    path: PathBuf,
    settings: Settings,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Settings {
    auths: BTreeMap<String, Entry>,
    creds_store: String,
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase", default)]
struct Entry {
    auth: String,
    username: String,
    password: String,
    identitytoken: String,
    registrytoken: String,
}

/// A file of logins, or a credential helper, that cannot be used. The content of the file is never repeated.
#[derive(Debug, Error)]
pub enum LoginError {
    /// The file cannot be read.
    #[error("cannot read the logins in {path}", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The file has another format.
    #[error("{path} is not a configuration file of `helm registry login` or `docker login`; repair or remove it", path = .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The entry for a host is malformed.
    #[error("the login for {host} in {path} is malformed; log in to {host} again", path = .path.display())]
    Entry {
        /// The file.
        path: PathBuf,
        /// The host.
        host: String,
    },
    /// The credential helper for a host failed.
    #[error("the credential helper docker-credential-{name}, which {path} names for {host}, {reason}", path = .path.display())]
    Helper {
        /// The file.
        path: PathBuf,
        /// The host.
        host: String,
        /// The helper.
        name: String,
        /// The failure.
        reason: HelperError,
    },
}

impl Logins {
    /// Reads a file. An empty file holds no logins.
    pub fn read(path: &Path) -> Result<Self, LoginError> {
        let text = crate::input::read(path).map_err(|source| LoginError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(path, &text)
    }

    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, LoginError> {
        let settings = match text.trim() {
            "" => Ok(Settings::default()),
            // The error may quote what is in the file, so it is not kept.
            text => serde_json::from_str(text).map_err(|_| LoginError::Malformed {
                path: path.to_owned(),
            }),
        };
        Ok(Self {
            path: path.to_owned(),
            settings: settings?,
        })
    }

    /// The number of logins in the file itself.
    pub(crate) fn count(&self) -> usize {
        self.settings.auths.len()
    }

    /// The names of the credential helpers.
    pub(crate) fn helpers(&self) -> BTreeSet<&str> {
        let own = self.settings.cred_helpers.values();
        let all = own.chain([&self.settings.creds_store]);
        all.map(String::as_str)
            .filter(|name| !name.is_empty())
            .collect()
    }

    /// The login for a host with its port: from the credential helper for this host or for all, otherwise from the
    /// file.
    pub fn credentials(&self, host: &str) -> Result<Option<Credentials>, LoginError> {
        let Settings {
            auths,
            creds_store,
            cred_helpers,
        } = &self.settings;
        let own = cred_helpers.iter().find(|(key, _)| is_for(key, host));
        let entry = auths.iter().find(|(key, _)| is_for(key, host));
        let name = own.map_or(creds_store, |(_, name)| name);
        if !name.is_empty() {
            let keys = [own.map(|(key, _)| key), entry.map(|(key, _)| key)];
            let key = keys.into_iter().flatten().next();
            let key = key.map_or_else(|| server(host), |key| key.as_str());
            let found = helper::query(name, key).map_err(|reason| LoginError::Helper {
                path: self.path.clone(),
                host: host.to_owned(),
                name: name.clone(),
                reason,
            })?;
            if found.is_some() {
                return Ok(found);
            }
        }
        let Some((_, entry)) = entry else {
            return Ok(None);
        };
        entry.read().map_err(|Malformed| LoginError::Entry {
            path: self.path.clone(),
            host: host.to_owned(),
        })
    }
}

/// An entry that is not empty, and malformed.
struct Malformed;

impl Entry {
    /// The credentials in it. A credential helper leaves empty entries.
    fn read(&self) -> Result<Option<Credentials>, Malformed> {
        if !self.registrytoken.is_empty() {
            return Ok(Some(Credentials::RegistryToken(self.registrytoken.clone())));
        }
        if !self.identitytoken.is_empty() {
            return Ok(Some(Credentials::IdentityToken(self.identitytoken.clone())));
        }
        if self.auth.is_empty() {
            let is_empty = self.username.is_empty() && self.password.is_empty();
            return Ok((!is_empty).then(|| Credentials::user(&self.username, &self.password)));
        }
        let pair = BASE64.decode(&self.auth).map_err(|_| Malformed)?;
        let pair = String::from_utf8(pair).map_err(|_| Malformed)?;
        let (username, password) = pair.split_once(':').ok_or(Malformed)?;
        // Docker pads the password with zeros.
        Ok(Some(Credentials::user(
            username,
            password.trim_end_matches('\0'),
        )))
    }
}

/// True if a key of the file denotes this host: as `host:port`, or as a URL.
fn is_for(key: &str, host: &str) -> bool {
    let bare = key.split_once("://").map_or(key, |(_, rest)| rest);
    let bare = bare.split('/').next().unwrap_or(bare);
    bare.eq_ignore_ascii_case(host) || key == DOCKER_HUB && server(host) == DOCKER_HUB
}

/// The key of a host in a credential helper, if the file has no entry for it.
fn server(host: &str) -> &str {
    match host {
        "docker.io" | "registry-1.docker.io" | "index.docker.io" => DOCKER_HUB,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{
        "auths": {
            "r.example": { "auth": "YWxpY2U6czNjcjpldA" },
            "https://padded.example/v1/": { "auth": "YWxpY2U6czNjcjpldA==" },
            "localhost:5000": { "identitytoken": "an-identity", "auth": "PHRva2VuPjo=" },
            "ready.example": { "registrytoken": "a-token" },
            "apart.example": { "username": "bob", "password": "secret" },
            "https://index.docker.io/v1/": { "auth": "YWxpY2U6czNjcjpldA==" },
            "kept-elsewhere.example": {},
            "canary.example": { "auth": "Y2FuYXJ5" },
            "garbled.example": { "auth": "canary!" }
        },
        "credHelpers": { "helped.example": "not-installed" },
        "HttpHeaders": { "User-Agent": "Docker-Client/1" }
    }"#;

    fn logins() -> Logins {
        Logins::parse(Path::new("/c.json"), FILE).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn each_host_gets_its_own_login() {
        let alice = || Some(Credentials::user("alice", "s3cr:et"));
        for (host, found) in [
            ("r.example", alice()),
            ("R.example", alice()),
            ("padded.example", alice()),
            ("registry-1.docker.io", alice()),
            (
                "localhost:5000",
                Some(Credentials::IdentityToken("an-identity".into())),
            ),
            (
                "ready.example",
                Some(Credentials::RegistryToken("a-token".into())),
            ),
            ("apart.example", Some(Credentials::user("bob", "secret"))),
            ("kept-elsewhere.example", None),
            ("r.example:5000", None),
            ("localhost", None),
            ("sub.r.example", None),
            ("r.example.evil", None),
        ] {
            let read = logins().credentials(host);
            assert!(
                read.unwrap_or_else(|error| panic!("{error}")) == found,
                "{host}"
            );
        }
    }

    #[test]
    fn malformed_content_is_reported_and_not_repeated() {
        for (host, words) in [
            ("canary.example", "is malformed; log in to"),
            ("garbled.example", "is malformed; log in to"),
            (
                "helped.example",
                "docker-credential-not-installed, which /c.json names for helped.example, is not on the PATH",
            ),
        ] {
            let error = logins().credentials(host).expect_err(host).to_string();
            assert!(error.contains(words), "{error}");
            assert!(!error.replace(host, "").contains("canary"), "{error}");
        }
        let malformed = Logins::parse(Path::new("/c.json"), r#"{"auths": "canary"}"#);
        let error = malformed.err().expect("an error").to_string();
        assert!(error.contains("/c.json is not a configuration file") && !error.contains("canary"));
        let empty =
            Logins::parse(Path::new("/c.json"), " \n").map(|empty| empty.credentials("r.example"));
        assert!(matches!(empty, Ok(Ok(None))), "an empty file is valid");
    }
}
