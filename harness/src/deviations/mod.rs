//! Known deviations: violations of a target that are tolerated, each with a reason and an expiry date.
//!
//! A listed check still runs. If the requirement is violated, the deviation is known, and the run does not fail. If it
//! is satisfied, the entry is stale, and the run fails. An entry that has expired, or that matches no target of the
//! run, fails the run as well. So no entry outlives its reason. An entry for a requirement that is not selected has no
//! effect.

mod file;
mod write;

use helm_oci_reports::record::{DeviationProblem, DeviationRecord, TargetIdentity, TargetRecord};
use helm_oci_suite::checks;
use helm_oci_suite::requirement::Requirement;
use semver::{Version, VersionReq};

pub use self::file::{DeviationError, EntryError, is_link, read};
pub use self::write::{Changes, Fill, update};

/// One entry of the deviations file.
#[derive(Debug, Clone)]
pub struct Deviation {
    /// The violated requirement.
    pub requirement: &'static Requirement,
    /// A pattern for the names of targets, in which `*` matches any characters and `?` matches one. A name without
    /// version and options matches as well: `zot` matches `zot:2.1.20+tls`.
    pub target: String,
    /// The versions of the target; `None` matches all.
    pub versions: Option<VersionReq>,
    /// The reason why the violation is tolerated.
    pub reason: String,
    /// The issue that tracks it.
    pub link: String,
    /// The last day on which it is tolerated, such as `2027-03-31`.
    pub expires: String,
}

/// The deviations of a run.
#[derive(Debug, Clone, Default)]
pub struct Deviations {
    /// The entries, in the order of the file.
    pub all: Vec<Deviation>,
    /// The day of the run, such as `2026-11-23`.
    pub today: String,
    /// The names of the targets in other shards, which the file covers as well.
    pub elsewhere: Vec<String>,
}

impl Deviation {
    /// True if the pattern matches the name of a target.
    fn matches_name(&self, target: &str) -> bool {
        let is_match = |name| checks::matches(&self.target, name);
        let kind = if target.contains("://") {
            target
        } else {
            target.split([':', '+']).next().unwrap_or(target)
        };
        is_match(target) || is_match(kind)
    }

    /// True if it applies to this version of a target.
    fn matches_version(&self, version: Option<&Version>) -> bool {
        match (&self.versions, version) {
            (None, _) => true,
            (Some(wanted), Some(version)) => wanted.matches(version),
            (Some(_), None) => false,
        }
    }

    /// True if it applies to this target.
    pub(crate) fn applies_to(&self, target: &str, identity: &TargetIdentity) -> bool {
        self.matches_name(target) && self.matches_version(version(target, identity).as_ref())
    }
}

impl From<&Deviation> for DeviationRecord {
    fn from(deviation: &Deviation) -> Self {
        Self {
            reason: deviation.reason.clone(),
            link: deviation.link.clone(),
            expires: deviation.expires.clone(),
        }
    }
}

impl Deviations {
    /// The entry that tolerates the violation of a requirement on a target: the first that has not expired.
    pub fn of(
        &self,
        requirement: &Requirement,
        target: &str,
        identity: &TargetIdentity,
    ) -> Option<&Deviation> {
        self.all.iter().find(|deviation| {
            deviation.requirement.id == requirement.id
                && !self.has_expired(deviation)
                && deviation.applies_to(target, identity)
        })
    }

    fn has_expired(&self, deviation: &Deviation) -> bool {
        // Dates in this format sort as text.
        deviation.expires < self.today
    }

    /// The problems of the entries for selected requirements, independent of the results of the checks.
    pub fn problems(
        &self,
        selected: &[&'static Requirement],
        targets: &[TargetRecord],
    ) -> Vec<DeviationProblem> {
        let selected_entries = self.all.iter().filter(|deviation| {
            selected
                .iter()
                .any(|one| one.id == deviation.requirement.id)
        });
        let problem = |deviation: &Deviation| {
            self.problem(deviation, targets)
                .map(|what| DeviationProblem {
                    requirement: deviation.requirement.id.to_owned(),
                    target: deviation.target.clone(),
                    what,
                })
        };
        selected_entries.filter_map(problem).collect()
    }

    fn problem(&self, deviation: &Deviation, targets: &[TargetRecord]) -> Option<String> {
        if self.has_expired(deviation) {
            return Some(format!(
                "the deviation expired on {}; remove the entry, or review it and set a later date",
                deviation.expires
            ));
        }
        let applies = |target: &TargetRecord| deviation.applies_to(&target.name, &target.identity);
        let is_elsewhere = || {
            self.elsewhere
                .iter()
                .any(|name| deviation.matches_name(name))
        };
        if targets.iter().any(applies) || is_elsewhere() {
            return None;
        }
        let versions: Vec<String> = targets
            .iter()
            .filter(|target| deviation.matches_name(&target.name))
            .map(|target| match version(&target.name, &target.identity) {
                Some(version) => format!("{} is {version}", target.name),
                None => format!("the version of {} is unknown", target.name),
            })
            .collect();
        Some(match (&deviation.versions, versions.as_slice()) {
            (Some(wanted), [_, ..]) => format!(
                "no target of this run has a version in `{wanted}`: {}; correct or remove the entry",
                versions.join(", ")
            ),
            _ => "no target of this run matches this name; correct or remove the entry".to_owned(),
        })
    }
}

/// The version of a target: from the label of its image, from the tag of its image, or from its name.
fn version(target: &str, identity: &TargetIdentity) -> Option<Version> {
    let tag = |text: &str| {
        let (_, tag) = text.rsplit_once(':')?;
        lenient(tag)
    };
    let stated = identity.version.as_deref().and_then(lenient);
    let of_image = || identity.image.as_deref().and_then(tag);
    stated.or_else(of_image).or_else(|| {
        let named = (!target.contains("://")).then_some(target)?;
        tag(named.split('+').next().unwrap_or(named))
    })
}

/// Parses a version as tags contain it: `v2.1.20`, `3`, `2.8`.
fn lenient(tag: &str) -> Option<Version> {
    let tag = tag.strip_prefix('v').unwrap_or(tag);
    let missing = match tag.split('.').count() {
        1 => ".0.0",
        2 => ".0",
        _ => "",
    };
    Version::parse(&format!("{tag}{missing}")).ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use helm_oci_reports::record::TargetKind;

    use super::*;

    fn identity(image: Option<&str>) -> TargetIdentity {
        TargetIdentity {
            image: image.map(ToOwned::to_owned),
            ..TargetIdentity::of_kind(TargetKind::Container)
        }
    }

    fn listed(target: &str, versions: Option<&str>) -> Deviation {
        Deviation {
            requirement: checks::find("tags/complete").expect("it is there"),
            target: target.to_owned(),
            versions: versions.map(|text| text.parse().expect("a range")),
            reason: "known".to_owned(),
            link: "https://example.org/1".to_owned(),
            expires: "2027-01-01".to_owned(),
        }
    }

    fn on(name: &str, image: Option<&str>) -> TargetRecord {
        TargetRecord::new(name, identity(image))
    }

    #[test]
    fn an_entry_matches_targets_and_versions() {
        let zot = Some("ghcr.io/project-zot/zot:v2.1.20");
        for (pattern, versions, target, image, expected) in [
            ("zot", None, "zot", zot, true),
            ("zot", None, "zot:2.1.20+tls", zot, true),
            ("zot:2.1.20", None, "zot:2.1.20+tls", zot, false),
            ("zot*+tls", None, "zot:2.1.20+tls", zot, true),
            ("zot", Some("<2.2"), "zot", zot, true),
            ("zot", Some(">=2.2"), "zot", zot, false),
            ("zot", Some("<2.2"), "zot:2.1+tls", None, true),
            ("distribution", None, "zot", zot, false),
            ("https://*", None, "https://a.example/x", None, true),
            ("https", None, "https://a.example/x", None, false),
            (
                "https://*",
                Some("<2"),
                "https://a.example:1/x",
                None,
                false,
            ),
        ] {
            let deviation = listed(pattern, versions);
            assert_eq!(
                deviation.applies_to(target, &identity(image)),
                expected,
                "{pattern} {versions:?} on {target}"
            );
        }
    }

    #[test]
    fn expired_and_unmatched_entries_are_problems() {
        let list = |deviation: Deviation, today: &str| Deviations {
            all: vec![deviation],
            today: today.to_owned(),
            elsewhere: vec!["olareg".to_owned()],
        };
        let selected = [checks::find("tags/complete").expect("it is there")];
        let targets = [on("zot", Some("zot:v2.1.20")), on("http://r.test", None)];
        for (deviation, today, expected) in [
            (listed("zot", None), "2027-01-01", None),
            (
                listed("zot", None),
                "2027-01-02",
                Some("expired on 2027-01-01"),
            ),
            (
                listed("quay", None),
                "2026-11-23",
                Some("matches this name"),
            ),
            (listed("olareg", None), "2026-11-23", None),
            (
                listed("zot", Some("<2")),
                "2026-11-23",
                Some("zot is 2.1.20"),
            ),
            (
                listed("http://*", Some("<2")),
                "2026-11-23",
                Some("the version of http://r.test is unknown"),
            ),
        ] {
            let list = list(deviation, today);
            let problems = list.problems(&selected, &targets);
            let texts: Vec<&str> = problems.iter().map(|one| one.what.as_str()).collect();
            match expected {
                None => assert!(texts.is_empty(), "{texts:?}"),
                Some(words) => assert!(texts.len() == 1 && texts[0].contains(words), "{texts:?}"),
            }
            assert!(
                list.problems(&[], &targets).is_empty(),
                "entries for requirements that are not selected have no effect"
            );
        }
    }

    #[test]
    fn an_expired_entry_tolerates_nothing() {
        let requirement = checks::find("tags/complete").expect("it is there");
        for (today, tolerated) in [("2027-01-01", true), ("2027-01-02", false)] {
            let list = Deviations {
                all: vec![listed("zot", None)],
                today: today.to_owned(),
                elsewhere: Vec::new(),
            };
            let found = list.of(requirement, "zot", &identity(None));
            assert_eq!(found.is_some(), tolerated, "{today}");
        }
    }
}
