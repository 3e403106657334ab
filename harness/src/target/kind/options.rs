//! Options of the registries that are launched: words after the name, such as `distribution:3.0.0+htpasswd+tls`.

use std::fmt::Write as _;
use std::str::FromStr;

use strum::{EnumString, VariantNames};

use super::TargetError;

/// The options of one kind of target.
pub trait TargetOption: Copy + PartialEq + FromStr + VariantNames {
    /// The name of the kind.
    const KIND: &'static str;
}

/// The options given for one target, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options<O>(Vec<O>);

impl<O> Default for Options<O> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<O: TargetOption> Options<O> {
    /// Parses options that are separated by `+`.
    pub(super) fn parse(given: Option<&str>) -> Result<Self, TargetError> {
        let mut options = Vec::new();
        for text in given.into_iter().flat_map(|given| given.split('+')) {
            match text.parse() {
                Ok(option) if !options.contains(&option) => options.push(option),
                _ => {
                    return Err(TargetError::Option {
                        kind: O::KIND,
                        option: text.to_owned(),
                        valid: O::VARIANTS.join(", "),
                    });
                }
            }
        }
        Ok(Self(options))
    }

    /// True if the option is given.
    pub fn has(&self, option: O) -> bool {
        self.0.contains(&option)
    }
}

/// The options of a kind as the syntax of a target shows them: `[+htpasswd][+tls]`.
pub(super) fn usage<O: TargetOption>() -> String {
    let mut text = String::new();
    for name in O::VARIANTS {
        let _ = write!(text, "[+{name}]");
    }
    text
}

/// Options of the reference registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "kebab-case")]
pub enum ReferenceOption {
    /// Basic authentication.
    Basic,
    /// Bearer authentication: tokens from a token endpoint.
    Bearer,
    /// Bearer authentication with tokens that are valid for two requests.
    Expiring,
    /// TLS, with a certificate created for the launch.
    Tls,
}

impl TargetOption for ReferenceOption {
    const KIND: &'static str = "reference";
}

/// Options of Distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "kebab-case")]
pub enum DistributionOption {
    /// Basic authentication.
    Htpasswd,
    /// TLS, with a certificate created for the launch.
    Tls,
    /// Deletion disabled, as in the default configuration of Distribution.
    NoDeletes,
}

impl TargetOption for DistributionOption {
    const KIND: &'static str = "distribution";
}

/// Options of zot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "kebab-case")]
pub enum ZotOption {
    /// Basic authentication.
    Htpasswd,
    /// TLS, with a certificate created for the launch.
    Tls,
    /// The image without extensions.
    Minimal,
    /// Docker schema 2 manifests accepted as well.
    #[strum(serialize = "docker2s2")]
    Docker2s2,
    /// Anonymous read access, and one user with write access.
    AccessControl,
}

impl TargetOption for ZotOption {
    const KIND: &'static str = "zot";
}

/// Options of olareg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "kebab-case")]
pub enum OlaregOption {
    /// Basic authentication.
    Basic,
    /// Bearer authentication: tokens from a token endpoint.
    Bearer,
    /// TLS, with a certificate created for the launch.
    Tls,
    /// Deletion disabled, as in the default configuration of olareg.
    NoDeletes,
}

impl TargetOption for OlaregOption {
    const KIND: &'static str = "olareg";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_option_is_known_and_given_once() {
        let parse = Options::<DistributionOption>::parse;
        let both = parse(Some("tls+htpasswd")).expect("both are known");
        assert!(both.has(DistributionOption::Tls) && both.has(DistributionOption::Htpasswd));
        let none = parse(None).expect("options are optional");
        assert!(!none.has(DistributionOption::Tls));
        for given in ["", "ssl", "tls+tls", "tls+"] {
            let error = parse(Some(given)).expect_err(given).to_string();
            assert!(error.ends_with("htpasswd, tls, no-deletes"), "{error}");
        }
    }
}
