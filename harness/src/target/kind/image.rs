//! Any registry image. The target's entry in a targets file configures it.

use super::{Recipe, TargetError};
use crate::target::spec::TargetSpec;

/// The port on which registries usually listen.
const PORT: u16 = 5000;

/// A registry image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageTarget {
    /// Its reference, with a tag or a digest.
    pub reference: String,
    /// True if it is pulled when it is missing. An image without tag or digest was built locally, and is never pulled.
    pub is_published: bool,
    /// The port on which the registry listens in the container.
    pub port: u16,
    /// Its environment, command and files.
    pub recipe: Recipe,
}

impl ImageTarget {
    /// Parses an image reference; the entry in the targets file adds the rest.
    pub(super) fn parse(spec: &TargetSpec, reference: &str) -> Result<Self, TargetError> {
        let last = reference.rsplit('/').next().unwrap_or(reference);
        let (name, version) = last
            .split_once('@')
            .or_else(|| last.split_once(':'))
            .map_or((last, None), |(name, version)| (name, Some(version)));
        let is_word = |word: &str| {
            !word.is_empty()
                && word
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "._-:".contains(c))
        };
        if !is_word(name) || version.is_some_and(|version| !is_word(version) || version == "latest")
        {
            return Err(TargetError::Image {
                reference: reference.to_owned(),
            });
        }
        let pinned = match version {
            Some(_) => reference.to_owned(),
            None => format!("{reference}:latest"),
        };
        Ok(Self {
            reference: pinned,
            is_published: version.is_some(),
            port: spec.port.unwrap_or(PORT),
            recipe: Recipe::of(spec),
        })
    }

    /// A published image of a registry that listens on the usual port.
    pub fn published(reference: String, recipe: Recipe) -> Self {
        Self {
            reference,
            is_published: true,
            port: PORT,
            recipe,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(given: &str) -> Result<(String, bool), TargetError> {
        let image = ImageTarget::parse(&TargetSpec::named("image:x"), given)?;
        Ok((image.reference, image.is_published))
    }

    #[test]
    fn images_with_a_tag_or_digest_are_pulled_and_others_are_not() {
        for (given, read, is_published) in [
            ("registry:2.8.3", "registry:2.8.3", true),
            ("r.example:5000/a/b:1", "r.example:5000/a/b:1", true),
            ("a/b@sha256:0123", "a/b@sha256:0123", true),
            (
                "r.example:5000/a/mine",
                "r.example:5000/a/mine:latest",
                false,
            ),
        ] {
            assert_eq!(reference(given), Ok((read.to_owned(), is_published)));
        }
        for given in ["", "a:latest", "a:", "a/", "a b", ":1"] {
            assert!(reference(given).is_err(), "{given}");
        }
    }
}
