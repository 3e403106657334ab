//! All requirements in reading order: one module for each area, with a slice of its requirements.

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

use strsim::levenshtein;
use wildmatch::WildMatch;

use crate::requirement::Requirement;

/// An area: one chapter of the suite.
#[derive(Debug, Clone, Copy)]
pub struct Area {
    /// The part of its requirements' ids before the slash.
    pub name: &'static str,
    /// Its subject, as a heading.
    pub title: &'static str,
    /// Its requirements, in reading order.
    pub requirements: &'static [&'static Requirement],
}

/// The areas in reading order.
pub static AREAS: [Area; 17] = [
    Area {
        name: "api",
        title: "endpoint, transport and headers",
        requirements: api::REQUIREMENTS,
    },
    Area {
        name: "names",
        title: "repository names and tags",
        requirements: names::REQUIREMENTS,
    },
    Area {
        name: "upload",
        title: "blob upload",
        requirements: upload::REQUIREMENTS,
    },
    Area {
        name: "manifests",
        title: "manifest upload",
        requirements: manifests::REQUIREMENTS,
    },
    Area {
        name: "provenance",
        title: "provenance layers of signed charts",
        requirements: provenance::REQUIREMENTS,
    },
    Area {
        name: "pull",
        title: "pulling manifests and blobs",
        requirements: pull::REQUIREMENTS,
    },
    Area {
        name: "tags",
        title: "tag lists and version resolution",
        requirements: tags::REQUIREMENTS,
    },
    Area {
        name: "auth",
        title: "authentication: challenges and tokens",
        requirements: auth::REQUIREMENTS,
    },
    Area {
        name: "origins",
        title: "URLs from the registry: locations, redirects, links and realms",
        requirements: origins::REQUIREMENTS,
    },
    Area {
        name: "errors",
        title: "error responses that a person can act on",
        requirements: errors::REQUIREMENTS,
    },
    Area {
        name: "referrers",
        title: "referrers and signatures",
        requirements: referrers::REQUIREMENTS,
    },
    Area {
        name: "deletion",
        title: "deletion and life cycle",
        requirements: deletion::REQUIREMENTS,
    },
    Area {
        name: "consistency",
        title: "consistency after acknowledged and concurrent writes",
        requirements: consistency::REQUIREMENTS,
    },
    Area {
        name: "limits",
        title: "size and length limits",
        requirements: limits::REQUIREMENTS,
    },
    Area {
        name: "legacy",
        title: "features that only Helm before 3.8 needs",
        requirements: legacy::REQUIREMENTS,
    },
    Area {
        name: "next",
        title: "OCI features Helm does not use yet",
        requirements: next::REQUIREMENTS,
    },
    Area {
        name: "flow",
        title: "complete Helm flows, by era",
        requirements: flow::REQUIREMENTS,
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
    let area = AREAS.iter().find(|area| id.starts_with(area.name))?;
    area.requirements.iter().copied().find(|own| own.id == id)
}

/// The known id closest to an unknown one; for error messages.
pub fn nearest_id(text: &str) -> Option<&'static str> {
    covering(text).or_else(|| closest(text, ids()))
}

/// The known area or id closest to an unknown pattern; for error messages.
pub fn nearest(glob: &str) -> Option<&'static str> {
    let text = glob.trim_matches('*').trim_end_matches('/');
    let areas = AREAS.iter().map(|area| area.name);
    covering(text).or_else(|| closest(text, areas.chain(ids())))
}

/// The id of the requirement that covers an item of the documents in `suite/spec`, by its code.
fn covering(code: &str) -> Option<&'static str> {
    let covers = |requirement: &&Requirement| {
        let mut codes = requirement.covers.iter();
        codes.any(|own| own.eq_ignore_ascii_case(code))
    };
    let found = all().into_iter().find(covers);
    found.map(|requirement| requirement.id)
}

fn ids() -> impl Iterator<Item = &'static str> {
    all().into_iter().map(|requirement| requirement.id)
}

/// The closest of some names: one that contains the text, otherwise one of the same area, otherwise the most similar.
fn closest(text: &str, names: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let text = text.to_lowercase();
    let area = text.split_once('/').map(|(area, _)| area);
    let likeness = |name: &&'static str| {
        let is_foreign = area.is_some_and(|area| !name.starts_with(area));
        let distance = levenshtein(&text, name);
        let rank = match distance {
            0..=1 => 0,
            _ if text.len() > 2 && name.contains(&text) => 1,
            _ => 2,
        };
        (rank, is_foreign, distance)
    };
    names.min_by_key(likeness)
}

/// True if an id matches one of the globs, or if a glob is the name of its area.
pub fn is_matched(globs: &[String], id: &str) -> bool {
    let area = id.split_once('/').map_or(id, |(area, _)| area);
    globs.iter().any(|glob| glob == area || matches(glob, id))
}

/// True if `text` matches `glob`, where `*` matches any characters and `?` a single one.
pub fn matches(glob: &str, text: &str) -> bool {
    WildMatch::new(glob).matches(text)
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
    fn the_nearest_id_is_in_the_same_area() {
        assert_eq!(nearest("tags/rnge-resolves"), Some("tags/range-resolves"));
        assert_eq!(nearest("pul/blob-bytes"), Some("pull/blob-bytes"));
        assert_eq!(nearest_id("tags/complet"), Some("tags/complete"));
    }

    #[test]
    fn a_word_leads_to_an_area_or_an_id_that_contains_it_and_a_code_to_what_covers_it() {
        for (word, area) in [("tag", "tags"), ("uploads/*", "upload"), ("Pull", "pull")] {
            let found = nearest(word).expect("there is one");
            assert!(found.starts_with(area), "{word}: {found}");
        }
        assert_eq!(nearest("tag"), Some("tags"));
        let push = nearest("push").expect("there is one");
        assert!(push.contains("push"), "{push}");
        let found = nearest("REG-API-09").and_then(find).expect("it is covered");
        assert!(found.covers.contains(&"REG-API-09"), "{}", found.id);
    }

    #[test]
    fn an_area_name_selects_its_ids() {
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
}
