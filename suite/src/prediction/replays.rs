//! The part of replays in the prediction: a flow whose replay failed breaks, whatever the requirements state.
//!
//! A failed replay that no violated requirement explains also concerns the flows that send the same requests under other
//! names, as nothing else is known of them. A replay that went through proves nothing against a violated requirement: it
//! sends one small chart once.

use semver::Version;

use super::table::{Cause, Verdicts};
use crate::helm::era::Era;
use crate::helm::flow::Flow;
use crate::helm::version::{Span, Versions, join};
use crate::requirement::Requirement;
use crate::verdict::{Finding, Verdict};

/// The replays of a run that did not go through.
pub(super) struct Replays {
    failed: Vec<Replay>,
    open: Vec<Replay>,
}

/// One replay of a run.
struct Replay {
    id: &'static str,
    flow: Flow,
    versions: Versions,
    /// True if a violated requirement states that it breaks the flow.
    is_explained: bool,
    /// What the client model observed.
    symptom: String,
}

impl Replays {
    pub(super) fn of(requirements: &[&'static Requirement], verdicts: &Verdicts) -> Self {
        let mut replays = Self {
            failed: Vec::new(),
            open: Vec::new(),
        };
        for requirement in requirements {
            let Some((flow, (major, minor, patch))) = requirement.replays else {
                continue;
            };
            let version = Version::new(major, minor, patch);
            let (list, symptom) = match verdicts.get(requirement.id) {
                Some(Verdict::Violated(finding)) => (&mut replays.failed, symptom(finding)),
                Some(Verdict::Inconclusive(obstacle)) => {
                    (&mut replays.open, format!("({})", obstacle.what))
                }
                // A replay that was not selected leaves the prediction to the requirements.
                Some(Verdict::Satisfied | Verdict::NotApplicable(_)) | None => continue,
            };
            list.push(Replay {
                id: requirement.id,
                flow,
                versions: requirement.represents,
                is_explained: explains(requirements, verdicts, &version, flow),
                symptom,
            });
        }
        replays
    }

    /// The causes of a cell: the failed replays that nothing explains.
    pub(super) fn failed_in(&self, era: Era, flow: Flow) -> impl Iterator<Item = Cause> {
        let failed = self.failed.iter().filter(|replay| !replay.is_explained);
        failed.filter_map(move |replay| replay.cause(era, flow))
    }

    /// The inconclusive replays of a cell.
    pub(super) fn open_in(&self, era: Era, flow: Flow) -> impl Iterator<Item = Cause> {
        let open = self.open.iter().filter(move |replay| replay.flow == flow);
        open.filter_map(move |replay| replay.cause(era, flow))
    }

    /// True if a replay of this flow failed in this version.
    pub(super) fn has_failed(&self, helm: &Version, flow: Flow) -> bool {
        self.failed.iter().any(|replay| {
            replay.versions.contains(helm)
                && (replay.flow == flow || !replay.is_explained && replay.concerns(flow))
        })
    }

    /// True if a replay of this flow is inconclusive in this version.
    pub(super) fn is_open(&self, helm: &Version, flow: Flow) -> bool {
        let mut open = self.open.iter();
        open.any(|replay| replay.flow == flow && replay.versions.contains(helm))
    }
}

impl Replay {
    /// True if the flow sends the replayed requests, perhaps under another name.
    fn concerns(&self, flow: Flow) -> bool {
        self.flow == flow || same_requests(self.flow).contains(&flow)
    }

    fn cause(&self, era: Era, flow: Flow) -> Option<Cause> {
        let offered = flow.offered_by().within(&era.span());
        let shared = offered
            .iter()
            .flat_map(|span: &Span| self.versions.within(span));
        let shared: Vec<Span> = shared.collect();
        let is_concerned = self.concerns(flow) && !shared.is_empty();
        is_concerned.then(|| Cause {
            requirement: self.id.to_owned(),
            versions: join(&shared),
            symptom: self.symptom.clone(),
        })
    }
}

/// The flows without a replay of their own that send the requests of `flow` under other names.
const fn same_requests(flow: Flow) -> &'static [Flow] {
    match flow {
        Flow::Push => &[Flow::PushPlus, Flow::PushChanged],
        Flow::Pull => &[Flow::PullPlus, Flow::Show],
        _ => &[],
    }
}

/// True if a violated requirement states that it breaks the flow in this version.
fn explains(
    requirements: &[&'static Requirement],
    verdicts: &Verdicts,
    helm: &Version,
    flow: Flow,
) -> bool {
    requirements.iter().any(|requirement| {
        verdicts
            .get(requirement.id)
            .is_some_and(Verdict::is_violated)
            && requirement.breaks.iter().any(|brk| brk.hits(helm, flow))
    })
}

/// The observation of a client model, in parentheses: no Helm printed it.
fn symptom(finding: &Finding) -> String {
    format!("({})", finding.actual)
}
