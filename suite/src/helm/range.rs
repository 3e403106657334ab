//! Version resolution: the version that Helm picks from a list of tags for a range, or without one.
//!
//! Helm reads `_` as `+`, ignores tags that are not strict SemVer, and picks the highest matching version. Build metadata has
//! no effect on the order; without a range, Helm ignores prereleases.

use semver::{Version, VersionReq};

/// The versions in a tag list, as Helm 3.8 and later read it.
fn versions(tags: &[String]) -> Vec<Version> {
    tags.iter()
        .filter_map(|tag| Version::parse(&tag.replace('_', "+")).ok())
        .collect()
}

/// The tag that Helm 3.8 and later pull for a range; `None` if no version matches.
pub fn pick(tags: &[String], range: Option<&VersionReq>) -> Option<String> {
    versions(tags)
        .into_iter()
        .filter(|version| match range {
            Some(range) => range.matches(version),
            None => version.pre.is_empty(),
        })
        .max_by(Version::cmp_precedence)
        .map(|version| version.to_string().replace('+', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(list: &[&str]) -> Vec<String> {
        list.iter().map(|tag| (*tag).to_owned()).collect()
    }

    #[test]
    fn the_highest_release_is_picked_and_other_tags_are_ignored() {
        let list = tags(&[
            "0.1.0",
            "latest",
            "v9.9.9",
            "1.0",
            "0.3.0",
            "0.4.0-rc.1",
            "0.2.0_build.5",
            "sha256-ab.sig",
        ]);
        assert_eq!(pick(&list, None).as_deref(), Some("0.3.0"));
        let range = VersionReq::parse("<0.3.0").expect("a range");
        assert_eq!(pick(&list, Some(&range)).as_deref(), Some("0.2.0_build.5"));
        let range = VersionReq::parse(">=5").expect("a range");
        assert_eq!(pick(&list, Some(&range)), None);
        assert_eq!(pick(&tags(&["latest"]), None), None);
    }
}
