//! The credentials of a run. They are never shown.

use std::fmt;

/// The credentials that respond to a challenge.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A user name and a password: sent as they are, or traded for tokens.
    Login(Login),
    /// The identity token that `docker login` stores for some registries; a POST exchanges it for access tokens.
    IdentityToken(String),
    /// An access token, which is sent to the registry only.
    RegistryToken(String),
}

/// A user name and a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The user name.
    pub username: String,
    /// The password, or a token that is used as one.
    pub password: String,
}

impl Credentials {
    /// The credentials of a user with a password.
    pub fn user(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self::Login(Login {
            username: username.into(),
            password: password.into(),
        })
    }

    /// The user name and the password, if they are that.
    pub const fn login(&self) -> Option<&Login> {
        match self {
            Self::Login(login) => Some(login),
            Self::IdentityToken(_) | Self::RegistryToken(_) => None,
        }
    }

    /// The part that must not be seen.
    pub(crate) fn secret(&self) -> &str {
        match self {
            Self::Login(login) => &login.password,
            Self::IdentityToken(token) | Self::RegistryToken(token) => token,
        }
    }
}

impl Login {
    /// Both, with a colon between them.
    pub(crate) fn pair(&self) -> String {
        format!("{}:{}", self.username, self.password)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(REDACTED)")
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(REDACTED)")
    }
}
