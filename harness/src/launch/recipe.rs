//! A recipe filled for one launch: a certificate and a user are created if its placeholders need them.

use std::collections::BTreeMap;

use helm_oci_suite::session::target::Credentials;
use rustls::pki_types::CertificateDer;

use super::LaunchError;
use super::secure;
use crate::target::kind::Recipe;

/// The placeholders for a certificate and its key.
const CERTIFICATE: [&str; 2] = ["{certificate}", "{key}"];

/// The placeholders for a user.
const USER: [&str; 4] = ["{htpasswd}", "{bcrypt}", "{username}", "{password}"];

/// A recipe for one launch.
pub(super) struct Filled {
    pub(super) env: BTreeMap<String, String>,
    pub(super) command: Vec<String>,
    pub(super) files: BTreeMap<String, String>,
    /// `http` or `https`.
    pub(super) scheme: &'static str,
    /// The certificate of the registry.
    pub(super) certificate: Option<CertificateDer<'static>>,
    /// The credentials of the user.
    pub(super) credentials: Option<Credentials>,
}

/// The address of a registry that is launched.
pub(super) struct Place<'a> {
    /// The port on which it listens.
    pub(super) port: u16,
    /// The host and port under which it is reached.
    pub(super) authority: &'a str,
    /// A folder of its own.
    pub(super) folder: &'a str,
}

/// Creates what the placeholders need, and replaces them.
pub(super) fn fill(recipe: &Recipe, place: &Place<'_>) -> Result<Filled, LaunchError> {
    let certificate = recipe.mentions(&CERTIFICATE).then(secure::certificate);
    let certificate = certificate.transpose()?;
    let user = recipe.mentions(&USER).then(secure::user).transpose()?;
    let scheme = if certificate.is_some() {
        "https"
    } else {
        "http"
    };
    let mut values = vec![
        ("{port}", place.port.to_string()),
        ("{url}", format!("{scheme}://{}", place.authority)),
        ("{dir}", place.folder.to_owned()),
    ];
    if let Some(own) = &certificate {
        values.push((CERTIFICATE[0], own.pem.clone()));
        values.push((CERTIFICATE[1], own.key.clone()));
    }
    if let Some(own) = &user {
        let login = &own.login;
        values.push((USER[0], format!("{}:{}\n", login.username, own.bcrypt)));
        values.push((USER[1], own.bcrypt.clone()));
        values.push((USER[2], login.username.clone()));
        values.push((USER[3], login.password.clone()));
    }
    let fill = |text: &String| {
        let replace = |text: String, (word, value): &(&str, String)| text.replace(word, value);
        values.iter().fold(text.clone(), replace)
    };
    let fill_all = |texts: &BTreeMap<String, String>| {
        let filled = texts.iter().map(|(name, text)| (name.clone(), fill(text)));
        filled.collect()
    };
    Ok(Filled {
        env: fill_all(&recipe.env),
        command: recipe.command.iter().map(fill).collect(),
        files: fill_all(&recipe.files),
        scheme,
        certificate: certificate.map(|own| own.pinned),
        credentials: user.map(|own| Credentials::Login(own.login)),
    })
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
    fn placeholders_are_replaced_by_values_that_belong_together() {
        let recipe = Recipe::default()
            .variable("LISTEN", "0.0.0.0:{port}")
            .variable("REALM", "{url}/token")
            .arguments(&["serve", "{dir}/config"])
            .file("/etc/users", "{htpasswd}")
            .file("/etc/tls.crt", "{certificate}");
        let filled = fill(&recipe, &PLACE).expect("it is filled");
        assert_eq!(filled.env["LISTEN"], "0.0.0.0:5000");
        assert_eq!(filled.env["REALM"], "https://127.0.0.1:32768/token");
        assert_eq!(filled.command, ["serve", "/tmp/registry/config"]);
        assert!(filled.files["/etc/tls.crt"].starts_with("-----BEGIN CERTIFICATE"));
        let credentials = filled.credentials.expect("a user was created");
        let login = credentials.login().expect("a user name and a password");
        let (name, hash) = filled.files["/etc/users"]
            .trim_end()
            .split_once(':')
            .expect("a line of an htpasswd file");
        assert_eq!(name, login.username);
        assert!(bcrypt::verify(&login.password, hash).expect("a hash"));
    }

    #[test]
    fn a_certificate_and_a_user_are_created_only_if_needed() {
        let filled = fill(&Recipe::default(), &PLACE).expect("it is filled");
        assert_eq!(filled.scheme, "http");
        assert!(filled.certificate.is_none() && filled.credentials.is_none());
    }
}
