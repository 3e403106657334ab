//! Fault x Helm x flow x set-up, observed: each Helm is run wherever a fault alters an answer it would get.
//!
//! A flow is first run without any fault. Every fault is then tried on the recorded conversation in memory, and
//! Helm is run again only with those that alter something in it.

mod replay;
mod theatre;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use helm_oci_fixtures::digest::sha256;
use helm_oci_fixtures::fault::Fault;
use helm_oci_fixtures::transport::{ClientHelloReaction, TransportEffect};
use helm_oci_suite::evidence::{Evidence, FlowResult, Observation};
use helm_oci_suite::helm::era::Flow;
use helm_oci_suite::requirement::Setup;
use helm_oci_suite::session::target::Target;
use http::{Method, StatusCode};
use thiserror::Error;

use self::replay::Altered;
use self::theatre::{Scenery, Theatre};
use super::flow::{self, FlowError, Played, Scene};
use super::{Exit, Helm, Home, Names, Seen, Stage, Wings};

pub use self::theatre::TheatreError;

/// The set-ups, the plainest first: the others are tried where they make a difference.
const SETUPS: [Setup; 4] = [Setup::Open, Setup::PlainHttp, Setup::Basic, Setup::Bearer];

/// The time an answer takes. What Helm sends side by side arrives within it, in whatever order.
const LATENCY: Duration = Duration::from_millis(20);

/// How often a Helm that went silent is run again. Helm 3.12 waits for itself for ever when an upload fails before
/// its body is asked for: where that is a race, what it says when it does end is what counts.
const FURTHER_CHANCES: usize = 5;

/// A Helm that is in a circle asks more often than this before its deadline.
const CIRCLE: usize = 100;

/// What to observe.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The Helms.
    pub helms: Vec<Helm>,
    /// The faults.
    pub faults: Vec<Fault>,
    /// The flows, as far as a Helm has them.
    pub flows: Vec<Flow>,
    /// How many Helms run side by side.
    pub jobs: usize,
}

/// Why nothing was observed.
#[derive(Debug, Error)]
pub enum ObserveError {
    /// There is no registry to observe against.
    #[error(transparent)]
    Theatre(#[from] TheatreError),
    /// A flow could not be played.
    #[error("helm {helm}, {flow}")]
    Flow {
        /// The Helm.
        helm: semver::Version,
        /// The flow.
        flow: Flow,
        /// Why not.
        #[source]
        source: FlowError,
    },
    /// The binary could not be read.
    #[error("cannot read {}", .path.display())]
    Binary {
        /// The binary.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

/// How far it has come.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    /// Cells that are known.
    pub cells: usize,
    /// Cells for which Helm was run.
    pub runs: usize,
    /// Cells that fail.
    pub fails: usize,
}

/// One Helm in one flow: the unit of work.
struct Unit<'a> {
    helm: &'a Helm,
    flow: Flow,
}

/// What was found in one unit.
#[derive(Default)]
struct Found {
    /// The set-ups in which the flow works without a fault.
    works: Vec<Setup>,
    without_fault: Vec<Observation>,
    faults: Vec<(Fault, Observation)>,
    tally: Tally,
}

/// One run: how it went, and what the registry saw of it.
struct Observed {
    played: Played,
    names: Names,
    seen: Vec<Seen>,
    hellos: usize,
}

/// Observes everything in the plan; `told` hears after each flow of each Helm how far it has come.
pub async fn observe(
    plan: &Plan,
    told: impl Fn(&Helm, Flow, Tally),
) -> Result<Vec<Evidence>, ObserveError> {
    let mut units = Vec::new();
    for (position, helm) in plan.helms.iter().enumerate() {
        for flow in plan
            .flows
            .iter()
            .filter(|flow| flow.offered_by().contains(&helm.version))
        {
            units.push((position, Unit { helm, flow: *flow }));
        }
    }
    units.reverse();
    let (waiting, found) = (Mutex::new(units), Mutex::new(Vec::new()));
    let worker = async || -> Result<(), ObserveError> {
        let worker = Worker::start().await?;
        while let Some((position, unit)) = next(&waiting) {
            let result = worker.observe(&unit, &plan.faults).await;
            let in_unit = result.map_err(|source| {
                // The others have nothing to go on for.
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
            told(unit.helm, unit.flow, in_unit.tally);
            found
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((position, unit.flow, in_unit));
        }
        worker.theatre.close().await;
        Ok(())
    };
    futures_util::future::try_join_all((0..plan.jobs.max(1)).map(|_| worker())).await?;
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|(position, flow, _)| (*position, *flow));
    plan.helms
        .iter()
        .enumerate()
        .map(|(own, helm)| {
            let of_helm = found.iter().filter(|(position, ..)| *position == own);
            evidence(
                helm,
                &plan.faults,
                of_helm.map(|(_, flow, found)| (*flow, found)),
            )
        })
        .collect()
}

fn next<T>(waiting: &Mutex<Vec<T>>) -> Option<T> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

/// Puts what was found with one Helm together.
fn evidence<'a>(
    helm: &Helm,
    faults: &[Fault],
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
        flows: BTreeMap::new(),
        without_fault: Vec::new(),
        faults: faults
            .iter()
            .map(|fault| (fault.name().to_owned(), Vec::new()))
            .collect(),
    };
    for (flow, found) in found {
        for setup in &found.works {
            evidence.flows.entry(*setup).or_default().push(flow);
        }
        for observation in &found.without_fault {
            merge(&mut evidence.without_fault, observation);
        }
        for (fault, observation) in &found.faults {
            merge(
                evidence.faults.entry(fault.name().to_owned()).or_default(),
                observation,
            );
        }
    }
    evidence.faults.values_mut().for_each(|seen| seen.sort());
    Ok(evidence)
}

/// Adds an observation to those that differ from it in nothing but the flow.
fn merge(observations: &mut Vec<Observation>, new: &Observation) {
    let same = |old: &&mut Observation| {
        Observation {
            flows: new.flows.clone(),
            ..(**old).clone()
        } == *new
    };
    match observations.iter_mut().find(same) {
        Some(old) => old.flows.extend(&new.flows),
        None => observations.push(new.clone()),
    }
}

/// One of those who run Helms side by side.
struct Worker {
    theatre: Theatre,
    home: Home,
}

impl Worker {
    async fn start() -> Result<Self, ObserveError> {
        let theatre = Theatre::open().await?;
        let mut home = Home::new().map_err(TheatreError::Trust)?;
        home.trust(&theatre.roots());
        home.give_one_processor();
        Ok(Self { theatre, home })
    }

    async fn observe(&self, unit: &Unit<'_>, faults: &[Fault]) -> Result<Found, FlowError> {
        let mut found = Found::default();
        let mut open: BTreeMap<Fault, Altered> = BTreeMap::new();
        for setup in SETUPS {
            let scenery = self.theatre.scenery(unit.helm, setup);
            let clean = self.run(unit, &scenery, &[]).await?;
            found.tally.runs += 1;
            if clean.played.failure.is_some() {
                found
                    .without_fault
                    .push(clean.observation(setup, unit.flow));
                continue;
            }
            found.works.push(setup);
            for fault in faults {
                found.tally.cells += 1;
                let altered = clean.altered(&scenery, setup, *fault);
                let known = open.entry(*fault).or_default();
                if altered.is_subset(known) {
                    continue;
                }
                if setup == Setup::Open {
                    *known = altered;
                }
                let mut observed = self.run(unit, &scenery, &[*fault]).await?;
                found.tally.runs += 1;
                for _ in 0..FURTHER_CHANCES {
                    if !observed.went_silent() {
                        break;
                    }
                    observed = self.run(unit, &scenery, &[*fault]).await?;
                    found.tally.runs += 1;
                }
                found.tally.fails += usize::from(observed.played.failure.is_some());
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
        scenery: &Scenery,
        faults: &[Fault],
    ) -> Result<Observed, FlowError> {
        let stage = Stage::new(scenery.access.clone(), faults)
            .with_latency(LATENCY)
            .with_stand_ins(&scenery.stand_ins);
        let stage = Arc::new(stage);
        self.theatre.give(&stage);
        let mut target = Target::new(
            Arc::new(Wings::new(Arc::clone(&stage), scenery.origin.clone())),
            1,
        );
        target.credentials.clone_from(&scenery.credentials);
        let names = Names {
            stand_ins: scenery.stand_ins.clone(),
            ..Names::default()
        };
        let scene = Scene {
            helm: unit.helm,
            home: &self.home,
            target,
            names,
            kubeconfig: None,
        };
        let prepared = flow::prepare(&scene, unit.flow).await?;
        stage.open();
        let played = prepared.play(&scene).await?;
        stage.close();
        Ok(Observed {
            names: prepared.names(&scene),
            played,
            seen: stage.seen(),
            hellos: stage.hellos(),
        })
    }
}

fn is_refused(seen: &Seen) -> bool {
    let status = seen.answer.status();
    status.is_client_error() || status.is_server_error()
}

/// An upload that was opened, or a redirect.
fn leads_on(seen: &Seen) -> bool {
    let is_upload = seen.request.uri().path().ends_with("/blobs/uploads/");
    let is_opened = seen.request.method() == Method::POST && is_upload && !is_refused(seen);
    is_opened || seen.answer.status().is_redirection()
}

/// What Helm hears of everything it is about to push.
fn is_absence(seen: &Seen) -> bool {
    seen.request.method() == Method::HEAD
        && seen.answer.status() == StatusCode::NOT_FOUND
        && !seen.is_altered
}

impl Observed {
    /// Whether Helm did not end, though it had nothing more to ask.
    fn went_silent(&self) -> bool {
        self.played.exit() == Some(Exit::Overtime) && self.seen.len() < CIRCLE
    }

    /// What the fault would have altered in it.
    fn altered(&self, scenery: &Scenery, setup: Setup, fault: Fault) -> Altered {
        let mut altered = replay::altered(&scenery.access, &self.seen, &self.names, fault);
        let meets_hello = Stage::new(scenery.access.clone(), &[fault]).meets_hello();
        if setup == Setup::PlainHttp
            && self.hellos > 0
            && meets_hello != ClientHelloReaction::HttpResponse
        {
            altered.insert(("ClientHello".to_owned(), String::new(), 0));
        }
        altered
    }

    fn observation(&self, setup: Setup, flow: Flow) -> Observation {
        let flows = vec![flow];
        let Some(failure) = &self.played.failure else {
            let result = FlowResult::Works;
            return Observation {
                setup,
                result,
                flows,
                exit: None,
                error: None,
                stopped_at: None,
            };
        };
        let exit = match self.played.exit() {
            Some(Exit::Code(code)) => Some(code),
            Some(Exit::Signal | Exit::Overtime) | None => None,
        };
        Observation {
            setup,
            result: FlowResult::Fails,
            flows,
            exit,
            error: Some(failure.clone()),
            stopped_at: self.stopped_at(),
        }
    }

    /// The last exchange that was altered or in which Helm was refused; the very last if there is none.
    ///
    /// Helm asks side by side. So of one that was refused by a fault and one that only leads on, the first is
    /// meant, and of one that was altered and the news that something is not there yet, the first as well,
    /// whichever came last.
    fn stopped_at(&self) -> Option<String> {
        let played = || self.seen.iter().filter(|seen| !seen.is_arranged);
        let last = played().rfind(|seen| seen.is_altered || is_refused(seen));
        let last = match last {
            Some(last) if leads_on(last) => played()
                .rfind(|seen| seen.is_altered && is_refused(seen))
                .or(Some(last)),
            Some(last) if is_absence(last) => played()
                .rfind(|seen| seen.is_altered)
                .filter(|altered| !is_refused(altered))
                .or(Some(last)),
            Some(last) => Some(last),
            None => played().next_back(),
        }?;
        let url = format!("{}{}", self.names.origin, last.request.uri());
        let url = self.names.normalise(&url);
        let status = last.answer.status().as_u16();
        let told = match last.effect {
            TransportEffect::None | TransportEffect::Delay(_) => status.to_string(),
            TransportEffect::CloseBeforeResponse => "closed".to_owned(),
            TransportEffect::CutBodyAfter(_) => format!("{status} cut"),
        };
        Some(format!("{} {url} {told}", last.request.method()))
    }
}
