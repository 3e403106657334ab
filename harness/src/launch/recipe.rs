//! How a registry is started, in a container or as a process: its environment, its command, its files.
//!
//! Values may hold placeholders, which are filled for one launch: `{certificate}` and `{key}` (PEM; the registry is
//! then reached over TLS), `{htpasswd}`, `{bcrypt}`, `{username}` and `{password}` (a user who is made for the launch
//! and used in it), `{port}` (where to listen), `{url}` (where it is reached), `{dir}` (a folder of its own; for a
//! process only).

use std::collections::BTreeMap;

use helm_oci_suite::session::target::Credentials;
use rustls::pki_types::CertificateDer;

use super::LaunchError;
use super::secure;
use crate::target::spec::TargetSpec;

/// The placeholders that give the registry a certificate.
const CERTIFICATE: [&str; 2] = ["{certificate}", "{key}"];

/// The placeholders that give the registry a user.
const USER: [&str; 4] = ["{htpasswd}", "{bcrypt}", "{username}", "{password}"];

/// How a registry is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recipe {
    /// Variables of its environment.
    pub(super) env: BTreeMap<String, String>,
    /// Its arguments; none leaves them as an image has them.
    pub(super) command: Vec<String>,
    /// Files it finds, by path.
    pub(super) files: BTreeMap<String, String>,
    /// The path that answers with a success or 401 when it is ready.
    pub(super) ready: String,
}

/// A recipe for one launch.
pub(super) struct Filled {
    pub(super) env: BTreeMap<String, String>,
    pub(super) command: Vec<String>,
    pub(super) files: BTreeMap<String, String>,
    /// `http` or `https`.
    pub(super) scheme: &'static str,
    /// The certificate it shows.
    pub(super) certificate: Option<CertificateDer<'static>>,
    /// Who may log in.
    pub(super) credentials: Option<Credentials>,
}

/// Where a registry runs.
pub(super) struct Place<'a> {
    /// Where it listens.
    pub(super) port: u16,
    /// Where it is reached.
    pub(super) authority: &'a str,
    /// A folder of its own.
    pub(super) folder: &'a str,
}

impl Recipe {
    /// Nothing said, and ready when it answers as a registry.
    pub(super) fn new() -> Self {
        Self {
            env: BTreeMap::new(),
            command: Vec::new(),
            files: BTreeMap::new(),
            ready: "/v2/".to_owned(),
        }
    }

    /// What the entry of a target file says.
    pub(super) fn of(spec: &TargetSpec) -> Self {
        let ready = spec.ready.clone().unwrap_or_else(|| Self::new().ready);
        Self {
            env: spec.env.clone(),
            command: spec.command.clone(),
            files: spec.files.clone(),
            ready,
        }
    }

    /// Sets a variable of the environment.
    pub(super) fn variable(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Adds a file.
    pub(super) fn file(mut self, path: &str, content: impl Into<String>) -> Self {
        self.files.insert(path.to_owned(), content.into());
        self
    }

    /// Adds arguments.
    pub(super) fn arguments(mut self, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned());
        self.command.extend(arguments);
        self
    }

    /// Whether one of the placeholders occurs.
    pub(super) fn mentions(&self, placeholders: &[&str]) -> bool {
        let values = self.env.values().chain(&self.command);
        let mut values = values.chain(self.files.values());
        values.any(|value| placeholders.iter().any(|word| value.contains(word)))
    }

    /// Makes what the placeholders ask for, and puts it in their places.
    pub(super) fn fill(&self, place: &Place<'_>) -> Result<Filled, LaunchError> {
        let certificate = self.mentions(&CERTIFICATE).then(secure::certificate);
        let certificate = certificate.transpose()?;
        let user = self.mentions(&USER).then(secure::user).transpose()?;
        let scheme = if certificate.is_some() {
            "https"
        } else {
            "http"
        };
        let mut words = vec![
            ("{port}", place.port.to_string()),
            ("{url}", format!("{scheme}://{}", place.authority)),
            ("{dir}", place.folder.to_owned()),
        ];
        if let Some(made) = &certificate {
            words.push((CERTIFICATE[0], made.pem.clone()));
            words.push((CERTIFICATE[1], made.key.clone()));
        }
        if let Some(made) = &user {
            let known = &made.login;
            words.push((USER[0], format!("{}:{}\n", known.username, made.bcrypt)));
            words.push((USER[1], made.bcrypt.clone()));
            words.push((USER[2], known.username.clone()));
            words.push((USER[3], known.password.clone()));
        }
        let fill = |text: &String| {
            let replace = |text: String, (word, value): &(&str, String)| text.replace(word, value);
            words.iter().fold(text.clone(), replace)
        };
        let fill_all = |values: &BTreeMap<String, String>| {
            let filled = values
                .iter()
                .map(|(name, value)| (name.clone(), fill(value)));
            filled.collect()
        };
        Ok(Filled {
            env: fill_all(&self.env),
            command: self.command.iter().map(fill).collect(),
            files: fill_all(&self.files),
            scheme,
            certificate: certificate.map(|made| made.pinned),
            credentials: user.map(|made| Credentials::Login(made.login)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'static> = Place {
        port: 5000,
        authority: "127.0.0.1:32768",
        folder: "/tmp/registry",
    };

    #[test]
    fn placeholders_are_filled_with_what_belongs_together() {
        let recipe = Recipe::new()
            .variable("LISTEN", "0.0.0.0:{port}")
            .variable("REALM", "{url}/token")
            .arguments(&["serve", "{dir}/config"])
            .file("/etc/users", "{htpasswd}")
            .file("/etc/tls.crt", "{certificate}");
        let filled = recipe.fill(&PLACE).expect("it fills");
        assert_eq!(filled.env["LISTEN"], "0.0.0.0:5000");
        assert_eq!(filled.env["REALM"], "https://127.0.0.1:32768/token");
        assert_eq!(filled.command, ["serve", "/tmp/registry/config"]);
        assert!(filled.files["/etc/tls.crt"].starts_with("-----BEGIN CERTIFICATE"));
        let known = filled.credentials.expect("a user was made");
        let known = known.login().expect("one with a password");
        let (name, hash) = filled.files["/etc/users"]
            .trim_end()
            .split_once(':')
            .expect("a line of an htpasswd file");
        assert_eq!(name, known.username);
        assert!(bcrypt::verify(&known.password, hash).expect("a hash"));
    }

    #[test]
    fn what_is_not_asked_for_is_not_made() {
        let filled = Recipe::new().fill(&PLACE).expect("it fills");
        assert_eq!(filled.scheme, "http");
        assert!(filled.certificate.is_none() && filled.credentials.is_none());
    }
}
