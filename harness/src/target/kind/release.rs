//! A release of a registry that is published as an image.

use super::{DistributionOption, OlaregOption, Options, TargetError, TargetOption, ZotOption};

/// The release that is launched if a target names no version.
pub trait DefaultRelease: TargetOption {
    /// Its version.
    const VERSION: &'static str;
}

impl DefaultRelease for DistributionOption {
    const VERSION: &'static str = "3.0.0";
}

impl DefaultRelease for ZotOption {
    const VERSION: &'static str = "2.1.20";
}

impl DefaultRelease for OlaregOption {
    const VERSION: &'static str = "0.2.2";
}

/// A release of a registry, with options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release<O> {
    /// The version, without a leading `v`.
    pub version: String,
    /// The options.
    pub options: Options<O>,
}

impl<O: DefaultRelease> Default for Release<O> {
    fn default() -> Self {
        Self {
            version: O::VERSION.to_owned(),
            options: Options::default(),
        }
    }
}

impl<O: DefaultRelease> Release<O> {
    /// Parses a version, which becomes part of an image tag, and options.
    pub(super) fn parse(version: Option<&str>, options: Option<&str>) -> Result<Self, TargetError> {
        let options = Options::parse(options)?;
        let version = version.unwrap_or(O::VERSION);
        let version = version.strip_prefix('v').unwrap_or(version);
        let is_release = version.starts_with(|c: char| c.is_ascii_digit())
            && version
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c));
        if !is_release {
            return Err(TargetError::Version {
                kind: O::KIND,
                version: version.to_owned(),
                example: O::VERSION,
            });
        }
        Ok(Self {
            version: version.to_owned(),
            options,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_that_of_a_release() {
        let parse = |version| Release::<ZotOption>::parse(version, None);
        for (given, version) in [
            (None, "2.1.20"),
            (Some("v2.1.3"), "2.1.3"),
            (Some("2.1.0-rc1"), "2.1.0-rc1"),
        ] {
            assert_eq!(parse(given).expect("it is one").version, version);
        }
        for given in ["latest", "", "v", "2.1/x", "2.1@sha256:ab"] {
            assert!(parse(Some(given)).is_err(), "{given}");
        }
    }
}
