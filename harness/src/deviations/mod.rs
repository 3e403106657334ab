//! Known deviations: what a target is listed to do wrong, why that is tolerated, and until when.
//!
//! A listed check still runs. Violated, it is known and fails nothing; satisfied, the list is stale and fails the run,
//! and so does an entry that has expired or that speaks of no target of the run. So the list never outlives its
//! reasons. An entry for a requirement that is not selected is left alone.

mod file;
mod write;

use helm_oci_reports::record::{DeviationProblem, DeviationRecord, TargetIdentity, TargetRecord};
use helm_oci_suite::checks;
use helm_oci_suite::requirement::Requirement;
use semver::{Version, VersionReq};

pub use self::file::{DeviationError, is_link, read};
pub use self::write::{Changes, Fill, update};

/// One entry of the list.
#[derive(Debug, Clone)]
pub struct Deviation {
    /// The requirement that is violated.
    pub requirement: &'static Requirement,
    /// The targets meant: a name, `*` in it for any characters, or what a name begins with: `zot` for `zot:2.1.20+tls`.
    pub target: String,
    /// The versions of the target meant; all, if left out.
    pub versions: Option<VersionReq>,
    /// Why it is tolerated.
    pub reason: String,
    /// Where it is followed up.
    pub link: String,
    /// The last day on which it is tolerated, as `2027-03-31`.
    pub expires: String,
}

/// The list of a run.
#[derive(Debug, Clone, Default)]
pub struct Deviations {
    /// The entries, in the order of the file.
    pub all: Vec<Deviation>,
    /// The day of the run, as `2026-11-23`.
    pub today: String,
    /// The names of targets that other machines examine: their entries are in the list as well.
    pub elsewhere: Vec<String>,
}

impl Deviation {
    /// Whether it speaks of the target with this name.
    fn names(&self, target: &str) -> bool {
        let is_matched = |name: &str| checks::matches(&self.target, name);
        let kind = if target.contains("://") {
            target
        } else {
            target.split([':', '+']).next().unwrap_or(target)
        };
        is_matched(target) || is_matched(kind)
    }

    /// Whether it speaks of a target of this version.
    fn meets(&self, version: Option<&Version>) -> bool {
        match (&self.versions, version) {
            (None, _) => true,
            (Some(wanted), Some(version)) => wanted.matches(version),
            (Some(_), None) => false,
        }
    }

    /// Whether it speaks of this target.
    pub(crate) fn concerns(&self, target: &str, identity: &TargetIdentity) -> bool {
        self.names(target) && self.meets(version(target, identity).as_ref())
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
    /// What is tolerated of a requirement on a target: the first entry that has not expired.
    pub fn of(
        &self,
        requirement: &Requirement,
        target: &str,
        identity: &TargetIdentity,
    ) -> Option<&Deviation> {
        self.all.iter().find(|deviation| {
            deviation.requirement.id == requirement.id
                && !self.has_expired(deviation)
                && deviation.concerns(target, identity)
        })
    }

    fn has_expired(&self, deviation: &Deviation) -> bool {
        // Dates of ten characters are in the order of their text.
        deviation.expires < self.today
    }

    /// What is wrong with the entries that speak of selected requirements, whatever the checks saw.
    pub fn problems(
        &self,
        selected: &[&'static Requirement],
        targets: &[TargetRecord],
    ) -> Vec<DeviationProblem> {
        let concerned = self.all.iter().filter(|deviation| {
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
        concerned.filter_map(problem).collect()
    }

    fn problem(&self, deviation: &Deviation, targets: &[TargetRecord]) -> Option<String> {
        if self.has_expired(deviation) {
            return Some(format!(
                "the deviation expired on {}: take the entry out, or look again and give it a later day",
                deviation.expires
            ));
        }
        let concerns = |target: &TargetRecord| deviation.concerns(&target.name, &target.identity);
        let is_elsewhere = || self.elsewhere.iter().any(|name| deviation.names(name));
        if targets.iter().any(concerns) || is_elsewhere() {
            return None;
        }
        let versions: Vec<String> = targets
            .iter()
            .filter(|target| deviation.names(&target.name))
            .map(|target| match version(&target.name, &target.identity) {
                Some(version) => format!("{} is {version}", target.name),
                None => format!("the version of {} is not known", target.name),
            })
            .collect();
        Some(match (&deviation.versions, versions.as_slice()) {
            (Some(wanted), [_, ..]) => format!(
                "no target of this run has a version of `{wanted}`: {}; mend the entry or take it out",
                versions.join(", ")
            ),
            _ => "no target of this run has this name: mend the entry or take it out".to_owned(),
        })
    }
}

/// The version of a target: what its image says of itself, the tag of the image, or what its name says.
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

/// A version as tags have them: `v2.1.20`, `3`, `2.8`.
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
    fn an_entry_names_targets_and_versions() {
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
                deviation.concerns(target, &identity(image)),
                expected,
                "{pattern} {versions:?} on {target}"
            );
        }
    }

    #[test]
    fn what_is_expired_or_unmatched_is_a_problem() {
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
            (listed("quay", None), "2026-11-23", Some("has this name")),
            (listed("olareg", None), "2026-11-23", None),
            (
                listed("zot", Some("<2")),
                "2026-11-23",
                Some("zot is 2.1.20"),
            ),
            (
                listed("http://*", Some("<2")),
                "2026-11-23",
                Some("the version of http://r.test is not known"),
            ),
        ] {
            let list = list(deviation, today);
            let problems = list.problems(&selected, &targets);
            let told: Vec<&str> = problems.iter().map(|one| one.what.as_str()).collect();
            match expected {
                None => assert!(told.is_empty(), "{told:?}"),
                Some(words) => assert!(told.len() == 1 && told[0].contains(words), "{told:?}"),
            }
            assert!(
                list.problems(&[], &targets).is_empty(),
                "what is not selected is left alone"
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
