//! Options for credentials, and their secrets from standard input.

use std::io::{self, Read};
use std::path::PathBuf;

use clap::Args;
use helm_oci_suite::session::target::Credentials;
use thiserror::Error;

use super::environment::environment;
use crate::target::credentials::{CredentialsError, identity_token, registry_token};
use crate::target::spec::TargetSpec;

/// Credentials that are missing or contradictory.
#[derive(Debug, Error)]
pub(super) enum CredentialOptionError {
    #[error("--username needs a password; give --password-stdin or set HELM_OCI_PASSWORD")]
    NoPassword,
    #[error("--password-stdin needs --username")]
    NoUsername,
    #[error(
        "credentials need exactly one target that is a URL, an image: or a process:, so that no other registry \
         receives them"
    )]
    NotOneTarget,
    #[error("cannot read the password or token from standard input")]
    Stdin(#[source] io::Error),
    #[error("the password or token is empty")]
    Empty,
    #[error(transparent)]
    Token(#[from] CredentialsError),
}

/// The credentials of a registry.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own on the command line"
)]
pub(super) struct CredentialArguments {
    /// Log in as USER. Exactly one of the targets must accept credentials.
    #[arg(long, value_name = "USER")]
    username: Option<String>,
    /// Read the password from standard input instead of the environment variable `HELM_OCI_PASSWORD`.
    #[arg(long)]
    password_stdin: bool,
    /// Read an identity token from standard input. `docker login` stores one for some registries; it is exchanged for
    /// access tokens.
    #[arg(long, conflicts_with_all = ["username", "password_stdin"])]
    identity_token_stdin: bool,
    /// Read a registry token from standard input. It is sent to the registry as it is.
    #[arg(long, conflicts_with_all = ["username", "password_stdin", "identity_token_stdin"])]
    registry_token_stdin: bool,
    /// Use the login for the host of each target in FILE, a config.json of Helm or Docker. The credential helpers that
    /// it names are run.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["username", "password_stdin", "identity_token_stdin", "registry_token_stdin"])]
    registry_config: Option<PathBuf>,
    /// Use the login that `helm registry login` or `docker login` stored on this machine for the host of each target.
    #[arg(long, conflicts_with_all = ["username", "password_stdin", "identity_token_stdin", "registry_token_stdin", "registry_config"])]
    logged_in: bool,
}

impl CredentialArguments {
    /// Adds the source of stored logins to the description of a target.
    pub(super) fn describe(&self, spec: &mut TargetSpec) {
        spec.registry_config.clone_from(&self.registry_config);
        spec.logged_in = self.logged_in;
    }

    /// The credentials for the only one of so many targets that accept some; `None` if the options give none.
    pub(super) fn read(
        &self,
        targets: usize,
    ) -> Result<Option<Credentials>, CredentialOptionError> {
        if self.password_stdin && self.username.is_none() {
            return Err(CredentialOptionError::NoUsername);
        }
        let has_token = self.identity_token_stdin || self.registry_token_stdin;
        if self.username.is_none() && !has_token {
            return Ok(None);
        }
        if targets != 1 {
            return Err(CredentialOptionError::NotOneTarget);
        }
        let secret = if self.password_stdin || has_token {
            from_stdin()?
        } else {
            let password = environment().text("HELM_OCI_PASSWORD");
            password.ok_or(CredentialOptionError::NoPassword)?
        };
        if secret.is_empty() {
            return Err(CredentialOptionError::Empty);
        }
        Ok(Some(match &self.username {
            Some(username) => Credentials::user(username, secret),
            None if self.identity_token_stdin => identity_token(secret)?,
            None => registry_token(secret)?,
        }))
    }
}

fn from_stdin() -> Result<String, CredentialOptionError> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(CredentialOptionError::Stdin)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
