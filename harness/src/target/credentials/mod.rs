//! What `helm registry login` and `docker login` left: files of credentials by host, and the helpers they name.
//!
//! `docker_credential`, which reads the same files, waits for a helper as long as it likes, knows no
//! `registrytoken`, and puts what a helper said into its errors.

mod helper;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use helm_oci_suite::session::target::Credentials;
use serde::Deserialize;
use thiserror::Error;

pub use self::helper::HelperError;

/// Docker writes base64 with padding, others without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Under which name Docker keeps what belongs to its own registry.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// A file of credentials.
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

/// Why a file of credentials, or what it leads to, cannot be used. What is in it is never repeated.
#[derive(Debug, Error)]
pub enum LoginError {
    /// It cannot be read.
    #[error("cannot read the credentials of {path}", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It has another shape.
    #[error("{path} is no configuration of credentials; `helm registry login` and `docker login` write one", path = .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// What it holds for a host is of no use.
    #[error("{path} holds for {host} what is no user name and password; log in to it anew", path = .path.display())]
    Entry {
        /// The file.
        path: PathBuf,
        /// The host.
        host: String,
    },
    /// A helper that it names for a host is of no use.
    #[error("the credential helper docker-credential-{name}, which {path} names for {host}, {why}", path = .path.display())]
    Helper {
        /// The file.
        path: PathBuf,
        /// The host.
        host: String,
        /// The helper.
        name: String,
        /// What is wrong with it.
        why: HelperError,
    },
}

impl Logins {
    /// Reads a file; one that is empty knows nobody.
    pub fn read(path: &Path) -> Result<Self, LoginError> {
        let text = std::fs::read_to_string(path).map_err(|source| LoginError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, LoginError> {
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

    /// What it has for a host with its port: from a helper if one is named for it, or for all.
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
            let found = helper::ask(name, key).map_err(|why| LoginError::Helper {
                path: self.path.clone(),
                host: host.to_owned(),
                name: name.clone(),
                why,
            })?;
            if found.is_some() {
                return Ok(found);
            }
        }
        let Some((_, entry)) = entry else {
            return Ok(None);
        };
        entry.read().map_err(|Unusable| LoginError::Entry {
            path: self.path.clone(),
            host: host.to_owned(),
        })
    }
}

/// An entry that holds something, and nothing that could be used.
struct Unusable;

impl Entry {
    /// What it holds; the store of a helper leaves empty ones.
    fn read(&self) -> Result<Option<Credentials>, Unusable> {
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
        let pair = BASE64.decode(&self.auth).map_err(|_| Unusable)?;
        let pair = String::from_utf8(pair).map_err(|_| Unusable)?;
        let (username, password) = pair.split_once(':').ok_or(Unusable)?;
        // Docker pads what it writes with zeros.
        Ok(Some(Credentials::user(
            username,
            password.trim_end_matches('\0'),
        )))
    }
}

/// Whether a key of the file means this host: `host:port`, or a URL of it.
fn is_for(key: &str, host: &str) -> bool {
    let bare = key.split_once("://").map_or(key, |(_, rest)| rest);
    let bare = bare.split('/').next().unwrap_or(bare);
    bare.eq_ignore_ascii_case(host) || key == DOCKER_HUB && server(host) == DOCKER_HUB
}

/// How a helper knows a host of which the file says nothing.
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
        "credHelpers": { "helped.example": "of-nobody-at-all" },
        "HttpHeaders": { "User-Agent": "Docker-Client/1" }
    }"#;

    fn logins() -> Logins {
        Logins::parse(Path::new("/c.json"), FILE).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn each_host_gets_what_is_its_own() {
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
    fn what_cannot_be_used_is_told_and_not_repeated() {
        for (host, words) in [
            ("canary.example", "log in to it anew"),
            ("garbled.example", "log in to it anew"),
            (
                "helped.example",
                "docker-credential-of-nobody-at-all, which /c.json names for helped.example, is not on the PATH",
            ),
        ] {
            let error = logins().credentials(host).expect_err(host).to_string();
            assert!(error.contains(words), "{error}");
            assert!(!error.replace(host, "").contains("canary"), "{error}");
        }
        let malformed = Logins::parse(Path::new("/c.json"), r#"{"auths": "canary"}"#);
        let error = malformed.err().expect("an error").to_string();
        assert!(error.contains("/c.json is no configuration") && !error.contains("canary"));
        let nobody =
            Logins::parse(Path::new("/c.json"), " \n").map(|empty| empty.credentials("r.example"));
        assert!(matches!(nobody, Ok(Ok(None))), "an empty file is one");
    }
}
