//! Runs the flows of real Helms on a target, and says why those that fail do.
//!
//! Each flow of each Helm has a home, a recorder and repositories of its own. That a flow fails is an observation
//! of the target, unless the connection to it broke, what the flow needs could not be arranged, Helm asked it
//! nothing, or Helm crashed or did not end for no reason that was seen: then it could not be told.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::StreamExt;
use helm_oci_fixtures::digest::sha256;
use helm_oci_reports::record::{CheckRecord, FlowRecord, HelmRecord, HelmRun};
use helm_oci_suite::checks;
use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::helm::version::ORAS;
use helm_oci_suite::prediction::explain::{Failure, Violation, explain, gave_up};
use helm_oci_suite::prediction::table::{self, FlowVerdict, Verdicts};
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::session::Session;
use helm_oci_suite::session::target::{Credentials, Target};
use helm_oci_suite::verdict::{Obstacle, ObstacleKind};
use helm_oci_suite::wire::exchange::Exchange;
use http::Method;

use super::{Event, Events, Plan};
use crate::clock::Stopwatch;
use crate::helm::scenario::{self, FlowError, Scenario, ScenarioResult};
use crate::helm::{Exit, Helm, Home, Placeholders, ProcessOutput, Recorder, roots};

/// How many Helms run side by side, whatever `--jobs` says: each is a process that likes to have a core.
const SIDE_BY_SIDE: usize = 4;

/// How much of each stream is kept.
const STREAM: usize = 4096;

/// The real Helms of a plan.
#[derive(Debug, Clone, Default)]
pub struct Helms {
    /// The Helms, oldest first.
    pub all: Vec<Helm>,
    /// The cluster that installs may ask.
    pub kubeconfig: Option<PathBuf>,
}

/// What the requirements have shown of the target.
pub(super) struct Shown<'a> {
    pub(super) checks: &'a [CheckRecord],
    pub(super) verdicts: &'a Verdicts,
}

impl Plan {
    /// The flows of a Helm that are selected.
    pub fn flows(&self, helm: &Helm) -> Vec<Flow> {
        let mut flows = Flow::ALL.to_vec();
        flows.retain(|flow| {
            flow.offered_by().contains(&helm.version) && self.flows.contains(&id(helm, *flow))
        });
        flows
    }

    /// How many flows of real Helms are selected.
    pub(super) fn flow_count(&self) -> usize {
        let counts = self.helms.all.iter().map(|helm| self.flows(helm).len());
        counts.sum()
    }
}

/// The name of a flow in reports.
pub fn id(helm: &Helm, flow: Flow) -> String {
    format!("helm-{}/flow/{flow}", helm.version)
}

/// Runs the selected flows of every Helm in the plan; returns what came of them.
pub(super) async fn examine(
    plan: &Plan,
    target: &Target,
    shown: &Shown<'_>,
    ca_file: Option<&Path>,
    events: &Events,
) -> Vec<HelmRecord> {
    let units = plan.helms.all.iter().flat_map(|helm| {
        let flows = plan.flows(helm).into_iter();
        flows.map(move |flow| (helm, flow))
    });
    let can_log_in = can_log_in(target).await;
    let roots = &roots(ca_file).map_err(|error| error.to_string());
    let runs = units
        .enumerate()
        .map(|(position, (helm, flow))| async move {
            let unit = Unit {
                plan,
                target,
                helm,
                flow,
                roots,
            };
            let record = match unit.hindrance(can_log_in) {
                None => unit.examine(shown).await,
                Some(reason) => {
                    let mut record = unit.blank(shown);
                    record.reason = Some(reason.to_owned());
                    record
                }
            };
            events.tell(Event::Checked {
                outcome: record.outcome,
            });
            (position, helm, record)
        });
    let side_by_side = plan.jobs.clamp(1, SIDE_BY_SIDE);
    let mut done: Vec<_> = futures_util::stream::iter(runs)
        .buffer_unordered(side_by_side)
        .collect()
        .await;
    done.sort_by_key(|(position, ..)| *position);
    let mut records: Vec<HelmRecord> = plan.helms.all.iter().map(identity).collect();
    for (_, helm, record) in done {
        let place = plan.helms.all.iter().position(|one| one == helm);
        records[place.expect("it is one of the plan's")]
            .flows
            .push(record);
    }
    records.retain(|record| !record.flows.is_empty());
    records
}

/// Whether a login can be tried: with credentials, or where none are wanted.
async fn can_log_in(target: &Target) -> bool {
    if target.credentials.is_some() {
        return true;
    }
    let session = Session::new(target.clone(), "login");
    let base = session.call(Method::GET, "/v2/").send().await;
    // Where no answer comes, the flow itself tells why.
    base.map_or(true, |base| base.status.is_success())
}

fn identity(helm: &Helm) -> HelmRecord {
    HelmRecord {
        version: helm.version.to_string(),
        era: Era::of(&helm.version),
        binary: std::fs::read(&helm.path).map_or_else(|_| String::new(), |bytes| sha256(&bytes)),
        flows: Vec::new(),
    }
}

/// One flow of one Helm.
struct Unit<'a> {
    plan: &'a Plan,
    target: &'a Target,
    helm: &'a Helm,
    flow: Flow,
    /// What Helm trusts, as PEM.
    roots: &'a Result<Vec<u8>, String>,
}

/// What was seen of it.
struct Observed {
    result: Result<ScenarioResult, FlowError>,
    said: Vec<Exchange>,
    arranged: Vec<Exchange>,
    trouble: Option<String>,
    /// The address that Helm was told, with what it stands for.
    place: (String, String),
}

impl Unit<'_> {
    /// Why the flow cannot be run with what was given for the registry, if it cannot.
    fn hindrance(&self, can_log_in: bool) -> Option<&'static str> {
        match &self.target.credentials {
            None if self.flow == Flow::Login && !can_log_in => {
                Some("the registry wants credentials, and none were given")
            }
            None | Some(Credentials::Login(_)) => None,
            Some(_) if self.flow == Flow::Login => {
                Some("a login takes a user name and a password, and a token was given")
            }
            Some(Credentials::RegistryToken(_)) if !ORAS.contains(&self.helm.version) => {
                Some("this Helm uses no token that is ready")
            }
            Some(_) => None,
        }
    }

    async fn examine(&self, shown: &Shown<'_>) -> FlowRecord {
        let begun = Stopwatch::start();
        let mut record = self.blank(shown);
        match self.observe().await {
            Ok(observed) => self.judge(&mut record, &observed, shown),
            Err(error) => {
                let what = crate::error::chain(&*error);
                inconclusive(&mut record, ObstacleKind::Arrangement, what);
            }
        }
        record.milliseconds = begun.milliseconds();
        record
    }

    async fn observe(&self) -> Result<Observed, Box<dyn std::error::Error + Send + Sync>> {
        let recorder = Arc::new(Recorder::new(self.target));
        let place = recorder.open(self.helm).await?;
        let home = self.home()?;
        let scenario = Scenario {
            helm: self.helm,
            home: &home,
            target: Target {
                registry: place.arrangement_client(&recorder),
                ..self.target.clone()
            },
            placeholders: Placeholders::default(),
            kubeconfig: self.plan.helms.kubeconfig.clone(),
        };
        let result = async {
            let prepared = scenario::prepare(&scenario, self.flow).await?;
            recorder.start_helm();
            let result = prepared.run(&scenario).await;
            recorder.stop_helm();
            result
        };
        let result = result.await;
        let told = authority(scenario.target.origin());
        place.close().await;
        let (said, arranged, trouble) = recorder.take();
        Ok(Observed {
            result,
            said,
            arranged,
            trouble: trouble.map(|error| error.to_string()),
            place: (told, authority(self.target.origin())),
        })
    }

    fn home(&self) -> Result<Home, Box<dyn std::error::Error + Send + Sync>> {
        let mut home = Home::new()?;
        let roots = home.root().join("roots.pem");
        std::fs::write(&roots, self.roots.as_ref().map_err(Clone::clone)?)?;
        home.trust(&roots);
        Ok(home)
    }

    fn judge(&self, record: &mut FlowRecord, observed: &Observed, shown: &Shown<'_>) {
        record.requests = observed.said.len();
        let result = match &observed.result {
            Ok(result) => result,
            Err(error) => {
                let what = self.fit_to_show(&crate::error::chain(error), &observed.place);
                record.exchanges.clone_from(&observed.arranged);
                record.gave_up = gave_up(&record.exchanges);
                inconclusive(record, ObstacleKind::Arrangement, what);
                return;
            }
        };
        let is_kept = result.failure.is_some();
        let runs = result.runs.iter();
        record.runs = runs
            .map(|run| self.run(run, &observed.place, is_kept))
            .collect();
        let Some(error) = &result.failure else {
            record.outcome = Outcome::Pass;
            return;
        };
        record.exchanges.clone_from(&observed.said);
        record.gave_up = gave_up(&record.exchanges);
        record.error = Some(self.fit_to_show(error, &observed.place));
        let failure = Failure {
            helm: &self.helm.version,
            flow: self.flow,
            error,
            gave_up: record.gave_up.map(|position| &record.exchanges[position]),
        };
        record.because = explain(&violations(shown.checks), &failure);
        record.outcome = Outcome::Fail;
        if let Some((kind, what)) = self.excuse(record, observed, result.exit()) {
            inconclusive(record, kind, what);
        }
    }

    /// Why a failure says nothing of the registry, if it does not.
    fn excuse(
        &self,
        record: &FlowRecord,
        observed: &Observed,
        exit: Option<Exit>,
    ) -> Option<(ObstacleKind, String)> {
        let arrangement = |what: String| Some((ObstacleKind::Arrangement, what));
        let version = &self.helm.version;
        if let Some(trouble) = &observed.trouble {
            return Some((ObstacleKind::Transport, trouble.clone()));
        }
        if observed.said.is_empty() {
            let said = record.error.as_deref().unwrap_or_default();
            return arrangement(format!("Helm {version} asked the registry nothing: {said}"));
        }
        match exit {
            Some(Exit::Timeout) if record.because.is_empty() => {
                let seconds = scenario::DEADLINE.as_secs();
                let what = format!("Helm {version} had not ended after {seconds} s");
                Some((ObstacleKind::Deadline, what))
            }
            Some(Exit::Signal) if record.because.is_empty() => {
                arrangement(format!("Helm {version} was ended by a signal"))
            }
            _ => None,
        }
    }

    /// The record of a flow that has not been run.
    fn blank(&self, shown: &Shown<'_>) -> FlowRecord {
        let (helm, flow) = (&self.helm.version, self.flow);
        let predicted = table::version(&checks::all(), shown.verdicts, helm, flow);
        FlowRecord {
            id: id(self.helm, flow),
            flow,
            outcome: Outcome::Skipped,
            predicted: predicted.unwrap_or(FlowVerdict::Unknown),
            reason: None,
            obstacle: None,
            error: None,
            because: Vec::new(),
            runs: Vec::new(),
            gave_up: None,
            exchanges: Vec::new(),
            requests: 0,
            milliseconds: 0,
        }
    }

    fn run(&self, run: &ProcessOutput, place: &(String, String), is_kept: bool) -> HelmRun {
        let command = format!("helm {}", run.arguments.join(" "));
        let stream = |text: &str| {
            let text = if is_kept { text } else { "" };
            end(&self.fit_to_show(text, place), STREAM).to_owned()
        };
        HelmRun {
            command: self.fit_to_show(&command, place),
            exit: match run.exit {
                Exit::Code(code) => Some(code),
                Exit::Signal | Exit::Timeout => None,
            },
            stdout: stream(&run.stdout),
            stderr: stream(&run.stderr),
        }
    }

    /// The text without the password, and with the registry's own address.
    fn fit_to_show(&self, text: &str, (told, meant): &(String, String)) -> String {
        let text = text.replace(told.as_str(), meant);
        self.target.secrets().hide(&text)
    }
}

fn inconclusive(record: &mut FlowRecord, kind: ObstacleKind, what: String) {
    record.outcome = Outcome::Inconclusive;
    record.obstacle = Some(Obstacle::new(kind, what));
}

/// The violated requirements, each with the exchanges that show it.
fn violations(checks: &[CheckRecord]) -> Vec<Violation<'_>> {
    let all = checks::all();
    let violated = checks.iter().filter_map(|check| {
        let finding = check.finding.as_ref()?;
        let requirement = all.iter().find(|one| one.id == check.id)?;
        let exchanges = finding.exchanges.iter();
        Some(Violation {
            requirement,
            shown_by: exchanges
                .filter_map(|position| check.exchanges.get(*position))
                .collect(),
        })
    });
    violated.collect()
}

fn authority(uri: &http::Uri) -> String {
    let authority = uri.authority();
    authority.map_or_else(String::new, ToString::to_string)
}

/// At most the last `length` bytes of a text.
fn end(text: &str, length: usize) -> &str {
    let mut start = text.len().saturating_sub(length);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}
