//! The predicted behaviour of each Helm version, from the verdicts on the requirements.
//!
//! Where the client models of a flow ran, they decide: it breaks if one did not go through, and those that went through
//! refute every violation that would break the version which they model. A violation that breaks the flow by chance leaves
//! it unknown all the same. Where no model ran, the flow works if every requirement that could break it is satisfied,
//! breaks if one of them is violated, and is unknown if one of them is inconclusive or was not checked.

use std::collections::BTreeMap;

use semver::Version;
use serde::{Deserialize, Serialize};

use super::replays::Replays;
use crate::helm::breaks::Break;
use crate::helm::era::Era;
use crate::helm::errors::without_status;
use crate::helm::flow::Flow;
use crate::helm::response::ObservedResponse;
use crate::requirement::Requirement;
use crate::verdict::Verdict;

/// The predicted result of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlowVerdict {
    /// Every requirement that could break it is satisfied.
    Works,
    /// At least one violated requirement breaks it.
    Breaks,
    /// A requirement that could break it is inconclusive, or was not checked.
    Unknown,
}

/// One cell of the table era x flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The era.
    pub era: Era,
    /// The flow.
    pub flow: Flow,
    /// The predicted result.
    pub verdict: FlowVerdict,
    /// The causes, one entry for each requirement that breaks it or could.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub because: Vec<Cause>,
}

/// One cause of a cell that does not work or is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The requirement; or the flow that failed, if no requirement explains the failure.
    pub requirement: String,
    /// The versions of the era that it concerns.
    pub versions: String,
    /// The error that Helm prints. A text in parentheses describes what a client model observed.
    pub symptom: String,
}

/// The verdicts of one run by requirement id.
pub type Verdicts = BTreeMap<&'static str, Verdict>;

/// The responses that show each violation of one run, by requirement id.
pub type Responses = BTreeMap<&'static str, Vec<ObservedResponse>>;

/// The predictions from the verdicts of one run.
pub struct Prediction<'a> {
    requirements: &'a [&'static Requirement],
    verdicts: &'a Verdicts,
    replays: Replays,
}

impl<'a> Prediction<'a> {
    /// The predictions from these verdicts on these requirements.
    pub fn of(requirements: &'a [&'static Requirement], verdicts: &'a Verdicts) -> Self {
        Self {
            requirements,
            verdicts,
            replays: Replays::of(requirements, verdicts),
        }
    }

    /// The whole table, without the cells of flows that an era does not have.
    pub fn table(&self, responses: &Responses) -> Vec<Cell> {
        let cells = Era::ALL
            .iter()
            .flat_map(|era| Flow::ALL.iter().map(move |flow| (*era, *flow)));
        cells
            .filter(|(era, flow)| flow.in_era(*era))
            .map(|(era, flow)| self.cell(responses, era, flow))
            .collect()
    }

    fn cell(&self, responses: &Responses, era: Era, flow: Flow) -> Cell {
        let mut broken = Vec::new();
        let mut open = Vec::new();
        let have_passed = self.replays.have_passed(era, flow);
        for requirement in self.requirements {
            let is_violated = match self.verdicts.get(requirement.id) {
                Some(Verdict::Satisfied | Verdict::NotApplicable(_)) => continue,
                Some(Verdict::Violated(_)) => true,
                Some(Verdict::Inconclusive(_)) | None if have_passed => continue,
                Some(Verdict::Inconclusive(_)) | None => false,
            };
            let shown = responses.get(requirement.id).map_or(&[][..], Vec::as_slice);
            let by_chance = |brk: &Break| brk.is_by_chance;
            open.extend(causes(requirement, shown, era, flow, by_chance));
            let ordinary =
                |brk: &Break| brk.condition.is_none() && !self.replays.refute(brk, era, flow);
            let causes = causes(requirement, shown, era, flow, ordinary);
            if is_violated { &mut broken } else { &mut open }.extend(causes);
        }
        broken.extend(self.replays.failed_in(era, flow));
        open.extend(self.replays.open_in(era, flow));
        let (verdict, because) = match (broken.is_empty(), open.is_empty()) {
            (false, _) => (FlowVerdict::Breaks, broken),
            (true, false) => (FlowVerdict::Unknown, open),
            (true, true) => (FlowVerdict::Works, Vec::new()),
        };
        Cell {
            era,
            flow,
            verdict,
            because,
        }
    }

    /// The verdict on a flow of one Helm version; `None` if that version does not have the flow.
    pub fn version(&self, helm: &Version, flow: Flow) -> Option<FlowVerdict> {
        if !flow.offered_by().contains(helm) {
            return None;
        }
        if self.replays.has_failed(helm, flow) {
            return Some(FlowVerdict::Breaks);
        }
        let has_passed = self.replays.has_passed(helm, flow);
        let mut is_open = self.replays.is_open(helm, flow);
        for requirement in self.requirements {
            let hits = requirement
                .breaks
                .iter()
                .any(|brk| brk.hits(helm, flow) && !self.replays.refute_for(brk, helm, flow));
            let mut by_chance = requirement.breaks.iter().filter(|brk| brk.is_by_chance);
            if !hits && !by_chance.any(|brk| brk.can_hit(helm, flow)) {
                continue;
            }
            match self.verdicts.get(requirement.id) {
                Some(Verdict::Violated(_)) if hits => return Some(FlowVerdict::Breaks),
                Some(Verdict::Violated(_)) => is_open = true,
                Some(Verdict::Satisfied | Verdict::NotApplicable(_)) => {}
                Some(Verdict::Inconclusive(_)) | None => is_open |= !has_passed,
            }
        }
        Some(if is_open {
            FlowVerdict::Unknown
        } else {
            FlowVerdict::Works
        })
    }
}

/// The parts of some of the requirement's breaks that concern the cell.
fn causes(
    requirement: &Requirement,
    responses: &[ObservedResponse],
    era: Era,
    flow: Flow,
    is_one: impl Fn(&Break) -> bool,
) -> Vec<Cause> {
    let has_flow = |brk: &&Break| flow.is_among(brk.flows, era);
    let breaks = requirement.breaks.iter().filter(has_flow);
    let breaks = breaks.filter(|brk| is_one(brk));
    let parts = breaks.flat_map(|brk| brk.parts(responses));
    let concerned = parts.filter_map(|part| {
        let versions = part.in_cell(era, flow)?;
        Some(Cause {
            requirement: requirement.id.to_owned(),
            versions,
            symptom: without_status(&part.words),
        })
    });
    concerned.collect()
}

#[cfg(test)]
mod tests {
    use http::{Method, StatusCode};

    use super::*;
    use crate::helm::errors::Symptom;
    use crate::helm::version::{ALL, CONTAINERD, ORAS};
    use crate::requirement::source::observed;
    use crate::requirement::{no_check, requirement};
    use crate::verdict::{Finding, Obstacle, ObstacleKind, Reason};
    use crate::wire::exchange::{Exchange, RequestRecord, ResponseRecord};

    requirement! {
        /// Pushes over oras-go depend on it, and under a condition those over containerd.
        NEW = "test/new" {
            level: Must,
            title: "an example over oras-go",
            fix: "Return what the example expects.",
            covers: [],
            sources: [observed("0", "nothing")],
            breaks: [
                Break::new(ORAS, &[Flow::Push], Symptom::TagPut),
                Break::when("sometimes", CONTAINERD, &[Flow::Push], Symptom::TagPut),
            ],
            faults: [],
            check: no_check,
        }
    }

    requirement! {
        /// Pushes of all Helm versions depend on it.
        BOTH = "test/both" {
            level: Must,
            title: "an example over both libraries",
            fix: "Return what the example expects.",
            covers: [],
            sources: [observed("0", "nothing")],
            breaks: [
                Break::new(ALL, &[Flow::Push], Symptom::BlobGet),
            ],
            faults: [],
            check: no_check,
        }
    }

    const NEW_WORDS: &str = "failed to perform \"Tag\" on destination: PUT \"{url}/manifests/{tag}\": \
                             response status code …";
    const BOTH_OLD: &str = "failed open: unexpected status code {url}/blobs/{d}: 405";
    const BOTH_NEW: &str =
        "failed to perform \"Fetch\" on source: GET \"…\": response status code 405";

    /// The response to GET of a blob that shows the violation of `BOTH`.
    fn responses() -> Responses {
        let exchange = Exchange {
            request: RequestRecord::new(Method::GET, "/v2/a/b/blobs/sha256:ab"),
            response: Ok(ResponseRecord::new(StatusCode::METHOD_NOT_ALLOWED)),
        };
        [(BOTH.id, ObservedResponse::all([&exchange]))].into()
    }

    fn violated() -> Verdict {
        Verdict::Violated(Box::new(Finding {
            expected: vec!["this".to_owned()],
            actual: "that".to_owned(),
            exchanges: Vec::new(),
        }))
    }

    fn inconclusive() -> Verdict {
        Verdict::Inconclusive(Box::new(Obstacle::new(ObstacleKind::Transport, "reset")))
    }

    fn skipped() -> Verdict {
        Verdict::NotApplicable(Reason::ConditionNotMet("no such thing"))
    }

    /// The predictions for a push with Helm 3.10.1 and 4.2.4, with their symptoms.
    fn pushes(new: Option<Verdict>, both: Option<Verdict>) -> [(FlowVerdict, Vec<String>); 2] {
        let requirements = [&NEW, &BOTH];
        let verdicts: Verdicts = [(NEW.id, new), (BOTH.id, both)]
            .into_iter()
            .filter_map(|(id, verdict)| Some((id, verdict?)))
            .collect();
        let prediction = Prediction::of(&requirements, &verdicts);
        let cells = prediction.table(&responses());
        let of = |era: Era, helm: Version| {
            let mut found = cells.iter();
            let cell = found.find(|cell| cell.era == era && cell.flow == Flow::Push);
            let cell = cell.expect("the flow is in the era");
            let exact = prediction.version(&helm, Flow::Push);
            assert_eq!(exact, Some(cell.verdict), "cell and version agree");
            let symptoms = cell.because.iter().map(|cause| cause.symptom.clone());
            (cell.verdict, symptoms.collect())
        };
        [
            of(Era::Containerd, Version::new(3, 10, 1)),
            of(Era::Hardened4, Version::new(4, 2, 4)),
        ]
    }

    #[test]
    fn a_flow_works_only_if_all_requirements_that_could_break_it_are_satisfied() {
        use FlowVerdict::{Breaks, Unknown, Works};
        let held = || Some(Verdict::Satisfied);
        for (new, both, old_pushes, new_pushes) in [
            (held(), held(), (Works, &[][..]), (Works, &[][..])),
            (held(), Some(skipped()), (Works, &[]), (Works, &[])),
            (
                Some(violated()),
                held(),
                (Works, &[]),
                (Breaks, &[NEW_WORDS]),
            ),
            (
                held(),
                Some(violated()),
                (Breaks, &[BOTH_OLD]),
                (Breaks, &[BOTH_NEW]),
            ),
            (
                Some(inconclusive()),
                Some(violated()),
                (Breaks, &[BOTH_OLD]),
                (Breaks, &[BOTH_NEW]),
            ),
            (
                Some(violated()),
                Some(violated()),
                (Breaks, &[BOTH_OLD]),
                (Breaks, &[NEW_WORDS, BOTH_NEW]),
            ),
            (
                Some(inconclusive()),
                held(),
                (Works, &[]),
                (Unknown, &[NEW_WORDS]),
            ),
            (
                None,
                Some(inconclusive()),
                (Unknown, &[BOTH_OLD]),
                (Unknown, &[NEW_WORDS, BOTH_NEW]),
            ),
        ] {
            let shown = format!("{new:?} {both:?}");
            let expected = [old_pushes, new_pushes].map(|(verdict, symptoms)| {
                (verdict, symptoms.iter().map(ToString::to_string).collect())
            });
            assert_eq!(pushes(new, both), expected, "{shown}");
        }
    }

    #[test]
    fn a_version_without_the_flow_has_no_prediction_and_no_cell() {
        let verdicts = Verdicts::new();
        let old = Version::new(3, 2, 4);
        let requirements = [&BOTH];
        let prediction = Prediction::of(&requirements, &verdicts);
        assert_eq!(prediction.version(&old, Flow::Push), None);
        let cells = prediction.table(&Responses::new());
        let has = |era, flow| {
            let mut all = cells.iter();
            all.any(|cell| cell.era == era && cell.flow == flow)
        };
        assert!(!has(Era::Chart, Flow::Push) && has(Era::Chart, Flow::ChartPush));
        assert!(has(Era::Hip6, Flow::Push) && !has(Era::Hip6, Flow::ChartPush));
    }

    #[test]
    fn a_cause_has_the_versions_of_the_era_only() {
        let verdicts = Verdicts::from([(NEW.id, violated())]);
        let cells = Prediction::of(&[&NEW], &verdicts).table(&Responses::new());
        let broken: Vec<_> = cells
            .iter()
            .filter(|cell| cell.flow == Flow::Push && cell.verdict == FlowVerdict::Breaks)
            .map(|cell| (cell.era, cell.because[0].versions.as_str()))
            .collect();
        assert_eq!(
            broken,
            [
                (Era::Oras3, ">=3.18.0, <3.21.1"),
                (Era::Hardened3, ">=3.21.1, <3.22.0"),
                (Era::SameOrigin3, ">=3.22.0, <4.0.0"),
                (Era::Oras4, ">=4.0.0, <4.2.1"),
                (Era::Hardened4, ">=4.2.1, <4.3.0"),
                (Era::SameOrigin4, ">=4.3.0"),
            ]
        );
    }
}
