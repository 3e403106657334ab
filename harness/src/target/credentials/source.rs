//! The source of a target's credentials: environment variables, or a stored login.

use std::path::Path;

use helm_oci_suite::session::target::Credentials;
use thiserror::Error;

use super::{LoginError, Logins};
use crate::environment::Environment;
use crate::target::kind::Kind;
use crate::target::spec::TargetSpec;

/// Credentials that are described wrongly, or cannot be read.
#[derive(Debug, Error)]
pub enum CredentialsError {
    /// Two kinds of credentials are given.
    #[error(
        "the target `{name}` has credentials of two kinds; keep one of `username` with `password-env`, \
         `identity-token-env`, `registry-token-env`, `registry-config` and `logged-in`"
    )]
    TwoKinds {
        /// The target.
        name: String,
    },
    /// A user name without a password, or a password without a user name.
    #[error("the target `{name}` has only one of `username` and `password-env`; set both")]
    Half {
        /// The target.
        name: String,
    },
    /// The target creates its own user.
    #[error("the target `{name}` creates its own user; remove its credentials")]
    OwnUser {
        /// The target.
        name: String,
    },
    /// The environment variable is missing.
    #[error(
        "the environment variable {variable} with the credentials of `{name}` is not set, or empty"
    )]
    Variable {
        /// The target.
        name: String,
        /// The variable.
        variable: String,
    },
    /// The token is not one.
    #[error("the token contains characters that are not valid in a token, such as spaces")]
    Token,
    /// The stored login cannot be used.
    #[error(transparent)]
    Login(#[from] LoginError),
}

/// The source of credentials that a target's description names.
enum Source<'a> {
    None,
    Login,
    Password {
        username: &'a str,
        variable: &'a str,
    },
    IdentityToken(&'a str),
    RegistryToken(&'a str),
}

impl<'a> Source<'a> {
    fn of(spec: &'a TargetSpec) -> Result<Self, CredentialsError> {
        let name = || spec.display_name().to_owned();
        let password = match (&spec.username, &spec.password_env) {
            (Some(username), Some(variable)) => Some(Self::Password { username, variable }),
            (None, None) => None,
            _ => return Err(CredentialsError::Half { name: name() }),
        };
        let stored = spec.registry_config.is_some() || spec.logged_in;
        let identity = spec.identity_token_env.as_deref();
        let registry = spec.registry_token_env.as_deref();
        let sources = [
            password,
            identity.map(Self::IdentityToken),
            registry.map(Self::RegistryToken),
            stored.then_some(Self::Login),
        ];
        let mut sources = sources.into_iter().flatten();
        match (sources.next(), sources.next()) {
            (None, _) => Ok(Self::None),
            (Some(source), None) => Ok(source),
            (Some(_), Some(_)) => Err(CredentialsError::TwoKinds { name: name() }),
        }
    }
}

/// Reads the credentials of a target; `None` if it has none.
pub fn read(
    spec: &TargetSpec,
    kind: &Kind,
    environment: &Environment,
) -> Result<Option<Credentials>, CredentialsError> {
    let source = Source::of(spec)?;
    match source {
        Source::None => return Ok(None),
        Source::Login => return stored_login(spec.registry_config.as_deref(), kind, environment),
        _ if kind.accepts_credentials() => {}
        _ => {
            return Err(CredentialsError::OwnUser {
                name: spec.display_name().to_owned(),
            });
        }
    }
    let value = |variable: &str| {
        environment
            .text(variable)
            .ok_or_else(|| CredentialsError::Variable {
                name: spec.display_name().to_owned(),
                variable: variable.to_owned(),
            })
    };
    Ok(match source {
        Source::None | Source::Login => None,
        Source::Password { username, variable } => {
            Some(Credentials::user(username, value(variable)?))
        }
        Source::IdentityToken(variable) => Some(identity_token(value(variable)?)?),
        Source::RegistryToken(variable) => Some(registry_token(value(variable)?)?),
    })
}

/// Credentials of an identity token, which the registry exchanges for access tokens.
pub fn identity_token(text: String) -> Result<Credentials, CredentialsError> {
    is_token(&text)
        .then_some(Credentials::IdentityToken(text))
        .ok_or(CredentialsError::Token)
}

/// Credentials of a registry token, which is sent as it is.
pub fn registry_token(text: String) -> Result<Credentials, CredentialsError> {
    is_token(&text)
        .then_some(Credentials::RegistryToken(text))
        .ok_or(CredentialsError::Token)
}

fn is_token(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The login that is stored for the host of the target: in this file, or where Helm looks for it. Other targets than
/// persistent registries have none.
fn stored_login(
    file: Option<&Path>,
    kind: &Kind,
    environment: &Environment,
) -> Result<Option<Credentials>, CredentialsError> {
    let Some(host) = kind.host() else {
        return Ok(None);
    };
    let files = match file {
        Some(file) => vec![file.to_owned()],
        // A missing file holds no login.
        None => environment
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

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(spec: &TargetSpec) -> Result<Option<Credentials>, CredentialsError> {
        let environment = Environment::of(&[("SECRET", "s3cret"), ("WORDS", "two words")]);
        let kind = Kind::parse(spec).expect("it is a target");
        read(spec, &kind, &environment)
    }

    fn url() -> TargetSpec {
        TargetSpec::named("https://r.example")
    }

    #[test]
    fn each_source_yields_its_credentials() {
        let variable = || Some("SECRET".to_owned());
        let password = TargetSpec {
            username: Some("me".to_owned()),
            password_env: variable(),
            ..url()
        };
        let identity = TargetSpec {
            identity_token_env: variable(),
            ..url()
        };
        let registry = TargetSpec {
            registry_token_env: variable(),
            ..url()
        };
        let s3cret = || "s3cret".to_owned();
        for (spec, credentials) in [
            (url(), None),
            (password, Some(Credentials::user("me", s3cret()))),
            (identity, Some(Credentials::IdentityToken(s3cret()))),
            (registry, Some(Credentials::RegistryToken(s3cret()))),
        ] {
            let read = resolve(&spec).unwrap_or_else(|error| panic!("{error}"));
            assert!(read == credentials, "{spec:?}");
        }
    }

    #[test]
    fn contradictions_are_errors() {
        let half = TargetSpec {
            username: Some("me".to_owned()),
            ..url()
        };
        let two = TargetSpec {
            identity_token_env: Some("SECRET".to_owned()),
            logged_in: true,
            ..url()
        };
        let own_user = TargetSpec {
            identity_token_env: Some("SECRET".to_owned()),
            ..TargetSpec::named("zot")
        };
        let unset = TargetSpec {
            registry_token_env: Some("MISSING".to_owned()),
            ..url()
        };
        let no_token = TargetSpec {
            registry_token_env: Some("WORDS".to_owned()),
            ..url()
        };
        for (spec, words) in [
            (half, "only one of"),
            (two, "of two kinds"),
            (own_user, "`zot` creates its own user"),
            (unset, "MISSING"),
            (no_token, "not valid in a token"),
        ] {
            let error = resolve(&spec).expect_err(words).to_string();
            assert!(error.contains(words), "{error}");
            assert!(!error.contains("two words"), "{error}");
        }
        let nothing_stored = TargetSpec {
            logged_in: true,
            ..TargetSpec::named("zot")
        };
        assert!(matches!(resolve(&nothing_stored), Ok(None)));
    }
}
