//! The part of replays in the prediction: a flow whose replay failed breaks, whatever the requirements state.
//!
//! A replay that went through proves nothing against a violated requirement: it sends one small chart once.

use semver::Version;

use super::table::{Cause, Verdicts};
use crate::helm::breaks::Break;
use crate::helm::era::Era;
use crate::helm::flow::Flow;
use crate::helm::version::{Span, Versions, join, union};
use crate::requirement::Requirement;
use crate::verdict::{Finding, Verdict};

/// The replays of a run, by result.
pub(super) struct Replays {
    failed: Vec<Replay>,
    open: Vec<Replay>,
    passed: Vec<Replay>,
}

/// One replay of a run.
struct Replay {
    id: &'static str,
    flow: Flow,
    /// The modelled version.
    version: Version,
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
            passed: Vec::new(),
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
                Some(Verdict::Satisfied) => (&mut replays.passed, String::new()),
                // A replay that was not run leaves the prediction to the requirements.
                Some(Verdict::NotApplicable(_)) | None => continue,
            };
            list.push(Replay {
                id: requirement.id,
                flow,
                versions: requirement.represents,
                is_explained: broken(requirements, verdicts, |brk| brk.hits(&version, flow)),
                version,
                symptom,
            });
        }
        replays
    }

    /// The causes of a cell: the failed replays that nothing explains.
    pub(super) fn failed_in(&self, era: Era, flow: Flow) -> impl Iterator<Item = Cause> {
        let failed = self.failed.iter().filter(|replay| !replay.is_explained);
        let failed = failed.filter(move |replay| replay.flow == flow);
        failed.filter_map(move |replay| replay.cause(era))
    }

    /// The inconclusive replays, which leave a cell open.
    pub(super) fn open_in(&self, era: Era, flow: Flow) -> impl Iterator<Item = Cause> {
        let open = self.open.iter().filter(move |replay| replay.flow == flow);
        open.filter_map(move |replay| replay.cause(era))
    }

    /// True if replays of this flow went through in all versions of the cell.
    pub(super) fn have_passed(&self, era: Era, flow: Flow) -> bool {
        let passed = self.passed.iter().filter(|replay| replay.flow == flow);
        let passed: Vec<&Replay> = passed.collect();
        let offered = flow.offered_by().within(&era.span());
        offered.iter().all(|span| {
            let covered = passed
                .iter()
                .flat_map(|replay| replay.versions.within(span));
            union(covered) == [*span]
        })
    }

    /// True if replays that went through refute that a violation breaks the flow in any version of the era: it names the
    /// versions that they model, and no replay of the flow failed.
    pub(super) fn refute(&self, brk: &Break, era: Era, flow: Flow) -> bool {
        let offered = flow.offered_by().within(&era.span());
        let concerns = |replay: &Replay| {
            let mut spans = offered.iter();
            replay.flow == flow && spans.any(|span| !replay.versions.within(span).is_empty())
        };
        if self.failed.iter().any(concerns) {
            return false;
        }
        let named = offered.iter().flat_map(|span| brk.versions.within(span));
        let passed = self.passed.iter();
        let refuting: Vec<&Replay> = passed.filter(|replay| replay.refutes(brk, flow)).collect();
        union(named).iter().all(|span| {
            let covered = refuting
                .iter()
                .flat_map(|replay| replay.versions.within(span));
            union(covered) == [*span]
        })
    }

    /// The same for one version.
    pub(super) fn refute_for(&self, brk: &Break, helm: &Version, flow: Flow) -> bool {
        let mut passed = self.passed.iter();
        passed.any(|replay| replay.versions.contains(helm) && replay.refutes(brk, flow))
    }

    /// True if a replay of this flow went through in this version, and none did not.
    pub(super) fn has_passed(&self, helm: &Version, flow: Flow) -> bool {
        self.passed.iter().any(|replay| replay.is_of(helm, flow))
    }

    /// True if a replay of this flow failed in this version.
    pub(super) fn has_failed(&self, helm: &Version, flow: Flow) -> bool {
        self.failed.iter().any(|replay| replay.is_of(helm, flow))
    }

    /// True if a replay leaves this flow open in this version.
    pub(super) fn is_open(&self, helm: &Version, flow: Flow) -> bool {
        self.open.iter().any(|replay| replay.is_of(helm, flow))
    }
}

impl Replay {
    /// True if it replays this flow for this version.
    fn is_of(&self, helm: &Version, flow: Flow) -> bool {
        self.flow == flow && self.versions.contains(helm)
    }

    /// True if the replay, which went through, is one that the violation would break.
    fn refutes(&self, brk: &Break, flow: Flow) -> bool {
        self.flow == flow && brk.hits(&self.version, flow)
    }

    /// The cause of the cell of its flow, if the replay represents some version of it.
    fn cause(&self, era: Era) -> Option<Cause> {
        let offered = self.flow.offered_by().within(&era.span());
        let shared = offered
            .iter()
            .flat_map(|span: &Span| self.versions.within(span));
        let shared: Vec<Span> = shared.collect();
        (!shared.is_empty()).then(|| Cause {
            requirement: self.id.to_owned(),
            versions: join(&shared),
            symptom: self.symptom.clone(),
        })
    }
}

/// True if a violated requirement has such a break.
fn broken(
    requirements: &[&'static Requirement],
    verdicts: &Verdicts,
    is_one: impl Fn(&Break) -> bool,
) -> bool {
    requirements.iter().any(|requirement| {
        verdicts
            .get(requirement.id)
            .is_some_and(Verdict::is_violated)
            && requirement.breaks.iter().any(&is_one)
    })
}

/// The observation of a client model, in parentheses: no Helm printed it. Without an exchange only the expectation states
/// what was missing.
fn symptom(finding: &Finding) -> String {
    let Finding {
        expected,
        actual,
        exchanges,
    } = finding;
    if exchanges.is_empty() {
        return format!("({actual}; expected {})", expected.join(" or "));
    }
    format!("({actual})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks;
    use crate::prediction::table::{FlowVerdict, Prediction, Responses};
    use crate::verdict::{Obstacle, ObstacleKind};

    fn violated() -> Verdict {
        Verdict::Violated(Box::new(Finding {
            expected: vec!["status 200 for a blob".to_owned()],
            actual: "status 500".to_owned(),
            exchanges: Vec::new(),
        }))
    }

    /// The verdicts of a run in which everything is satisfied except these.
    fn verdicts(others: &[(&'static str, Verdict)]) -> Verdicts {
        let all = checks::all()
            .into_iter()
            .map(|own| (own.id, Verdict::Satisfied));
        all.chain(others.iter().cloned()).collect()
    }

    /// The verdicts on flows of 3.8 to 3.17, and the causes of the last one.
    fn cells(verdicts: &Verdicts, flows: &[Flow]) -> Vec<(FlowVerdict, Vec<(String, String)>)> {
        let requirements = checks::all();
        let cells = Prediction::of(&requirements, verdicts).table(&Responses::new());
        let of = |flow: &Flow| {
            let mut cells = cells.iter();
            let cell = cells.find(|cell| cell.era == Era::Containerd && cell.flow == *flow);
            let cell = cell.expect("the era has the flow");
            let because = cell.because.iter();
            let because = because.map(|cause| (cause.requirement.clone(), cause.versions.clone()));
            (cell.verdict, because.collect())
        };
        flows.iter().map(of).collect()
    }

    #[test]
    fn a_replay_that_failed_breaks_its_flow() {
        use FlowVerdict::{Breaks, Works};
        let verdicts = verdicts(&[("flow/pull-3.8", violated())]);
        let cause = vec![("flow/pull-3.8".to_owned(), ">=3.8.0, <3.12.0".to_owned())];
        let flows = [Flow::Pull, Flow::Show, Flow::PullPlus, Flow::PullRange];
        let found = cells(&verdicts, &flows);
        assert_eq!(
            found,
            [
                (Breaks, cause),
                (Works, Vec::new()),
                (Works, Vec::new()),
                (Works, Vec::new())
            ]
        );
        let requirements = checks::all();
        for (helm, flow, expected) in [
            (Version::new(3, 10, 1), Flow::Pull, Breaks),
            (Version::new(3, 10, 1), Flow::Show, Works),
            (Version::new(3, 12, 3), Flow::Pull, Works),
            (Version::new(3, 10, 1), Flow::Push, Works),
        ] {
            let found = Prediction::of(&requirements, &verdicts).version(&helm, flow);
            assert_eq!(found, Some(expected), "{helm} {flow}");
        }
    }

    #[test]
    fn a_requirement_that_explains_the_failure_is_the_cause() {
        let verdicts = verdicts(&[
            ("flow/push-3.8", violated()),
            ("upload/location-sent", violated()),
        ]);
        let found = cells(&verdicts, &[Flow::Push]);
        let (verdict, because) = &found[0];
        assert_eq!(*verdict, FlowVerdict::Breaks);
        assert!(
            because.iter().all(|(id, _)| id == "upload/location-sent"),
            "{because:?}"
        );
    }

    #[test]
    fn a_replay_that_went_through_refutes_a_violation_for_the_version_that_it_models() {
        let mut verdicts = verdicts(&[("upload/location-sent", violated())]);
        let verdict = |verdicts: &Verdicts| cells(verdicts, &[Flow::PushPlus])[0].0;
        assert_eq!(verdict(&verdicts), FlowVerdict::Works);
        verdicts.remove("flow/push-plus-3.8");
        assert_eq!(verdict(&verdicts), FlowVerdict::Breaks, "3.8 was not run");
        verdicts.insert("flow/push-plus-3.8", violated());
        assert_eq!(verdict(&verdicts), FlowVerdict::Breaks);
    }

    #[test]
    fn an_inconclusive_replay_leaves_its_cell_unknown() {
        let open = Obstacle::new(ObstacleKind::Transport, "reset");
        let verdicts = verdicts(&[("flow/push-3.8", Verdict::Inconclusive(Box::new(open)))]);
        let found = cells(&verdicts, &[Flow::Push, Flow::Pull]);
        let found: Vec<FlowVerdict> = found.into_iter().map(|(verdict, _)| verdict).collect();
        assert_eq!(found, [FlowVerdict::Unknown, FlowVerdict::Works]);
    }

    #[test]
    fn replays_that_went_through_decide_where_requirements_were_not_selected() {
        let all = verdicts(&[]).into_iter();
        let verdicts: Verdicts = all.filter(|(id, _)| id.starts_with("flow/")).collect();
        let requirements = checks::all();
        let mut cells = Prediction::of(&requirements, &verdicts).table(&Responses::new());
        cells.retain(|cell| cell.verdict != FlowVerdict::Works);
        assert_eq!(cells, []);
    }

    #[test]
    fn a_replay_represents_the_version_that_it_replays() {
        for requirement in checks::all() {
            let Some((flow, (major, minor, patch))) = requirement.replays else {
                continue;
            };
            let version = Version::new(major, minor, patch);
            let id = requirement.id;
            assert!(requirement.represents.contains(&version), "{id}");
            assert!(flow.offered_by().contains(&version), "{id}");
        }
    }
}
