//! Who a run is to a registry: from standard input, the environment, or what a login left.

use std::io::Read;
use std::path::PathBuf;

use clap::Args;
use helm_oci_suite::session::target::Credentials;

use super::environment;
use super::error::CliError;
use crate::launch::{self, Launcher};
use crate::target::credentials::Logins;
use crate::target::spec::TargetSpec;

/// What a registry gets when it asks.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own on the command line"
)]
pub(super) struct CredentialArguments {
    /// The user name for the registry, of which exactly one may be given then.
    #[arg(long, value_name = "USER")]
    username: Option<String>,
    /// Read the password from standard input; otherwise it is taken from the environment variable
    /// `HELM_OCI_PASSWORD`.
    #[arg(long)]
    password_stdin: bool,
    /// Read an identity token from standard input: what `docker login` keeps for some registries, to be traded for
    /// tokens.
    #[arg(long, conflicts_with_all = ["username", "password_stdin"])]
    identity_token_stdin: bool,
    /// Read a token that is ready from standard input: the registry gets it as it is.
    #[arg(long, conflicts_with_all = ["username", "password_stdin", "identity_token_stdin"])]
    registry_token_stdin: bool,
    /// Take what this file has for the host of each target: Helm's or Docker's config.json, with the credential
    /// helpers that it names.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["username", "password_stdin", "identity_token_stdin", "registry_token_stdin"])]
    pub(super) registry_config: Option<PathBuf>,
    /// Take what `helm registry login` and `docker login` have left on this machine for the host of each target.
    #[arg(long, conflicts_with_all = ["username", "password_stdin", "identity_token_stdin", "registry_token_stdin", "registry_config"])]
    pub(super) logged_in: bool,
}

impl CredentialArguments {
    /// What one target may get, of all that have users of their own.
    pub(super) fn given(&self, targets: usize) -> Result<Option<Credentials>, CliError> {
        if self.password_stdin && self.username.is_none() {
            return Err(CliError::NoUsername);
        }
        let has_token = self.identity_token_stdin || self.registry_token_stdin;
        if self.username.is_none() && !has_token {
            return Ok(None);
        }
        if targets != 1 {
            return Err(CliError::CredentialsForMany);
        }
        let secret = if self.password_stdin || has_token {
            from_stdin()?
        } else {
            environment::variable("HELM_OCI_PASSWORD").ok_or(CliError::NoPassword)?
        };
        if secret.is_empty() {
            return Err(CliError::EmptyPassword);
        }
        match &self.username {
            Some(username) => Ok(Some(Credentials::user(username, secret))),
            None => token(secret, self.identity_token_stdin).map(Some),
        }
    }
}

fn from_stdin() -> Result<String, CliError> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(CliError::Password)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn token(text: String, is_identity: bool) -> Result<Credentials, CliError> {
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(CliError::NoToken);
    }
    Ok(if is_identity {
        Credentials::IdentityToken(text)
    } else {
        Credentials::RegistryToken(text)
    })
}

/// What is said of one target: in the environment, or where a login left it.
pub(super) fn of_spec(spec: &TargetSpec) -> Result<Option<Credentials>, CliError> {
    let launcher = launch::parse(spec)?;
    let name = spec.name.as_ref().unwrap_or(&spec.target);
    let from_login = spec.registry_config.is_some() || spec.logged_in;
    let ways = [
        spec.username.is_some() || spec.password_env.is_some(),
        spec.identity_token_env.is_some(),
        spec.registry_token_env.is_some(),
        from_login,
    ];
    match ways.iter().filter(|is_said| **is_said).count() {
        0 => return Ok(None),
        1 => {}
        _ => return Err(CliError::TwoCredentials { name: name.clone() }),
    }
    if from_login {
        return of_login(spec, launcher.as_ref());
    }
    if !launcher.takes_credentials() {
        return Err(CliError::CredentialsForLaunched { name: name.clone() });
    }
    let from = |variable: &String| {
        let value = environment::variable(variable).filter(|value| !value.is_empty());
        value.ok_or_else(|| CliError::NoPasswordFor {
            name: name.clone(),
            variable: variable.clone(),
        })
    };
    let credentials = match (
        &spec.username,
        &spec.password_env,
        &spec.identity_token_env,
        &spec.registry_token_env,
    ) {
        (Some(username), Some(variable), ..) => Credentials::user(username, from(variable)?),
        (None, None, Some(variable), _) => token(from(variable)?, true)?,
        (None, None, None, Some(variable)) => token(from(variable)?, false)?,
        _ => return Err(CliError::HalfCredentials { name: name.clone() }),
    };
    Ok(Some(credentials))
}

/// What a login left for the host of the target; other targets have none.
fn of_login(spec: &TargetSpec, launcher: &dyn Launcher) -> Result<Option<Credentials>, CliError> {
    let Some(host) = launcher.host() else {
        return Ok(None);
    };
    let files = match &spec.registry_config {
        Some(path) => vec![path.clone()],
        // As Helm does: its own file first. One that is not there knows nobody.
        None => environment::surroundings()
            .login_files()
            .into_iter()
            .map(|(_, path)| path)
            .filter(|path| path.exists())
            .collect(),
    };
    for file in files {
        let found = Logins::read(&file)?.credentials(host)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}
