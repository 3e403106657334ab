//! Runs the flows of real Helm versions on a target, and explains those that fail.
//!
//! Each flow has its own home, recorder and repositories. A failed flow is inconclusive if the connection broke, if its
//! preconditions failed, if Helm sent no request, or if Helm crashed or timed out and no finding explains it.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::StreamExt;
use helm_oci_fixtures::digest::sha256;
use helm_oci_reports::record::{CheckRecord, FlowRecord, HelmRecord, HelmRun};
use helm_oci_suite::checks;
use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::helm::version::ORAS;
use helm_oci_suite::prediction::explain::{Failure, aborting_exchange, explain};
use helm_oci_suite::prediction::table::{FlowVerdict, Prediction, Verdicts};
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::session::Session;
use helm_oci_suite::session::target::{Credentials, Target};
use helm_oci_suite::verdict::{Obstacle, ObstacleKind};
use helm_oci_suite::wire::exchange::Exchange;
use http::Method;

use super::observation::{unexamined, violations};
use super::results::DoneFlow;
use super::target::TargetExamination;
use super::{Event, Plan, flow_attempts};
use crate::clock::Stopwatch;
use crate::helm::scenario::{self, FlowError, Scenario, ScenarioResult};
use crate::helm::{BelowHttp, Exit, Helm, Home, Placeholders, ProcessOutput, Recorder, roots};

/// The maximum number of concurrent Helm processes, whatever `--jobs` is: each can use a whole core.
const CONCURRENCY: usize = 4;
/// The number of bytes of each output stream that are kept.
const STREAM: usize = 4096;

/// The real Helm binaries of a plan.
#[derive(Debug, Clone, Default)]
pub struct HelmClients {
    /// The binaries, the oldest version first.
    pub all: Vec<Helm>,
    /// The kubeconfig of the cluster for `helm install`.
    pub kubeconfig: Option<PathBuf>,
}

/// The results of the checks on the same target.
pub(super) struct CheckResults<'a> {
    /// The violated requirements.
    pub(super) violated: Vec<CheckRecord>,
    pub(super) verdicts: &'a Verdicts,
}

impl Plan {
    /// The selected flows of a Helm binary.
    pub fn flows(&self, helm: &Helm) -> Vec<Flow> {
        let mut flows = Flow::ALL.to_vec();
        flows.retain(|flow| {
            flow.offered_by().contains(&helm.version) && self.flows.contains(&id(helm, *flow))
        });
        flows
    }

    /// The number of selected flows of real Helm binaries.
    pub(super) fn flow_count(&self) -> usize {
        let counts = self
            .helm_binaries
            .all
            .iter()
            .map(|helm| self.flows(helm).len());
        counts.sum()
    }
}

/// The id of a flow in reports.
pub fn id(helm: &Helm, flow: Flow) -> String {
    format!("helm-{}/flow/{flow}", helm.version)
}

/// Runs the selected flows of every Helm binary in the plan, and adds their records to the results.
pub(super) async fn examine(
    examination: &TargetExamination<'_>,
    target: &Target,
    results: &CheckResults<'_>,
) {
    let TargetExamination { plan, events, .. } = *examination;
    let ca_file = examination.ca_file;
    let helm_binaries = plan.helm_binaries.all.iter().enumerate();
    let all_flows = helm_binaries.flat_map(|(number, helm)| {
        let flows = plan.flows(helm).into_iter();
        flows.map(move |flow| (number, helm, flow))
    });
    let can_log_in = can_log_in(target).await;
    let below = BelowHttp::of(target.registry.as_ref()).await;
    let roots = &roots(ca_file).map_err(|error| error.to_string());
    let all = checks::all();
    let prediction = &Prediction::of(&all, results.verdicts);
    let runs = all_flows
        .enumerate()
        .map(|(position, (number, helm, flow))| async move {
            let run = FlowRun {
                plan,
                target,
                helm,
                flow,
                roots,
                below,
                prediction,
            };
            let record = match run.skip_reason(can_log_in) {
                None => {
                    let attempt = async |number| run.attempt(number, results).await;
                    flow_attempts::settled(examination.retries, attempt).await
                }
                Some(reason) => {
                    let mut record = run.skipped();
                    record.reason = Some(reason.to_owned());
                    record
                }
            };
            events.send(Event::of_flow(&record));
            examination.results.add_flow(DoneFlow {
                position,
                helm: number,
                record,
            });
        });
    let concurrency = examination.concurrency.clamp(1, CONCURRENCY);
    futures_util::stream::iter(runs)
        .buffer_unordered(concurrency)
        .collect::<()>()
        .await;
}

/// True if a login can be tried: with credentials, or if the registry requires none.
async fn can_log_in(target: &Target) -> bool {
    if target.credentials.is_some() {
        return true;
    }
    let session = Session::new(target.clone(), "login");
    let base = session.call(Method::GET, "/v2/").send().await;
    // Without a response the flow itself reports the error.
    base.map_or(true, |base| base.status.is_success())
}

/// The record of a Helm binary without flows.
pub(super) fn identity(helm: &Helm) -> HelmRecord {
    HelmRecord {
        version: helm.version.to_string(),
        era: Era::of(&helm.version),
        binary: std::fs::read(&helm.path).map_or_else(|_| String::new(), |bytes| sha256(&bytes)),
        flows: Vec::new(),
    }
}

/// The run of one flow of one Helm binary.
#[derive(Clone, Copy)]
struct FlowRun<'a> {
    plan: &'a Plan,
    target: &'a Target,
    helm: &'a Helm,
    flow: Flow,
    /// The root certificates for Helm, as PEM.
    roots: &'a Result<Vec<u8>, String>,
    below: BelowHttp,
    prediction: &'a Prediction<'a>,
}

/// The observation of one flow.
struct Observed {
    result: Result<ScenarioResult, FlowError>,
    /// The exchanges of Helm.
    exchanges: Vec<Exchange>,
    /// The exchanges that arranged the preconditions.
    arranged: Vec<Exchange>,
    /// The first transport error between the recorder and the registry.
    transport_error: Option<String>,
    addresses: Addresses,
}

/// The address of the recorder, which Helm used, and the address of the registry.
struct Addresses {
    recorder: String,
    registry: String,
}

impl FlowRun<'_> {
    /// The reason to skip the flow, if the credentials do not allow it.
    fn skip_reason(&self, can_log_in: bool) -> Option<&'static str> {
        match &self.target.credentials {
            None if self.flow == Flow::Login && !can_log_in => {
                Some("the registry requires credentials, and none were given")
            }
            None | Some(Credentials::Login(_)) => None,
            Some(_) if self.flow == Flow::Login => Some(
                "`helm registry login` requires a user name and a password, and a token was given",
            ),
            Some(Credentials::RegistryToken(_)) if !ORAS.contains(&self.helm.version) => {
                Some("this Helm version does not support registry tokens")
            }
            Some(_) => None,
        }
    }

    /// One attempt; each has its own repositories.
    async fn attempt(&self, number: usize, results: &CheckResults<'_>) -> FlowRecord {
        let mut target = self.target.clone();
        target.attempt = u32::try_from(number).unwrap_or(u32::MAX);
        let mut attempt: FlowRun<'_> = *self;
        attempt.target = &target;
        attempt.examine(results).await
    }

    async fn examine(&self, results: &CheckResults<'_>) -> FlowRecord {
        let begun = Stopwatch::start();
        let mut record = self.skipped();
        match self.observe().await {
            Ok(observed) => self.judge(&mut record, &observed, results),
            Err(error) => {
                let what = crate::error::chain(&*error);
                inconclusive(&mut record, ObstacleKind::Arrangement, what);
            }
        }
        record.milliseconds = begun.milliseconds();
        record
    }

    async fn observe(&self) -> Result<Observed, Box<dyn std::error::Error + Send + Sync>> {
        let recorder = Arc::new(Recorder::new(self.target, self.below));
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
            kubeconfig: self.plan.helm_binaries.kubeconfig.clone(),
        };
        let result = async {
            let prepared = scenario::prepare(&scenario, self.flow).await?;
            recorder.start_helm();
            let result = prepared.run(&scenario).await;
            recorder.stop_helm();
            result
        };
        let result = result.await;
        let addresses = Addresses {
            recorder: authority(scenario.target.origin()),
            registry: authority(self.target.origin()),
        };
        place.close().await;
        let (exchanges, arranged, error) = recorder.take();
        Ok(Observed {
            result,
            exchanges,
            arranged,
            transport_error: error.map(|error| error.to_string()),
            addresses,
        })
    }

    fn home(&self) -> Result<Home, Box<dyn std::error::Error + Send + Sync>> {
        let mut home = Home::new()?;
        let roots = home.root().join("roots.pem");
        std::fs::write(&roots, self.roots.as_ref().map_err(Clone::clone)?)?;
        home.trust(&roots);
        Ok(home)
    }

    fn judge(&self, record: &mut FlowRecord, observed: &Observed, results: &CheckResults<'_>) {
        record.requests = observed.exchanges.len();
        let result = match &observed.result {
            Ok(result) => result,
            Err(error) => {
                let what = self.redacted(&crate::error::chain(error), &observed.addresses);
                record.exchanges.clone_from(&observed.arranged);
                record.gave_up = aborting_exchange(&record.exchanges);
                inconclusive(record, ObstacleKind::Arrangement, what);
                return;
            }
        };
        let is_kept = result.failure.is_some();
        let runs = result.runs.iter();
        record.runs = runs
            .map(|run| self.command(run, &observed.addresses, is_kept))
            .collect();
        let Some(error) = &result.failure else {
            record.outcome = Outcome::Pass;
            return;
        };
        record.exchanges.clone_from(&observed.exchanges);
        record.gave_up = aborting_exchange(&record.exchanges);
        record.error = Some(self.redacted(error, &observed.addresses));
        let failure = Failure {
            helm: &self.helm.version,
            flow: self.flow,
            error,
            aborted_at: record.gave_up.map(|position| &record.exchanges[position]),
        };
        record.because = explain(&violations(&results.violated), &failure);
        record.outcome = Outcome::Fail;
        let unexamined = || unexamined(results.verdicts, &failure);
        let open = self.inconclusive_reason(record, observed, result.exit(), unexamined);
        if let Some((kind, what)) = open {
            inconclusive(record, kind, what);
        }
    }

    /// The reason why a failure does not concern the registry, if there is one.
    fn inconclusive_reason(
        &self,
        record: &FlowRecord,
        observed: &Observed,
        exit: Option<Exit>,
        unexamined: impl FnOnce() -> Option<&'static str>,
    ) -> Option<(ObstacleKind, String)> {
        let arrangement = |what: String| Some((ObstacleKind::Arrangement, what));
        let version = &self.helm.version;
        if let Some(error) = &observed.transport_error {
            return Some((ObstacleKind::Transport, error.clone()));
        }
        // A TLS handshake that the registry fails has no exchange.
        let is_predicted = record.because.iter().any(|one| one.has_predicted_error);
        if observed.exchanges.is_empty() && !is_predicted {
            let error = record.error.as_deref().unwrap_or_default();
            let failed = !matches!(exit, Some(Exit::Code(0)));
            return arrangement(match failed.then(unexamined).flatten() {
                Some(id) => format!(
                    "no request of Helm {version} reached the registry: {error}; `{id}`, which this run did not \
                     examine, predicts this error"
                ),
                None => format!("Helm {version} sent no request to the registry: {error}"),
            });
        }
        match exit {
            Some(Exit::Timeout) if record.because.is_empty() => {
                let seconds = scenario::DEADLINE.as_secs();
                let what = format!("Helm {version} timed out after {seconds} s");
                Some((ObstacleKind::Deadline, what))
            }
            Some(Exit::Signal) if record.because.is_empty() => {
                arrangement(format!("Helm {version} was terminated by a signal"))
            }
            _ => None,
        }
    }

    /// The record of a flow that was not run.
    fn skipped(&self) -> FlowRecord {
        let predicted = self.prediction.version(&self.helm.version, self.flow);
        let predicted = predicted.unwrap_or(FlowVerdict::Unknown);
        FlowRecord::skipped(id(self.helm, self.flow), self.flow, predicted)
    }

    /// The record of one Helm command; its output is kept if the flow failed.
    fn command(&self, run: &ProcessOutput, addresses: &Addresses, is_kept: bool) -> HelmRun {
        let command = format!("helm {}", run.arguments.join(" "));
        let stream = |text: &str| {
            let text = if is_kept { text } else { "" };
            end(&self.redacted(text, addresses), STREAM).to_owned()
        };
        HelmRun {
            command: self.redacted(&command, addresses),
            exit: match run.exit {
                Exit::Code(code) => Some(code),
                Exit::Signal | Exit::Timeout => None,
            },
            stdout: stream(&run.stdout),
            stderr: stream(&run.stderr),
        }
    }

    /// The text with the password redacted, and with the address of the registry instead of the recorder's.
    fn redacted(&self, text: &str, addresses: &Addresses) -> String {
        let text = text.replace(&addresses.recorder, &addresses.registry);
        self.target.secrets().redact(&text)
    }
}

fn inconclusive(record: &mut FlowRecord, kind: ObstacleKind, what: String) {
    record.outcome = Outcome::Inconclusive;
    record.obstacle = Some(Obstacle::new(kind, what));
}

fn authority(uri: &http::Uri) -> String {
    let authority = uri.authority();
    authority.map_or_else(String::new, ToString::to_string)
}

/// The last `length` bytes of a text, at most.
fn end(text: &str, length: usize) -> &str {
    let mut start = text.len().saturating_sub(length);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}
