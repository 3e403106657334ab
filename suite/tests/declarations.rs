//! The declarations of all requirements.

use std::collections::BTreeSet;

use helm_oci_fixtures::fault::Fault;
use helm_oci_suite::checks::{self, AREAS};
use helm_oci_suite::helm::breaks::Break;
use helm_oci_suite::helm::errors::{PLACEHOLDERS, Symptom};
use helm_oci_suite::helm::version::Span;
use helm_oci_suite::requirement::source::{DISTRIBUTION, IMAGE, Source};
use helm_oci_suite::requirement::{Level, Requirement};
use semver::Version;

/// Ids that were published and retired; they are never used again.
const RETIRED: &[&str] = &[];

/// Faults that no requirement can observe, with reasons.
const UNCLAIMED: &[(Fault, &str)] = &[];

#[test]
fn ids_are_unique_slugs_in_their_area() {
    let mut seen = BTreeSet::new();
    for area in &AREAS {
        for requirement in area.requirements {
            let id = requirement.id;
            assert!(seen.insert(id), "{id} is declared twice");
            assert!(!RETIRED.contains(&id), "{id} is retired");
            assert_eq!(requirement.area(), area.name, "{id} is in another area");
            let slug = &id[area.name.len() + 1..];
            assert!(
                !slug.is_empty()
                    && slug.bytes().all(|b| b.is_ascii_lowercase()
                        || b.is_ascii_digit()
                        || b == b'-'
                        || b == b'.'),
                "{id} is not a slug"
            );
        }
    }
    assert!(seen.len() >= 60, "only {} requirements", seen.len());
}

#[test]
fn pages_have_their_headings() {
    for requirement in checks::all() {
        for heading in ["## Why Helm needs it", "## How it is checked"] {
            assert!(
                requirement.doc.contains(heading),
                "{} lacks `{heading}`",
                requirement.id
            );
        }
        let first = requirement.doc.lines().next().unwrap_or_default().trim();
        assert!(
            !first.is_empty() && !first.starts_with('#'),
            "{} does not begin with a sentence",
            requirement.id
        );
        assert!(
            !requirement.title.ends_with('.'),
            "the title of {} ends in a period",
            requirement.id
        );
        let _: &str = requirement.file;
    }
}

/// The longest fix, in characters: two sentences, three lines on a terminal.
const LONGEST_FIX: usize = 240;

#[test]
fn every_requirement_but_a_replay_has_a_fix() {
    for requirement in checks::all() {
        let id = requirement.id;
        let is_replay = requirement.replays.is_some();
        assert_eq!(requirement.fix.is_none(), is_replay, "{id}");
        let Some(fix) = requirement.fix else {
            continue;
        };
        assert!(
            fix.starts_with(char::is_uppercase) && fix.ends_with('.') && fix.trim() == fix,
            "the fix of {id} is no sentence"
        );
        assert!(
            fix.chars().count() <= LONGEST_FIX,
            "the fix of {id} has more than {LONGEST_FIX} characters"
        );
        assert!(
            !fix.to_lowercase()
                .contains(&requirement.title.to_lowercase()),
            "the fix of {id} repeats its title"
        );
    }
}

#[test]
fn every_source_has_a_place_and_a_text() {
    for requirement in checks::all() {
        assert!(
            !requirement.sources.is_empty(),
            "{} has no source",
            requirement.id
        );
        for source in requirement.sources {
            assert!(
                !source.anchor.is_empty() && !source.text.is_empty(),
                "{} has an empty source",
                requirement.id
            );
            assert!(
                !source.text.ends_with(':'),
                "{} cites a sentence that ends before its demand: {}",
                requirement.id,
                source.text
            );
        }
    }
}

#[test]
fn a_declared_specification_differs_from_the_keyword_of_the_sources() {
    for requirement in checks::all() {
        let Some(declared) = requirement.declared_specification else {
            continue;
        };
        let cites = |source: &Source| [DISTRIBUTION.name, IMAGE.name].contains(&source.document);
        assert!(
            requirement.sources.iter().any(cites),
            "{} declares a specification, but does not cite it",
            requirement.id
        );
        let derived = Requirement {
            declared_specification: None,
            ..*requirement
        };
        assert_ne!(
            derived.specification(),
            declared,
            "{} declares the specification that its sources give",
            requirement.id
        );
    }
}

#[test]
fn covered_items_exist_in_the_documents() {
    let behaviour = include_str!("../spec/helm-client-behaviour.md");
    let pitfalls = include_str!("../spec/registry-pitfalls.md");
    for requirement in checks::all() {
        assert!(
            !requirement.covers.is_empty(),
            "{} covers nothing",
            requirement.id
        );
        for item in requirement.covers {
            let known = if item.starts_with("REG-") {
                behaviour.contains(&format!("**{item}** ("))
            } else {
                pitfalls.contains(&format!("| {item} |"))
            };
            assert!(
                known,
                "{} covers {item}, which is in neither document",
                requirement.id
            );
        }
    }
}

#[test]
fn every_requirement_has_a_killing_fault() {
    for requirement in checks::all() {
        assert!(
            !requirement.faults.is_empty() || requirement.replays.is_some(),
            "{} has no fault that violates it",
            requirement.id
        );
        for fault in requirement.consequences {
            assert!(
                !requirement.faults.contains(fault),
                "{} lists {fault} twice",
                requirement.id
            );
        }
    }
}

#[test]
fn every_fault_is_claimed_or_legal() {
    let mut unclaimed = Vec::new();
    for fault in Fault::ALL {
        let claims = checks::all()
            .into_iter()
            .filter(|requirement| requirement.faults.contains(fault));
        let levels: Vec<Level> = claims.map(|requirement| requirement.level).collect();
        let legal = fault.is_legal();
        let excused = UNCLAIMED.iter().any(|(own, _)| own == fault);
        assert!(
            !legal || levels.iter().all(|level| *level == Level::May),
            "{fault} is a legal variation, and a requirement above MAY lists it"
        );
        assert!(
            !excused || levels.is_empty(),
            "{fault} is listed as unclaimed, but a requirement claims it"
        );
        if levels.is_empty() && !legal && !excused {
            unclaimed.push(fault.name());
        }
    }
    assert!(
        unclaimed.is_empty(),
        "claimed by no requirement: {unclaimed:?}"
    );
}

#[test]
fn a_must_breaks_a_helm_and_a_may_does_not() {
    for requirement in checks::all() {
        let is_must = requirement.level == Level::Must && requirement.replays.is_none();
        assert!(
            !is_must || !requirement.breaks.is_empty(),
            "{} is a MUST, but no Helm version notices its violation",
            requirement.id
        );
        if requirement.level == Level::May {
            assert!(
                requirement.breaks.is_empty(),
                "{} is a MAY, but breaks Helm",
                requirement.id
            );
        }
        for brk in requirement.breaks {
            assert!(
                !brk.parts(&[]).is_empty(),
                "{} breaks versions that do not have the flow",
                requirement.id
            );
        }
    }
}

/// SHOULDs that break an ordinary flow, with the reason why they are no MUSTs.
const ORDINARY_EXCEPTIONS: &[(&str, &str)] = &[
    (
        "api/client-hello-answered-in-http",
        "a registry without TLS is one for development",
    ),
    (
        "api/short-waits",
        "a registry asks for a wait only while it throttles",
    ),
];

#[test]
fn what_breaks_an_ordinary_flow_is_a_must() {
    // Before 3.8.0 OCI support was experimental.
    let supported = Span::since((3, 8, 0));
    let mut found = BTreeSet::new();
    for requirement in checks::all() {
        let is_ordinary = |brk: &Break| brk.condition.is_none() && brk.concerns(&supported);
        if requirement.level != Level::Must && requirement.breaks.iter().any(is_ordinary) {
            found.insert(requirement.id);
        }
    }
    let excepted: BTreeSet<&str> = ORDINARY_EXCEPTIONS.iter().map(|(id, _)| *id).collect();
    assert_eq!(found, excepted);
}

#[test]
fn symptoms_use_the_documented_placeholders() {
    let readme = include_str!("../evidence/README.md");
    for (sign, _) in PLACEHOLDERS {
        assert!(
            readme.contains(&format!("`{sign}`")),
            "evidence/README.md does not explain {sign}"
        );
    }
    let words = Symptom::ALL.iter().flat_map(|symptom| symptom.table());
    for (_, words) in words {
        let bare = PLACEHOLDERS
            .iter()
            .fold((*words).to_owned(), |text, (sign, _)| {
                text.replace(sign, "")
            });
        assert!(
            !bare.contains(['{', '}']),
            "`{words}` has a placeholder that is not documented"
        );
    }
}

#[test]
fn documents_state_the_number_of_legal_variations() {
    let count = Fault::ALL.iter().filter(|fault| fault.is_legal()).count();
    for (document, words) in [
        (
            include_str!("../../README.md"),
            format!("any of {count} variations that the specifications allow"),
        ),
        (
            include_str!("../../CHANGELOG.md"),
            format!("{count} legal variations"),
        ),
    ] {
        assert!(document.contains(&words), "no document states `{words}`");
    }
}

/// Every release up to 3.21.9 and 4.9.9, and some that do not exist.
fn releases() -> impl Iterator<Item = Version> {
    let minors = (0..=21).map(|minor| (3, minor));
    let minors = minors.chain((0..=9).map(|minor| (4, minor)));
    minors.flat_map(|(major, minor)| (0..=9).map(move |patch| Version::new(major, minor, patch)))
}

#[test]
fn every_version_of_a_break_has_words() {
    for requirement in checks::all() {
        for brk in requirement.breaks {
            for helm in releases() {
                let fails = brk.flows.iter().any(|flow| brk.can_hit(&helm, *flow));
                assert!(
                    !fails || brk.symptom.words(&helm).is_some(),
                    "{}: {:?} has no words for Helm {helm}",
                    requirement.id,
                    brk.symptom
                );
            }
        }
    }
}

#[test]
fn every_symptom_is_used() {
    let breaks = || checks::all().into_iter().flat_map(|one| one.breaks);
    for symptom in Symptom::ALL {
        assert!(
            breaks().any(|brk| brk.symptom == *symptom),
            "no break has the symptom {symptom:?}"
        );
    }
}
