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
    all().into_iter().find(|requirement| requirement.id == id)
}

/// The known id closest to an unknown one, from the same area if that exists; for error messages.
pub fn nearest(id: &str) -> Option<&'static str> {
    let area = id.split('/').next().unwrap_or(id);
    let likeness = |known: &&'static Requirement| (known.area() != area, levenshtein(id, known.id));
    all()
        .into_iter()
        .min_by_key(likeness)
        .map(|requirement| requirement.id)
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
