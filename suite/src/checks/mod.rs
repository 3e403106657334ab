//! All requirements, in reading order: one module an area, each with its slice at the end.

mod api;
mod auth;
mod consistency;
mod deletion;
mod errors;
mod flow;
mod legacy;
mod limits;
mod manifests;
mod names;
mod next;
mod origins;
mod provenance;
mod pull;
mod referrers;
mod tags;
mod upload;

use crate::requirement::Requirement;

/// A chapter of the suite.
#[derive(Debug, Clone, Copy)]
pub struct Area {
    /// The part of its requirements' ids before the slash.
    pub name: &'static str,
    /// What it is about.
    pub title: &'static str,
    /// Its requirements, in reading order.
    pub requirements: &'static [&'static Requirement],
}

/// The areas in reading order.
pub static AREAS: [Area; 17] = [
    Area {
        name: "api",
        title: "endpoint, transport and headers",
        requirements: api::ALL_OF_THEM,
    },
    Area {
        name: "names",
        title: "repository names and tags",
        requirements: names::ALL_OF_THEM,
    },
    Area {
        name: "upload",
        title: "blobs on their way in",
        requirements: upload::ALL_OF_THEM,
    },
    Area {
        name: "manifests",
        title: "manifests on their way in",
        requirements: manifests::ALL_OF_THEM,
    },
    Area {
        name: "provenance",
        title: "the extra layer of a signed chart",
        requirements: provenance::ALL_OF_THEM,
    },
    Area {
        name: "pull",
        title: "manifests and blobs on their way out",
        requirements: pull::ALL_OF_THEM,
    },
    Area {
        name: "tags",
        title: "tag lists and what resolves from them",
        requirements: tags::ALL_OF_THEM,
    },
    Area {
        name: "auth",
        title: "challenges and tokens",
        requirements: auth::ALL_OF_THEM,
    },
    Area {
        name: "origins",
        title: "where URLs lead: locations, redirects, links and realms",
        requirements: origins::ALL_OF_THEM,
    },
    Area {
        name: "errors",
        title: "errors a person can act on",
        requirements: errors::ALL_OF_THEM,
    },
    Area {
        name: "referrers",
        title: "referrers and signatures",
        requirements: referrers::ALL_OF_THEM,
    },
    Area {
        name: "deletion",
        title: "deletion and life cycle",
        requirements: deletion::ALL_OF_THEM,
    },
    Area {
        name: "consistency",
        title: "what is acknowledged stays true, also side by side",
        requirements: consistency::ALL_OF_THEM,
    },
    Area {
        name: "limits",
        title: "sizes and lengths",
        requirements: limits::ALL_OF_THEM,
    },
    Area {
        name: "legacy",
        title: "what only Helm before 3.8 needs",
        requirements: legacy::ALL_OF_THEM,
    },
    Area {
        name: "next",
        title: "what no Helm writes yet",
        requirements: next::ALL_OF_THEM,
    },
    Area {
        name: "flow",
        title: "whole flows of Helm, era by era",
        requirements: flow::ALL_OF_THEM,
    },
];

/// Every requirement, in reading order.
pub fn all() -> Vec<&'static Requirement> {
    AREAS
        .iter()
        .flat_map(|area| area.requirements.iter().copied())
        .collect()
}

/// The requirement with this id.
pub fn find(id: &str) -> Option<&'static Requirement> {
    all().into_iter().find(|requirement| requirement.id == id)
}

/// The id that looks most like this one, for an error message: one of the same area, if there is such an area.
pub fn nearest(id: &str) -> Option<&'static str> {
    let area = id.split('/').next().unwrap_or(id);
    let likeness = |known: &&'static Requirement| (known.area() != area, distance(id, known.id));
    all()
        .into_iter()
        .min_by_key(likeness)
        .map(|requirement| requirement.id)
}

/// Whether an id matches one of the globs, or is in an area of that name.
pub fn is_matched(globs: &[String], id: &str) -> bool {
    let area = id.split_once('/').map_or(id, |(area, _)| area);
    globs.iter().any(|glob| glob == area || matches(glob, id))
}

/// Whether `text` matches `glob`, in which `*` stands for any characters and `?` for one.
pub fn matches(glob: &str, text: &str) -> bool {
    match glob.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = &glob[1..];
            text.char_indices()
                .any(|(at, _)| matches(rest, &text[at..]))
                || matches(rest, "")
        }
        Some('?') => text
            .chars()
            .next()
            .is_some_and(|c| matches(&glob[1..], &text[c.len_utf8()..])),
        Some(own) => text
            .strip_prefix(own)
            .is_some_and(|rest| matches(&glob[own.len_utf8()..], rest)),
    }
}

/// How many edits separate two words.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.chars().enumerate() {
            let substitute = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_whole_ids() {
        for (glob, text, expected) in [
            ("pull/*", "pull/blob-bytes", true),
            ("pull/*", "push/pull/x", false),
            ("*digest*", "upload/digest-verified", true),
            ("*", "", true),
            ("tags/?", "tags/ab", false),
            ("pull/blob-bytes", "pull/blob-bytes", true),
            ("pull", "pull/blob-bytes", false),
        ] {
            assert_eq!(matches(glob, text), expected, "{glob} on {text}");
        }
    }

    #[test]
    fn the_nearest_id_is_in_the_area_that_was_meant() {
        assert_eq!(nearest("tags/rnge-resolves"), Some("tags/range-resolves"));
        assert_eq!(nearest("pul/blob-bytes"), Some("pull/blob-bytes"));
    }

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn a_word_selects_an_area_and_a_glob_ids() {
        for (globs, id, expected) in [
            (&["pull"][..], "pull/blob-bytes", true),
            (&["pull/*"], "pull/blob-bytes", true),
            (&["tags", "*/blob-bytes"], "pull/blob-bytes", true),
            (&["pul"], "pull/blob-bytes", false),
            (&["blob-bytes"], "pull/blob-bytes", false),
            (&[], "pull/blob-bytes", false),
        ] {
            let globs: Vec<String> = globs.iter().map(ToString::to_string).collect();
            assert_eq!(is_matched(&globs, id), expected, "{globs:?}");
        }
    }

    #[test]
    fn words_are_so_far_apart_as_edits_separate_them() {
        for (one, other, edits) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "abc", 0),
            ("abc", "axc", 1),
            ("abc", "ac", 1),
            ("abc", "abxc", 1),
            ("kitten", "sitting", 3),
            ("ab", "ba", 2),
        ] {
            assert_eq!(distance(one, other), edits, "{one} {other}");
        }
    }
}
