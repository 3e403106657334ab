//! Observation of Helm versions × flows × set-ups × faults: Helm runs wherever a fault alters a response that it receives.
//!
//! A flow first runs without faults. Each fault is then applied to the recorded exchanges in memory, and Helm runs again
//! only with faults that alter one of them.

mod fault;
mod observed;
mod replay;
mod test_bed;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use helm_oci_fixtures::digest::sha256;
use helm_oci_suite::evidence::{Draw, Evidence, Observation};
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::requirement::Setup;
use helm_oci_suite::session::target::Target;
use thiserror::Error;

use self::observed::Observed;
use self::replay::Altered;
use self::test_bed::{Environment, TestBed};
use super::scenario::{self, FlowError, Scenario};
use super::{Helm, Home, InProcessClient, Placeholders};

pub use self::fault::ObservedFault;
pub use self::test_bed::TestBedError;

/// The set-ups, the simplest first; the others are used where they make a difference.
const SETUPS: [Setup; 4] = [Setup::Open, Setup::PlainHttp, Setup::Basic, Setup::Bearer];

/// The latency of a response. Concurrent requests of Helm all arrive within it.
const LATENCY: Duration = Duration::from_millis(20);

/// The number of retries of a Helm that hangs. Helm 3.12 deadlocks when an upload fails before its body is requested;
/// where that is a race, its output without the deadlock counts.
const RETRIES: usize = 5;

/// The selection to observe.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The Helm binaries.
    pub helm_binaries: Vec<Helm>,
    /// The faults.
    pub faults: Vec<ObservedFault>,
    /// The draw of the faults, if they are generated.
    pub draw: Option<Draw>,
    /// The flows; those that a Helm version lacks are skipped.
    pub flows: Vec<Flow>,
    /// The number of concurrent Helm processes.
    pub jobs: usize,
}

/// The observations of a plan.
#[derive(Debug, Clone, Default)]
pub struct Observations {
    /// The evidence of each Helm version whose flows were all observed, in the order of the plan.
    pub complete: Vec<Evidence>,
    /// The Helm versions of which an interruption prevented flows.
    pub incomplete: Vec<semver::Version>,
}

/// A reason why the observation failed.
#[derive(Debug, Error)]
pub enum ObserveError {
    /// The servers could not be started.
    #[error(transparent)]
    TestBed(#[from] TestBedError),
    /// A flow could not be run.
    #[error("helm {helm}, {flow}")]
    Flow {
        /// The Helm version.
        helm: semver::Version,
        /// The flow.
        flow: Flow,
        /// The cause.
        #[source]
        source: FlowError,
    },
    /// The binary could not be read.
    #[error("cannot read {}", .path.display())]
    Binary {
        /// The binary.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

/// Progress.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    /// Cells that are determined.
    pub cells: usize,
    /// Runs of Helm.
    pub runs: usize,
    /// Cells in which Helm fails.
    pub fails: usize,
}

/// One Helm version in one flow: the unit of work.
struct Unit<'a> {
    helm: &'a Helm,
    flow: Flow,
}

/// The results of one unit.
#[derive(Default)]
struct Found {
    /// The set-ups in which the flow works without a fault.
    works: Vec<Setup>,
    without_fault: Vec<Observation>,
    faults: Vec<(ObservedFault, Observation)>,
    tally: Tally,
}

/// Observes everything in the plan, until `interrupted` ends; `progress` is called after each flow of each Helm version.
pub async fn observe(
    plan: &Plan,
    interrupted: impl AsyncFn(),
    progress: impl Fn(&Helm, Flow, Tally),
) -> Result<Observations, ObserveError> {
    let mut units = Vec::new();
    for (position, helm) in plan.helm_binaries.iter().enumerate() {
        for flow in plan.flows_of(helm) {
            units.push((position, Unit { helm, flow }));
        }
    }
    units.reverse();
    let (waiting, found) = (Mutex::new(units), Mutex::new(Vec::new()));
    let worker = async || -> Result<(), ObserveError> {
        let worker = Worker::start().await?;
        while let Some((position, unit)) = next(&waiting) {
            let result = tokio::select! {
                result = worker.observe(&unit, &plan.faults) => result,
                () = interrupted() => break,
            };
            let in_unit = result.map_err(|source| {
                // The other workers stop as well.
                waiting
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clear();
                ObserveError::Flow {
                    helm: unit.helm.version.clone(),
                    flow: unit.flow,
                    source,
                }
            })?;
            progress(unit.helm, unit.flow, in_unit.tally);
            found
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((position, unit.flow, in_unit));
        }
        worker.test_bed.close().await;
        Ok(())
    };
    futures_util::future::try_join_all((0..plan.jobs.max(1)).map(|_| worker())).await?;
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|(position, flow, _)| (*position, *flow));
    let mut observations = Observations::default();
    for (own, helm) in plan.helm_binaries.iter().enumerate() {
        let of_helm = found.iter().filter(|(position, ..)| *position == own);
        let of_helm: Vec<_> = of_helm.map(|(_, flow, found)| (*flow, found)).collect();
        if of_helm.len() == plan.flows_of(helm).count() {
            let evidence = evidence(helm, plan, of_helm.into_iter())?;
            observations.complete.push(evidence);
        } else {
            observations.incomplete.push(helm.version.clone());
        }
    }
    Ok(observations)
}

impl Plan {
    /// The flows of a Helm version.
    fn flows_of(&self, helm: &Helm) -> impl Iterator<Item = Flow> {
        let flows = self.flows.iter().copied();
        flows.filter(|flow| flow.offered_by().contains(&helm.version))
    }
}

/// True if the fault redirects a login. Its outcome depends on the set-up: where there is nothing to log in to, the
/// target of the redirect needs no credentials.
fn leads_login_elsewhere(flow: Flow, altered: &Altered) -> bool {
    flow == Flow::Login
        && altered
            .iter()
            .any(|(_, _, status)| (300..400).contains(status))
}

fn next<T>(waiting: &Mutex<Vec<T>>) -> Option<T> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

/// The evidence of one Helm version.
fn evidence<'a>(
    helm: &Helm,
    plan: &Plan,
    found: impl Iterator<Item = (Flow, &'a Found)>,
) -> Result<Evidence, ObserveError> {
    let binary = std::fs::read(&helm.path).map_err(|source| ObserveError::Binary {
        path: helm.path.clone(),
        source,
    })?;
    let mut evidence = Evidence {
        helm: helm.version.clone(),
        binary: sha256(&binary),
        suite: env!("CARGO_PKG_VERSION").to_owned(),
        generated: plan.draw,
        flows: BTreeMap::new(),
        without_fault: Vec::new(),
        faults: plan
            .faults
            .iter()
            .map(|fault| (fault.to_string(), Vec::new()))
            .collect(),
    };
    for (flow, found) in found {
        for setup in &found.works {
            evidence.flows.entry(*setup).or_default().push(flow);
        }
        for observation in &found.without_fault {
            observation.merge_into(&mut evidence.without_fault);
        }
        for (fault, observation) in &found.faults {
            let seen = evidence.faults.entry(fault.to_string());
            observation.merge_into(seen.or_default());
        }
    }
    evidence.faults.values_mut().for_each(|seen| seen.sort());
    Ok(evidence)
}

/// One of the concurrent workers.
struct Worker {
    test_bed: TestBed,
    home: Home,
}

impl Worker {
    async fn start() -> Result<Self, ObserveError> {
        let test_bed = TestBed::open().await?;
        let mut home = Home::new().map_err(TestBedError::Trust)?;
        home.trust(&test_bed.roots());
        home.use_one_processor();
        Ok(Self { test_bed, home })
    }

    async fn observe(&self, unit: &Unit<'_>, faults: &[ObservedFault]) -> Result<Found, FlowError> {
        let mut found = Found::default();
        let mut open: Vec<Altered> = vec![Altered::new(); faults.len()];
        for setup in SETUPS {
            let environment = self.test_bed.environment(unit.helm, setup);
            let clean = self.run(unit, &environment, None).await?;
            found.tally.runs += 1;
            if clean.result.failure.is_some() {
                found
                    .without_fault
                    .push(clean.observation(setup, unit.flow));
                continue;
            }
            found.works.push(setup);
            for (fault, known) in faults.iter().zip(&mut open) {
                found.tally.cells += 1;
                let altered = clean.altered(&environment, setup, *fault);
                if altered.is_subset(known) && !leads_login_elsewhere(unit.flow, &altered) {
                    continue;
                }
                if setup == Setup::Open {
                    *known = altered;
                }
                let mut observed = self.run(unit, &environment, Some(*fault)).await?;
                found.tally.runs += 1;
                for _ in 0..RETRIES {
                    if !observed.timed_out_silently() {
                        break;
                    }
                    observed = self.run(unit, &environment, Some(*fault)).await?;
                    found.tally.runs += 1;
                }
                found.tally.fails += usize::from(observed.result.failure.is_some());
                found
                    .faults
                    .push((*fault, observed.observation(setup, unit.flow)));
            }
        }
        Ok(found)
    }

    async fn run(
        &self,
        unit: &Unit<'_>,
        environment: &Environment,
        fault: Option<ObservedFault>,
    ) -> Result<Observed, FlowError> {
        let server = ObservedFault::server(fault, &environment.access)
            .with_latency(LATENCY)
            .with_substitutes(&environment.substitutes);
        let server = Arc::new(server);
        self.test_bed.serve(&server);
        let mut target = Target::new(
            Arc::new(InProcessClient::new(
                Arc::clone(&server),
                environment.origin.clone(),
            )),
            1,
        );
        target.credentials.clone_from(&environment.credentials);
        let placeholders = Placeholders {
            substitutes: environment.substitutes.clone(),
            ..Placeholders::default()
        };
        let scenario = Scenario {
            helm: unit.helm,
            home: &self.home,
            target,
            placeholders,
            kubeconfig: None,
        };
        let prepared = scenario::prepare(&scenario, unit.flow).await?;
        server.open();
        let result = prepared.run(&scenario).await?;
        server.close();
        Ok(Observed {
            placeholders: prepared.placeholders(&scenario),
            result,
            seen: server.seen(),
            hellos: server.hellos(),
        })
    }
}
