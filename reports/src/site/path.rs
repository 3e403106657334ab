//! The names of files: safe on every file system, unique, and the same in every run.

use sha2::{Digest, Sha256};

/// The longest part of a name that comes from a registry, in characters.
const LONGEST: usize = 60;

/// A name of a file for each of these names, without its extension: lower-case letters, digits, `.` and `-`.
///
/// Two names that would have the same file get a digest of the name, except for one that is its own file name.
pub(super) fn slugs(names: &[&str]) -> Vec<String> {
    let plain: Vec<String> = names.iter().map(|name| slug(name)).collect();
    let is_shared = |slug: &String| plain.iter().filter(|other| *other == slug).count() > 1;
    let both = names.iter().zip(&plain);
    both.map(|(name, slug)| {
        if name == slug || !is_shared(slug) {
            return slug.clone();
        }
        let digest = Sha256::digest(name.as_bytes());
        let digits: Vec<String> = digest
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("{slug}-{}", digits.concat())
    })
    .collect()
}

/// The name of a file: what is not a letter, a digit or a dot between them becomes a hyphen.
pub(super) fn slug(name: &str) -> String {
    let mut slug = String::new();
    for character in name.chars() {
        if slug.len() == LONGEST {
            break;
        }
        let character = character.to_ascii_lowercase();
        if character.is_ascii_alphanumeric() {
            slug.push(character);
        } else if character == '.' && !slug.is_empty() && !slug.ends_with(['.', '-']) {
            slug.push('.');
        } else if !slug.is_empty() && !slug.ends_with(['.', '-']) {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches(['.', '-']);
    if slug.is_empty() {
        "registry".to_owned()
    } else {
        slug.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_safe_and_unique() {
        let names = [
            "zot",
            "Zot",
            "zot!",
            "https://r.example:5000/a",
            "../../etc/passwd",
            "",
            "..",
            "<script>",
            "漢字",
        ];
        let slugs = slugs(&names);
        assert_eq!(slugs[0], "zot");
        assert_eq!(slugs[3], "https-r.example-5000-a");
        assert_eq!(slugs[4], "etc-passwd");
        assert_eq!(slugs[7], "script");
        for (position, slug) in slugs.iter().enumerate() {
            let is_safe =
                |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
            assert!(
                slug.chars().all(is_safe) && !slug.starts_with('.') && !slug.is_empty(),
                "{slug}"
            );
            assert!(!slugs[..position].contains(slug), "{slug}");
        }
        let long = slug(&"a".repeat(1000));
        assert_eq!(long.len(), LONGEST);
    }
}
