//! The optional features of a registry, probed once, concurrently with the checks.
//!
//! Capabilities inform the reader of a report. No check depends on them: each check finds out for itself. The checks
//! that had nothing to examine without a capability are listed with it.

mod authentication;
mod content;
mod deletes;
mod listing;
mod table;
mod upload;

use std::time::Duration;

use futures_util::future::{BoxFuture, join, join_all};
use helm_oci_reports::record::{Capability, TargetRecord};
use helm_oci_suite::checks;
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::session::Session;
use helm_oci_suite::session::steps::Chart;
use helm_oci_suite::session::target::Target;
use helm_oci_suite::verdict::Stop;

use self::table::PROBES;
use super::deadline::within;

/// The time limit of one probe.
const LIMIT: Duration = Duration::from_secs(10);

/// The result of a probe: whether the capability is present, and the observation that shows it.
type Found = Result<(bool, String), Stop>;

/// The probe of one capability.
struct Probe {
    /// The name of the capability.
    name: &'static str,
    /// The requirements that have nothing to examine without it, as ids or globs.
    requirements: &'static [&'static str],
    /// The preconditions, and the requests.
    run: Run,
}

/// The preconditions of a probe, and its requests.
enum Run {
    /// Needs the registry only.
    Registry(for<'a> fn(&'a Session) -> BoxFuture<'a, Found>),
    /// Needs the chart. Runs concurrently with all others.
    Chart(for<'a> fn(&'a Session, &'a PushedChart) -> BoxFuture<'a, Found>),
    /// Needs the chart, and changes its tags. Runs after the other probes that do.
    Tags(for<'a> fn(&'a Session, &'a PushedChart) -> BoxFuture<'a, Found>),
}

/// The chart that probes examine.
struct PushedChart {
    chart: Chart,
    /// True if the registry accepted its manifest only with a `mediaType` field.
    is_typed: bool,
}

/// The probes of a target to which a chart was pushed, as far as the registry accepted it.
pub(super) struct Probing {
    session: Session,
    pushed: Result<PushedChart, String>,
}

/// Probes the target, and returns its capabilities.
pub async fn probe(target: &mut Target) -> Vec<Capability> {
    Box::pin(begin(target)).await.finish().await
}

/// Pushes the chart that probes examine.
///
/// If the registry accepts manifests only with a `mediaType` field, the target is marked, so that checks can push
/// what they need.
pub(super) async fn begin(target: &mut Target) -> Probing {
    let session = Session::new(target.clone(), "capabilities");
    let (session, pushed) = push_chart(session, target).await;
    Probing { session, pushed }
}

impl Probing {
    /// Runs the probes, and returns the capabilities.
    pub(super) async fn finish(self) -> Vec<Capability> {
        let Self { session, pushed } = &self;
        let registry = PROBES.iter().filter_map(|probe| match probe.run {
            Run::Registry(run) => Some(observe(session, probe, run(session))),
            Run::Chart(_) | Run::Tags(_) => None,
        });
        let with_chart = async {
            match pushed {
                Ok(pushed) => with_chart(session, pushed).await,
                Err(reason) => {
                    let probes = PROBES.iter().filter(|probe| probe.needs_chart());
                    probes.map(|probe| probe.unknown(reason.clone())).collect()
                }
            }
        };
        let (mut found, others) = join(join_all(registry), with_chart).await;
        found.extend(others);
        found.sort_by_key(|capability| {
            PROBES
                .iter()
                .position(|probe| probe.name == capability.name)
        });
        for capability in &mut found {
            capability.evidence = session.redact(&capability.evidence);
        }
        found
    }
}

/// Pushes the chart that probes examine; a second time with a `mediaType` field, if the first manifest is rejected.
async fn push_chart(
    session: Session,
    target: &mut Target,
) -> (Session, Result<PushedChart, String>) {
    let rejected = match arrange(&session).await {
        Ok(chart) => {
            let is_typed = false;
            return (session, Ok(PushedChart { chart, is_typed }));
        }
        Err(reason) => reason,
    };
    let mut typed = target.clone();
    typed.typed_manifests = true;
    let again = Session::new(typed, "capabilities");
    match arrange(&again).await {
        Ok(chart) => {
            target.typed_manifests = true;
            let is_typed = true;
            (again, Ok(PushedChart { chart, is_typed }))
        }
        Err(_) => (session, Err(rejected)),
    }
}

async fn arrange(session: &Session) -> Result<Chart, String> {
    match within(LIMIT, session, session.arrange_chart("1.0.0")).await {
        Some(Ok(chart)) => Ok(chart),
        Some(Err(stop)) => Err(stop.to_string()),
        None => Err(format!("no chart was pushed within {} s", LIMIT.as_secs())),
    }
}

/// Runs the probes that need the chart: those of tags one after the other, all others concurrently.
async fn with_chart(session: &Session, pushed: &PushedChart) -> Vec<Capability> {
    let mut groups = Vec::new();
    let mut tags = None;
    for probe in PROBES {
        match (&probe.run, tags) {
            (Run::Registry(_), _) => {}
            (Run::Chart(run), _) => groups.push(vec![(probe, run)]),
            (Run::Tags(run), None) => {
                tags = Some(groups.len());
                groups.push(vec![(probe, run)]);
            }
            (Run::Tags(run), Some(group)) => groups[group].push((probe, run)),
        }
    }
    let groups = groups.into_iter().map(async |group| {
        let mut found = Vec::with_capacity(group.len());
        for (probe, run) in group {
            found.push(observe(session, probe, run(session, pushed)).await);
        }
        found
    });
    join_all(groups).await.into_iter().flatten().collect()
}

async fn observe(session: &Session, probe: &Probe, run: BoxFuture<'_, Found>) -> Capability {
    match within(LIMIT, session, run).await {
        Some(Ok((is_present, evidence))) => probe.capability(Some(is_present), evidence),
        Some(Err(stop)) => probe.unknown(stop.to_string()),
        None => probe.unknown(format!("no response within {} s", LIMIT.as_secs())),
    }
}

impl Probe {
    const fn needs_chart(&self) -> bool {
        matches!(self.run, Run::Chart(_) | Run::Tags(_))
    }

    fn unknown(&self, reason: String) -> Capability {
        self.capability(None, reason)
    }

    fn capability(&self, present: Option<bool>, evidence: String) -> Capability {
        Capability {
            name: self.name.to_owned(),
            present,
            evidence,
            left_out: Vec::new(),
        }
    }
}

/// Lists with each absent capability the requirements that were skipped, or absent, without it.
pub fn note_left_out(record: &mut TargetRecord) {
    for probe in PROBES.iter().filter(|probe| !probe.requirements.is_empty()) {
        let globs: Vec<String> = probe.requirements.iter().map(ToString::to_string).collect();
        let is_absent =
            |one: &&mut Capability| one.name == probe.name && one.present == Some(false);
        let Some(capability) = record.capabilities.iter_mut().find(is_absent) else {
            continue;
        };
        let left_out = record.checks.iter().filter(|check| {
            matches!(check.outcome, Outcome::Skipped | Outcome::Absent)
                && checks::is_matched(&globs, &check.id)
        });
        capability.left_out = left_out.map(|check| check.id.clone()).collect();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use helm_oci_fixtures::fault::Fault;
    use helm_oci_suite::proof;
    use helm_oci_suite::requirement::Setup;

    use super::*;

    async fn probed(setup: Setup, faults: &[Fault]) -> Vec<(String, Option<bool>, String)> {
        let found = Box::pin(probe(&mut proof::target(setup, faults))).await;
        let found = found.into_iter();
        found
            .map(|one| (one.name, one.present, one.evidence))
            .collect()
    }

    fn lacking(found: &[(String, Option<bool>, String)]) -> Vec<&str> {
        let lacking = found
            .iter()
            .filter(|(_, present, _)| *present != Some(true));
        lacking.map(|(name, ..)| name.as_str()).collect()
    }

    #[tokio::test]
    async fn the_reference_registry_has_all_capabilities_but_three() {
        for (setup, lacks) in [
            (
                Setup::Open,
                &["authentication", "cross-repository-head", "immutable-tags"][..],
            ),
            (
                Setup::Bearer,
                &["anonymous-pull", "cross-repository-head", "immutable-tags"],
            ),
            (
                Setup::Basic,
                &["anonymous-pull", "cross-repository-head", "immutable-tags"],
            ),
        ] {
            let found = Box::pin(probed(setup, &[])).await;
            assert_eq!(lacking(&found), lacks, "{setup:?}: {found:?}");
        }
    }

    #[tokio::test]
    async fn an_absent_capability_states_the_response_that_shows_it() {
        for (fault, name, evidence) in [
            (
                Fault::RefusesMount,
                "mount",
                "POST with mount and from returned 405",
            ),
            (
                Fault::RefusesDeepNames,
                "deep-names",
                "3 segments are rejected",
            ),
        ] {
            let found = Box::pin(probed(Setup::Open, &[fault])).await;
            let (_, present, shown) = found.iter().find(|(one, ..)| one == name).expect(name);
            assert_eq!(*present, Some(false), "{fault}");
            assert!(shown.contains(evidence), "{fault}: {shown}");
        }
    }

    #[tokio::test]
    async fn each_probe_is_recorded_once_in_the_order_of_the_table() {
        let names: Vec<&str> = PROBES.iter().map(|probe| probe.name).collect();
        let distinct: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(distinct.len(), names.len());
        for faults in [&[][..], &[Fault::RefusesEveryUpload]] {
            let found = Box::pin(probed(Setup::Open, faults)).await;
            let found: Vec<&str> = found.iter().map(|(name, ..)| name.as_str()).collect();
            assert_eq!(found, names, "{faults:?}");
        }
    }

    #[test]
    fn requirements_of_a_probe_exist() {
        for glob in PROBES.iter().flat_map(|probe| probe.requirements) {
            let globs = [(*glob).to_owned()];
            let is_matched = |id: &&str| checks::is_matched(&globs, id);
            let ids: Vec<&str> = checks::all().iter().map(|own| own.id).collect();
            assert!(ids.iter().any(is_matched), "{glob}");
        }
    }
}
