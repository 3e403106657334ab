//! Repository names, tags and references.

use std::fmt;

use thiserror::Error;

use super::{Digest, text_type};

/// The name of a repository, such as `team/charts/nginx`, in the grammar of the distribution specification.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepositoryName(String);

/// The text is not the name of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{text}` is not a repository name; it consists of lower-case letters and digits, with `.`, `_`, `__` or `-` between them, and `/` between its components"
)]
pub struct InvalidRepositoryName {
    text: String,
}

text_type!(RepositoryName, InvalidRepositoryName, is_repository_name);

impl RepositoryName {
    /// The last component, which is the name of the chart for Helm.
    pub fn last_component(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

/// A tag, such as `1.0.0_build.5`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(String);

/// The text is not a tag.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{text}` is not a tag; it consists of at most 128 letters, digits, `_`, `.` and `-`, and begins with none of the last two"
)]
pub struct InvalidTag {
    text: String,
}

text_type!(Tag, InvalidTag, is_tag);

impl Tag {
    /// The tag of a chart version: Helm writes `_` for the `+` of the version.
    pub fn of_version(version: &str) -> Result<Self, InvalidTag> {
        version.replace('+', "_").try_into()
    }
}

/// The reference of a manifest in a repository.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reference {
    /// By tag.
    Tag(Tag),
    /// By digest.
    Digest(Digest),
}

impl Reference {
    /// Parses a reference: with a colon it is a digest, otherwise a tag. `None` if it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        if text.contains(':') {
            text.parse().ok().map(Self::Digest)
        } else {
            text.parse().ok().map(Self::Tag)
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*`
fn is_repository_name(text: &str) -> bool {
    text.split('/').all(is_component)
}

fn is_component(component: &str) -> bool {
    let is_alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_separator =
        |text: &str| matches!(text, "." | "_" | "__") || text.bytes().all(|byte| byte == b'-');
    let mut rest = component;
    loop {
        let after = rest.trim_start_matches(is_alphanumeric);
        if after.len() == rest.len() {
            // Nothing, or a separator, where letters or digits have to be.
            return false;
        }
        if after.is_empty() {
            return true;
        }
        let end = after.find(is_alphanumeric).unwrap_or(after.len());
        if !is_separator(&after[..end]) {
            return false;
        }
        rest = &after[end..];
    }
}

/// `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`
fn is_tag(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    text.len() <= 128
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text.bytes().all(is_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repository_names_have_the_grammar_of_the_distribution_specification() {
        for text in [
            "a",
            "0",
            "nginx",
            "team/charts/nginx",
            "a.b",
            "a_b",
            "a__b",
            "a-b",
            "a---b",
            "a.b_c__d-e/0-1",
            "hoc0a1b2c3d/api-v2-ping",
        ] {
            let name: RepositoryName = text.parse().expect(text);
            assert_eq!(name, text);
        }
        for text in [
            "", "/", "a/", "/a", "a//b", "A", "a..b", "a.-b", "a-.b", "a___b", "a._b", ".a", "a.",
            "-a", "a-", "_a", "a_", "a b", "a:b", "a@b", "ä", "a/../b",
        ] {
            let error = text.parse::<RepositoryName>().expect_err(text);
            let words = format!("`{text}` is not a repository name");
            assert!(error.to_string().starts_with(&words), "{error}");
        }
    }

    #[test]
    fn the_last_component_is_the_chart() {
        for (text, chart) in [("a/b/nginx", "nginx"), ("nginx", "nginx")] {
            let name: RepositoryName = text.parse().expect(text);
            assert_eq!(name.last_component(), chart);
        }
    }

    #[test]
    fn tags_have_the_grammar_of_the_distribution_specification() {
        let longest = "a".repeat(128);
        for text in ["1.0.0", "_", "latest", "1.0.0_b.5", "A-b", &longest] {
            let tag: Tag = text.parse().expect(text);
            assert_eq!(tag, text);
        }
        let too_long = "a".repeat(129);
        for text in ["", ".1", "-1", "1+1", "a/b", "a:b", "a b", "ä", &too_long] {
            let error = text.parse::<Tag>().expect_err(text);
            let words = format!("`{text}` is not a tag");
            assert!(error.to_string().starts_with(&words), "{error}");
        }
    }

    #[test]
    fn the_plus_of_a_version_is_an_underscore_in_its_tag() {
        let tag = Tag::of_version("1.2.3+b.5").expect("a version");
        assert_eq!(tag, "1.2.3_b.5");
        Tag::of_version("1/2").expect_err("no version");
    }

    #[test]
    fn a_reference_with_a_colon_is_a_digest() {
        let digest = Reference::parse("sha256:ab").expect("a digest");
        assert!(matches!(digest, Reference::Digest(_)));
        assert_eq!(digest.to_string(), "sha256:ab");
        let tag = Reference::parse("1.0.0").expect("a tag");
        assert!(matches!(tag, Reference::Tag(_)));
        assert_eq!(tag.to_string(), "1.0.0");
        for text in ["", "a:", "a b"] {
            assert_eq!(Reference::parse(text), None, "{text}");
        }
    }
}
