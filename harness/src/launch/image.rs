//! Any registry that comes as an image; how it is set up stands in the target's entry of a target file.

use super::TargetError;
use super::container::Image;
use super::recipe::Recipe;
use crate::target::spec::TargetSpec;

/// A launcher for an image. One without tag or digest is one that was built here, and is never pulled.
pub(super) fn launcher(spec: &TargetSpec, reference: &str) -> Result<Image, TargetError> {
    let refused = || TargetError::Image {
        reference: reference.to_owned(),
    };
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
    if !is_word(name) || version.is_some_and(|version| !is_word(version) || version == "latest") {
        return Err(refused());
    }
    let pinned = match version {
        Some(_) => reference.to_owned(),
        None => format!("{reference}:latest"),
    };
    let mut image = Image::new(&spec.target, pinned, Recipe::of(spec));
    image.is_published = version.is_some();
    image.has_users = true;
    image.port = spec.port.unwrap_or(image.port);
    Ok(image)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(given: &str) -> Result<(String, bool), TargetError> {
        let image = launcher(&TargetSpec::named("image:x"), given)?;
        Ok((image.name(), image.is_published))
    }

    #[test]
    fn a_tag_or_a_digest_is_pulled_and_a_bare_name_is_not() {
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
